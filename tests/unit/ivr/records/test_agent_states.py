"""States of agents come from the stream of the queues into SQL, each once."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.agent_states import KEPT_SECONDS, AgentStates

T0 = 1_790_000_000.0


async def tell(redis: Redis, at: float, **fields: str) -> None:
    told: dict[Any, Any] = {"kind": "agent", "at": f"{T0 + at:.3f}", **fields}
    await redis.xadd("{acd}:events", told)


async def test_states_are_kept_with_reason_who_and_length(redis: Redis, engine: AsyncEngine) -> None:
    states = AgentStates(redis, engine, lambda: T0 + 100)
    await tell(redis, 0, agent="ann", state="available", reason="", by="")
    await redis.xadd("{acd}:events", {"kind": "enqueued", "at": f"{T0:.3f}", "contact": "c1", "queue": "q", "node": "n"})
    await tell(redis, 10, agent="ann", state="break", reason="meal", by="boss")
    await tell(redis, 11, agent="bob", state="offline", reason="page gone", by="system")
    assert await states.drain() == 3
    assert await states.drain() == 0
    last, first = await states.list("ann")
    assert (last["state"], last["reason"], last["by"], last["seconds"]) == ("break", "meal", "boss", None)
    assert (first["state"], first["seconds"]) == ("available", 10.0)
    assert (await states.list("ann", 1)) == [last]
    assert await states.list("nobody") == []


async def test_what_is_brought_twice_is_there_once(redis: Redis, engine: AsyncEngine) -> None:
    """As after a node that died between SQL and Redis."""
    states = AgentStates(redis, engine, lambda: T0)
    await tell(redis, 0, agent="ann", state="available")
    await states.drain()
    await redis.delete("{acd}:recorded")
    await states.drain()
    assert len(await states.list("ann")) == 1


async def test_old_states_go(redis: Redis, engine: AsyncEngine) -> None:
    now = [T0 + 1]
    states = AgentStates(redis, engine, lambda: now[0])
    await tell(redis, 0, agent="ann", state="available")
    await states.drain()
    now[0] = T0 + KEPT_SECONDS + 10
    await states.drain()
    assert await states.list("ann") == []
