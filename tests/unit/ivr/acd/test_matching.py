"""One node decides, another follows it, and nothing that was missed stays missed."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from ivr.acd.feed import EventFeed
from ivr.acd.floor import Floor
from ivr.acd.matching import Matching
from ivr.acd.model import Agent, AgentState, Contact, Match, Queue, Relaxed, needs_of
from ivr.acd.scripts import NotLeading
from ivr.acd.store import AcdStore
from ivr.errors import StoreUnavailable
from tests.unit.ivr.acd.conftest import Clock

ANN, BOB = Agent("ann", skills={"telecom": 5}), Agent("bob", skills={"telecom": 2})


async def set_up(store: AcdStore) -> None:
    await store.define_queues([Queue("q")])
    await store.define_agents([ANN, BOB])


async def offered(store: AcdStore, feed: EventFeed, seconds: float = 10.0) -> tuple[str, str]:
    async with asyncio.timeout(seconds):
        async for event in feed:
            if event.kind == "offered":
                return event.data["contact"], event.data["agent"]
    raise AssertionError


async def test_only_one_leads_and_another_follows_when_it_is_gone(store: AcdStore) -> None:
    await set_up(store)
    feed = EventFeed(store.redis, store.prefix)
    await feed.start()
    nodes = [Matching(store, name) for name in ("n1", "n2", "n3")]
    tasks = [asyncio.create_task(node.run()) for node in nodes]
    async with asyncio.timeout(10):
        while not any(node.leads for node in nodes):  # noqa: ASYNC110  # which one is not known
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)
    assert sum(node.leads for node in nodes) == 1
    first = next(number for number, node in enumerate(nodes) if node.leads)
    await store.set_state("ann", AgentState.AVAILABLE)
    await store.enqueue(Contact("c1", "q", store.now()))
    assert await offered(store, feed) == ("c1", "ann")
    nodes[first]._store = Away(store)  # type: ignore[assignment]  # it dies without a word
    tasks[first].cancel()
    await store.set_state("bob", AgentState.AVAILABLE)
    await store.enqueue(Contact("c2", "q", store.now()))
    assert await offered(store, feed) == ("c2", "bob"), "another node decides once the lease is over"
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError, StoreUnavailable):
            await task


class Away:
    """A store that a dead node cannot reach."""

    def __init__(self, store: AcdStore) -> None:
        self._store = store

    async def resign(self, who: str) -> None:
        raise StoreUnavailable("dead")


async def test_who_leads_no_more_reserves_nothing(store: AcdStore) -> None:
    await set_up(store)
    await store.set_state("ann", AgentState.AVAILABLE)
    await store.enqueue(Contact("c1", "q", store.now()))
    assert await store.lead("new", 5.0)
    assert not await store.lead("old", 5.0)
    with pytest.raises(NotLeading):
        await store.reserve("old", [Match("c1", "ann", "")])
    assert (await store.contact("c1")).agent == ""
    await store.resign("old")
    assert [offer.agent_id for offer in await store.reserve("new", [Match("c1", "ann", "why")])] == ["ann"]
    assert await store.reserve("new", [Match("c1", "bob", ""), Match("nobody", "bob", ""), Match("c1", "nobody", "")]) == []


async def test_what_was_not_heard_is_found_within_seconds(store: AcdStore, clock: Clock, redis: Redis) -> None:
    """Events can be lost: the stream is cut, Redis was restored from an older file."""
    await set_up(store)
    matching = Matching(store, "n1")
    assert await store.lead(matching.who, 60.0)
    await matching.step()
    await store.set_state("ann", AgentState.AVAILABLE)
    await store.enqueue(Contact("c1", "q", store.now()))
    await redis.delete(store.key("events"))
    assert await matching.step() == []
    made = []
    for _ in range(12):
        clock.now += 0.5
        made += await matching.step()
    assert [(offer.contact_id, offer.agent_id) for offer in made] == [("c1", "ann")]


async def test_time_alone_relaxes_what_is_needed(store: AcdStore, clock: Clock) -> None:
    await set_up(store)
    matching = Matching(store, "n1")
    assert await store.lead(matching.who, 60.0)
    await store.set_state("bob", AgentState.AVAILABLE)
    contact = Contact("c1", "q", clock.now, needs_of({"telecom": 5}), relax=(Relaxed(30.0, needs_of({"telecom": 1})),))
    await store.enqueue(contact)
    assert await matching.step() == []
    assert (await store.contact("c1")).relax == contact.relax
    clock.now += 30.0
    [offer] = await matching.step()
    assert (offer.agent_id, offer.why) == ("bob", "telecom 2, first to be free, needs relaxed 1 of 1")


async def test_new_rules_of_a_queue_count_at_once(store: AcdStore) -> None:
    await set_up(store)
    matching = Matching(store, "n1")
    assert await store.lead(matching.who, 60.0)
    await matching.step()
    await store.define_queues([Queue("q", strategy="least_skilled")])
    for name in ("ann", "bob"):
        await store.set_state(name, AgentState.AVAILABLE)
    await store.enqueue(Contact("c1", "q", store.now(), needs_of({"telecom": 1})))
    [offer] = await matching.step()
    assert (offer.agent_id, offer.why) == ("bob", "telecom 2, least skilled that fits")


async def test_a_decision_that_fails_is_made_again_from_the_start(
    store: AcdStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Else the queues of every node would end, one after the other."""
    await set_up(store)
    faults, decide = [KeyError("c1")], Floor.decide

    def sometimes(floor: Floor, now: float) -> list[Match]:
        if faults:
            raise faults.pop()
        return decide(floor, now)

    monkeypatch.setattr(Floor, "decide", sometimes)
    feed = EventFeed(store.redis, store.prefix)
    await feed.start()
    await store.set_state("ann", AgentState.AVAILABLE)
    await store.enqueue(Contact("c1", "q", store.now()))
    matching = Matching(store, "n1")
    task = asyncio.create_task(matching.run())
    assert await offered(store, feed) == ("c1", "ann")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert "could not decide" in caplog.text


