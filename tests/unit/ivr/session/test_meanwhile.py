"""A caller in a queue whose flow goes on, and the ways out that the settings know."""

from __future__ import annotations

import asyncio

from ivr.acd.desk import RingOutcome
from ivr.acd.model import AgentState
from ivr.acd.staffing import Staffing
from ivr.dialplan.calendar import Calendar
from ivr.dialplan.environment import Environment
from ivr.dialplan.loader import load
from ivr.session.queue_rules import QueueHouse, QueueRules
from telephony.fake import FakeLeg
from telephony.leg import Party
from tests.unit.ivr.session.house import House

FLOW = """
flow: small
languages: [en]
defaults: { error: trouble, no_agents: bye, closed: done, full: trouble }
states:
  main:
    do: [answer]
    switch: { of: caller.number, cases: { asked: asked, later: later }, otherwise: desk }
  desk: { enqueue: { queue: support, need: { telecom: 2 }, no_agents_after: 100ms } }
  asked: { enqueue: { queue: support, no_agents_after: 1h, while_waiting: account } }
  account:
    ask: { say: number, expect: { digits: { min: 2, max: 2 } }, into: account, timeout: 30s }
    on: { done: asked, no_input: asked, no_match: asked }
  later: { enqueue: { queue: support, no_agents_after: 1h, overflow: [{ after: 200ms, to: done }] } }
  trouble: { do: [{ say: trouble }], hangup: normal }
  done: { do: [{ say: done }], hangup: normal }
  bye: { do: [{ say: bye }], hangup: normal }
"""


def settled(house: House, **rules: object) -> None:
    house.services.flows.publish(load(FLOW))
    staffing = Staffing(house.store, every=0.02)
    house.with_services(queues=QueueHouse({"support": QueueRules(**rules)}, staffing))  # type: ignore[arg-type]


def call(house: House, user: str) -> tuple[FakeLeg, str]:
    return house.call(FakeLeg(f"call-{user}", caller=Party(user, "")))


async def test_nobody_on_duty_leads_out_and_counts_as_overflowed(house: House) -> None:
    await house.open()
    settled(house)
    leg, contact = call(house, "1001")
    await house.says(leg, "bye")
    await house.over()
    totals = await house.store.totals()
    assert (totals["enqueued"], totals["overflowed"], totals.get("abandoned", 0)) == (1, 1, 0)
    assert (await house.row(contact))["disposition"] == "overflowed"
    assert await house.store.contact_ids() == []


async def test_a_full_queue_and_one_outside_of_its_hours_are_not_entered(house: House) -> None:
    await house.open()
    settled(house, max_waiting=1)
    first, _ = call(house, "asked")
    async with asyncio.timeout(5):
        while not await house.store.contact_ids():  # noqa: ASYNC110 - Redis is asked
            await asyncio.sleep(0.01)
    second, _ = call(house, "later")
    await house.says(second, "trouble")
    settled(house, hours="never")
    house.services.flows.use(Environment(hours={"never": Calendar("never", "UTC", ((),) * 7)}))
    third, _ = call(house, "1001")
    await house.says(third, "done")
    first.vanish()
    assert (await house.store.totals())["enqueued"] == 1


async def test_a_rule_takes_the_caller_out_and_the_place_is_given_back(house: House) -> None:
    await house.open()
    settled(house)
    leg, contact = call(house, "later")
    await house.says(leg, "done")
    await house.over()
    assert (await house.store.totals())["overflowed"] == 1
    assert (await house.row(contact))["disposition"] == "overflowed"


async def test_an_agent_finds_what_was_asked_and_ends_the_question(house: House) -> None:
    await house.open()
    settled(house)
    leg, contact = call(house, "asked")
    await house.playing(leg, "number")
    leg.press("4")
    leg.press("2")
    await house.playing(leg, "music")
    again, second = call(house, "asked")
    await house.playing(again, "number")
    await house.come("anna")
    await house.until(lambda: len(house.talks))
    session = house.switchboard.find(contact)
    assert session is not None and session.placement is not None and session.placement.phase == "connected"
    assert house.desk.of("present")[0]["slots"] == {"account": "42"}
    await house.come("bob")
    await house.until(lambda: len(house.talks) == 2)
    other = house.switchboard.find(second)
    assert other is not None and other.flow_state is not None
    assert (other.flow_state.state, other.flow_state.held, other.flow_state.timers) == ("asked", {}, {})
    leg.vanish()
    again.vanish()
    await house.over()


async def test_a_ring_that_comes_to_nothing_brings_the_question_back(house: House) -> None:
    await house.open()
    settled(house)
    house.desk.answers = {"anna": [None, RingOutcome.ACCEPTED]}
    leg, contact = call(house, "asked")
    await house.playing(leg, "number")
    await house.come("anna")
    await house.until(lambda: bool(house.desk.of("ring")))
    leg.play_out()
    await house.playing(leg, "music")
    await house.store.set_state("anna", AgentState.OFFLINE)
    await house.playing(leg, "number")
    await house.come("anna")
    await house.until(lambda: len(house.talks))
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["disposition"] == "served"


async def test_a_message_that_nobody_recorded_takes_no_caller_out_of_the_queue(house: House) -> None:
    await house.open()
    settled(house, comfort=("never_recorded", "place"), comfort_every=0.05)
    leg, contact = call(house, "asked")
    await house.playing(leg, "number")
    leg.press("4")
    leg.press("2")
    await house.until(lambda: bool(leg.playing) and leg.playing[0].name == "place")
    session = house.switchboard.find(contact)
    assert session is not None and session.flow_state is not None
    assert (session.flow_state.state, session.flow_state.errors) == ("asked", 0)
    leg.vanish()
    await house.over()


async def test_a_message_that_is_longer_than_the_time_between_two_is_heard_to_its_end(house: House) -> None:
    await house.open()
    settled(house, comfort=("place",), comfort_every=0.03)
    leg, contact = call(house, "asked")
    await house.playing(leg, "number")
    leg.press("4")
    leg.press("2")
    await house.until(lambda: bool(leg.playing) and leg.playing[0].name == "place")
    session = house.switchboard.find(contact)
    assert session is not None and session.voice.speaking
    sounds = session.voice._playback
    await asyncio.sleep(0.2)
    assert session.voice._playback == sounds, "nothing took its place"
    leg.play_out()
    await house.until(lambda: session.voice._playback != sounds)
    leg.vanish()
    await house.over()


async def test_messages_of_the_queue_are_told_over_the_music(house: House) -> None:
    await house.open()
    settled(house, comfort=("place",), comfort_every=0.05)
    leg, contact = call(house, "asked")
    await house.playing(leg, "number")
    leg.press("4")
    leg.press("2")
    await house.until(lambda: bool(leg.playing) and leg.playing[0].name == "place")
    leg.play_out()
    await house.until(lambda: bool(leg.playing) and leg.playing[0].name == "music")
    leg.vanish()
    await house.over()
    assert "You wait." in [turn["text"] for turn in (await house.row(contact))["turns"]]
