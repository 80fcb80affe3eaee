"""A colleague at a page is asked: shown first, rung then, joined; and has the caller, or is as free as before."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ivr.acd.desk import RingOutcome
from ivr.acd.engaging import Engaging
from ivr.acd.model import AgentState
from ivr.acd.totals import imbalance
from ivr.errors import Conflict, StoreUnavailable
from ivr.session.inviting import Guest
from telephony.errors import TransportError
from telephony.fake import FakeLeg
from telephony.leg import Bridge, CallLeg, EndCause, LegState
from tests.unit.ivr.session.house import House
from tests.unit.ivr.session.test_transfers import Office


@pytest.fixture
async def office(house: House) -> Office:
    office = Office(house)
    office.buttons.phones = {}
    return office


async def asked(office: Office) -> tuple[FakeLeg, str, FakeLeg, FakeLeg]:
    """Anna talks to a caller and asks bob, who accepted: the caller's leg, the contact, anna's and bob's legs."""
    leg, contact = await office.talk()
    await office.house.come("bob")
    await office.buttons.consult("anna", contact, "agent:bob")
    await office.house.until(lambda: len(office.house.desk.legs) == 2)
    anna, bob = office.house.desk.legs
    await office.house.until(lambda: office.house.bridges[-1].legs == (anna, bob))
    return leg, contact, anna, bob


def of(office: Office, agent: str) -> list[tuple[str, Any]]:
    return [(kind, data) for kind, who, data in office.house.desk.log if who == agent]


async def all_is_well(house: House) -> None:
    assert imbalance(await house.store.totals(), await house.store.contacts()) == []


async def test_he_sees_the_whole_contact_before_his_ring(office: Office) -> None:
    house = office.house
    leg, contact, anna, _ = await asked(office)
    kinds = [kind for kind, _ in of(office, "bob")]
    assert kinds[:2] == ["present", "ring"] and kinds[2:4] == ["consult", "contact"]
    shown = of(office, "bob")[0][1]
    assert shown["id"] == contact and shown["phase"] == "offered" and shown["queue"] == "support"
    assert shown["why"] == "", "no queue chose him"
    assert shown["consult"] == {"by": "anna", "name": "anna", "state": "calling"} and shown["profile"]["tier"] == "gold"
    assert of(office, "bob")[3][1]["phase"] == "connected" and of(office, "bob")[3][1]["consult"]["state"] == "consult"
    told = [data for kind, data in of(office, "anna") if kind == "consult"]
    assert [one["state"] for one in told] == ["calling", "consult"]
    assert told[0]["with"] == {"kind": "agent", "id": "bob", "name": "bob"}
    assert await house.state("bob") is AgentState.IN_CALL and anna.playing == ()
    with pytest.raises(Conflict):
        await office.buttons.dtmf("bob", contact, "1")
    leg.vanish()
    await house.over()
    assert await house.state("bob") is AgentState.AVAILABLE, "nothing to wrap up"
    assert of(office, "bob")[-1] == ("contact", {"id": contact, "phase": "ended"})
    await all_is_well(house)


async def test_complete_makes_the_caller_his_with_every_button(office: Office) -> None:
    house = office.house
    leg, contact, anna, bob = await asked(office)
    await office.buttons.complete("anna", contact)
    await house.until(lambda: house.bridges[-1].legs == (leg, bob))
    await house.until_state("anna", AgentState.WRAP_UP)
    assert anna.state is LegState.ENDED and house.talks.find(contact, "bob")
    shown = of(office, "bob")[-1][1]
    assert shown["phase"] == "connected" and "consult" not in shown and shown["why"] == ""
    assert [data["phase"] for kind, data in of(office, "anna") if kind == "contact"][-1] == "wrap_up"
    await office.buttons.hold("bob", contact)
    await office.buttons.note("bob", contact, "done by bob")
    with pytest.raises(Conflict):
        await office.buttons.hold("anna", contact)
    await office.buttons.resume_call("bob", contact)
    await office.buttons.hang_up("bob", contact)
    await house.over()
    await house.until_state("bob", AgentState.WRAP_UP)
    row = await house.row(contact)
    assert row["agent_id"] == "bob" and row["disposition"] == "served"
    await all_is_well(house)


