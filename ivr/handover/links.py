"""Links to handovers that every node of a group knows: their key is in Redis, and each may be read so often."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Callable

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ivr.errors import NotFound, StoreUnavailable
from ivr.handover.token import GONE, contact_of, sign

KEY = "web:handover:key"
MOST_READS = 50
"""Times that one link may be read; a page that asks each few seconds is not what it is for."""
LOOK_SECONDS = 5.0
"""Between looks for another key: a flood of forged links must not be one of Redis."""
PATH = "/api/v1/handover/"


class Links:
    """`base` is our own address as far ends see it (`https://hotline.example.org`); "" makes no links."""

    def __init__(self, redis: Redis, base: str, seconds: float, clock: Callable[[], float]) -> None:
        self._redis, self._base, self._seconds, self._clock = redis, base.rstrip("/"), seconds, clock
        self._key = b""
        self._looked = -math.inf

    async def open(self) -> None:
        """Get the key, made by whoever comes first. Raises StoreUnavailable."""
        try:
            await self._redis.set(KEY, secrets.token_hex(32), nx=True)
            kept = await self._redis.get(KEY)
        except RedisError as error:
            raise StoreUnavailable("the key of links cannot be read: Redis does not answer") from error
        self._key = kept if isinstance(kept, bytes) else str(kept).encode()

    def link(self, contact_id: str) -> str:
        """A link to a contact's handover; "" where there is no address to lead to."""
        if not self._base or not self._key:
            return ""
        return f"{self._base}{PATH}{sign(self._key, contact_id, self._clock() + self._seconds)}"

    async def contact_of(self, token: str) -> str:
        """The contact of a link, which counts as read once more. Raises NotFound and StoreUnavailable."""
        try:
            found = contact_of(self._key, token, self._clock())
        except NotFound:
            if self._clock() - self._looked < LOOK_SECONDS:
                raise
            self._looked = self._clock()
            await self.open()  # another node may have made a new key, where Redis lost the old one
            found = contact_of(self._key, token, self._clock())
        counter = f"web:handover:read:{hashlib.sha256(token.encode()).hexdigest()[:32]}"
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.incr(counter)
                pipe.expire(counter, max(1, int(self._seconds)))
                reads, _ = await pipe.execute()
        except RedisError as error:
            raise StoreUnavailable("links cannot be read: Redis does not answer") from error
        if int(reads) > MOST_READS:
            raise NotFound(GONE)
        return found
