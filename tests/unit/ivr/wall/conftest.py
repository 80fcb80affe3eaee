"""A database of its own for each test, and keys of its own in the one Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.store import AcdStore
from ivr.records.database import open_database, sqlite_url

T0 = 1_790_000_040.0
"""The beginning of a minute."""
_numbers = count(1)


class Clock:
    """Epoch seconds that move when told."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(sqlite_url(tmp_path))
    yield engine
    await engine.dispose()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def prefix() -> str:
    return f"{{wall-test-{next(_numbers)}}}"


@pytest.fixture
def store(redis: Redis, clock: Clock, prefix: str) -> AcdStore:
    return AcdStore(redis, clock, prefix=prefix.replace("wall", "acd-of-wall"))
