"""A node for each test, and its database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis

from ivr.acd.pairing import warm
from ivr.records.database import open_database, sqlite_url
from tests.unit.ivr.session.house import House


@pytest.fixture(scope="session", autouse=True)
def warmed() -> None:
    """What the first match loads takes seconds on a busy machine, more than a test waits for a talk."""
    warm()


@pytest.fixture
async def house(redis_url: str, tmp_path: Path) -> AsyncIterator[House]:
    redis = Redis.from_url(redis_url)
    await redis.flushdb()  # rows that a test before left for a database that came back late would be written to this one
    engine = await open_database(sqlite_url(tmp_path))
    house = House(redis, engine, time.time)
    router = asyncio.create_task(house.router.run())
    yield house
    await house.switchboard.drain(0.0)
    router.cancel()
    with suppress(asyncio.CancelledError):
        await router
    await engine.dispose()
    await redis.aclose()
