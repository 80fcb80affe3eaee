"""What happens to a call, in order. An object of its own: what tells a call something need not hold the call.

So a call that is over is freed at once; left to the garbage collector, ended calls by the thousand would stop the media for
tens of milliseconds when their turn comes.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from telephony.leg import DtmfReceived

MOST = 1000
"""Events a call may have waiting before keys are dropped and counted. Nothing else comes in floods, and nothing else may get
lost: a call that misses its end never ends."""


@dataclass(frozen=True, slots=True)
class Diverted:
    """The call goes on in another flow."""

    flow: str


class Inbox:
    def __init__(self) -> None:
        self._events: asyncio.Queue[Any] = asyncio.Queue()
        self.dropped = 0
        """Keys that found no room."""

    def put(self, event: Any) -> None:
        """Queue an event; never blocks."""
        if isinstance(event, DtmfReceived) and self._events.qsize() >= MOST:
            self.dropped += 1
            return
        self._events.put_nowait(event)

    async def next(self) -> Any:
        return await self._events.get()
