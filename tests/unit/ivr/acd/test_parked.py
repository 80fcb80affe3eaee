"""Parked callers of all nodes, as Redis shows them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from ivr.acd.parked import ParkBoard
from ivr.errors import StoreUnavailable


async def test_what_is_parked_is_seen_everywhere_until_it_is_not(redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    await redis.delete("park:slots")
    await redis.hset("park:slots", "one|700", '{"slot": "700"}')
    here, there = ParkBoard(redis, "one"), ParkBoard(redis, "two")
    running = [asyncio.create_task(board.run()) for board in (here, there)]
    here.publish("701", {"slot": "701", "contact": "c-1", "since": 1.0, "by": "anna"})
    there.publish("701", {"slot": "701", "contact": "c-2", "since": 2.0, "by": ""})

    async def seen(count: int) -> list[dict[str, object]]:
        async with asyncio.timeout(3):
            while len(views := await there.views()) != count:  # noqa: ASYNC110  # it is in Redis
                await asyncio.sleep(0.01)
        return views

    async with asyncio.timeout(3):
        while [view.get("contact") for view in await seen(2)] != ["c-1", "c-2"]:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.01)
    assert [view["node"] for view in await there.views()] == ["one", "two"], "and what an earlier run left is gone"
    here.publish("701", None)
    assert (await seen(1))[0]["contact"] == "c-2"
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await redis.delete("park:slots")
    await redis.aclose()


async def test_without_redis_publishing_costs_nothing_and_asking_says_so() -> None:
    board = ParkBoard(Redis.from_url("redis://127.0.0.1:1"), "one")
    for number in range(2000):
        board.publish(str(number), None)
    with pytest.raises(StoreUnavailable):
        await board.views()
