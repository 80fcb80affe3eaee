"""Live state and records of a node: opened in order, what a dead run left behind written first."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.embedded import start_embedded
from ivr.acd.store import AcdStore
from ivr.errors import StoreUnavailable
from ivr.nodes.redis_client import redis_client
from ivr.nodes.redis_url import safe
from ivr.records.database import open_database, sqlite_url
from ivr.records.writer import ContactLog
from ivr.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """Live state and records."""

    redis: Redis
    engine: AsyncEngine
    acd: AcdStore
    log: ContactLog


async def open_stores(settings: Settings, data: Path, stack: AsyncExitStack) -> Stores:
    """Open both stores and write what a run that died left behind; other nodes that live keep theirs."""
    redis = await live_state(settings, data, stack)
    engine = await open_database(settings.database or sqlite_url(data))
    stack.push_async_callback(engine.dispose)
    stores = Stores(redis, engine, AcdStore(redis), ContactLog(redis, engine))
    alive = await stores.acd.alive_nodes() - {settings.node}
    if count := await stores.log.recover(alive):
        log.warning("%d contacts of a run that ended without order were written as lost", count)
    return stores


async def live_state(settings: Settings, data: Path, stack: AsyncExitStack) -> Redis:
    """The Redis of the settings, or the bundled one."""
    url = settings.redis
    if not url:
        embedded = await start_embedded(data)
        stack.push_async_callback(embedded.aclose)
        url = embedded.url
    redis = redis_client(url)
    stack.push_async_callback(redis.aclose)
    await _ping(redis, url)
    return redis


async def probe(url: str) -> None:
    """Raises ConfigError for what is no Redis URL, StoreUnavailable where nobody answers there."""
    redis = redis_client(url)
    try:
        await _ping(redis, url)
    finally:
        await redis.aclose()


async def _ping(redis: Redis, url: str) -> None:
    try:
        await redis.ping()
    except RedisError as error:
        raise StoreUnavailable(f"redis: {safe(url)} does not answer: {error}") from error
