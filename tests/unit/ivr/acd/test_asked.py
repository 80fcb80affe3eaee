"""Whoever is asked about a call, and what the workbench lets them see."""

from __future__ import annotations

from ivr.acd.engaging import Engaging
from ivr.acd.model import Agent, AgentState, Contact, Queue
from ivr.acd.store import AcdStore
from ivr.wiring_side import has_of
from tests.unit.ivr.acd.conftest import Clock


async def test_who_is_asked_about_a_call_may_look_and_not_act(store: AcdStore, clock: Clock) -> None:
    await store.define_queues([Queue("support")])
    await store.define_agents([Agent("bob")])
    await store.node_heartbeat("n1", 1000)
    await store.heartbeat("bob", 1000)
    await store.set_state("bob", AgentState.AVAILABLE)
    has = has_of(store)
    await Engaging(store).ask(Contact("c1", "support", clock.now, node="n1"), "bob", clock.now + 20)
    assert await has("bob", "c1", asked=True)
    assert not await has("bob", "c1"), "what is ticked and done is its agent's"
    assert not await has("bob", "c2", asked=True) and not await has("eve", "c1", asked=True)
