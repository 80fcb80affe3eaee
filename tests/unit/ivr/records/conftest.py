"""A database and a Redis of its own for each test."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.embedded import start_embedded
from ivr.records.database import open_database, sqlite_url
from ivr.records.writer import ContactLog


@pytest.fixture(scope="session")
def log_redis_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        server = runner.run(start_embedded(Path(folder)))
        yield server.url
        runner.run(server.aclose())


@pytest.fixture
async def redis(log_redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(log_redis_url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(sqlite_url(tmp_path))
    yield engine
    await engine.dispose()


@pytest.fixture
def log(redis: Redis, engine: AsyncEngine) -> ContactLog:
    return ContactLog(redis, engine)
