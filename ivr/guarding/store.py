"""Bans in Redis: one hash, source to JSON, and a version that tells nodes when to read it anew."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ivr.errors import StoreUnavailable

MAX_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class KeptBan:
    source: str
    """An IPv4 address or an IPv6 /64."""
    reason: str
    since: float
    until: float
    """Seconds since the Unix epoch."""
    strikes: int
    node: str = ""
    """Which node set it; "" for a person."""


class BanStore:
    """Every method raises StoreUnavailable where Redis is away."""

    def __init__(self, redis: Redis, prefix: str = "{guard}") -> None:
        self._redis = redis
        self._bans, self._version = f"{prefix}:bans", f"{prefix}:version"

    async def version(self) -> int:
        """A number that grows with each change."""
        try:
            return int(await self._redis.get(self._version) or 0)
        except RedisError as error:
            raise StoreUnavailable("bans cannot be read: Redis does not answer") from error

    async def load(self) -> list[KeptBan]:
        """Every ban that is kept, past ones too: they make the next one longer."""
        try:
            found: dict[Any, Any] = await self._redis.hgetall(self._bans)
        except RedisError as error:
            raise StoreUnavailable("bans cannot be read: Redis does not answer") from error
        bans = (_ban(source.decode(), text) for source, text in found.items())
        return [ban for ban in bans if ban is not None][:MAX_KEPT]

    async def save(self, bans: Iterable[KeptBan]) -> None:
        fields: dict[Any, Any] = {
            ban.source: json.dumps([ban.reason, ban.since, ban.until, ban.strikes, ban.node], ensure_ascii=False)
            for ban in bans
        }
        if not fields:
            return
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hset(self._bans, mapping=fields)
                pipe.incr(self._version)
                await pipe.execute()
        except RedisError as error:
            raise StoreUnavailable("bans cannot be kept: Redis does not answer") from error

    async def remove(self, sources: Iterable[str]) -> None:
        """Forget bans."""
        names = list(sources)
        if not names:
            return
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hdel(self._bans, *names)
                pipe.incr(self._version)
                await pipe.execute()
        except RedisError as error:
            raise StoreUnavailable("the ban cannot be lifted: Redis does not answer") from error


def _ban(source: str, text: bytes) -> KeptBan | None:
    """None for what some other version wrote."""
    try:
        reason, since, until, strikes, node = json.loads(text)
        return KeptBan(source, str(reason), float(since), float(until), int(strikes), str(node))
    except (ValueError, TypeError):
        return None
