"""Each node tells all boards of its calls, its trunks and itself: in Redis, what changed, some times a second.

Keys under `{wall}:`: `calls:<node>` is a hash of rows that runs out when the node says nothing, `nodes` has what each node says
of itself, `events` is the stream of all changes.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from ivr.acd.scripts import redis_errors
from ivr.errors import StoreUnavailable

log = logging.getLogger(__name__)

EVERY = 0.4
"""Seconds between two looks at the calls of the node."""
ABOUT_SECONDS = 2.0
LEASE_SECONDS = 15
"""After this without a word the calls of a node are gone."""
KEPT_EVENTS = 1000
"""Of all nodes; whoever falls further behind reads everything anew within seconds."""
AT_ONCE = 200
"""Rows in one event."""
SLICE = 50
"""Rows that are made before others get a turn."""
PREFIX = "{wall}"


class Teller:
    """The task of a node. `rows` are its calls, `about` what it says of itself, with `trunks` in it."""

    def __init__(
        self,
        redis: Redis,
        node: str,
        rows: Callable[[], Iterable[Mapping[str, Any]]],
        about: Callable[[], Mapping[str, Any]],
        clock: Callable[[], float],
        prefix: str = PREFIX,
    ) -> None:
        self._redis, self._node, self._rows, self._about, self._clock, self._prefix = redis, node, rows, about, clock, prefix
        self._told: dict[str, Mapping[str, Any]] | None = None
        """None: Redis may have anything, so it is told everything anew."""
        self._about_at = 0.0
        self._late = 0.0

    async def run(self) -> None:
        """Tell, until cancelled; then the node is gone from the boards at once."""
        loop, away = asyncio.get_running_loop(), False
        try:
            while True:
                due = loop.time() + EVERY
                await asyncio.sleep(EVERY)
                self._late = max(self._late * 0.95, loop.time() - due)
                try:
                    await self.tell()
                    away = False
                except StoreUnavailable as error:
                    self._told = None
                    if not away:
                        log.warning("boards hear nothing of this node: %s", error)
                    away = True
                except Exception:  # a call that cannot be shown must not hide all others
                    self._told = None
                    log.exception("the calls of this node could not be told")
        finally:
            await self._leave()

    async def tell(self) -> int:
        """Say what changed; returns how many calls. Raises StoreUnavailable, and everything is said at the next time."""
        fresh: dict[str, Mapping[str, Any]] = {}
        for number, row in enumerate(self._rows()):
            fresh[row["id"]] = row
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
        told = self._told or {}
        changed = [row for name, row in fresh.items() if told.get(name) != row]
        gone = [name for name in told if name not in fresh]
        whole, now = self._told is None, self._clock()
        if not (whole or changed or gone or now - self._about_at >= ABOUT_SECONDS):
            return 0
        self._told = None  # what is half said is said again
        if await self._send(changed, gone, whole, len(fresh), now) == len(fresh):
            self._told = fresh
        return len(changed)

    async def _send(
        self, changed: Sequence[Mapping[str, Any]], gone: Sequence[str], whole: bool, calls: int, now: float
    ) -> int:
        """How many calls Redis has of this node then: none of those told before where it stood still longer than the lease."""
        key, about = f"{self._prefix}:calls:{self._node}", whole or now - self._about_at >= ABOUT_SECONDS
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                if whole:
                    pipe.delete(key)
                for at in range(0, len(changed), AT_ONCE):
                    rows = {row["id"]: _json(row) for row in changed[at : at + AT_ONCE]}
                    pipe.hset(key, mapping=dict(rows))
                    self._event(pipe, "calls", "[" + ",".join(rows.values()) + "]", [])
                if gone:
                    pipe.hdel(key, *gone)
                    self._event(pipe, "calls", "[]", gone)
                pipe.expire(key, LEASE_SECONDS)
                if about:
                    told = {"name": self._node, "at": now, "calls": calls, "lag_ms": round(self._late * 1000)}
                    pipe.hset(f"{self._prefix}:nodes", self._node, _json({**told, **self._about()}))
                    self._event(pipe, "node", "", [])
                pipe.hlen(key)
                *_, kept = await pipe.execute()
        if about:
            self._about_at = now
        return int(kept)

    def _event(self, pipe: Any, kind: str, rows: str, gone: Sequence[str]) -> None:
        fields = {"kind": kind, "node": self._node, "rows": rows, "gone": json.dumps(gone)}
        pipe.xadd(f"{self._prefix}:events", fields, maxlen=KEPT_EVENTS, approximate=True)

    async def _leave(self) -> None:
        """A node that stops in order is no node that fell silent."""
        try:
            async with asyncio.timeout(2.0):
                with redis_errors():
                    async with self._redis.pipeline(transaction=False) as pipe:
                        pipe.delete(f"{self._prefix}:calls:{self._node}")
                        pipe.hdel(f"{self._prefix}:nodes", self._node)
                        self._event(pipe, "left", "", [])
                        await pipe.execute()
        except (StoreUnavailable, TimeoutError) as error:
            log.debug("the boards are not told that this node stops: %s", error)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
