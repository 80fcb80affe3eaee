"""The real Redis of all unit tests; each test has keys of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest
from redis.asyncio import Redis

from ivr.acd.store import AcdStore
from tests.unit.ivr.acd.matched import Matched

_numbers = count(1)


class Clock:
    """Epoch seconds that move when told."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


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


@pytest.fixture
def matched(store: AcdStore) -> Matched:
    """The same store, with somebody who decides after each move."""
    return Matched(store)
