"""Redis was away, forgot, or took a living node for dead: what is true here is true there soon, and counted once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from ivr.acd.feed import EventFeed
from ivr.acd.lost import Lost, LostContacts
from ivr.acd.matching import Matching
from ivr.acd.model import Agent, AgentState, Contact, ContactState, Need, Queue
from ivr.acd.place import Delayed, Offered, Place, PlaceEvent, Refused
from ivr.acd.routing import Router
from ivr.acd.store import AcdStore
from ivr.errors import StoreUnavailable
from tests.unit.ivr.acd.conftest import Clock

NOON = 1_790_000_000.0


class Away:
    """Takes Redis away from a router, and gives it back."""

    def __init__(self, router: Router, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self._router = router

    def go(self) -> None:
        async def away(*_: object) -> object:
            raise StoreUnavailable("Redis is away")

        for name in ("_run", "_lease", "read", "positions"):
            self._patch.setattr(self._router.store, name, away)

    def come_back(self) -> None:
        self._patch.undo()


@pytest.fixture
async def router(store: AcdStore, redis: Redis, clock: Clock) -> AsyncIterator[Router]:
    """With a store of its own, so that Redis is away for it and not for the test."""
    await store.define_queues([Queue("support", wrap_up_seconds=0)])
    await store.define_agents([Agent("ann"), Agent("bob")])
    router = Router(AcdStore(redis, clock, prefix=store.prefix), "n1", sweep_seconds=0.05)
    task = asyncio.create_task(router.run())
    yield router
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture
def away(router: Router, monkeypatch: pytest.MonkeyPatch) -> Away:
    return Away(router, monkeypatch)


def caller(name: str = "c1", node: str = "n1") -> Contact:
    return Contact(name, "support", NOON, node=node)


async def until(place: Place, kind: type[PlaceEvent]) -> PlaceEvent:
    async with asyncio.timeout(10):
        async for event in place:
            if isinstance(event, kind):
                return event
    raise AssertionError(f"no {kind.__name__}")


async def until_state(store: AcdStore, contact: str, state: ContactState) -> Contact:
    async with asyncio.timeout(10):
        while True:
            found, _ = await store.read([contact], ())
            if found and found[0].state is state:
                return found[0]
            await asyncio.sleep(0.01)


async def right(store: AcdStore) -> None:
    """The sums of docs/queues.md, with nobody left."""
    totals = await store.totals()

    def of(*names: str) -> int:
        return sum(totals.get(name, 0) for name in names)

    assert await store.contacts() == []
    assert of("offers") == of("answered", "declined", "missed", "withdrawn")
    assert of("enqueued") + of("requeued") == of("answered", "abandoned", "lost")
    assert of("answered") == of("ended", "requeued")


async def test_a_caller_who_comes_while_redis_is_away_is_told_and_put_in_later(
    router: Router, store: AcdStore, away: Away
) -> None:
    away.go()
    async with router.place(caller()) as place:
        assert await until(place, Delayed) == Delayed()
        assert await store.contacts() == []
        away.come_back()
        known = await until_state(store, "c1", ContactState.WAITING)
        assert known.enqueued_at == NOON, "the place in time is kept"
    await right(store)


async def test_an_agents_word_counts_while_redis_is_away(router: Router, store: AcdStore, away: Away) -> None:
    await store.set_state("ann", AgentState.AVAILABLE)
    async with router.place(caller()) as place:
        await until(place, Offered)
        away.go()
        assert await place.accepted()
        assert (await store.contact("c1")).state is ContactState.OFFERED
        away.come_back()
        known = await until_state(store, "c1", ContactState.CONNECTED)
        assert (known.agent, (await store.agent("ann")).state) == ("ann", AgentState.IN_CALL)
    await right(store)
    assert (await store.agent("ann")).state is AgentState.AVAILABLE


async def test_an_answer_long_after_the_ring_does_not_count(router: Router, store: AcdStore, away: Away, clock: Clock) -> None:
    await store.set_state("ann", AgentState.AVAILABLE)
    async with router.place(caller()) as place:
        await until(place, Offered)
        away.go()
        clock.now += 25.0
        assert not await place.accepted()
        away.come_back()


async def test_a_refusal_is_told_later(router: Router, store: AcdStore, away: Away) -> None:
    await store.set_state("ann", AgentState.AVAILABLE)
    async with router.place(caller()) as place:
        await until(place, Offered)
        away.go()
        await place.declined("missed")
        away.come_back()
        known = await until_state(store, "c1", ContactState.WAITING)
        assert "ann" in known.refused
    await right(store)


async def test_a_talk_that_redis_gave_up_is_known_again_and_nobody_calls_back(
    router: Router, store: AcdStore, redis: Redis
) -> None:
    """Another node believed this one dead: its talk goes on, the agent is in it again, and the sums hold."""
    await store.set_state("ann", AgentState.AVAILABLE)
    async with router.place(caller()) as place:
        await until(place, Offered)
        assert await place.accepted()
        await store.release("n1")
        assert place.connected
        known = await until_state(store, "c1", ContactState.CONNECTED)
        assert (known.agent, (await store.agent("ann")).held) == ("ann", {"c1": ContactState.CONNECTED})
        assert await LostContacts(redis, store.prefix).before(NOON + 99) == []
    assert (await store.totals())["ended"] == 1
    await right(store)


async def test_a_waiting_caller_who_was_given_up_is_put_back_and_counted_once(
    router: Router, store: AcdStore, redis: Redis
) -> None:
    async with router.place(caller()):
        await store.release("n1")
        assert (await until_state(store, "c1", ContactState.WAITING)).enqueued_at == NOON
        assert await LostContacts(redis, store.prefix).before(NOON + 99) == []
        assert (await store.totals()).get("lost", 0) == 0
    assert {name: n for name, n in (await store.totals()).items() if n} == {"enqueued": 1, "abandoned": 1}
    await right(store)


async def test_a_talk_wins_over_whatever_redis_made_of_its_agent(store: AcdStore) -> None:
    """Redis lost its last second: the caller waits there, and the agent was offered somebody else or sent on a break."""
    await store.define_queues([Queue("support", wrap_up_seconds=0)])
    await store.define_agents([Agent("ann"), Agent("bob")])
    await store.set_state("ann", AgentState.AVAILABLE)
    judge = Matching(store, "judge")
    assert await store.lead(judge.who, 60)
    await store.enqueue(caller())
    assert [offer.agent_id for offer in await judge.step()] == ["ann"]
    assert await store.resume(caller(), "bob"), "it was bob who talks"
    assert (await store.agent("ann")).state is AgentState.AVAILABLE
    assert (await store.agent("bob")).held == {"c1": ContactState.CONNECTED}
    assert await store.resume(caller(), "bob") and await store.resume(caller(), "ann")
    assert not await store.resume(caller(), "nobody")
    await store.leave("c1")
    await right(store)


async def test_the_callers_of_a_silent_node_are_marked_and_nobody_is_reserved_for_them(store: AcdStore, clock: Clock) -> None:
    await store.define_queues([Queue("support")])
    await store.define_agents([Agent("ann")])
    judge = Matching(store, "judge")
    assert await store.lead(judge.who, 60)
    await store.node_heartbeat("n1", 3.5)
    await store.enqueue(caller())
    await store.sweep()
    assert await store.silent_nodes() == set()
    clock.now += 2.1
    await store.node_heartbeat("n2", 3.5)
    await store.sweep()
    assert await store.silent_nodes() == {"n1"}
    await store.set_state("ann", AgentState.AVAILABLE)
    assert await judge.step() == [] == await judge.step()
    await store.node_heartbeat("n1", 3.5)
    await store.sweep()
    assert await store.silent_nodes() == set()
    assert [offer.contact_id for offer in await judge.step()] == ["c1"]


async def test_what_a_dead_node_held_is_kept_with_its_place(store: AcdStore, clock: Clock, redis: Redis) -> None:
    await store.define_queues([Queue("support", wrap_up_seconds=0)])
    await store.define_agents([Agent("ann", skills={"telecom": 3})])
    judge = Matching(store, "judge")
    assert await store.lead(judge.who, 60)
    await store.set_state("ann", AgentState.AVAILABLE)
    await store.node_heartbeat("n1", 3.5)
    await store.enqueue(replace(caller("c1"), needs=(Need("telecom"),)))
    await judge.step()
    assert await store.accept("c1", "ann")
    await store.enqueue(caller("c2"))
    feed = EventFeed(redis, store.prefix)
    await feed.start()
    await store.sweep()
    for _ in range(2):
        clock.now += 2.0
        await store.sweep()
    assert await store.contacts() == []
    assert (await store.agent("ann")).state is AgentState.AVAILABLE
    await feed.wait(0)
    assert [dict(event.data) for event in feed.take() if event.kind == "healed"] == [
        {"agent": "ann", "what": "node", "contact": "c1"}
    ], "so the agent is told"
    lost = LostContacts(redis, store.prefix)
    assert sorted(await lost.before(clock.now), key=lambda one: one.id) == [
        Lost("c1", "support", NOON, "n1", "ann", ContactState.CONNECTED, clock.now),
        Lost("c2", "support", NOON, "n1", "", ContactState.WAITING, clock.now),
    ]
    assert {one.id: dict(one.place)["needs"] for one in await lost.before(clock.now)} == {"c1": {"telecom": 1}, "c2": {}}
    assert await lost.before(clock.now - 0.1) == [], "who was given up just now may prove alive"
    await redis.hset(f"{store.prefix}:lost", "c9", "no JSON")
    await lost.forget(["c1", "c2"])
    assert await lost.before(clock.now) == []
    assert {name: (await store.totals())[name] for name in ("enqueued", "lost", "ended")} == {
        "enqueued": 2,
        "lost": 1,
        "ended": 1,
    }


async def test_a_caller_whom_redis_refuses_is_let_go(router: Router, store: AcdStore, away: Away) -> None:
    away.go()
    async with router.place(caller()) as place:
        await until(place, Delayed)
        await store.define_queues([Queue("other")])
        away.come_back()
        refused = await until(place, Refused)
        assert isinstance(refused, Refused) and "support" in refused.why


async def test_who_declined_while_redis_was_away_is_not_taken_for_one_who_missed(
    router: Router, store: AcdStore, away: Away
) -> None:
    """Both were rung, and both said no: neither is sent on a break by the sweep."""
    await store.define_queues([Queue("support", ring_seconds=30.0, strategy="ring_all", wrap_up_seconds=0)])
    for name in ("ann", "bob"):
        await store.set_state(name, AgentState.AVAILABLE)
    async with router.place(caller()) as place:
        while len(place.rung) < 2:
            await until(place, Offered)
        away.go()
        for name in ("ann", "bob"):
            await place.declined("gone", name)
        away.come_back()
        async with asyncio.timeout(10):
            while [agent.state for agent in await store.agents()] != [AgentState.OFFLINE] * 2:  # noqa: ASYNC110  # no event says both
                await asyncio.sleep(0.01)
    await right(store)


async def test_a_leave_that_is_owed_does_not_end_the_next_place_of_the_same_call(store: AcdStore) -> None:
    """Redis was away as the caller was sent on, and is back as the next queue is entered."""
    await store.define_queues([Queue("support"), Queue("other")])
    router = Router(store, "n1")
    router._up.set()
    await store.enqueue(caller())
    router.mending.owe_leave("c1", "overflowed")
    async with router.place(replace(caller(), queue="other")):
        await router.tick()
        assert (await store.contact("c1")).queue == "other"
    assert (await store.totals())["overflowed"] == 1


async def test_a_talk_that_cannot_be_known_again_ends_no_queues(router: Router, store: AcdStore) -> None:
    """Its queue is not defined any more, and another node believed this one dead."""
    await store.set_state("ann", AgentState.AVAILABLE)
    async with router.place(caller()) as place:
        await until(place, Offered)
        assert await place.accepted()
        await store.define_queues([Queue("other")])
        await store.release("n1")
        await asyncio.sleep(0.2)
        await store.set_state("bob", AgentState.AVAILABLE)
        async with router.place(replace(caller("c2"), queue="other")) as second:
            await until(second, Offered)