async def test_a_node_whose_return_was_not_heard_of_is_served_within_seconds(
    store: AcdStore, clock: Clock, redis: Redis
) -> None:
    await set_up(store)
    matching = Matching(store, "n1")
    assert await store.lead(matching.who, 60.0)
    await store.set_state("ann", AgentState.AVAILABLE)
    await store.enqueue(Contact("c1", "q", store.now(), node="n2"))
    await redis.sadd(store.key("silent"), "n2")
    assert await matching.step() == []
    await redis.srem(store.key("silent"), "n2")
    made = []
    for _ in range(12):
        clock.now += 0.5
        made += await matching.step()
    assert [(offer.contact_id, offer.agent_id) for offer in made] == [("c1", "ann")]


async def test_who_stops_deciding_renews_nothing_after_it(store: AcdStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease renewed behind the word that it is given up would keep all others from deciding."""
    await set_up(store)
    matching, lead, busy = Matching(store, "n1"), store.lead, asyncio.Event()

    async def slowly(who: str, seconds: float) -> bool:
        if matching.leads:
            busy.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:  # its word is on its way already, and arrives late
                await asyncio.sleep(0.05)
                await lead(who, seconds)
                raise
        return await lead(who, seconds)

    monkeypatch.setattr(store, "lead", slowly)
    task = asyncio.create_task(matching.run())
    await busy.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.2)
    assert await lead("another", 5.0)


async def test_a_decision_for_many_is_made_beside_the_event_loop(store: AcdStore, monkeypatch: pytest.MonkeyPatch) -> None:
    made_in: list[threading.Thread] = []
    plain = Floor.decide

    def decide(self: Floor, now: float) -> list[Match]:
        made_in.append(threading.current_thread())
        return plain(self, now)

    monkeypatch.setattr(Floor, "decide", decide)
    await store.define_queues([Queue("support")])
    await store.define_agents([Agent("ann", skills={"telecom": 5})])
    await store.set_state("ann", AgentState.AVAILABLE)
    await store.enqueue(Contact("c1", "support", store.now()))
    assert await store.lead("n:1", 60.0)
    for limit, here in ((4000, True), (-1, False)):
        monkeypatch.setattr("ivr.acd.floor.AT_ONCE", limit)
        matching = Matching(store, "n")
        matching.who = "n:1"
        await matching.step()
        assert (made_in[-1] is threading.main_thread()) is here
    assert (await store.contact("c1")).agent == "ann"
