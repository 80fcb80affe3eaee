"""What a call session hears, and that nothing stays behind however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from ivr.acd.feed import EventFeed
from ivr.acd.model import Agent, AgentState, Contact, Queue
from ivr.acd.place import Moved, Offered, Place, PlaceEvent, Withdrawn
from ivr.acd.routing import Router
from ivr.acd.store import AcdStore
from ivr.errors import NotFound, StoreUnavailable
from tests.unit.ivr.acd.conftest import Clock


@pytest.fixture
async def router(store: AcdStore) -> AsyncIterator[Router]:
    await store.define_queues([Queue("support", wrap_up_seconds=0)])
    await store.define_agents([Agent("ann"), Agent("bob")])
    router = Router(store, "n1", sweep_seconds=0.05)
    task = asyncio.create_task(router.run())
    yield router
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def caller(name: str, at: float = 0.0) -> Contact:
    return Contact(name, "support", 1_790_000_000.0 + at, node="n1")


async def until(place: Place, kind: type[PlaceEvent]) -> PlaceEvent:
    async with asyncio.timeout(5):
        async for event in place:
            if isinstance(event, kind):
                return event
    raise AssertionError(f"no {kind.__name__}")


async def eventually(store: AcdStore, contacts: int) -> None:
    feed = EventFeed(store.redis, store.prefix)
    await feed.start()
    async with asyncio.timeout(5):
        while len(await store.contacts()) != contacts:
            await anext(feed)


async def states(store: AcdStore) -> list[str]:
    return [agent.state.value for agent in await store.agents()]


async def test_a_caller_waits_is_offered_talks_and_leaves(router: Router, store: AcdStore) -> None:
    async with router.place(caller("c1")) as place:
        assert await until(place, Moved) == Moved(1)
        await store.set_state("ann", AgentState.AVAILABLE)
        offered = await until(place, Offered)
        assert isinstance(offered, Offered)
        assert (offered.agent_id, offered.why) == ("ann", "first to be free")
        assert await place.accepted()
        assert await states(store) == ["in_call", "offline"]
    assert await states(store) == ["available", "offline"]
    assert await store.contacts() == []
    assert router.waiting == 0


async def test_positions_move_up(router: Router) -> None:
    async with router.place(caller("c1")) as first, router.place(caller("c2", 1)) as second:
        assert await until(second, Moved) == Moved(2)
        assert (second.position, second.size) == (2, 2)
        await first.left()
        assert await until(second, Moved) == Moved(1)
        assert second.size == 1


async def test_who_comes_behind_is_counted(router: Router, store: AcdStore) -> None:
    async with router.place(caller("c1")) as first:
        await until(first, Moved)
        async with router.place(caller("c2", 1)) as second:
            await until(second, Moved)
            async with asyncio.timeout(5):
                while first.size != 2:  # noqa: ASYNC110 - the tick tells it
                    await asyncio.sleep(0.01)
        assert first.position == 1
        assert await store.standings([("c1", "support"), ("c9", "support")]) == {"c1": (1, 1)}


async def test_the_end_leaves_no_look_behind(store: AcdStore) -> None:
    await store.define_queues([Queue("support")])
    router = Router(store, "n1", sweep_seconds=0.05)
    task = asyncio.create_task(router.run())
    async with router.place(caller("c1")):
        looks = tuple(router._looks)
        assert len(looks) == 1
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert all(look.cancelled() for look in looks)


async def test_a_declined_contact_is_offered_to_the_next(router: Router, store: AcdStore, clock: Clock) -> None:
    await store.set_state("ann", AgentState.AVAILABLE)
    clock.now += 1
    await store.set_state("bob", AgentState.AVAILABLE)
    async with router.place(caller("c1")) as place:
        assert (await until(place, Offered)).agent_id == "ann"  # type: ignore[union-attr]
        await place.declined("missed")
        assert (await until(place, Offered)).agent_id == "bob"  # type: ignore[union-attr]
        assert await states(store) == ["break", "reserved"]


async def test_an_agent_who_vanishes_while_it_rings_is_withdrawn(router: Router, store: AcdStore) -> None:
    await store.set_state("ann", AgentState.AVAILABLE)
    async with router.place(caller("c1")) as place:
        await until(place, Offered)
        await store.set_state("ann", AgentState.OFFLINE, "signed out")
        assert await until(place, Withdrawn) == Withdrawn("ann", "declined")
        assert not await place.accepted()
        assert (await store.contact("c1")).state.value == "waiting"


async def test_a_session_that_is_cancelled_leaves_nothing(router: Router, store: AcdStore) -> None:
    await store.set_state("ann", AgentState.AVAILABLE)
    ringing = asyncio.Event()

    async def session() -> None:
        async with router.place(caller("c1")) as place:
            await until(place, Offered)
            ringing.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(session())
    await asyncio.wait_for(ringing.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await store.contacts() == []
    assert await states(store) == ["available", "offline"]


async def test_what_could_not_be_given_back_is_given_back_later(
    router: Router, store: AcdStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> object:
        raise StoreUnavailable("gone")

    async with router.place(caller("c1")):
        monkeypatch.setattr(store, "leave", away)
    assert [contact.id for contact in await store.contacts()] == ["c1"]
    monkeypatch.undo()
    await eventually(store, 0)
    assert router.waiting == 0


async def test_a_contact_that_redis_forgot_is_put_back(router: Router, store: AcdStore) -> None:
    async with router.place(caller("c1")) as place:
        await store.leave("c1", "lost")
        await eventually(store, 1)
        assert (await store.contact("c1")).enqueued_at == place.contact.enqueued_at


async def test_a_queue_that_is_not_there_is_said(router: Router, store: AcdStore) -> None:
    with pytest.raises(NotFound):
        async with router.place(Contact("c1", "sales", 0.0, node="n1")):
            pass
    assert router.waiting == 0


async def test_two_nodes_share_the_agents(router: Router, store: AcdStore, redis: Redis, clock: Clock) -> None:
    other = Router(AcdStore(redis, clock, prefix=store.prefix), "n2", sweep_seconds=0.05)
    task = asyncio.create_task(other.run())
    async with router.place(caller("c1")) as here, other.place(Contact("c2", "support", 1_790_000_001.0, node="n2")) as there:
        await store.set_state("ann", AgentState.AVAILABLE)
        await until(here, Offered)
        await here.accepted()
        await here.finished()
        assert isinstance(await until(there, Offered), Offered)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
