"""The small parts of a session: scribe, timers, side work, the agent's view, and phones as desks."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ivr.acd.desk import RingOutcome
from ivr.call import Call, Caller, Intent, Speaker, Turn
from ivr.dialplan.events import QueueLeft, TimerFired
from ivr.errors import NotFound, StoreUnavailable
from ivr.session.phone_desk import DeviceDesk
from ivr.session.scribe import Scribe
from ivr.session.side import Side, SideOver
from ivr.session.timers import TimerDue, Timers
from ivr.session.view import Placement, contact_view
from telephony.errors import TransportError
from telephony.fake import FakeLeg
from telephony.leg import DialOptions, EndCause, LegState, Party
from tests.unit.ivr.session.house import FakeDesk

ROOT = Path(__file__).parents[4]


# --- scribe


async def nowhere(fields: Mapping[str, Any], said: Mapping[int, Turn]) -> None:
    """A store that takes everything."""


async def test_what_is_added_while_the_store_is_busy_is_one_write_in_its_place() -> None:
    written: list[tuple[dict[str, Any], list[int]]] = []
    busy = asyncio.Event()

    async def store(fields: Mapping[str, Any], said: Mapping[int, Turn]) -> None:
        written.append((dict(fields), sorted(said)))

    async def other() -> None:
        written.append(({"other": True}, []))

    scribe = Scribe("x", store)
    scribe.note(busy.wait)
    turn = Turn(1.0, Speaker.BOT, "hello")
    scribe.add({"queue": "a"})
    scribe.add({}, {0: turn})
    scribe.add({"queue": "b"}, {1: turn})
    scribe.note(other)
    scribe.add({"note": "late"})
    task = asyncio.create_task(scribe.run())
    busy.set()
    assert await scribe.flush(2.0)
    assert written == [({"queue": "b"}, [0, 1]), ({"other": True}, []), ({"note": "late"}, [])]
    task.cancel()


async def test_a_scribe_keeps_the_order_and_gives_up_only_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.session.scribe.RETRY_SECONDS", (0.001,))
    scribe, written, away = Scribe("x", nowhere), list[int](), [True] * 9

    def write(number: int, error: Exception | None = None) -> None:
        async def now() -> None:
            if number == 1 and away:
                away.pop()
                raise StoreUnavailable("away")
            if error is not None:
                raise error
            written.append(number)

        scribe.note(now)

    write(1)
    write(2, NotFound("no such contact"))
    write(3)
    task = asyncio.create_task(scribe.run())
    assert await scribe.flush(2.0)
    assert (written, scribe.lost) == ([1, 3], 1)
    task.cancel()


async def test_a_flush_without_a_store_says_so() -> None:
    scribe = Scribe("x", nowhere)
    scribe.note(asyncio.Event().wait)
    assert not await scribe.flush(0.01)


# --- timers and side work


async def test_a_timer_that_was_set_anew_or_cancelled_before_its_turn_does_not_fire() -> None:
    due: list[TimerDue] = []
    timers = Timers(due.append)
    timers.set("a", 0.0)
    timers.set("b", 0.0)
    await asyncio.sleep(0.01)
    timers.set("a", 60.0)
    assert [timers.fired(one) for one in due] == [None, TimerFired("b")]
    timers.cancel("a")
    timers.set("c", 0.0)
    await asyncio.sleep(0.01)
    timers.close()
    assert timers.fired(due[-1]) is None


async def test_side_work_begins_when_the_one_before_has_given_everything_back() -> None:
    order: list[str] = []
    told: list[SideOver] = []

    async def first() -> QueueLeft:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            order.append("first gave back")
        raise AssertionError

    async def second() -> QueueLeft:
        order.append("second began")
        return QueueLeft("served")

    async with asyncio.TaskGroup() as group:
        side = Side(group, told.append, "x")
        side.start(first, QueueLeft("error"))
        await asyncio.sleep(0)
        side.start(second, QueueLeft("error"))
    assert order == ["first gave back", "second began"]
    assert side.over(told[0]) == QueueLeft("served")
    assert side.over(told[0]) is None


async def test_side_work_that_breaks_tells_so_and_what_was_left_tells_nothing() -> None:
    told: list[SideOver] = []

    async def broken() -> QueueLeft:
        raise ZeroDivisionError

    async with asyncio.TaskGroup() as group:
        side = Side(group, told.append, "x")
        side.start(broken, QueueLeft("error"))
        await asyncio.sleep(0.01)
        side.leave()
        assert side.over(told[0]) is None
        side.start(broken, QueueLeft("error"))
    assert side.over(told[1]) == QueueLeft("error")
    await side.close()


# --- view


def test_a_view_has_the_fields_of_the_desk_protocol() -> None:
    text = (ROOT / "docs" / "desk-protocol.md").read_text("utf-8")
    block = re.search(r"A contact:\n\n```json\n(.*?)```", text, re.DOTALL)
    assert block
    documented = json.loads(block[1])
    call = Call(
        "c-7f3a",
        Caller("+8613800138000", "李强"),
        "hotline",
        1.0,
        language="zh",
        intent=Intent("bill", 0.91),
        turns=(Turn(0, Speaker.CALLER, "…"),),
        profile={"tier": "gold"},
    )
    view = contact_view(call, Placement("support", {"telecom": 2}, 2.0, "held", "why"), "查账单")
    assert view.keys() == documented.keys()
    for part in ("caller", "intent"):
        assert view[part].keys() == documented[part].keys()
    assert view["turns"][0].keys() == documented["turns"][0].keys()
    assert (view["intent"]["label"], view["held"], view["needs"]) == ("查账单", True, {"telecom": 2})
    assert json.loads(json.dumps(view)) == view


@pytest.mark.parametrize(
    ("profile", "history"),
    [
        (
            {"history": ["bill"], "contacts": [{"at": "1970-01-01T00:01:00Z", "topic": "bill"}, {"at": 5, "result": "left"}]},
            [{"at": 60.0, "topic": "bill", "result": ""}, {"at": 5.0, "topic": "", "result": "left"}],
        ),
        ({"history": ["bill"]}, [{"at": None, "topic": "bill", "result": ""}]),
        ({"history": [{"at": 7, "topic": "bill"}]}, [{"at": 7.0, "topic": "bill", "result": ""}]),
        ({}, None),
    ],
)
def test_a_view_has_earlier_calls_as_history(profile: dict[str, Any], history: list[dict[str, Any]] | None) -> None:
    call = Call("c", Caller("1"), "hotline", 1.0, profile=profile)
    assert contact_view(call, Placement("support"))["profile"].get("history") == history


def test_a_view_without_intent_and_without_label() -> None:
    call = Call("c", Caller("1"), "hotline", 1.0)
    assert contact_view(call, Placement("support"))["intent"] is None
    known = contact_view(Call("c", Caller("1"), "hotline", 1.0, intent=Intent("bill")), Placement("support"))
    assert known["intent"]["label"] == "bill"


# --- phones as desks


class Phones:
    def __init__(self) -> None:
        self.legs: list[FakeLeg] = []
        self.pages = FakeDesk()
        self.desk = DeviceDesk(self.pages, {"phone": "sip:2@127.0.0.1"}, self.dial)

    def dial(self, uri: str, caller: Party, /, *, options: DialOptions | None = None) -> FakeLeg:
        self.legs.append(FakeLeg(uri, state=LegState.DIALING))
        return self.legs[-1]

    async def ringing(self) -> asyncio.Task[RingOutcome]:
        task = asyncio.create_task(self.desk.ring("phone", "c-1", 0.05))
        await asyncio.sleep(0)
        return task


async def test_a_phone_that_answers_has_accepted_and_is_joined() -> None:
    phones = Phones()
    ring = await phones.ringing()
    phones.legs[0].pick_up()
    assert await ring is RingOutcome.ACCEPTED
    assert await phones.desk.connect("phone", "c-1") is phones.legs[0]


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (EndCause.BUSY, RingOutcome.DECLINED),
        (EndCause.DECLINED, RingOutcome.DECLINED),
        (EndCause.UNREACHABLE, RingOutcome.GONE),
    ],
)
async def test_a_phone_that_refuses(cause: EndCause, outcome: RingOutcome) -> None:
    phones = Phones()
    ring = await phones.ringing()
    phones.legs[0].vanish(cause)
    assert await ring is outcome


async def test_a_phone_that_rings_out_or_is_not_wanted_any_more_is_cancelled() -> None:
    phones = Phones()
    assert await (await phones.ringing()) is RingOutcome.NO_ANSWER
    ring = await phones.ringing()
    ring.cancel()
    await asyncio.wait({ring})
    assert [leg.commands for leg in phones.legs] == [[("hang_up", EndCause.CANCELLED)]] * 2


async def test_a_phone_that_answered_and_is_not_joined_is_hung_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.session.phone_desk.JOIN_SECONDS", 0.01)
    phones = Phones()
    ring = await phones.ringing()
    phones.legs[0].pick_up()
    await ring
    await asyncio.sleep(0.03)
    assert phones.legs[0].state is LegState.ENDED
    with pytest.raises(TransportError):
        await phones.desk.connect("phone", "c-1")


async def test_agents_without_a_phone_are_asked_at_their_page() -> None:
    phones = Phones()
    assert await phones.desk.present("anna", {"id": "c-1"})
    assert await phones.desk.ring("anna", "c-1", 1.0) is RingOutcome.ACCEPTED
    await phones.desk.connect("anna", "c-1")
    phones.desk.push("anna", "turn", {})
    phones.desk.push("phone", "turn", {})
    told = [("present", "anna"), ("ring", "anna"), ("turn", "anna"), ("turn", "phone")]
    assert [(kind, agent) for kind, agent, _ in phones.pages.log] == told, "a phone's owner may have a page as well"
    assert phones.legs == []