async def test_a_caller_whose_new_agent_vanishes_waits_again(office: Office) -> None:
    house = office.house
    leg, contact, _, bob = await asked(office)
    await office.buttons.complete("anna", contact)
    await house.until(lambda: house.bridges[-1].legs == (leg, bob))
    bob.vanish(EndCause.MEDIA_LOST)
    await house.playing(leg, "music")
    await house.until_state("bob", AgentState.OFFLINE)
    assert await house.store.position(contact) == 1
    leg.vanish()
    await house.over()
    await all_is_well(house)


@pytest.mark.parametrize("how", ["back", "hang_up"])
async def test_who_comes_back_talks_to_the_caller_again(office: Office, how: str) -> None:
    house = office.house
    leg, contact, anna, bob = await asked(office)
    if how == "back":
        await office.buttons.back("anna", contact)
    else:
        await office.buttons.hang_up("bob", contact)
    assert bob.state is LegState.ENDED and house.bridges[-1].legs == (leg, anna)
    assert office.told()[-1] == "back"
    await house.until_state("bob", AgentState.AVAILABLE)
    leg.vanish()
    await house.over()
    await all_is_well(house)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(RingOutcome.DECLINED, "declined"), (RingOutcome.NO_ANSWER, "no_answer"), (RingOutcome.GONE, "gone")],
)
async def test_who_does_not_come_costs_nothing(office: Office, answer: RingOutcome, reason: str) -> None:
    house = office.house
    leg, contact = await office.talk()
    await house.come("bob")
    house.desk.answers["bob"] = [answer]
    await office.buttons.consult("anna", contact, "agent:bob")
    await house.until(lambda: office.told()[-1] == "failed")
    assert [data for kind, data in of(office, "anna") if kind == "consult"][-1]["reason"] == reason
    assert house.bridges[-1].legs == (leg, house.desk.legs[0])
    await house.until_state("bob", AgentState.AVAILABLE)
    leg.vanish()
    await house.over()
    await all_is_well(house)


