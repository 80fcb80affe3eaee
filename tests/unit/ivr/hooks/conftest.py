"""Tables without migrations, a Redis, and a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.hooks.tables import metadata as ours
from ivr.messages.tables import metadata as written
from ivr.quality.tables import metadata as judged
from ivr.records.schema import metadata as records
from tests.unit.ivr.tables import copy_of, empty_file

T0 = 1_790_000_000.0


@dataclass
class Clock:
    now: float = T0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_file(tmp_path_factory.mktemp("hooks"), (records, written, judged, ours))


@pytest.fixture
async def engine(tmp_path: Path, empty: Path) -> AsyncIterator[AsyncEngine]:
    async with copy_of(empty, tmp_path) as engine:
        yield engine


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    await client.flushdb()
    yield client
    await client.aclose()
