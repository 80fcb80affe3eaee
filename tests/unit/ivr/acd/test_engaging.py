"""Colleagues who are asked, numbers that are dialled: who holds what, and what is counted."""

from __future__ import annotations

import pytest

from ivr.acd.duty import Duty
from ivr.acd.engaging import Engaging, asking
from ivr.acd.feed import EventFeed
from ivr.acd.model import Agent, AgentState, Contact, ContactState, Queue
from ivr.acd.store import AcdStore
from ivr.acd.totals import imbalance
from ivr.errors import Conflict, NotFound
from tests.unit.ivr.acd.conftest import Clock
from tests.unit.ivr.acd.matched import Matched


@pytest.fixture
def engaging(matched: Matched) -> Engaging:
    return Engaging(matched.store)


async def begin(matched: Matched, clock: Clock) -> Contact:
    """Ann talks to a caller, bob is free."""
    await matched.define_queues([Queue("support", ring_seconds=20, wrap_up_seconds=30)])
    await matched.define_agents([Agent("ann"), Agent("bob", "Bob")])
    await matched.node_heartbeat("n1", 10_000)
    for one in ("ann", "bob"):
        await matched.heartbeat(one, 1000)
    await matched.set_state("ann", AgentState.AVAILABLE)
    contact = Contact("c1", "support", clock.now, node="n1")
    await matched.enqueue(contact)
    assert await matched.accept("c1", "ann")
    await matched.set_state("bob", AgentState.AVAILABLE)
    return contact


async def states(store: AcdStore) -> dict[str, AgentState]:
    return {agent.id: agent.state for agent in await store.agents()}


async def sound(matched: Matched) -> None:
    """Nothing is stuck, and everything is counted once."""
    store = matched.store
    assert await Duty(store).heal(["ann", "bob"]) == []
    assert imbalance(await store.totals(), await store.contacts()) == []


async def test_who_is_asked_is_rung_by_nobody_else_and_free_afterwards(
    matched: Matched, clock: Clock, engaging: Engaging
) -> None:
    contact = await begin(matched, clock)
    await engaging.ask(contact, "bob", clock.now + 20)
    assert (await states(matched.store))["bob"] is AgentState.RESERVED
    await sound(matched)
    await matched.enqueue(Contact("c2", "support", clock.now, node="n1"))
    assert (await matched.contact("c2")).state is ContactState.WAITING
    assert await engaging.accepted(contact, "bob") and await engaging.accepted(contact, "bob")
    assert await states(matched.store) == {"ann": AgentState.IN_CALL, "bob": AgentState.IN_CALL}
    await sound(matched)
    await engaging.release("c1", "bob")
    await engaging.release("c1", "bob")
    assert (await states(matched.store))["bob"] in (AgentState.AVAILABLE, AgentState.RESERVED), "and no wrap-up"
    assert (await matched.agent("bob")).last_contact == ""
    await sound(matched)


async def test_the_contact_is_the_other_ones_and_who_gave_it_wraps_up(
    matched: Matched, clock: Clock, engaging: Engaging
) -> None:
    contact = await begin(matched, clock)
    assert not await engaging.hand_over("c1", "ann", "bob"), "nobody was asked"
    await engaging.ask(contact, "bob", clock.now + 20)
    assert not await engaging.hand_over("c1", "ann", "bob"), "he only rings"
    await engaging.accepted(contact, "bob")
    assert await engaging.hand_over("c1", "ann", "bob") and await engaging.hand_over("c1", "ann", "bob")
    assert await states(matched.store) == {"ann": AgentState.WRAP_UP, "bob": AgentState.IN_CALL}
    assert (await matched.agent("bob")).held == {"c1": ContactState.CONNECTED}
    assert (await matched.agent("ann")).last_contact == "c1"
    await sound(matched)
    await matched.finish("c1")
    assert (await states(matched.store))["bob"] is AgentState.WRAP_UP
    await sound(matched)


async def test_whoever_has_no_time_is_not_asked(matched: Matched, clock: Clock, engaging: Engaging) -> None:
    contact = await begin(matched, clock)
    await matched.set_state("bob", AgentState.BREAK, "lunch")
    with pytest.raises(Conflict, match="Bob is on a break"):
        await engaging.ask(contact, "bob", clock.now + 20)
    with pytest.raises(Conflict, match="ann is in a call"):
        await engaging.ask(contact, "ann", clock.now + 20)
    with pytest.raises(NotFound):
        await engaging.ask(contact, "carl", clock.now + 20)
    await sound(matched)


async def test_a_ring_that_its_node_forgot_ends_and_costs_nothing(matched: Matched, clock: Clock, engaging: Engaging) -> None:
    contact = await begin(matched, clock)
    await engaging.ask(contact, "bob", clock.now + 20)
    clock.now += 24
    await matched.sweep()
    assert (await states(matched.store))["bob"] is AgentState.AVAILABLE
    assert not await engaging.accepted(contact, "bob"), "too late"
    await engaging.release("c1", "bob")
    await sound(matched)


