"""One real Redis for all tests of this folder; each test has keys of its own."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
from redis.asyncio import Redis

from ivr.acd.embedded import start_embedded
from ivr.acd.store import AcdStore

_numbers = count(1)


class Clock:
    """Epoch seconds that move when told."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        server = runner.run(start_embedded(Path(folder)))
        yield server.url
        runner.run(server.aclose())


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(redis: Redis, clock: Clock) -> AcdStore:
    return AcdStore(redis, clock, prefix=f"{{acd-test-{next(_numbers)}}}")
