"""The snapshots of calls in Redis: one key a call, gone by itself. Every method raises StoreUnavailable."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, cast

from redis.asyncio import Redis

from ivr.acd.scripts import redis_errors, text

log = logging.getLogger(__name__)

VERSION = 1
"""Goes up when a reader of the one before would misread it; readers refuse what is newer."""
KEPT = 3600
"""Seconds for which a snapshot is kept after it was written."""


def key_of(call_id: str) -> str:
    """On a shard of its own in a Cluster."""
    return f"{{call:{call_id}}}"


class KeptCalls:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def put(self, snapshots: Mapping[str, str]) -> None:
        """Keep these, by the calls' ids."""
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                for call_id, value in snapshots.items():
                    pipe.set(key_of(call_id), value, ex=KEPT)
                await pipe.execute()

    async def drop(self, call_ids: Iterable[str]) -> None:
        """These are over."""
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                for call_id in call_ids:
                    pipe.delete(key_of(call_id))
                await pipe.execute()

    async def read(self, call_id: str) -> Mapping[str, Any] | None:
        """What is kept of a call; None where nothing is, or what makes no sense or a newer version wrote."""
        with redis_errors():
            found = await cast(Awaitable[Any], self._redis.get(key_of(call_id)))
        if found is None:
            return None
        try:
            snapshot = json.loads(text(found))
            return snapshot if 1 <= snapshot["v"] <= VERSION else None
        except (ValueError, KeyError, TypeError):
            log.warning("the snapshot of call %s makes no sense", call_id)
            return None
