"""Where phones have registered, kept in Redis: they register again within the hour, and a restart must not lose them."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from redis.asyncio import Redis

from ivr.acd.scripts import redis_errors, text
from ivr.errors import StoreUnavailable

log = logging.getLogger(__name__)

MOST_WAITING = 20_000
RETRY_SECONDS = 1.0
ALONG_A_CONNECTION = ("ws", "wss")
"""Transports whose far ends cannot be reached once their connection is gone."""

Packed = tuple[Any, ...]
"""(contact, flow, seconds left, Call-ID, CSeq): `telephony.gateway.hosting.packed`."""


class Locations:
    """Of the nodes called `group`: a node alone, or all workers of one `ivr serve`."""

    def __init__(self, redis: Redis, group: str, clock: Callable[[], float] = time.time) -> None:
        self._redis, self._key, self._clock = redis, f"sip:location:{group}", clock
        self._waiting: dict[str, list[Any]] = {}
        self._news = asyncio.Event()

    def note(self, user: str, bindings: Sequence[Packed]) -> None:
        """Keep where `user` is now, () for nowhere; written by `run`."""
        if len(self._waiting) >= MOST_WAITING and user not in self._waiting:
            return
        now = self._clock()
        self._waiting[user] = [
            [now + left, contact, list(flow), call_id, cseq] for contact, flow, left, call_id, cseq in bindings
        ]
        self._news.set()

    async def load(self) -> dict[str, list[Packed]]:
        """Users to bindings that still hold; forgets the others. Raises StoreUnavailable."""
        with redis_errors():
            raw = await cast(Awaitable[dict[Any, Any]], self._redis.hgetall(self._key))
        found = {text(user): self._alive(text(value)) for user, value in raw.items()}
        if gone := [user for user, bindings in found.items() if not bindings]:
            with redis_errors():
                await self._redis.hdel(self._key, *gone)
        return {user: bindings for user, bindings in found.items() if bindings}

    async def run(self) -> None:
        """Write until cancelled; while Redis is away the newest of each user waits."""
        while True:
            await self._news.wait()
            self._news.clear()
            batch, self._waiting = self._waiting, {}
            try:
                await self._write(batch)
            except StoreUnavailable as error:
                log.warning("registrations are not kept: %s", error)
                self._waiting = {**batch, **self._waiting}
                self._news.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _write(self, batch: dict[str, list[Any]]) -> None:
        known = {user: json.dumps(bindings) for user, bindings in batch.items() if bindings}
        gone = [user for user, bindings in batch.items() if not bindings]
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                if known:
                    pipe.hset(self._key, mapping=cast(dict[Any, Any], known))
                if gone:
                    pipe.hdel(self._key, *gone)
                await pipe.execute()

    def _alive(self, value: str) -> list[Packed]:
        now = self._clock()
        try:
            bindings = [
                (contact, _revived(flow), until - now, call_id, cseq)
                for until, contact, flow, call_id, cseq in json.loads(value)
                if until > now and flow[0] not in ALONG_A_CONNECTION
            ]
        except (ValueError, TypeError, IndexError):
            log.warning("a kept registration makes no sense and is forgotten")
            return []
        return bindings


def _revived(flow: Sequence[Any]) -> tuple[Any, ...]:
    """The flow without its connection, which is gone."""
    values = [tuple(value) if isinstance(value, list) else value for value in flow]
    values[5] = 0
    return tuple(values)
