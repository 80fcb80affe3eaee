"""A Redis and a database for all tests, emptied for each, and nodes that share them."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.database import open_database, sqlite_url
from tests.unit.ivr.publishing.town import Town


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    await client.delete("{flows}:nodes")
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def migrated() -> Iterator[Path]:
    """A database file as the migrations make it: copied, since making it takes as long as a whole test."""
    with tempfile.TemporaryDirectory() as folder:

        async def make() -> None:
            engine = await open_database(sqlite_url(Path(folder)))
            await engine.dispose()

        asyncio.run(make())
        yield Path(folder) / "records.sqlite"


@pytest.fixture
async def engine(tmp_path: Path, migrated: Path) -> AsyncIterator[AsyncEngine]:
    shutil.copy(migrated, tmp_path)
    engine = await open_database(sqlite_url(tmp_path))
    yield engine
    await engine.dispose()


@pytest.fixture
async def town(redis: Redis, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Town]:
    made = Town(redis, engine, tmp_path)
    yield made
    await made.close()
