"""A call from its first event to its record, by keys and by speech, and everything that may break on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ivr.call import Call, Caller, Disposition
from ivr.dialplan.events import Heard, Note
from ivr.errors import StoreUnavailable
from ivr.session.call_session import CallSession
from ivr.session.inbox import MOST
from ivr.session.obeying import take_note
from telephony.errors import TransportError
from telephony.fake import FakeLeg
from telephony.leg import DtmfReceived, EndCause, LegKind, LegState, Party
from tests.unit.ivr.session.house import FakePage, House, SlowProfiles


async def test_a_whole_call_with_keys(house: House) -> None:
    page = FakePage()
    leg, contact = house.call(page=page)
    await house.chooses(leg, "1")
    await house.playing(leg, "number")
    for digit in "4711":
        leg.press(digit)
    await house.says(leg, "done")
    await house.over()
    row = await house.row(contact)
    assert (row["disposition"], row["end_cause"], row["node"]) == ("self_served", "released", house.router.node)
    assert (row["caller_number"], row["caller_name"], row["intent"]) == ("1001", "Ann", "bill")
    assert row["profile"] == {"name": "Ann", "tier": "gold"}
    assert row["answered_at"] <= row["ended_at"]
    assert [(turn["index"], turn["speaker"], turn["text"]) for turn in row["turns"]] == [
        (0, "bot", "Hello. Press."),
        (1, "caller", "1"),
        (2, "bot", "Your number?"),
        (3, "caller", "4"),
        (4, "caller", "7"),
        (5, "caller", "1"),
        (6, "caller", "1"),
        (7, "bot", "Done."),
    ]
    assert {turn["medium"] for turn in row["turns"] if turn["speaker"] == "caller"} == {"keys"}
    assert page.phases() == ["bot"]
    assert [kind for kind, _ in page.told][-1] == "ended"
    assert [data["text"] for kind, data in page.told if kind == "caption"][:2] == ["Hello. Press.", "1"]


async def test_a_caller_who_speaks_is_heard_and_stops_the_prompt(house: House) -> None:
    house.with_services(recognizer=house.recognizer)
    leg, contact = house.call()
    await house.playing(leg, "hello")
    await house.until(lambda: house.recognizer.streams and house.recognizer.streams[0].listening)
    stream = house.recognizer.streams[0]
    assert "my bill" in stream.phrases
    assert leg.listener is not None
    leg.listener(np.ones(160, np.int16))
    assert stream.frames[0][0] == 1
    await house.until(lambda: len(stream.frames) > 3)
    assert not stream.frames[-1].any(), "a phone that sends nothing while it is silent still comes to the end of an utterance"
    stream.start()
    await house.until(lambda: leg.names()[-1] == "stop")
    stream.hear("my bill", 0.8)
    await house.playing(leg, "number")
    leg.vanish()
    await house.over()
    row = await house.row(contact)
    assert (row["intent"], row["disposition"], row["end_cause"]) == ("bill", "left_flow", "hung_up")
    said = next(turn for turn in row["turns"] if turn["speaker"] == "caller")
    assert (said["text"], said["intent"], said["medium"], said["state"]) == ("my bill", "bill", "speech", "main")
    assert said["confidence"] == pytest.approx(0.8)
    assert stream.closed
    assert leg.listener is None


async def test_a_number_may_be_spoken(house: House) -> None:
    house.with_services(recognizer=house.recognizer)
    leg, contact = house.call()
    await house.chooses(leg, "1")
    await house.playing(leg, "number")
    stream = house.recognizer.streams[-1]
    await house.until(lambda: stream.listening and stream.words)
    assert {"double", "oh"} <= set(stream.phrases)
    stream.hear("four seven double one", 0.9)
    await house.says(leg, "done")
    await house.over()
    row = await house.row(contact)
    assert "4711" in row["slots"].values()
    said = next(turn for turn in row["turns"] if turn["speaker"] == "caller" and turn["medium"] == "speech")
    assert said["text"] == "four seven double one"


async def test_a_lost_recogniser_asks_again_and_then_keys_do(house: House) -> None:
    house.with_services(recognizer=house.recognizer)
    leg, contact = house.call()
    await house.playing(leg, "hello")
    await house.until(lambda: house.recognizer.streams)
    house.recognizer.streams[0].lose()
    await house.until(lambda: len(house.recognizer.streams) == 2)
    assert house.recognizer.streams[0].closed
    house.recognizer.full = True
    house.recognizer.streams[1].lose()
    await house.chooses(leg, "1")
    await house.playing(leg, "number")
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["intent"] == "bill"


async def test_a_missing_prompt_takes_the_error_edge(house: House) -> None:
    leg, contact = house.call()
    await house.chooses(leg, "4")
    await house.says(leg, "trouble")
    await house.over()
    assert (await house.row(contact))["end_cause"] == "released"


async def test_a_leg_that_ends_while_the_caller_is_looked_up_is_never_answered(house: House) -> None:
    house.with_services(profiles=SlowProfiles(), profile_budget=0.05)
    leg, contact = house.call()
    await asyncio.sleep(0)
    leg.press("1")
    leg.vanish(EndCause.CANCELLED)
    await house.over()
    row = await house.row(contact)
    assert leg.names() == []
    assert (row["answered_at"], row["end_cause"], row["disposition"]) == (None, "cancelled", "left_flow")


async def test_a_leg_that_had_ended_before_it_was_taken_ends_its_session(house: House) -> None:
    leg, contact = house.call(FakeLeg(state=LegState.ENDED))
    await house.over()
    assert leg.names() == []
    assert (await house.row(contact))["end_cause"] == "cancelled"


@pytest.mark.parametrize("source", [SlowProfiles(), SlowProfiles(error=RuntimeError("no such table"))])
async def test_a_slow_or_broken_profile_costs_its_budget_only(house: House, source: SlowProfiles) -> None:
    house.with_services(profiles=source, profile_budget=0.02)
    leg, contact = house.call()
    await house.playing(leg, "hello")
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["profile"] == {}


async def test_a_flood_of_keys_is_dropped_and_the_end_is_not(house: House) -> None:
    house.with_services(profiles=SlowProfiles(), profile_budget=0.05)
    leg, contact = house.call()
    session = house.switchboard.find(contact)
    assert session is not None
    for _ in range(MOST + 7):
        leg.press("0")
    leg.vanish()
    assert session.dropped == 7
    await house.over()
    assert (await house.row(contact))["end_cause"] == "hung_up"


async def test_a_flow_that_went_away_ends_the_call_and_writes_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> Any:
        raise KeyError(name)

    monkeypatch.setattr(house.services.flows, "begin", gone)
    leg, contact = house.call()
    await house.over()
    assert leg.commands == [("hang_up", EndCause.FAILED)]
    row = await house.row(contact)
    assert (row["disposition"], row["end_cause"]) == ("lost", "failed")


async def test_the_version_of_the_flow_is_given_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    monkeypatch.setattr(house.services.flows, "finish", lambda flow: given.append(flow.name))
    leg, _ = house.call()
    await house.playing(leg, "hello")
    leg.vanish()
    await house.over()
    assert given == ["small"]


class Away:
    """Raises StoreUnavailable for the first `times` writes of `name`."""

    def __init__(self, write: Callable[..., Any], times: int) -> None:
        self.write, self.times, self.tried = write, times, 0

    async def __call__(self, *args: Any, **fields: Any) -> Any:
        self.tried += 1
        if self.tried <= self.times:
            raise StoreUnavailable("Redis cannot be used")
        return await self.write(*args, **fields)


async def test_the_call_goes_on_while_the_store_is_away_and_nothing_is_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.session.scribe.RETRY_SECONDS", (0.01,))
    opened = Away(house.log.open, 20)
    monkeypatch.setattr(house.log, "open", opened)
    leg, contact = house.call()
    await house.chooses(leg, "1")
    await house.playing(leg, "number")
    leg.vanish()
    await house.over()
    assert opened.tried == 21
    assert [turn["text"] for turn in (await house.row(contact))["turns"]] == ["Hello. Press.", "1", "Your number?"]


async def test_a_call_ends_though_sql_stays_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.session.scribe.RETRY_SECONDS", (0.01,))
    settle = house.log._settle
    monkeypatch.setattr(house.log, "_settle", Away(settle, 10**6))
    house.with_services(flush_seconds=0.1)
    leg, contact = house.call()
    await house.playing(leg, "hello")
    leg.vanish()
    await house.over()
    with pytest.raises(AssertionError, match="no record"):
        await house.row(contact)
    monkeypatch.setattr(house.log, "_settle", settle)
    await house.log.flush()
    row = await house.row(contact)
    assert (row["disposition"], row["end_cause"]) == ("left_flow", "hung_up")


# --- bridge


async def test_a_bridge_that_is_answered_joins_until_the_far_end_goes(house: House) -> None:
    leg, contact = house.call()
    await house.chooses(leg, "3")
    await house.until(lambda: house.dialled)
    far = house.dialled[0]
    assert (far.id, far.caller.user) == ("sip:77@127.0.0.1", "1001")
    far.pick_up()
    await house.until(lambda: house.bridges)
    assert house.bridges[0].legs == (leg, far)
    far.vanish()
    await house.says(leg, "done")
    await house.over()
    assert house.bridges[0].done == ["close"]
    assert (await house.row(contact))["end_cause"] == "released"


@pytest.mark.parametrize(
    ("cause", "said"), [(EndCause.BUSY, "bye"), (EndCause.DECLINED, "bye"), (EndCause.UNREACHABLE, "trouble")]
)
async def test_a_bridge_that_is_not_answered_tells_the_flow(house: House, cause: EndCause, said: str) -> None:
    leg, _ = house.call()
    await house.chooses(leg, "3")
    await house.until(lambda: house.dialled)
    house.dialled[0].vanish(cause)
    await house.says(leg, said)
    await house.over()
    assert house.bridges == []


async def test_a_bridge_that_rings_out_is_cancelled(house: House) -> None:
    leg, _ = house.call()
    await house.chooses(leg, "3")
    await house.says(leg, "trouble")
    await house.over()
    assert house.dialled[0].commands == [("hang_up", EndCause.CANCELLED)]


async def test_a_bridge_that_cannot_be_dialled_or_joined_has_failed(house: House) -> None:
    house.dial_error = TransportError("no port is left")
    leg, _ = house.call()
    await house.chooses(leg, "3")
    await house.says(leg, "trouble")
    await house.over()
    house.dial_error, house.bridge_error = None, RuntimeError("a defect")
    leg, contact = house.call(FakeLeg("second"))
    await house.chooses(leg, "3")
    await house.until(lambda: house.dialled)
    house.dialled[0].pick_up()
    await house.says(leg, "trouble")
    await house.over()
    assert house.dialled[0].state is LegState.ENDED
    assert (await house.row(contact))["end_cause"] == "released"


async def test_a_caller_who_leaves_a_bridge_ends_both_legs(house: House) -> None:
    leg, _ = house.call()
    await house.chooses(leg, "3")
    await house.until(lambda: house.dialled)
    house.dialled[0].pick_up()
    await house.until(lambda: house.bridges)
    leg.vanish()
    await house.over()
    assert house.bridges[0].done == ["close"]
    assert house.dialled[0].commands == [("hang_up", EndCause.RELEASED)]


# --- what is known


async def test_notes_reach_call_and_record(house: House) -> None:
    call = Call("c-note", Caller("1"), "hotline", 1.0, flow="small")
    session = CallSession(house.services, FakeLeg(), call)
    take_note(session, Note(tags=("a", "b")))
    take_note(session, Note(intent="bill", confidence=0.5, tags=("b", "c"), slots={"x": "1"}))
    take_note(session, Note(slots={"y": "2"}))
    assert session.call.tags == ("a", "b", "c")
    assert session.call.slots == {"x": "1", "y": "2"}
    assert session.call.intent is not None
    assert session.call.intent.confidence == 0.5


async def test_speech_without_words_is_no_turn(house: House) -> None:
    leg, contact = house.call(FakeLeg("web", kind=LegKind.WEBRTC, caller=Party("", "Eve")))
    await house.playing(leg, "hello")
    session = house.switchboard.find(contact)
    assert session is not None
    session.emit(Heard("", 0.0))
    leg.happen(DtmfReceived(0.0, "0"))
    leg.vanish()
    await house.over()
    row = await house.row(contact)
    assert [turn["text"] for turn in row["turns"] if turn["speaker"] == "caller"] == ["0"]
    assert (row["channel"], row["caller_name"]) == ("webrtc", "Eve")
    assert row["disposition"] == Disposition.LEFT_FLOW.value


async def test_no_observer_of_turns_and_no_mood_that_fails_ends_a_call(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    for name in ("redacting.Redacting._seen", "feelings.CallFeelings._of_caller", "triggering.Triggering.see"):
        monkeypatch.setattr(f"ivr.session.{name}", broken)
    leg, contact = house.call()
    await house.chooses(leg, "1")
    await house.playing(leg, "number")
    for digit in "4711":
        leg.press(digit)
    await house.says(leg, "done")
    await house.over()
    row = await house.row(contact)
    assert (row["disposition"], row["end_cause"]) == ("self_served", "released")
    assert {turn["text"] for turn in row["turns"]} == {"••••"}, "what could not be judged is not kept"
    assert "no mood can be told after Pressed" in caplog.text and "Triggering failed" in caplog.text
