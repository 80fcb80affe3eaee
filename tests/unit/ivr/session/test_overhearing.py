"""Both sides of a talk in the agent's page and the record; nobody is heard on hold, and nothing is left open."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from ivr.dialplan.loader import load
from ivr.dialplan.model import Flow
from ivr.session import overhearing
from ivr.session.awaiting import Awaited, Spotters
from ivr.settings_understanding import TalkOptions
from ivr.speech.fake import FakeStream
from telephony.fake import FakeLeg
from telephony.leg import HeldByPeer, LegState, Replaced, ResumedByPeer
from tests.unit.ivr.session.house import FLOW, House

TRIGGERS = """
triggers:
  hesitation: { task: { kind: sales, due: 2d }, tag: hesitant, every: 5s, hint: { en: Offer it } }
  promise: { task: { due: said } }
  legal:
  notice: { kind: compliance, speaker: agent, en: [this call is recorded], within: 1s, hint: { en: Say it } }
talk:
  keywords: { en: [refund] }
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overhearing, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(overhearing, "TOLD_EVERY", 0.05)
    monkeypatch.setattr(overhearing, "RETRY_SECONDS", (0.02,))


class Joined:
    """A caller and an agent who talk, each with a recogniser's stream."""

    def __init__(self, house: House, leg: FakeLeg, contact: str) -> None:
        self.house, self.leg, self.contact = house, leg, contact
        self.agent = house.desk.legs[-1]
        self.ears = house.recognizer.streams[-2:]

    @property
    def talk(self) -> Any:
        return self.house.talks.running(self.contact)

    @property
    def caller_ear(self) -> FakeStream:
        return self.ears[0]

    @property
    def agent_ear(self) -> FakeStream:
        return self.ears[1]

    @property
    def heard(self) -> tuple[bool, bool]:
        return self.caller_ear.listening, self.agent_ear.listening

    def pushed(self, kind: str) -> list[Any]:
        return self.house.desk.of(kind)

    async def row(self) -> dict[str, Any]:
        """Let the caller hang up, and read what was kept."""
        if self.leg.state is not LegState.ENDED:
            self.leg.vanish()
        await self.house.over()
        return await self.house.row(self.contact)

    async def tickets(self) -> list[dict[str, Any]]:
        """What is left to be done, once the call is over."""
        await self.house.late.drain()
        return [dict(one) for one in await self.house.shelves.tickets.list() if one["contact_id"] == self.contact]


async def joined(house: House, more: str = TRIGGERS, **changes: Any) -> Joined:
    house.services.flows.publish(load(FLOW + more))
    house.with_services(recognizer=house.recognizer, **changes)
    await house.open("anna")
    leg, contact = house.call()
    await house.chooses(leg, "2")
    await house.until(lambda: len(house.talks))
    return Joined(house, leg, contact)


async def test_both_sides_are_turns_in_order(house: House) -> None:
    here = await joined(house)
    assert here.heard == (True, True)
    here.agent_ear.hear("I'll call you back by Friday")
    here.caller_ear.hear("my bill")
    here.agent_ear.hear("hm", confidence=0.2)
    shown = [one["turn"] for one in here.pushed("turn") if one["turn"]["state"] == "talk"]
    assert [(one["speaker"], one["text"], one["intent"]) for one in shown] == [
        ("agent", "I'll call you back by Friday", ""),
        ("caller", "my bill", "bill"),
    ]
    row = await here.row()
    assert [one["text"] for one in row["turns"] if one["state"] == "talk"] == ["I'll call you back by Friday", "my bill"]
    assert {one.closed for one in house.recognizer.streams} == {True}
    assert here.leg.listener is None
    assert here.agent.listener is None


async def test_each_side_is_listened_to_for_what_it_may_say(house: House) -> None:
    here = await joined(house)
    caller, agent = here.caller_ear.phrases, here.agent_ear.phrases
    assert {"refund", "my bill", "think about it", "my lawyer"} <= set(caller)
    assert {"refund", "call you back", "this call is recorded"} <= set(agent)
    assert "my bill" not in agent
    assert "call you back" not in caller
    assert not any("*" in one or one.endswith(".") for one in (*caller, *agent))
    await here.row()


