"""Who changed what: a line in the log for each change, and the last ones in Redis for the page."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ivr.errors import StoreUnavailable

audit = logging.getLogger("ivr.audit")
log = logging.getLogger(__name__)

KEY = "admin:audit"
KEPT = 1000


class Audit:
    """The `AuditDesk` of the admin API."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.time) -> None:
        self._redis, self._clock = redis, clock

    async def note(self, by: str, address: str, what: str, subject: str, note: str = "") -> None:
        """Write a change down. Never raises: what is done is done, and the log has it."""
        audit.warning("%s at %s: %s: %s%s", by, address, what, subject, f" ({note!r})" if note else "")
        line = {"at": self._clock(), "by": by, "address": address, "what": what, "subject": subject, "note": note}
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.lpush(KEY, json.dumps(line, ensure_ascii=False))
                pipe.ltrim(KEY, 0, KEPT - 1)
                await pipe.execute()
        except RedisError as error:
            log.warning("the page will not show this change: %s", error)

    async def lines(self, limit: int) -> list[dict[str, Any]]:
        """The newest first. Raises StoreUnavailable."""
        try:
            found = await self._redis.lrange(KEY, 0, limit - 1)
        except RedisError as error:
            raise StoreUnavailable("the changes cannot be read: Redis does not answer") from error
        return [json.loads(line) for line in found]
