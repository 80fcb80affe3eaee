"""What happened to threads, from node to node over Redis. What is lost is found again in the store."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from redis.asyncio import Redis

from ivr.errors import StoreUnavailable
from ivr.records.database import redis_errors

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5

Heard = Callable[[str, str, Mapping[str, Any]], None]
"""(kind, thread, data); kind "" where something may have been missed: look at everything."""


class News:
    """`tell` on any node is heard on every node, this one too."""

    def __init__(self, redis: Redis, prefix: str = "messages") -> None:
        self._redis, self._channel = redis, f"{prefix}:news"
        self._ears: list[Heard] = []

    def listen(self, heard: Heard) -> None:
        self._ears.append(heard)

    async def tell(self, kind: str, thread_id: str, **data: Any) -> None:
        """Never raises: where Redis is away, those who are here hear it at once, and the others look again later."""
        try:
            with redis_errors():
                await self._redis.publish(self._channel, json.dumps([kind, thread_id, data], ensure_ascii=False))
        except StoreUnavailable as error:
            log.warning("news of conversation %s stay on this node: %s", thread_id, error)
            self._spread(kind, thread_id, data)

    async def run(self) -> None:
        """Hear until cancelled."""
        while True:
            try:
                async with self._redis.pubsub() as ear:
                    with redis_errors():
                        await ear.subscribe(self._channel)
                    while True:
                        with redis_errors():
                            message = await ear.get_message(timeout=None)
                        if message and message["type"] == "subscribe":
                            self._spread("", "", {})
                        elif message and message["type"] == "message":
                            self._hear(message["data"])
            except StoreUnavailable as error:
                log.debug("no news of conversations: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    def _hear(self, text: bytes) -> None:
        try:
            kind, thread_id, data = json.loads(text)
        except ValueError:
            log.warning("news of a conversation make no sense")
            return
        self._spread(str(kind), str(thread_id), dict(data))

    def _spread(self, kind: str, thread_id: str, data: Mapping[str, Any]) -> None:
        for ear in self._ears:
            ear(kind, thread_id, data)