async def test_free_speech_is_a_setting_of_flow_and_queue_and_may_be_off(house: House) -> None:
    here = await joined(house, "talk: { transcribe: free }\n")
    assert here.caller_ear.phrases == ()
    here.leg.vanish()
    await house.over()
    here = await joined(house, "", talk_options=TalkOptions(queues={"support": "free"}))
    assert here.agent_ear.phrases == ()
    here.leg.vanish()
    await house.over()
    before = len(house.recognizer.streams)
    house.services.flows.publish(load(FLOW))
    house.with_services(talk_options=TalkOptions(transcribe=False))
    await house.come("bob")
    leg, _ = house.call()
    await house.chooses(leg, "2")
    await house.until(lambda: len(house.talks))
    assert [one.listening for one in house.recognizer.streams[before:]] in ([], [False])  # the flow's own ear
    assert leg.listener is None
    leg.vanish()
    await house.over()


async def test_hesitation_makes_a_task_a_tag_and_a_hint(house: House) -> None:
    here = await joined(house)
    here.caller_ear.hear("let me think about it")
    here.caller_ear.hear("let me think about it")  # within its rest: nothing more
    [hit] = [one["trigger"] for one in here.pushed("trigger")]
    assert (hit["name"], hit["speaker"], hit["text"], hit["did"]) == (
        "hesitation",
        "caller",
        "let me think about it",
        ["task", "tag", "hint"],
    )
    [hint] = [one["hint"] for one in here.pushed("hint")]
    assert (hint["name"], hint["text"]) == ("hesitation", {"en": "Offer it"})
    row = await here.row()
    assert "hesitant" in row["tags"]
    assert [one["name"] for one in row["handover"]["triggers"]] == ["hesitation"]
    assert row["handover"]["talk"]["keywords"]["think about it"] == 2
    [ticket] = await here.tickets()
    assert (ticket["kind"], ticket["assignee"], ticket["body"]) == ("sales", "anna", "let me think about it")
    due, created = (datetime.fromisoformat(ticket[name]) for name in ("due_at", "created_at"))
    assert due - created == timedelta(days=2)


async def test_a_promise_of_the_agent_is_due_when_it_says(house: House) -> None:
    here = await joined(house)
    here.caller_ear.hear("I'll call you back tomorrow at 3 pm")  # a caller's is none
    here.agent_ear.hear("I'll call you back tomorrow at 3 pm")
    [hit] = [one["trigger"] for one in here.pushed("trigger")]
    assert (hit["name"], hit["speaker"]) == ("promise", "agent")
    assert hit["due_at"] > hit["at"]
    await here.row()
    [ticket] = await here.tickets()
    assert (ticket["kind"], datetime.fromisoformat(ticket["due_at"]).timestamp()) == ("promise", hit["due_at"])


async def test_an_alert_reaches_supervisors_and_leaves_the_house(house: House) -> None:
    alarms: list[tuple[Any, str]] = []
    here = await joined(
        house, channels=frozenset({"webhook"}), alarm=lambda data, agent: alarms.append((data, agent)), spotters=Spotters()
    )
    here.caller_ear.hear("you will hear from my lawyer")
    [(data, agent)] = alarms
    assert (data["contact_id"], data["queue"], data["agent"], agent) == (here.contact, "support", "anna", "anna")
    assert data["trigger"]["kind"] == "legal"
    assert here.pushed("alert") == [data]
    await here.row()
    await house.late.drain()
    [notice] = [one for one in await house.shelves.notifications.list() if one["contact_id"] == here.contact]
    assert notice["by"] == "webhook"
    assert "my lawyer" in notice["text"]


async def test_a_line_that_is_not_said_in_time_is_a_hint(house: House) -> None:
    here = await joined(house, TRIGGERS.replace("within: 1s", "within: 100ms"))
    await house.until(lambda: here.pushed("hint"))
    [hint] = [one["hint"] for one in here.pushed("hint")]
    assert (hint["kind"], hint["text"]) == ("compliance", {"en": "Say it"})
    await here.row()


async def test_a_line_that_was_said_is_none(house: House) -> None:
    here = await joined(house, TRIGGERS.replace("within: 1s", "within: 300ms"))
    here.agent_ear.hear("this call is recorded")
    await house.until(lambda: any(one["talk"]["seconds"] >= 0.5 for one in here.pushed("measures")))
    assert here.pushed("hint") == []
    await here.row()


