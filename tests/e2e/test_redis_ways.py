"""Queues on a Redis that Sentinels watch, and on a Cluster: real servers on loopback, killed while callers come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis

from ivr.acd.model import Agent, AgentState, Contact, Queue
from ivr.acd.place import Offered, Place
from ivr.acd.routing import Router
from ivr.acd.store import AcdStore
from ivr.errors import StoreUnavailable
from ivr.nodes.link import NodeLink
from ivr.nodes.redis_client import redis_client
from ivr.nodes.tally import Tally
from tests.unit.ivr.nodes.redis_servers import RedisServers

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@asynccontextmanager
async def running(store: AcdStore, node: str = "n1") -> AsyncIterator[Router]:
    router = Router(store, node, sweep_seconds=0.2)
    task = asyncio.create_task(router.run())
    try:
        yield router
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def staffed(redis: Redis) -> AcdStore:
    store = AcdStore(redis)
    await store.define_queues([Queue("support", wrap_up_seconds=0)])
    await store.define_agents([Agent("ann"), Agent("bob")])
    return store


async def served(place: Place) -> str:
    """Who takes the call."""
    async with asyncio.timeout(60):
        async for event in place:
            if isinstance(event, Offered) and await place.accepted():
                return event.agent_id
    raise AssertionError("nobody took it")


async def until_there(store: AcdStore) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(StoreUnavailable):
                await store.agents()
                return
            await asyncio.sleep(0.1)


def caller(store: AcdStore, number: int) -> Contact:
    return Contact(f"c{number}", "support", store.now(), node="n1")


async def test_a_master_that_dies_is_followed_and_the_queues_go_on(tmp_path: Path) -> None:
    """kill -9 of the master while one talks and one waits: the replica is made master, both are still there, all go on."""
    async with RedisServers(tmp_path) as servers:
        master, _, sentinels = await servers.watched()
        hosts = ",".join(f"127.0.0.1:{port}" for port in sentinels)
        redis = redis_client(f"redis+sentinel://{hosts}/calls")
        store = await staffed(redis)
        await store.set_state("ann", AgentState.AVAILABLE)
        async with running(store) as router, router.place(caller(store, 1)) as talks:
            assert await served(talks) == "ann"
            async with router.place(caller(store, 2)) as waits:
                await redis.wait(1, 5000)
                await servers.kill(master)
                await until_there(store)
                assert {one.id: one.state.value for one in await store.contacts()} == {"c1": "connected", "c2": "waiting"}
                assert (await store.agent("ann")).state is AgentState.IN_CALL
                await store.set_state("bob", AgentState.AVAILABLE)
                assert await served(waits) == "bob"
        assert await store.contacts() == []
        assert {agent.state for agent in await store.agents()} == {AgentState.AVAILABLE}
        await redis.aclose()


async def test_a_cluster_of_three_masters_runs_everything_and_comes_back(tmp_path: Path) -> None:
    """The queues, questions from node to node, and the counts; then all three masters are killed and come back."""
    async with RedisServers(tmp_path) as servers:
        ports = await servers.cluster()
        redis = redis_client("redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports))
        store = await staffed(redis)
        links = [NodeLink(redis, name) for name in ("n1", "n2")]
        listening = [asyncio.create_task(link.run()) for link in links]
        links[1].serve("double", lambda data: _doubled(data["number"]))
        for link in links:
            async with asyncio.timeout(30):
                await link.up.wait()
        assert await links[0].ask("n2", "double", {"number": 21}, 10) == 42
        tally = Tally()
        for flow in ("sales", "support", "bank"):
            tally.began(f"c-{flow}", flow, "entry")
        await tally.flush(redis, "n1")
        await store.set_state("ann", AgentState.AVAILABLE)
        async with running(store) as router, router.place(caller(store, 1)) as talks:
            assert await served(talks) == "ann"
            for port in ports:
                await servers.kill(port)
            with pytest.raises(StoreUnavailable):
                await store.agents()
            for port in ports:
                await servers.start(port)
            await until_there(store)
            assert [one.state.value for one in await store.contacts()] == ["connected"]
            await store.set_state("bob", AgentState.AVAILABLE)
            async with router.place(caller(store, 2)) as second:
                assert await served(second) == "bob"
        assert await store.contacts() == []
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        await redis.aclose()


async def _doubled(number: int) -> int:
    return 2 * number
