"""Two nodes on one Redis."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis

from ivr.acd.embedded import start_embedded
from ivr.nodes.link import NodeLink


@pytest.fixture(scope="session")
def nodes_redis_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        server = runner.run(start_embedded(Path(folder)))
        yield server.url
        runner.run(server.aclose())


@pytest.fixture
async def redis(nodes_redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(nodes_redis_url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def links(redis: Redis) -> AsyncIterator[tuple[NodeLink, NodeLink]]:
    pair = NodeLink(redis, "one"), NodeLink(redis, "two")
    tasks = [asyncio.create_task(link.run()) for link in pair]
    for link in pair:
        await asyncio.wait_for(link.up.wait(), 5)
    yield pair
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
