"""Queues that take nobody in for now: in Redis, so that every node keeps to it, also one that starts later."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ivr.acd.scripts import redis_errors, text
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, NotFound

LONGEST = 24 * 3600.0
"""Seconds for which a queue may be drained at one go."""


@dataclass(frozen=True, slots=True)
class Drained:
    """A queue that nobody new enters."""

    queue: str
    to: str
    """The queue that its callers wait in instead; "" where they take the edge `closed`."""
    by: str
    at: float
    """Epoch seconds."""
    until: float
    """Epoch seconds; 0: until it is taken back."""

    def view(self) -> dict[str, Any]:
        return {"to": self.to, "by": self.by, "at": self.at, "until": self.until}


class Draining:
    """Works on the same keys as `AcdStore`. Every method raises StoreUnavailable where Redis cannot be reached."""

    def __init__(self, store: AcdStore) -> None:
        self._store = store

    async def of(self, queue: str) -> Drained | None:
        """How the queue is drained now, None where it is open."""
        with redis_errors():
            row = await cast(Awaitable[bytes | None], self._store.redis.hget(self._key, queue))
        return self._running(queue, row) if row else None

    async def all(self) -> dict[str, Drained]:
        """Queue to how it is drained; open ones are missing."""
        with redis_errors():
            rows = await cast(Awaitable[Mapping[Any, Any]], self._store.redis.hgetall(self._key))
        found = (self._running(text(name), row) for name, row in rows.items())
        return {one.queue: one for one in found if one is not None}

    async def begin(self, queue: str, to: str, by: str, seconds: float) -> Drained:
        """Let nobody in from now on. Raises NotFound without one of the queues, Conflict for a way that leads nowhere."""
        names = {one.name for one in await self._store.queues()}
        for name in (queue, *filter(None, (to,))):
            if name not in names:
                raise NotFound(f"there is no queue {name[:80]}")
        if not 0 <= seconds <= LONGEST:
            raise Conflict("a queue is drained for 24 hours at most; 0 for until it is taken back")
        others = await self.all()
        if to == queue or to in others:
            raise Conflict(f"queue {to} is drained itself: nobody would get anywhere")
        if leads := sorted(name for name, one in others.items() if one.to == queue):
            raise Conflict(f"the callers of {', '.join(leads)} are sent here: take that back first")
        now = self._store.now()
        drained = Drained(queue, to, by, now, now + seconds if seconds else 0.0)
        await self._write(queue, json.dumps(drained.view()), "begun")
        return drained

    async def end(self, queue: str) -> None:
        """Let callers in again. Raises NotFound where the queue is open."""
        if await self.of(queue) is None:
            raise NotFound(f"queue {queue[:80]} is not drained")
        await self._write(queue, None, "ended")

    async def _write(self, queue: str, row: str | None, state: str) -> None:
        told = {"kind": "drained", "at": f"{self._store.now():.3f}", "queue": queue, "state": state}
        with redis_errors():
            async with self._store.redis.pipeline(transaction=True) as pipe:
                if row is None:
                    pipe.hdel(self._key, queue)
                else:
                    pipe.hset(self._key, queue, row)
                pipe.xadd(self._store.key("events"), cast(Any, told), maxlen=20_000, approximate=True)
                await pipe.execute()

    @property
    def _key(self) -> str:
        return self._store.key("drained")

    def _running(self, queue: str, row: str | bytes) -> Drained | None:
        told = json.loads(row)
        until = float(told["until"])
        return None if until and until <= self._store.now() else Drained(queue, told["to"], told["by"], told["at"], until)
