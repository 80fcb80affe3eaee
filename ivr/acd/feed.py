"""Everything that happens in the queues, on whichever node, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from redis.asyncio import Redis

from ivr.acd.scripts import redis_errors, text


@dataclass(frozen=True, slots=True)
class AcdEvent:
    """Something a move did."""

    kind: str
    """`enqueued offered withdrawn connected ended agent defined`."""
    at: float
    """Epoch seconds, as the move was told."""
    data: Mapping[str, str]
    """`contact queue node agent`, where they apply; `until why` of an offer, `reason` of a withdrawal, `state outcome` of an
    end (the state is the one before), `state reason until` of an agent."""


class EventFeed:
    """Iterate over events from the moment of `start` on; a broken connection loses none that the stream (20,000) still has.

    Iterating raises StoreUnavailable where Redis is away; iterate again to go on where it stopped.
    """

    def __init__(self, redis: Redis, prefix: str = "{acd}") -> None:
        self._redis = redis
        self._key = f"{prefix}:events"
        self._last = ""
        self._pending: list[AcdEvent] = []

    async def start(self) -> None:
        """Mark the place; without effect the second time."""
        if not self._last:
            with redis_errors():
                newest: Any = await self._redis.xrevrange(self._key, count=1)
            self._last = text(newest[0][0]) if newest else "0-0"

    def forget(self) -> None:
        """Drop what was read and the mark: `start` marks anew."""
        self._last = ""
        self._pending.clear()

    def take(self) -> list[AcdEvent]:
        """What was read and not yet taken."""
        taken, self._pending = self._pending, []
        return taken

    async def wait(self, seconds: float) -> None:
        """Read what there is; where there is nothing, wait for it up to `seconds`. Raises StoreUnavailable."""
        await self.start()
        block = max(1, round(seconds * 1000)) if seconds > 0 else None
        with redis_errors():
            answer: Any = await self._redis.xread({self._key: self._last}, count=500, block=block)
        for _, entries in answer or ():
            self._take(entries)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AcdEvent:
        while not self._pending:
            await self.wait(1.0)
        return self._pending.pop(0)

    def _take(self, entries: Any) -> None:
        for number, fields in entries:
            self._last = text(number)
            data = {text(name): text(value) for name, value in fields.items()}
            self._pending.append(AcdEvent(data.pop("kind"), float(data.pop("at")), data))
