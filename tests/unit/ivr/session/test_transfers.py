"""Callers who are sent on, asked about, joined, parked and picked up: from the desk, from phones, and from flows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from ivr.acd.model import AgentState, Contact, Queue
from ivr.errors import Conflict
from ivr.session.agents import Agents
from ivr.session.parking import ParkingLot
from ivr.session.queue_rules import QueueHouse, QueueRules
from telephony.fake import FakeLeg
from telephony.joining import Role
from telephony.leg import (
    CallLeg,
    EndCause,
    HeldByPeer,
    LegState,
    Party,
    Replaced,
    ResumedByPeer,
    Ringing,
    TransferProgress,
    TransferRequested,
)
from telephony.media.clip import Clip
from tests.unit.ivr.session.house import House, PageLeg


@dataclass
class FakeRoom:
    """A conference that remembers who is in it."""

    inside: list[str] = field(default_factory=list)
    roles: list[tuple[str, str, str]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    closed: bool = False

    def join(self, leg: CallLeg, role: Role = Role.SPEAKER, coached: CallLeg | None = None) -> None:
        self.inside.append(leg.id)
        self.role(leg, role, coached)

    def leave(self, leg: CallLeg) -> None:
        if leg.id in self.inside:
            self.inside.remove(leg.id)

    def role(self, leg: CallLeg, role: Role, coached: CallLeg | None = None) -> None:
        self.roles.append((leg.id, role.value, coached.id if coached is not None else ""))

    def mute(self, leg: CallLeg, muted: bool = True) -> None: ...

    def hold(self, leg: CallLeg, music: Sequence[Clip]) -> None:
        self.done.append("hold")

    def resume(self, leg: CallLeg) -> None:
        self.done.append("resume")

    def levels(self) -> Mapping[str, float]:
        return {}

    def close(self) -> None:
        self.closed = True


class Office:
    """A house with agents, their buttons, a mixer and parking slots."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.rooms: list[FakeRoom] = []
        self.lot = ParkingLot(("701", "702"))
        house.with_services(confer=self._confer, parking=self.lot, ringback=[Clip(Clip.tone(450, 0.04).samples, "ringback")])
        self.buttons = Agents(house.store, house.log, house.talks, house.services.clock)
        self.buttons.find = house.switchboard.find
        self.buttons.parking = self.lot
        self.buttons.phones = {"bob": "sip:bob@10.0.0.9"}

    @classmethod
    def of_pages(cls, house: House) -> Office:
        """Whose agents speak from their pages."""
        office = cls(house)
        office.buttons.phones, house.desk.leg = {}, PageLeg
        return office

    def _confer(self, music: Sequence[Clip]) -> FakeRoom:
        self.rooms.append(FakeRoom())
        return self.rooms[-1]

    async def talk(self) -> tuple[FakeLeg, str]:
        """A caller who talks with anna."""
        await self.house.open("anna")
        leg, contact = self.house.call()
        await self.house.chooses(leg, "2")
        await self.house.until(lambda: len(self.house.talks))
        return leg, contact

    def told(self) -> list[str]:
        return [data["state"] for data in self.house.desk.of("consult")]


@pytest.fixture
async def office(house: House) -> Office:
    return Office(house)


# --- sent on by the desk


