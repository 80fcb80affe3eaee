"""The word that something changed, from node to node over Redis. What is lost is found again by asking the ledger."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from redis.asyncio import Redis

from ivr.errors import StoreUnavailable
from ivr.records.database import redis_errors

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
FORGET_SECONDS = 86_400.0
"""After which a node that says nothing is no longer listed."""


class News:
    """Tells other nodes of changes, hears theirs, and keeps what each of them says of itself."""

    def __init__(self, redis: Redis, node: str, prefix: str = "{flows}") -> None:
        self._redis, self.node = redis, node
        self._channel, self._nodes = f"{prefix}:news", f"{prefix}:nodes"

    async def tell(self, serial: int) -> None:
        """Say that the house is at `serial`. Where Redis is away nobody hears it; they look into the ledger within a second."""
        try:
            with redis_errors():
                await self._redis.publish(self._channel, str(serial))
        except StoreUnavailable as error:
            log.warning("other nodes find change %d of the flows by themselves: %s", serial, error)

    async def hear(self, heard: Callable[[], None]) -> None:
        """Call `heard` for each word, and once at every (re)connection, until cancelled."""
        while True:
            try:
                async with self._redis.pubsub() as ear:
                    with redis_errors():
                        await ear.subscribe(self._channel)
                    while True:
                        with redis_errors():
                            message = await ear.get_message(timeout=None)
                        if message:
                            heard()
            except StoreUnavailable as error:
                log.debug("no news of flows: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def report(self, about: Mapping[str, Any]) -> None:
        """Say of this node what `about` says. Raises StoreUnavailable."""
        with redis_errors():
            await self._redis.hset(self._nodes, self.node, json.dumps(about, ensure_ascii=False))

    async def reports(self, now: float) -> dict[str, dict[str, Any]]:
        """Node to what it said last, of those that said something within a day. Raises StoreUnavailable."""
        with redis_errors():
            found = await cast(Awaitable[dict[bytes, bytes]], self._redis.hgetall(self._nodes))
        told = {name.decode(): about for name, text in sorted(found.items()) if (about := _about(text)) is not None}
        old = [name for name, about in told.items() if now - about["at"] > FORGET_SECONDS]
        if old:
            with redis_errors():
                await self._redis.hdel(self._nodes, *old)
        return {name: about for name, about in told.items() if name not in old}


def _about(text: bytes) -> dict[str, Any] | None:
    """None for what some other version of the program wrote."""
    try:
        about = json.loads(text)
        return {"serial": 0, "flows": {}, "refused": {}, "calls": {}, **about, "at": float(about["at"])}
    except (ValueError, TypeError, KeyError):
        return None