async def test_a_break_during_the_ring_withdraws_it(matched: Matched, clock: Clock, engaging: Engaging) -> None:
    contact = await begin(matched, clock)
    await engaging.ask(contact, "bob", clock.now + 20)
    await matched.set_state("bob", AgentState.BREAK, "lunch")
    assert (await states(matched.store))["bob"] is AgentState.BREAK
    assert asking("c1", "bob") not in (await matched.agent("bob")).held
    await sound(matched)


async def test_who_dials_talks_and_wraps_up_like_after_any_call(matched: Matched, clock: Clock, engaging: Engaging) -> None:
    await begin(matched, clock)
    dialled = Contact("d1", "support", clock.now, node="n1")
    with pytest.raises(Conflict, match="ann is in a call"):
        await engaging.dial(dialled, "ann")
    await engaging.dial(dialled, "bob")
    assert (await states(matched.store))["bob"] is AgentState.IN_CALL
    await sound(matched)
    await matched.finish("d1")
    bob = await matched.agent("bob")
    assert bob.state is AgentState.WRAP_UP and bob.last_contact == "d1"
    await sound(matched)
    await engaging.dial(Contact("d2", "support", clock.now, node="n1"), "bob")
    assert (await states(matched.store))["bob"] is AgentState.IN_CALL, "a wrap-up is over with it"
    await engaging.release_dialled("d2")
    assert (await states(matched.store))["bob"] is AgentState.AVAILABLE, "nobody answered: nothing to wrap up"
    await sound(matched)


async def test_who_was_dialled_and_lost_the_agent_waits_like_anybody(
    matched: Matched, clock: Clock, engaging: Engaging
) -> None:
    await begin(matched, clock)
    await engaging.dial(Contact("d1", "support", clock.now, node="n1"), "bob")
    await matched.decline("d1", "bob", "gone")
    assert (await matched.contact("d1")).state is ContactState.WAITING and await matched.position("d1") == 1
    assert (await states(matched.store))["bob"] is AgentState.OFFLINE
    await sound(matched)
    await matched.leave("d1")
    await sound(matched)


async def test_a_node_that_dies_lets_go_of_whom_it_asked(matched: Matched, clock: Clock, engaging: Engaging) -> None:
    contact = await begin(matched, clock)
    await engaging.ask(contact, "bob", clock.now + 20)
    await engaging.accepted(contact, "bob")
    await matched.store.release("n1")
    assert await states(matched.store) == {"ann": AgentState.WRAP_UP, "bob": AgentState.AVAILABLE}
    lost = await matched.store._hash("lost")
    assert list(lost) == ["c1"], "one customer is to be called back, not two"
    await sound(matched)


async def test_who_was_not_let_go_yet_is_not_asked_again(matched: Matched, clock: Clock, engaging: Engaging) -> None:
    contact = await begin(matched, clock)
    await engaging.ask(contact, "bob", clock.now + 20)
    with pytest.raises(Conflict, match="Bob is being rung"):
        await engaging.ask(contact, "bob", clock.now + 20)
    await engaging.accepted(contact, "bob")
    with pytest.raises(Conflict, match="Bob is in a call"):
        await engaging.ask(contact, "bob", clock.now + 20)
    await sound(matched)
    await engaging.release("c1", "bob")
    await engaging.ask(contact, "bob", clock.now + 20)
    await sound(matched)


@pytest.mark.parametrize("talks", [False, True])
async def test_who_was_asked_is_let_go_like_any_contact_without_a_wrap_up(
    matched: Matched, clock: Clock, engaging: Engaging, talks: bool
) -> None:
    """What is told late, when Redis is there again."""
    contact = await begin(matched, clock)
    await engaging.ask(contact, "bob", clock.now + 20)
    if talks:
        await engaging.accepted(contact, "bob")
    await matched.leave(asking("c1", "bob"), "served")
    bob = await matched.agent("bob")
    assert bob.state is AgentState.AVAILABLE and bob.last_contact == ""
    await sound(matched)


async def test_the_page_of_who_was_asked_hears_that_the_call_died_with_its_node(
    matched: Matched, clock: Clock, engaging: Engaging
) -> None:
    contact = await begin(matched, clock)
    await engaging.ask(contact, "bob", clock.now + 20)
    await engaging.accepted(contact, "bob")
    feed = EventFeed(matched.store.redis, matched.store.prefix)
    await feed.start()
    await matched.store.release("n1")
    await feed.wait(0)
    told = sorted((event.data["agent"], event.data["contact"]) for event in feed.take() if event.kind == "healed")
    assert told == [("ann", "c1"), ("bob", "c1")]