async def test_nobody_is_heard_on_hold_nor_while_a_third_party_is_asked(house: House) -> None:
    here = await joined(house)
    talk = here.talk
    talk.hold()
    assert here.heard == (False, False)
    assert (here.leg.listener, here.agent.listener) == (None, None)
    talk.resume()
    assert here.heard == (True, True)
    talk.call("sip:77@127.0.0.1", here.leg.caller)
    assert here.heard == (False, False)
    house.dialled[-1].pick_up()
    assert here.heard == (False, False)
    talk.toggle()
    assert here.heard == (True, True)
    talk.toggle()
    assert here.heard == (False, False)
    talk.back()
    assert here.heard == (True, True)
    here.agent.happen(HeldByPeer(0.0))
    assert here.heard == (False, False)
    here.agent.happen(ResumedByPeer(0.0))
    assert here.heard == (True, True)
    row = await here.row()
    assert row["handover"]["talk"]["held_seconds"] >= 0.0


async def test_music_of_the_callers_phone_is_not_taken_for_speech(house: House) -> None:
    here = await joined(house)
    here.leg.happen(HeldByPeer(0.0))
    await house.until(lambda: here.heard == (False, False))
    here.leg.happen(ResumedByPeer(0.0))
    await house.until(lambda: here.heard == (True, True))
    await here.row()


async def test_a_phone_that_held_before_the_agent_came_is_not_heard(house: House) -> None:
    house.services.flows.publish(load(FLOW + TRIGGERS))
    house.with_services(recognizer=house.recognizer)
    await house.open("anna")
    leg, contact = house.call()
    await house.playing(leg, "hello")
    leg.happen(HeldByPeer(0.0))
    leg.press("2")
    await house.until(lambda: len(house.talks))
    here = Joined(house, leg, contact)
    assert not any(one.listening for one in house.recognizer.streams)
    leg.happen(ResumedByPeer(0.0))
    await house.until(lambda: sum(one.listening for one in house.recognizer.streams) == 2)
    await here.row()


async def test_another_leg_in_the_callers_place_is_heard_instead(house: House) -> None:
    here = await joined(house)
    other = FakeLeg("other", state=LegState.OFFERED)
    here.leg.happen(Replaced(0.0, other))
    await house.until(lambda: other.listener is not None)
    assert here.heard == (True, True)
    assert here.leg.listener is None
    here.caller_ear.hear("my bill")
    other.vanish()
    await house.over()
    row = await house.row(here.contact)
    assert row["turns"][-1]["text"] == "my bill"
    assert other.listener is None


async def test_a_recogniser_that_is_lost_hears_again(house: House) -> None:
    here = await joined(house)
    turns = here.caller_ear.turns
    here.caller_ear.start()
    here.caller_ear.lose()
    assert here.heard == (False, True)
    await house.until(lambda: here.heard == (True, True))
    assert here.caller_ear.turns == turns + 1
    house.recognizer.full = True
    here.agent_ear.lose()
    await asyncio.sleep(0.1)
    assert here.heard == (True, False)
    house.recognizer.full = False
    await house.until(lambda: here.heard == (True, True))
    here.agent_ear.hear("call you back")
    assert (await here.row())["turns"][-1]["speaker"] == "agent"


async def test_a_side_of_whom_the_model_can_hear_nothing_is_measured_by_the_others_phrases(house: House) -> None:
    here = await joined(house)
    asked, turns = here.agent_ear.phrases, here.agent_ear.turns
    here.agent_ear.lose("the model can hear none of the phrases", deaf=True)
    assert here.heard == (True, True)
    assert here.agent_ear.turns == turns + 1
    assert here.agent_ear.phrases == here.caller_ear.phrases != asked


