"""What happens at a bad moment: legs that go while others come, and phones that do not wait."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from ivr.acd.model import AgentState, Queue
from telephony.errors import Misuse
from telephony.fake import FakeLeg
from telephony.leg import EndCause, HeldByPeer, LegState, Party, Replaced, TransferRequested
from tests.unit.ivr.session.house import House
from tests.unit.ivr.session.test_transfers import Office, consulting


@pytest.fixture
async def office(house: House) -> Office:
    return Office(house)


def given_up() -> FakeLeg:
    """A call that was to take another's place, and was cancelled before anybody looked."""
    return FakeLeg("by", state=LegState.ENDED)


# --- phones that hang up as soon as their REFER is taken


async def test_an_agents_phone_that_hangs_up_with_its_transfer_does_not_lose_the_caller(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    phone = house.desk.legs[0]
    phone.happen(TransferRequested(0.0, "sip:carol@127.0.0.1"))
    phone.vanish()
    await asyncio.sleep(0.02)
    assert leg.state is LegState.UP and house.dialled[0].state is LegState.DIALING and house.bridges[0].done == ["hold"]
    house.dialled[0].pick_up()
    await house.until(lambda: house.bridges[-1].legs == (leg, house.dialled[0]))
    house.dialled[0].vanish()
    await house.over()
    assert (await house.row(contact))["disposition"] == "served"


async def test_a_caller_whom_nobody_takes_then_waits_again(office: Office) -> None:
    house = office.house
    leg, _ = await office.talk()
    house.desk.legs[0].happen(TransferRequested(0.0, "sip:carol@127.0.0.1"))
    house.desk.legs[0].vanish()
    house.dialled[0].vanish(EndCause.BUSY)
    await house.playing(leg, "music")
    assert leg.state is LegState.UP
    leg.vanish()
    await house.over()


@pytest.mark.parametrize("answered", [True, False])
async def test_a_callers_phone_that_hangs_up_with_its_transfer_is_followed(office: Office, answered: bool) -> None:
    house = office.house
    leg, contact = await office.talk()
    leg.happen(TransferRequested(0.0, "sip:wife@127.0.0.1"))
    leg.vanish()
    await house.until(lambda: house.dialled)
    agent, new = house.desk.legs[0], house.dialled[0]
    await house.playing(agent, "ringback")
    if answered:
        new.pick_up()
        await house.until(lambda: house.bridges[-1].legs == (new, agent))
        assert not agent.playing and len(house.talks) == 1
        new.vanish()
    else:
        new.vanish(EndCause.BUSY)
    await house.over()
    row = await house.row(contact)
    assert (row["disposition"], row["end_cause"], agent.state) == ("served", "hung_up", LegState.ENDED)


async def test_an_agent_who_does_not_wait_for_it_ends_it_all(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    leg.happen(TransferRequested(0.0, "sip:wife@127.0.0.1"))
    leg.vanish()
    await house.until(lambda: house.dialled)
    await house.playing(house.desk.legs[0], "ringback")
    await office.buttons.hang_up("anna", contact)
    await house.over()
    assert house.dialled[0].state is LegState.ENDED


# --- places taken


@pytest.mark.parametrize("side", ["caller", "agent"])
async def test_who_gave_up_taking_a_place_takes_nothing(office: Office, side: str) -> None:
    house = office.house
    leg, _ = await office.talk()
    (leg if side == "caller" else house.desk.legs[0]).happen(Replaced(0.0, given_up()))
    await asyncio.sleep(0.02)
    assert len(house.talks) == 1 and len(house.bridges) == 1
    leg.vanish()
    await house.over()


async def test_who_gave_up_taking_a_place_in_a_menu_takes_nothing(office: Office) -> None:
    house = office.house
    leg, _ = house.call()
    await house.playing(leg, "hello")
    leg.happen(Replaced(0.0, given_up()))
    leg.press("1")
    await house.playing(leg, "number")
    leg.vanish()
    await house.over()


async def test_who_takes_the_place_of_a_caller_in_a_queue_hears_music(office: Office) -> None:
    house = office.house
    await house.open()
    leg, _ = house.call()
    await house.store.heartbeat("anna", 60.0)
    await house.store.set_state("anna", AgentState.BREAK, "lunch")
    await house.chooses(leg, "2")
    await house.playing(leg, "music")
    by = FakeLeg("by", caller=Party("1003"))
    leg.happen(Replaced(0.0, by))
    await house.playing(by, "music")
    by.vanish()
    await house.over()


@pytest.mark.parametrize("side", ["caller", "agent"])
async def test_a_place_taken_during_a_consultation_leaves_it_as_it_is(office: Office, side: str) -> None:
    house = office.house
    leg, contact, other = await consulting(office)
    agent, by = house.desk.legs[0], FakeLeg("by", caller=Party("1003"))
    (leg if side == "caller" else agent).happen(Replaced(0.0, by))
    caller, agent = (by, agent) if side == "caller" else (leg, by)
    await house.until(lambda: any(bridge.legs == (caller, agent) for bridge in house.bridges))
    joint = next(bridge for bridge in house.bridges if bridge.legs == (caller, agent))
    private = house.bridges[-1]
    assert joint.done == ["hold"] and private.legs == (agent, other) and not private.done
    await office.buttons.three_way("anna", contact)
    assert office.rooms[-1].inside == [caller.id, agent.id, other.id]
    late = FakeLeg("late", caller=Party("1004"))
    caller.happen(Replaced(0.0, late))
    await house.until(lambda: len(office.rooms) == 2)
    assert office.rooms[0].closed and office.rooms[-1].inside == [late.id, agent.id, other.id]
    await office.buttons.complete("anna", contact)
    await house.until(lambda: house.bridges[-1].legs == (late, other))
    late.vanish()
    await house.over()
    assert other.state is LegState.ENDED


async def test_a_caller_on_hold_stays_there_when_another_takes_the_place(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.hold("anna", contact)
    by = FakeLeg("by", caller=Party("1003"))
    leg.happen(Replaced(0.0, by))
    await house.until(lambda: by in house.bridges[-1].legs)
    assert house.bridges[-1].done == ["hold"] and house.desk.phases()[-1] == "held"
    await office.buttons.resume_call("anna", contact)
    by.vanish()
    await house.over()


async def test_a_phone_that_held_and_is_replaced_holds_no_more(office: Office) -> None:
    house = office.house
    leg, _ = await office.talk()
    house.desk.legs[0].happen(HeldByPeer(0.0))
    by = FakeLeg("by", caller=Party("1003"))
    house.desk.legs[0].happen(Replaced(0.0, by))
    assert house.bridges[-1].legs == (leg, by) and not house.bridges[-1].done and house.desk.phases()[-1] == "connected"
    leg.vanish()
    await house.over()


# --- third parties and supervisors


@pytest.mark.parametrize("by_page", [True, False])
async def test_an_agent_who_goes_with_the_third_party_frees_the_caller(office: Office, by_page: bool) -> None:
    """Both legs have ended before the first of the two events is told."""
    house = office.house
    leg, contact, other = await consulting(office)
    await office.buttons.three_way("anna", contact)
    other.state = LegState.ENDED
    if by_page:
        await office.buttons.hang_up("anna", contact)
    else:
        house.desk.legs[0].vanish()
    await house.until_state("anna", AgentState.WRAP_UP)
    leg.vanish()
    await house.over()


async def test_a_supervisor_who_goes_does_not_end_the_hold(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.monitor("boss", contact, "listen")
    await office.buttons.hold("anna", contact)
    await office.buttons.monitor("boss", contact, "stop")
    assert house.bridges[-1].done == ["hold"] and house.talks.find(contact, "anna").held
    assert house.desk.phases()[-1] == "held"
    leg.vanish()
    await house.over()


async def test_a_supervisor_who_presses_twice_listens_once(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    talk = house.talks.find(contact, "anna")
    first, second = FakeLeg("first", state=LegState.UP), FakeLeg("second", state=LegState.UP)
    told: list[str] = []
    talk.monitor("boss", first, "listen", told.append)
    talk.monitor("boss", second, "listen", told.append)
    assert told == [], "it goes on, by another leg"
    assert (first.state, second.state) == (LegState.ENDED, LegState.UP)
    assert office.rooms[0].inside == [leg.id, house.desk.legs[0].id, "second"] and not office.rooms[0].closed
    leg.vanish()
    await house.over()
    assert second.state is LegState.ENDED


# --- parking


async def test_a_phone_that_picks_up_a_caller_who_goes_is_hung_up(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.park("anna", contact, "701")
    await house.until(lambda: office.lot.views())
    phone = FakeLeg("phone", caller=Party("1003", authenticated=True), callee=Party("701"))
    leg.vanish()
    house.switchboard.take(phone)
    await house.over()
    assert phone.state is LegState.ENDED


# --- others


async def test_a_partner_who_cannot_be_joined_is_not_left_alone(office: Office) -> None:
    house = office.house
    leg, _ = await office.talk()
    house.desk.legs[0].happen(TransferRequested(0.0, "sip:carol@127.0.0.1"))
    house.dialled[0].pick_up()
    await house.until(lambda: house.bridges[-1].legs == (leg, house.dialled[0]))
    house.dialled[0].happen(TransferRequested(0.0, "sip:dave@127.0.0.1"))
    house.bridge_error = Misuse("no media")
    house.dialled[1].pick_up()
    await house.until(lambda: house.dialled[1].state is LegState.ENDED)
    leg.vanish()
    await house.over()


async def test_time_with_two_agents_is_talk_and_not_wait(house: House) -> None:
    now = [1000.0]
    office = Office(house)
    house.with_services(clock=lambda: now[0], parking=office.lot)
    office.buttons.find = house.switchboard.find
    leg, contact = await office.talk()
    await house.store.define_queues([*(await house.store.queues()), Queue("billing", ring_seconds=5.0, wrap_up_seconds=0.0)])
    now[0] += 20.0
    await office.buttons.hold("anna", contact)
    now[0] += 10.0
    await office.buttons.resume_call("anna", contact)
    now[0] += 30.0
    await office.buttons.transfer("anna", contact, "queue:billing")
    await house.until_state("anna", AgentState.WRAP_UP)
    now[0] += 10.0
    await house.come("bob")
    await house.until(lambda: len(house.talks))
    now[0] += 30.0
    leg.vanish()
    await house.over()
    row: Mapping[str, Any] = await house.row(contact)
    assert (row["agent_id"], row["wait_seconds"], row["talk_seconds"]) == ("bob", 10.0, 90.0)
    assert [(one["at"], one["kind"], one["who"]) for one in row["moments"]] == [
        (1000.0, "queue", "support"),
        (1000.0, "agent", "anna"),
        (1020.0, "hold", "anna"),
        (1030.0, "agent", "anna"),
        (1060.0, "over", ""),
        (1060.0, "transfer", "queue:billing"),
        (1060.0, "queue", "billing"),
        (1070.0, "agent", "bob"),
        (1100.0, "over", ""),
    ]
