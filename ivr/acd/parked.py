"""Who is parked on which node, in Redis: for the API and for desks on other nodes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Mapping
from typing import Any, cast

from redis.asyncio import Redis

from ivr.acd.scripts import redis_errors, text
from ivr.errors import StoreUnavailable

log = logging.getLogger(__name__)

_KEY = "park:slots"
MOST_NEWS = 1000
RETRY_SECONDS = 1.0


class ParkBoard:
    """What `ivr.session.parking.ParkingLot` publishes. `publish` never waits; `run` writes, until cancelled."""

    def __init__(self, redis: Redis, node: str) -> None:
        self._redis, self._node = redis, node
        self._news: asyncio.Queue[tuple[str, Mapping[str, Any] | None]] = asyncio.Queue(MOST_NEWS)

    def publish(self, slot: str, what: Mapping[str, Any] | None) -> None:
        if self._news.full():
            self._news.get_nowait()
        self._news.put_nowait((slot, what))

    async def run(self) -> None:
        """Forget what an earlier run of this node left, then write what is published."""
        await self._insist(self._clear)
        while True:
            slot, what = await self._news.get()
            await self._insist(lambda slot=slot, what=what: self._write(slot, what))

    async def views(self) -> list[dict[str, Any]]:
        """What is parked on all nodes: `slot`, `contact`, `since` (epoch seconds), `by`, `node`. Raises StoreUnavailable."""
        with redis_errors():
            found = await cast(Awaitable[dict[Any, Any]], self._redis.hgetall(_KEY))
        views = [json.loads(value) | {"node": text(field).partition("|")[0]} for field, value in found.items()]
        return sorted(views, key=lambda view: (view["slot"], view["node"]))

    async def _write(self, slot: str, what: Mapping[str, Any] | None) -> None:
        field = f"{self._node}|{slot}"
        with redis_errors():
            if what is None:
                await self._redis.hdel(_KEY, field)
            else:
                await self._redis.hset(_KEY, field, json.dumps(dict(what)))

    async def _clear(self) -> None:
        with redis_errors():
            fields = [text(one) for one in await cast(Awaitable[list[Any]], self._redis.hkeys(_KEY))]
            mine = [one for one in fields if one.partition("|")[0] == self._node]
            if mine:
                await self._redis.hdel(_KEY, *mine)

    async def _insist(self, write: Any) -> None:
        while True:
            try:
                await write()
                return
            except StoreUnavailable as error:
                log.warning("parked callers are not shown elsewhere: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
