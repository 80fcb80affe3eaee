"""Several agents who ring for one caller: the first who accepts has the call, and nobody rings on."""

from __future__ import annotations

import asyncio

from ivr.acd.desk import RingOutcome
from ivr.acd.model import Agent, AgentState, Queue
from telephony.fake import FakeLeg
from tests.unit.ivr.session.house import FakeDesk, House


class Decided(FakeDesk):
    """Agents who ring until the test decides for them."""

    def __init__(self) -> None:
        super().__init__()
        self.rings: dict[str, asyncio.Future[RingOutcome]] = {}

    async def ring(self, agent_id: str, contact_id: str, seconds: float) -> RingOutcome:
        self.log.append(("ring", agent_id, seconds))
        ring: asyncio.Future[RingOutcome] = asyncio.get_running_loop().create_future()
        self.rings[agent_id] = ring
        try:
            return await ring
        finally:
            self.log.append(("ring_ended", agent_id, None))

    def of_agent(self, what: str, agent_id: str) -> list[object]:
        return [data for kind, agent, data in self.log if (kind, agent) == (what, agent_id)]


async def three_ring(house: House) -> tuple[Decided, FakeLeg, str]:
    """A caller for whom anna, bob and cid ring."""
    house.desk = desk = Decided()
    house.with_services(desk=desk)
    await house.store.define_queues([Queue("support", ring_seconds=30.0, wrap_up_seconds=30.0, strategy="ring_all")])
    await house.store.define_agents([Agent(one, skills={"telecom": 5}) for one in ("anna", "bob", "cid")])
    for one in ("anna", "bob", "cid"):
        await house.come(one)
    leg, contact = house.call()
    await house.chooses(leg, "2")
    await house.until(lambda: len(desk.rings) == 3)
    return desk, leg, contact


async def test_the_first_to_accept_talks_and_the_others_are_told_that_a_colleague_does(house: House) -> None:
    desk, leg, contact = await three_ring(house)
    desk.rings["bob"].set_result(RingOutcome.ACCEPTED)
    await house.until(lambda: len(house.talks))
    assert house.talks.find(contact, "bob")
    assert (await house.store.contact(contact)).agent == "bob"
    for other in ("anna", "cid"):
        assert desk.of_agent("ring_stopped", other) == [{"contact_id": contact, "reason": "taken"}]
        assert desk.of_agent("ring_ended", other), "it is quiet there"
        assert await house.state(other) is AgentState.AVAILABLE
    assert desk.of_agent("ring_stopped", "bob") == []
    house.talks.find(contact, "bob").hang_up()
    await house.over()
    row = await house.row(contact)
    assert (row["disposition"], row["agent_id"]) == ("served", "bob")
    totals = await house.store.totals()
    assert (totals["offers"], totals["answered"], totals["withdrawn"]) == (3, 1, 2)
    leg.vanish()


async def test_two_who_accept_at_the_same_time_do_not_both_talk(house: House) -> None:
    desk, leg, contact = await three_ring(house)
    desk.rings["cid"].set_result(RingOutcome.ACCEPTED)
    desk.rings["anna"].set_result(RingOutcome.ACCEPTED)
    await house.until(lambda: len(house.talks))
    assert len(house.bridges) == 1
    talks = (await house.store.contact(contact)).agent
    states = {one: await house.state(one) for one in ("anna", "bob", "cid")}
    assert states == {one: AgentState.IN_CALL if one == talks else AgentState.AVAILABLE for one in ("anna", "bob", "cid")}
    leg.vanish()
    await house.over()


async def test_one_who_declines_leaves_it_to_the_others_and_a_caller_who_leaves_to_nobody(house: House) -> None:
    desk, leg, contact = await three_ring(house)
    desk.rings["anna"].set_result(RingOutcome.DECLINED)
    desk.rings["bob"].set_result(RingOutcome.NO_ANSWER)
    await house.until_state("bob", AgentState.BREAK)
    await house.until_state("anna", AgentState.AVAILABLE)
    assert sorted((await house.store.contact(contact)).rung) == ["cid"]
    assert not desk.rings["cid"].done()
    leg.vanish()
    await house.over()
    await house.until_state("cid", AgentState.AVAILABLE)
    assert desk.of_agent("ring_ended", "cid")
    totals = await house.store.totals()
    assert (totals["declined"], totals["missed"], totals["withdrawn"], totals["abandoned"]) == (1, 1, 1, 1)


async def test_an_agent_who_signs_out_is_quiet_while_the_others_ring_on(house: House) -> None:
    desk, leg, contact = await three_ring(house)
    await house.store.set_state("anna", AgentState.OFFLINE)
    await house.until(lambda: desk.of_agent("ring_ended", "anna"))
    desk.rings["cid"].set_result(RingOutcome.ACCEPTED)
    await house.until(lambda: len(house.talks))
    assert house.talks.find(contact, "cid")
    leg.vanish()
    await house.over()


async def test_a_place_that_is_refused_during_a_ring_is_an_error_and_no_wait_for_ever(house: House) -> None:
    desk, leg, contact = await three_ring(house)
    house.router._places[contact].refuse("there is no queue support")
    await house.says(leg, "trouble")
    await house.over()
    assert await house.store.contact_ids() == []
    for agent in ("anna", "bob", "cid"):
        assert await house.state(agent) is AgentState.AVAILABLE
        assert desk.of_agent("ring_ended", agent)