async def test_a_caller_sent_to_another_queue_waits_there_and_is_served(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    support = await house.store.queues()
    await house.store.define_queues([*support, Queue("billing", ring_seconds=5.0, wrap_up_seconds=0.0)])
    await house.store.set_state("bob", AgentState.OFFLINE)
    await office.buttons.transfer("anna", contact, "queue:billing")
    await house.until_state("anna", AgentState.WRAP_UP)
    await house.playing(leg, "music")
    assert leg.state is LegState.UP and house.desk.legs[0].state is LegState.ENDED
    await house.come("bob")
    await house.until(lambda: len(house.talks))
    assert house.talks.find(contact, "bob") and house.desk.of("present")[-1]["queue"] == "billing"
    leg.vanish()
    await house.over()
    row = await house.row(contact)
    assert (row["queue"], row["agent_id"], row["disposition"]) == ("billing", "bob", "served")


async def test_the_rules_of_the_queue_that_a_caller_came_from_end_with_the_talk(office: Office) -> None:
    house = office.house
    house.with_services(queues=QueueHouse({"support": QueueRules(max_waiting=1)}))
    office.buttons.find = house.switchboard.find
    leg, contact = await office.talk()
    await house.store.define_queues([*await house.store.queues(), Queue("billing", ring_seconds=5.0, wrap_up_seconds=0.0)])
    await house.store.enqueue(Contact("other", "billing", house.services.clock(), node=house.router.node))
    await office.buttons.transfer("anna", contact, "queue:billing")
    await house.playing(leg, "music")
    await house.until(lambda: house.router.waiting == 1)
    leg.vanish()
    await house.over()
    assert (await house.store.totals()).get("refused_full", 0) == 0


async def test_a_caller_sent_to_an_agent_goes_to_no_other(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.transfer("anna", contact, "agent:bob")
    await house.until_state("anna", AgentState.WRAP_UP)
    await house.store.end_wrap_up("anna")
    await asyncio.sleep(0.1)
    assert await house.state("anna") is AgentState.AVAILABLE and not len(house.talks), "anna is free, and is not rung"
    await house.come("bob")
    await house.until(lambda: len(house.talks))
    assert house.talks.find(contact, "bob")
    leg.vanish()
    await house.over()


async def test_a_caller_sent_to_a_number_is_charged_to_the_agent(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.transfer("anna", contact, "12345")
    await house.until(lambda: house.dialled)
    assert house.dialled[0].id == "12345" and house.options[0].payer == "agent:anna"
    await house.playing(leg, "ringback")
    house.dialled[0].pick_up()
    await house.until(lambda: house.bridges[-1].legs == (leg, house.dialled[0]))
    assert await house.state("anna") is AgentState.WRAP_UP
    house.dialled[0].vanish()
    await house.over()
    assert (await house.row(contact))["disposition"] == "served"


async def test_a_number_that_is_busy_brings_the_caller_back(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.transfer("anna", contact, "12345")
    await house.until(lambda: house.dialled)
    house.dialled[0].vanish(EndCause.BUSY)
    await house.until_state("anna", AgentState.WRAP_UP)
    await house.store.end_wrap_up("anna")
    await house.until(lambda: len(house.talks))
    assert house.talks.find(contact, "anna")
    leg.vanish()
    await house.over()


async def test_a_caller_sent_to_a_flow_begins_there(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.transfer("anna", contact, "flow:small")
    await house.chooses(leg, "1")
    await house.says(leg, "number")
    leg.vanish()
    await house.over()
    assert await house.state("anna") is AgentState.WRAP_UP


@pytest.mark.parametrize("to", ["queue:none", "agent:nobody", "agent:anna", "flow:none", "", "park:999"])
async def test_what_leads_nowhere_is_refused_and_they_talk_on(office: Office, to: str) -> None:
    leg, contact = await office.talk()
    if to == "park:999":
        with pytest.raises(Conflict):
            await office.buttons.park("anna", contact, "999")
    else:
        with pytest.raises(Conflict):
            await office.buttons.transfer("anna", contact, to)
    with pytest.raises(Conflict, match="ended"):
        await office.buttons.transfer("bob", contact, "12345")
    assert len(office.house.talks) == 1
    leg.vanish()
    await office.house.over()


# --- warm transfer


async def consulting(office: Office) -> tuple[FakeLeg, str, FakeLeg]:
    leg, contact = await office.talk()
    await office.buttons.consult("anna", contact, "agent:bob")
    other = office.house.dialled[0]
    assert other.id == "sip:bob@10.0.0.9" and office.house.options[0].payer == "agent:anna"
    assert office.house.bridges[0].done == ["hold"] and office.house.desk.legs[0].playing[0].name == "ringback"
    other.pick_up()
    assert office.house.bridges[-1].legs == (office.house.desk.legs[0], other)
    return leg, contact, other


async def test_consult_and_complete(office: Office) -> None:
    house = office.house
    leg, contact, other = await consulting(office)
    with pytest.raises(Conflict, match="third party"):
        await office.buttons.hold("anna", contact)
    await office.buttons.complete("anna", contact)
    await house.until(lambda: house.bridges[-1].legs == (leg, other))
    assert house.desk.legs[0].state is LegState.ENDED
    await house.until_state("anna", AgentState.WRAP_UP)
    other.vanish()
    await house.over()
    assert office.told() == ["calling", "consult", "complete"]
    assert (await house.row(contact))["agent_id"] == "anna"


async def test_toggle_and_back(office: Office) -> None:
    house = office.house
    leg, contact, other = await consulting(office)
    private = house.bridges[-1]
    await office.buttons.toggle("anna", contact)
    assert private.done == ["close"] and house.bridges[0].done == ["hold", "resume"] and other.playing[0].name == "music"
    await office.buttons.toggle("anna", contact)
    assert house.bridges[0].done == ["hold", "resume", "hold"] and house.bridges[-1].legs == (house.desk.legs[0], other)
    await office.buttons.back("anna", contact)
    assert other.state is LegState.ENDED and house.bridges[-1].legs == (leg, house.desk.legs[0])
    assert office.told() == ["calling", "consult", "caller", "consult", "back"]
    with pytest.raises(Conflict):
        await office.buttons.back("anna", contact)
    leg.vanish()
    await house.over()


async def test_three_ways_then_the_agent_leaves_the_two(office: Office) -> None:
    house = office.house
    leg, contact, other = await consulting(office)
    await office.buttons.three_way("anna", contact)
    assert office.rooms[0].inside == [leg.id, house.desk.legs[0].id, other.id]
    with pytest.raises(Conflict):
        await office.buttons.toggle("anna", contact)
    await office.buttons.hang_up("anna", contact)
    await house.until(lambda: house.bridges[-1].legs == (leg, other))
    assert office.rooms[0].closed and leg.state is LegState.UP
    leg.vanish()
    await house.over()
    assert other.state is LegState.ENDED


@pytest.mark.parametrize("up", [True, False])
async def test_a_third_party_who_goes_or_never_comes_leaves_the_two_as_before(office: Office, up: bool) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.consult("anna", contact, "777")
    other = house.dialled[0]
    if up:
        other.pick_up()
    other.vanish(EndCause.HUNG_UP if up else EndCause.BUSY)
    assert house.bridges[-1].legs == (leg, house.desk.legs[0]) and house.talks.find(contact, "anna").consult is None
    assert office.told()[-1] == ("back" if up else "failed")
    leg.vanish()
    await house.over()


async def test_a_caller_who_hangs_up_meanwhile_frees_everybody(office: Office) -> None:
    leg, _, other = await consulting(office)
    leg.vanish()
    await office.house.over()
    assert other.state is LegState.ENDED and office.house.desk.legs[0].state is LegState.ENDED


@pytest.mark.parametrize(("to", "why"), [("agent:anna", "you"), ("queue:support", "transfer"), ("agent:carl", "no agent")])
async def test_who_cannot_be_consulted(office: Office, to: str, why: str) -> None:
    _, contact = await office.talk()
    with pytest.raises(Conflict, match=why):
        await office.buttons.consult("anna", contact, to)
    with pytest.raises(Conflict, match="no third party"):
        await office.buttons.complete("anna", contact)


# --- supervisors


async def test_a_supervisor_listens_whispers_barges_in_and_goes(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.monitor("boss", contact, "listen")
    [room], [agent, boss] = office.rooms, house.desk.legs
    assert house.bridges[0].done == ["close"] and room.inside == [leg.id, agent.id, boss.id]
    for mode in ("whisper", "barge"):
        await office.buttons.monitor("boss", contact, mode)
    assert room.roles[2:] == [(boss.id, "listener", ""), (boss.id, "coach", agent.id), (boss.id, "speaker", "")]
    await office.buttons.hold("anna", contact)
    with pytest.raises(Conflict, match="hold"):
        await office.buttons.announce("anna", contact, "done")
    await office.buttons.resume_call("anna", contact)
    assert room.done == ["hold", "resume"]
    await office.buttons.monitor("boss", contact, "stop")
    assert boss.state is LegState.ENDED and room.closed and house.bridges[-1].legs == (leg, agent)
    await office.buttons.monitor("boss", contact, "listen")
    house.desk.legs[-1].vanish()
    assert house.bridges[-1].legs == (leg, agent) and len(house.bridges) == 3
    leg.vanish()
    await house.over()


async def test_what_is_no_way_to_listen(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    for who, contact_id, mode in (("boss", contact, "shout"), ("boss", "c-0", "listen"), ("anna", contact, "listen")):
        with pytest.raises(Conflict):
            await office.buttons.monitor(who, contact_id, mode)
    assert len(house.desk.legs) == 1 and not office.rooms, "no audio was opened"
    leg.vanish()
    await house.over()


async def test_a_supervisor_takes_the_caller_and_hangs_up(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.monitor("boss", contact, "whisper")
    agent, boss = house.desk.legs
    await office.buttons.monitor("boss", contact, "take")
    await house.until(lambda: house.bridges[-1].legs == (leg, boss))
    assert agent.state is LegState.ENDED and boss.state is LegState.UP and office.rooms[0].closed
    await house.until_state("anna", AgentState.WRAP_UP)
    assert [one["mode"] for one in house.desk.of("monitor")] == ["whisper", "take"]
    with pytest.raises(Conflict, match="to you"):
        await office.buttons.monitor("boss", contact, "whisper")
    await office.buttons.monitor("boss", contact, "stop")
    await house.over()
    assert leg.state is LegState.ENDED and (await house.row(contact))["agent_id"] == "anna"


@pytest.mark.parametrize("why", ["stopped", "over", "lost"])
async def test_a_supervisor_is_told_why_it_ended(office: Office, why: str) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.monitor("boss", contact, "listen")
    match why:
        case "stopped":
            await office.buttons.monitor("boss", contact, "stop")
        case "over":
            leg.vanish()
            await house.over()
        case _:
            house.desk.legs[1].vanish(EndCause.MEDIA_LOST)
    assert [(one["mode"], one.get("reason")) for one in house.desk.of("monitor")][:2] == [("listen", None), ("off", why)]
    leg.vanish()
    await house.over()


async def test_who_listens_stays_with_the_agent_in_a_consultation(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.monitor("boss", contact, "listen")
    anna, boss = house.desk.legs
    await office.buttons.consult("anna", contact, "777")
    assert office.rooms[0].closed and house.bridges[-1].legs == (leg, anna) and house.bridges[-1].done == ["hold"]
    third = house.dialled[0]
    third.pick_up()
    assert office.rooms[1].inside == [anna.id, third.id, boss.id], "whoever is asked is heard, and not the caller"
    await office.buttons.three_way("anna", contact)
    assert office.rooms[2].inside == [leg.id, anna.id, third.id, boss.id]
    await office.buttons.complete("anna", contact)
    await house.until(lambda: house.bridges[-1].legs == (leg, third))
    assert boss.state is LegState.ENDED and house.desk.of("monitor")[-1]["reason"] == "over"
    leg.vanish()
    await house.over()


# --- what phones do


async def test_an_agents_phone_that_holds_gives_the_caller_music(office: Office) -> None:
    house = office.house
    leg, _ = await office.talk()
    phone = house.desk.legs[0]
    phone.happen(HeldByPeer(0.0))
    assert house.bridges[0].done == ["hold"] and house.desk.phases()[-1] == "held"
    phone.happen(ResumedByPeer(0.0))
    assert house.bridges[0].done == ["hold", "resume"] and house.desk.phases()[-1] == "connected"
    leg.vanish()
    await house.over()


async def test_an_agents_phone_transfers_blind(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    phone = house.desk.legs[0]
    phone.happen(TransferRequested(0.0, "sip:carol@127.0.0.1", referred_by="<sip:anna@x>"))
    new = house.dialled[0]
    assert house.options[0].payer == "agent:anna" and house.options[0].headers == {"Referred-By": "<sip:anna@x>"}
    new.happen(Ringing(0.0))
    phone.happen(TransferRequested(0.0, "sip:dave@127.0.0.1"))
    new.pick_up()
    assert [status for name, status in phone.commands if name == "report_transfer"] == [100, 180, 491, 200]
    await house.until(lambda: house.bridges[-1].legs == (leg, new))
    await house.until_state("anna", AgentState.WRAP_UP)
    new.vanish()
    await house.over()
    assert (await house.row(contact))["disposition"] == "served"


async def test_a_transfer_that_fails_leaves_the_talk_as_it_is(office: Office) -> None:
    house = office.house
    leg, _ = await office.talk()
    phone = house.desk.legs[0]
    phone.happen(TransferRequested(0.0, "sip:carol@127.0.0.1", replaces="abc;to-tag=1;from-tag=2"))
    assert house.options[0].headers == {"Replaces": "abc;to-tag=1;from-tag=2"}
    house.dialled[0].vanish(EndCause.BUSY)
    assert [status for name, status in phone.commands if name == "report_transfer"] == [100, 486]
    assert len(house.talks) == 1
    leg.vanish()
    await house.over()


async def test_the_callers_phone_transfers_and_the_call_goes_on_with_its_record(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    leg.happen(TransferRequested(0.0, "sip:wife@127.0.0.1"))
    await house.until(lambda: house.dialled)
    new = house.dialled[0]
    new.pick_up()
    await house.until(lambda: house.bridges[-1].legs == (new, house.desk.legs[0]))
    leg.vanish()
    await asyncio.sleep(0.05)
    assert len(house.talks) == 1, "the end of the old leg means nothing"
    new.vanish()
    await house.over()
    assert (await house.row(contact))["disposition"] == "served"


@pytest.mark.parametrize("side", ["caller", "agent"])
async def test_a_leg_that_is_replaced_gives_its_place(office: Office, side: str) -> None:
    house = office.house
    leg, contact = await office.talk()
    phone, by = house.desk.legs[0], FakeLeg("by", caller=Party("1003"))
    (leg if side == "caller" else phone).happen(Replaced(0.0, by))
    await house.until(lambda: by in house.bridges[-1].legs)
    assert by.state is LegState.UP
    (leg if side == "caller" else phone).vanish(EndCause.TRANSFERRED)
    await asyncio.sleep(0.05)
    assert len(house.talks) == 1
    by.vanish()
    await house.over()
    assert (await house.row(contact))["agent_id"] == "anna"


async def test_a_caller_in_a_menu_may_be_replaced_but_not_transfer_us(office: Office) -> None:
    house = office.house
    leg, _ = house.call()
    await house.playing(leg, "hello")
    leg.happen(TransferRequested(0.0, "sip:premium@127.0.0.1"))
    await house.until(lambda: ("report_transfer", 603) in leg.commands)
    by = FakeLeg("by", caller=Party("1003"))
    leg.happen(Replaced(0.0, by))
    await house.until(lambda: by.state is LegState.UP)
    by.press("1")
    await house.playing(by, "number")
    by.vanish()
    await house.over()


# --- parking


async def test_park_and_pick_up_by_phone(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.park("anna", contact, "")
    await house.until(lambda: office.lot.views())
    assert office.lot.views()[0] | {"since": 0} == {"slot": "701", "contact": contact, "since": 0, "by": "anna"}
    await house.playing(leg, "music")
    stranger = FakeLeg("stranger", callee=Party("701"))
    assert house.switchboard.take(stranger) == "" and stranger.state is LegState.ENDED, "only phones of the house pick up"
    phone = FakeLeg("phone", caller=Party("1003", authenticated=True), callee=Party("701"))
    house.switchboard.take(phone)
    await house.until(lambda: house.bridges[-1].legs == (leg, phone))
    assert phone.state is LegState.UP and not office.lot.views()
    late = FakeLeg("late", caller=Party("1003", authenticated=True), callee=Party("701"))
    house.switchboard.take(late)
    assert late.state is LegState.ENDED
    phone.vanish()
    await house.over()
    assert "parked:701" in (await house.row(contact))["tags"]


async def test_a_parked_caller_whom_a_desk_picks_up_rings_there(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.park("anna", contact, "702")
    await house.until(lambda: office.lot.views())
    await house.come("bob")
    await office.buttons.pick_up("bob", "702")
    await house.until(lambda: len(house.talks))
    assert house.talks.find(contact, "bob")
    with pytest.raises(Conflict, match="nobody"):
        await office.buttons.pick_up("bob", "702")
    leg.vanish()
    await house.over()


async def test_the_desk_protocol_knows_announcements(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.announce("anna", contact, "done")
    assert leg.playing[0].name == "done" == house.desk.legs[0].playing[0].name
    with pytest.raises(Conflict, match="no prompt"):
        await office.buttons.announce("anna", contact, "never")
    with pytest.raises(Conflict, match="records nothing"):
        await office.buttons.record("anna", contact, "start")
    with pytest.raises(Conflict, match="not being recorded"):
        await office.buttons.record("anna", contact, "pause")
    leg.vanish()
    await house.over()


# --- flows


async def test_a_caller_hears_ringing_while_a_bridge_dials(office: Office) -> None:
    house = office.house
    leg, _ = house.call()
    await house.chooses(leg, "3")
    await house.playing(leg, "ringback")
    assert house.options[0].payer == "flow:small" and house.options[0].ring_timeout == 0.1
    house.dialled[0].pick_up()
    await house.until(lambda: house.bridges)
    assert not leg.playing
    house.dialled[0].happen(TransferRequested(0.0, "sip:carol@127.0.0.1"))
    house.dialled[1].pick_up()
    await house.until(lambda: house.bridges[-1].legs == (leg, house.dialled[1]))
    house.dialled[1].happen(TransferProgress(0.0, 200))
    house.dialled[1].vanish()
    await house.says(leg, "done")
    await house.over()
