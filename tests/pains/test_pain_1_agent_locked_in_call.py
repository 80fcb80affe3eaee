"""An agent stays "in call" or "reserved" although nobody is on the line: the caller went in an unlucky moment, the page or the
phone vanished, the audio could not be set up, or the program that held the call died. From then on no call comes to that agent,
and somebody has to restart something.

Here every such end leaves the agent free, and the proof is always the same: the next caller is served by that very agent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from ivr.acd.desk import RingOutcome
from ivr.acd.model import Agent, AgentState, Contact, Match, Queue
from ivr.acd.store import AcdStore
from ivr.errors import StoreUnavailable
from telephony.errors import TelephonyError, TransportError
from telephony.leg import EndCause, LegState
from tests.pains.centre import Centre
from tests.unit.ivr.acd.conftest import Clock

Unlucky = Callable[[Centre], Awaitable[None]]


async def goes_while_it_rings(centre: Centre) -> None:
    centre.house.desk.answers["agent-000"] = [None]
    leg, _ = centre.call()
    await centre.until(lambda: centre.house.desk.of("ring"))
    leg.vanish()


async def goes_as_the_agent_answers(centre: Centre) -> None:
    leg, _ = centre.call()
    centre.house.desk.connecting = lambda _: leg.vanish()
    await centre.until(lambda: leg.state is LegState.ENDED)
    centre.house.desk.connecting = None


async def agent_s_audio_fails(centre: Centre) -> None:
    centre.house.desk.refuse = [TransportError("no audio")]
    leg, _ = centre.call()
    await centre.until(lambda: not centre.house.desk.refuse)
    leg.vanish()


async def agent_s_page_is_gone(centre: Centre) -> None:
    centre.house.desk.answers["agent-000"] = [RingOutcome.GONE]
    leg, _ = centre.call()
    await centre.until(lambda: centre.house.desk.of("ring"))
    leg.vanish()


async def agent_does_not_answer(centre: Centre) -> None:
    centre.house.desk.answers["agent-000"] = [RingOutcome.NO_ANSWER]
    leg, _ = centre.call()
    await centre.until(lambda: centre.house.desk.of("ring"))
    leg.vanish()


async def agent_s_leg_vanishes_in_the_talk(centre: Centre) -> None:
    leg, _ = await centre.talk()
    centre.house.desk.legs[-1].vanish(EndCause.MEDIA_LOST)
    await centre.until(lambda: not len(centre.house.talks))
    leg.vanish()


async def both_hang_up_at_once(centre: Centre) -> None:
    leg, _ = await centre.talk()
    leg.vanish()
    centre.house.desk.legs[-1].vanish()


async def legs_cannot_be_joined(centre: Centre) -> None:
    centre.house.bridge_error = TelephonyError("no bridge")
    leg, _ = centre.call()
    await centre.until(lambda: centre.house.desk.legs)
    centre.house.bridge_error = None
    leg.vanish()


async def call_fails_within(centre: Centre) -> None:
    """A fault of ours in the middle of the talk."""
    leg, contact = await centre.talk()
    session = centre.house.switchboard.find(contact)
    assert session is not None
    session.summing.saw = None  # type: ignore[method-assign,assignment]
    leg.vanish()


CASES = [
    goes_while_it_rings,
    goes_as_the_agent_answers,
    agent_s_audio_fails,
    agent_s_page_is_gone,
    agent_does_not_answer,
    agent_s_leg_vanishes_in_the_talk,
    both_hang_up_at_once,
    legs_cannot_be_joined,
    call_fails_within,
]


@pytest.mark.parametrize("unlucky", CASES, ids=[case.__name__ for case in CASES])
async def test_the_next_caller_is_served_by_the_same_agent(centre: Centre, unlucky: Unlucky) -> None:
    await centre.open(1)
    await unlucky(centre)
    await centre.until(lambda: not len(centre.house.switchboard))
    agent = (await centre.house.store.agents())[0]
    assert agent.state in (AgentState.AVAILABLE, AgentState.BREAK, AgentState.OFFLINE), agent
    await centre.house.come("agent-000")  # whose page was gone, or who missed a ring, says that he is there again
    leg, contact = await centre.talk()
    assert centre.answered()[-1] == contact
    leg.vanish()
    await centre.nothing_left()


async def test_a_node_that_dies_with_the_call_frees_the_agent(store: AcdStore, clock: Clock) -> None:
    """Nobody tells that the call is over: the lease of the node does."""
    await store.define_queues([Queue("q", wrap_up_seconds=5.0)])
    await store.define_agents([Agent("ann"), Agent("bob")])
    for agent in ("ann", "bob"):
        await store.heartbeat(agent, 600.0)
        await store.set_state(agent, AgentState.AVAILABLE)
    await store.node_heartbeat("dead", 3.5)
    await store.lead("judge", 600.0)
    for contact, agent in (("talking", "ann"), ("ringing", "bob")):
        await store.enqueue(Contact(contact, "q", store.now(), node="dead"))
        await reserve(store, contact, agent)
    assert await store.accept("talking", "ann")
    assert [one.state for one in await store.agents()] == [AgentState.IN_CALL, AgentState.RESERVED]
    for _ in range(30):
        clock.now += 1.0
        await store.sweep()
    assert [one.state for one in await store.agents()] == [AgentState.AVAILABLE, AgentState.AVAILABLE]
    assert await store.contact_ids() == []


async def reserve(store: AcdStore, contact: str, agent: str) -> None:
    assert await store.reserve("judge", [Match(contact, agent, "")])


async def test_redis_that_is_away_as_a_talk_ends_frees_the_agent_later(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    await centre.open(1)
    leg, _ = await centre.talk()
    store = centre.house.store
    leave, away = store.leave, [True]

    async def broken(contact_id: str, outcome: str = "abandoned") -> None:
        if away[0]:
            raise StoreUnavailable("Redis is away")
        await leave(contact_id, outcome)

    monkeypatch.setattr(store, "leave", broken)
    leg.vanish()
    await centre.until(lambda: not len(centre.house.switchboard))
    assert (await store.agent("agent-000")).state is AgentState.IN_CALL
    away[0] = False
    await centre.nothing_left()