async def test_coming_back_while_it_rings_stops_the_ring(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await house.come("bob")
    house.desk.answers["bob"] = [None]
    await office.buttons.consult("anna", contact, "agent:bob")
    await house.until(lambda: ("ring_stopped", "bob", None) not in house.desk.log and house.desk.of("ring"))
    with pytest.raises(Conflict, match="third party"):
        await office.buttons.consult("anna", contact, "agent:bob")
    await office.buttons.back("anna", contact)
    await house.until_state("bob", AgentState.AVAILABLE)
    assert ("ring_stopped", "bob", None) in house.desk.log
    leg.vanish()
    await house.over()


async def test_a_colleague_who_is_busy_is_not_asked_and_the_caller_hears_no_music(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await house.come("bob")
    await house.store.set_state("bob", AgentState.BREAK, "lunch")
    with pytest.raises(Conflict, match="bob is on a break"):
        await office.buttons.consult("anna", contact, "agent:bob")
    assert house.bridges[-1].done == [] and house.talks.find(contact, "anna").consult is None
    leg.vanish()
    await house.over()


async def test_three_ways_and_the_agent_leaves_the_two(office: Office) -> None:
    house = office.house
    leg, contact, _, bob = await asked(office)
    await office.buttons.three_way("anna", contact)
    await office.buttons.hang_up("anna", contact)
    await house.until(lambda: house.bridges[-1].legs == (leg, bob))
    assert house.talks.find(contact, "bob")
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["agent_id"] == "bob"
    await all_is_well(house)


async def test_the_caller_goes_in_the_moment_of_handing_over(office: Office) -> None:
    house = office.house
    leg, contact, _, bob = await asked(office)
    await office.buttons.complete("anna", contact)
    leg.vanish()
    await house.over()
    await asyncio.sleep(0)
    assert bob.state is LegState.ENDED
    assert await house.state("bob") in (AgentState.AVAILABLE, AgentState.WRAP_UP)
    assert not (await house.store.agent("bob")).held
    await all_is_well(house)


async def test_redis_away_for_long_keeps_neither_call_nor_colleague(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    house = office.house
    leg, contact, _, _ = await asked(office)

    async def away(self: Engaging, contact_id: str, agent_id: str) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(Engaging, "release", away)
    await office.buttons.back("anna", contact)
    await house.until_state("bob", AgentState.AVAILABLE)
    leg.vanish()
    await house.over()
    await all_is_well(house)


async def test_a_talk_that_ends_while_a_colleague_is_held_lets_go_of_him(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = office.house
    leg, contact = await office.talk()
    await house.come("bob")
    reserve = Guest.reserve

    async def too_late(self: Guest) -> None:
        await reserve(self)
        await office.buttons.hang_up("anna", contact)

    monkeypatch.setattr(Guest, "reserve", too_late)
    with pytest.raises(Conflict, match="has ended"):
        await office.buttons.consult("anna", contact, "agent:bob")
    await house.until_state("bob", AgentState.AVAILABLE)
    assert not [what for what, who, _ in house.desk.log if (what, who) == ("ring", "bob")]
    leg.vanish()
    await house.over()
    await all_is_well(house)


def cannot_join(house: House, *legs: str) -> Office:
    """An office in which these two legs, of agents as they come, cannot be bridged."""

    def bridge(a: CallLeg, b: CallLeg) -> Bridge:
        if (a.id, b.id) == legs:
            raise TransportError("no common codec")
        return house._bridge(a, b)

    house.with_services(bridge=bridge)
    office = Office(house)
    office.buttons.phones = {}
    return office


async def test_a_colleague_who_cannot_be_joined_costs_nobody_the_call(house: House) -> None:
    office = cannot_join(house, "agent-0", "agent-1")
    leg, contact = await office.talk()
    await house.come("bob")
    await office.buttons.consult("anna", contact, "agent:bob")
    await house.until(lambda: office.told()[-1] == "failed")
    assert house.bridges[-1].legs == (leg, house.desk.legs[0]) and house.talks.find(contact, "anna")
    await house.until_state("bob", AgentState.AVAILABLE)
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["disposition"] == "served"


async def test_a_caller_who_cannot_be_joined_with_the_new_agent_is_off_that_ones_page(house: House) -> None:
    office = cannot_join(house, f"call-{house.number}", "agent-1")
    leg, contact, _, _ = await asked(office)
    await office.buttons.complete("anna", contact)
    await house.until(lambda: ("contact", {"id": contact, "phase": "ended"}) in of(office, "bob"))
    assert [data["phase"] for kind, data in of(office, "anna") if kind == "contact"][-1] == "wrap_up"
    await house.playing(leg, "music")
    leg.vanish()
    await house.over()
    await all_is_well(house)


async def test_a_caller_who_cannot_be_joined_with_an_outside_number_was_served(house: House) -> None:
    office = cannot_join(house, f"call-{house.number}", "sip:carol@10.0.0.7")
    leg, contact = await office.talk()
    await office.buttons.consult("anna", contact, "sip:carol@10.0.0.7")
    house.dialled[0].pick_up()
    await office.buttons.complete("anna", contact)
    await house.until(lambda: house.dialled[0].state is LegState.ENDED)
    await house.over()
    assert leg.state is LegState.ENDED and house.desk.phases()[-1] == "wrap_up"
    assert (await house.row(contact))["disposition"] == "served"
    await all_is_well(house)