@pytest.mark.parametrize("late", [False, True], ids=["at once", "after a tick"])
async def test_nothing_is_measured_where_one_side_cannot_be_heard_at_all(
    house: House, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """Else the page would say that an agent who talks keeps silent."""
    monkeypatch.setattr(overhearing, "TICK_SECONDS", 3600.0)  # it ticks when the test says so
    monkeypatch.setattr(overhearing, "TOLD_EVERY", 3600.0)
    here = await joined(house)
    turns = here.agent_ear.turns
    if late:
        here.talk.ears._tick()
    for _ in range(2):
        here.agent_ear.lose("the model can hear none of the phrases", deaf=True)
    assert here.heard == (True, False)
    monkeypatch.setattr(overhearing, "TOLD_EVERY", 0.0)
    here.caller_ear.hear("refund")
    here.talk.ears._tick()
    row = await here.row()
    assert here.agent_ear.turns == turns + 1, "and it is not asked for again and again"
    assert "talk" not in row["handover"]
    assert not here.pushed("measures")


async def test_measures_come_to_the_page_and_into_the_record(house: House) -> None:
    here = await joined(house)
    here.caller_ear.hear("refund")
    await house.until(lambda: len(here.pushed("measures")) >= 2)
    for one in here.pushed("measures"):
        assert one["contact_id"] == here.contact
        assert set(one["talk"]) >= {"silence", "longest_silence", "talk_over", "talk_overs", "agent_share", "caller", "agent"}
    row = await here.row()
    talk = row["handover"]["talk"]
    assert (talk["agent"]["utterances"], talk["caller"]["utterances"], talk["transcribe"]) == (0, 1, "phrases")
    assert talk["keywords"] == {"refund": 1}


async def test_a_caller_of_whom_nothing_can_be_heard_has_no_measures(house: House) -> None:
    house.recognizer.languages = {"zh": "fake"}
    here = await joined(house)
    await asyncio.sleep(0.2)
    assert here.pushed("measures") == []
    assert here.pushed("hint") == []
    assert "talk" not in (await here.row())["handover"]


async def test_words_before_the_talk_hit_too(house: House) -> None:
    """What is said to the flow makes hints for the agent who comes later."""
    house.services.flows.publish(load(FLOW + TRIGGERS))
    house.with_services(recognizer=house.recognizer)
    await house.open("anna")
    leg, contact = house.call()
    await house.playing(leg, "hello")
    leg.play_out()
    await house.until(lambda: bool(house.recognizer.streams) and house.recognizer.streams[0].listening)
    ear: FakeStream = house.recognizer.streams[0]
    ear.hear("let me think about it")
    await house.playing(leg, "hello")
    leg.press("2")
    await house.until(lambda: len(house.talks))
    handover = house.desk.of("present")[0]["handover"]
    assert [one["name"] for one in handover["triggers"]] == ["hesitation"]
    assert [one["name"] for one in handover["hints"]] == ["hesitation"]
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["tags"] == ["hesitant"]


async def test_triggers_that_all_flows_share_are_found_in_each(house: House) -> None:
    shared = load(FLOW + "triggers: { price: { en: [too dear], tag: price } }\n").triggers
    here = await joined(house, "triggers: { legal: }\n", spotters=Spotters(shared))
    here.caller_ear.hear("that is too dear and I call my lawyer")
    assert {one["trigger"]["name"] for one in here.pushed("trigger")} == {"price", "legal"}
    await here.row()


async def test_a_talk_that_cannot_be_heard_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overhearing.Overhearing, "route", lambda *_: 1 / 0)
    house.with_services(recognizer=house.recognizer)
    await house.open("anna")
    leg, contact = house.call()
    await house.chooses(leg, "2")
    await house.until(lambda: len(house.talks))
    assert house.talks.running(contact).ears is None
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["disposition"] == "served"
    assert len(house.talks) == 0


async def test_phrases_are_made_ready_before_anybody_speaks_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    make = Spotters._make

    def counted(spotters: Spotters, flow: Flow) -> Awaited:
        made.append(flow.name)
        return make(spotters, flow)

    monkeypatch.setattr(Spotters, "_make", counted)
    spotters, flow = Spotters(), load(FLOW + TRIGGERS)
    await asyncio.gather(*(spotters.ready(flow) for _ in range(5)))
    assert spotters.of(flow).spotter.find("my lawyer", "en") and made == ["small"]
    await Spotters().ready(load(FLOW))
    assert made == ["small"], "a flow that waits for nothing needs no thread"


async def test_phrases_that_cannot_be_made_ready_stop_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Spotters, "_make", lambda *_: 1 / 0)
    await Spotters().ready(load(FLOW + TRIGGERS))
