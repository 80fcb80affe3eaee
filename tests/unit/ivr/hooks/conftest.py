"""Tables without migrations, a Redis, and a clock that is moved by hand."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ivr.hooks.tables import metadata as ours
from ivr.records.schema import metadata as records

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
    """A file with the tables: made once, for each statement waits for the disk."""
    file = tmp_path_factory.mktemp("hooks") / "empty.sqlite"
    engine = create_engine(f"sqlite:///{file}")
    for metadata in (records, ours):
        metadata.create_all(engine)
    engine.dispose()
    return file


@pytest.fixture
async def engine(tmp_path: Path, empty: Path) -> AsyncIterator[AsyncEngine]:
    copy = shutil.copy(empty, tmp_path / "records.sqlite")
    engine = create_async_engine(f"sqlite+aiosqlite:///{copy}")
    yield engine
    await engine.dispose()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    await client.flushdb()
    yield client
    await client.aclose()
