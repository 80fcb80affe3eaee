"""After a call an agent has no time to write, or never gets out of it: a transfer skips the wrap-up or starts it for the wrong
one, a reload of the settings loses it, and for an agent in several queues the time is that of another queue.

Here the wrap-up follows the call and its queue through all of these, and ends by itself at its time.
"""

from __future__ import annotations

import asyncio

import pytest

from ivr.acd.model import Agent, AgentState, Contact, Queue
from ivr.acd.store import AcdStore
from tests.pains.centre import Centre
from tests.unit.ivr.acd.conftest import Clock
from tests.unit.ivr.acd.matched import Matched

SUPPORT, BILLING = Queue("support", wrap_up_seconds=30.0), Queue("billing", wrap_up_seconds=5.0)
BOTH = {"telecom": 5, "money": 5}


async def at_work(store: AcdStore, *agents: Agent) -> None:
    await store.define_queues([SUPPORT, BILLING])
    await store.define_agents(agents)
    for agent in agents:
        await store.heartbeat(agent.id, 1e6)
        await store.set_state(agent.id, AgentState.AVAILABLE)


async def talk(matched: Matched, contact: str, queue: str) -> str:
    """A contact that is accepted by whoever gets it."""
    offer = await matched.enqueue(Contact(contact, queue, matched.store.now()))
    assert offer is not None
    assert await matched.store.accept(contact, offer.agent_id)
    return offer.agent_id


async def test_an_agent_in_two_queues_has_the_time_of_the_queue_that_the_call_came_from(
    matched: Matched, store: AcdStore, clock: Clock
) -> None:
    await at_work(store, Agent("ann", skills=BOTH))
    for queue, seconds in (("billing", 5.0), ("support", 30.0), ("billing", 5.0)):
        contact = f"c-{clock.now:.0f}"
        assert await talk(matched, contact, queue) == "ann"
        await matched.finish(contact)
        agent = await store.agent("ann")
        assert agent.state is AgentState.WRAP_UP
        assert agent.until == pytest.approx(clock.now + seconds, abs=0.01)
        clock.now += seconds - 0.1
        await matched.sweep()
        assert (await store.agent("ann")).state is AgentState.WRAP_UP, "not before its time"
        clock.now += 0.2
        await matched.sweep()
        assert (await store.agent("ann")).state is AgentState.AVAILABLE, "and not after it"


async def test_a_reload_of_the_settings_changes_no_wrap_up(matched: Matched, store: AcdStore, clock: Clock) -> None:
    await at_work(store, Agent("ann", skills=BOTH))
    await talk(matched, "c1", "support")
    await matched.finish("c1")
    ends = clock.now + 30
    clock.now += 10
    await store.define_queues([Queue("support", wrap_up_seconds=3.0), BILLING])
    await store.define_agents([Agent("ann", skills={"telecom": 9})])
    agent = await store.agent("ann")
    assert (agent.state, agent.skills) == (AgentState.WRAP_UP, {"telecom": 9})
    assert agent.until == pytest.approx(ends, abs=0.01)
    clock.now = ends + 0.1
    await matched.sweep()
    assert (await store.agent("ann")).state is AgentState.AVAILABLE
    await talk(matched, "c2", "support")
    await matched.finish("c2")
    assert (await store.agent("ann")).until == pytest.approx(clock.now + 3, abs=0.01), "the next one has the new time"


async def test_a_reload_in_the_middle_of_a_call_leaves_the_agent_in_it(matched: Matched, store: AcdStore, clock: Clock) -> None:
    await at_work(store, Agent("ann", skills=BOTH))
    await talk(matched, "c1", "support")
    await store.define_queues([SUPPORT, BILLING])
    await store.define_agents([Agent("ann", skills=BOTH)])
    assert (await store.agent("ann")).state is AgentState.IN_CALL
    await matched.finish("c1")
    assert (await store.agent("ann")).state is AgentState.WRAP_UP


async def test_who_waits_is_offered_as_the_wrap_up_ends_and_not_before(matched: Matched, store: AcdStore, clock: Clock) -> None:
    await at_work(store, Agent("ann", skills=BOTH))
    await talk(matched, "c1", "billing")
    await matched.finish("c1")
    assert await matched.enqueue(Contact("c2", "support", store.now())) is None
    clock.now += 5.1
    assert [offer.contact_id for offer in await matched.sweep()] == ["c2"]


async def test_after_a_transfer_each_agent_wraps_up_for_the_own_part_of_the_call(centre: Centre) -> None:
    """Blind to another queue: the first writes while the caller waits and talks there; the second afterwards."""
    await centre.open(2, wrap_up=30.0, on_duty=False)
    store = centre.house.store
    await centre.house.come("agent-000")
    leg, contact = await centre.talk()
    await centre.buttons.transfer("agent-000", contact, "queue:billing")
    await centre.house.until_state("agent-000", AgentState.WRAP_UP)
    first = await store.agent("agent-000")
    await centre.house.come("agent-001")
    await centre.until(lambda: _owner(centre, contact) == "agent-001")
    assert (await store.agent("agent-001")).state is AgentState.IN_CALL
    assert (await store.agent("agent-000")).until == first.until, "somebody else's talk does not lengthen it"
    leg.vanish()
    await centre.house.until_state("agent-001", AgentState.WRAP_UP)
    assert (await store.agent("agent-000")).state is AgentState.WRAP_UP
    second = await store.agent("agent-001")
    assert first.until is not None and second.until is not None and second.until > first.until
    await centre.nothing_left()


async def test_after_a_warm_transfer_the_wrap_up_begins_as_the_agent_leaves_not_as_the_talk_ends(centre: Centre) -> None:
    await centre.open(1, wrap_up=30.0)
    leg, contact = await centre.talk()
    await centre.buttons.consult("agent-000", contact, "+4930222")
    third = centre.house.dialled[-1]
    third.pick_up()
    await centre.buttons.complete("agent-000", contact)
    await centre.house.until_state("agent-000", AgentState.WRAP_UP)
    until = (await centre.house.store.agent("agent-000")).until
    assert len(centre.house.switchboard) == 1, "the two talk on"
    await asyncio.sleep(0.3)
    leg.vanish()
    await centre.nothing_left()
    assert (await centre.house.store.agent("agent-000")).until == until


def _owner(centre: Centre, contact: str) -> str:
    return next((agent for agent, _ in [centre.house.talks._talks.get(contact, ("", None))]), "")
