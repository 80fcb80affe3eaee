"""When garbage is collected: never in the middle of the voice.

Python's collector walks whatever it is told to, and the media wait meanwhile: 5 ms for ten thousand young objects, 100 ms for
the next generation, 300 ms for everything. Calls free themselves by their last reference (see `ivr.session.inbox`), so there is
next to nothing to find. So the young are looked at often, a few at a time, and then put out of every later walk; the whole heap
is walked where it has grown and nobody has been on the line for a while, or, at the latest, once an hour.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

STEP_SECONDS = 0.2
YOUNG = 1000
"""Objects made since the last look that are worth one."""
QUIET_SECONDS = 60.0
"""Without a call, and since the last walk, before another one."""
GROWN = 20_000
"""Objects more than after the last walk that are worth one."""
LONGEST_SECONDS = 3600.0
"""Between walks through everything."""


class Heap:
    """Takes the collector over until `release`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._walked_at = self._looked_at = self._busy_at = clock()
        gc.disable()
        gc.freeze()  # loading leaves some thousand objects: not worth a walk through everything before the first call
        self._size = gc.get_freeze_count()

    def step(self, quiet: bool) -> None:
        """Do what is due; `quiet` where nobody would hear a pause."""
        now = self._clock()
        if not quiet:
            self._busy_at = now
        if now - self._walked_at >= LONGEST_SECONDS:
            self._walk()
        elif now - max(self._looked_at, self._busy_at) >= QUIET_SECONDS:
            self._looked_at = now
            if gc.get_freeze_count() - self._size >= GROWN:
                self._walk()
        elif gc.get_count()[0] > YOUNG:
            gc.collect(0)
            gc.freeze()

    def release(self) -> None:
        """Give the collector back."""
        gc.unfreeze()
        gc.enable()

    def _walk(self) -> None:
        began = self._clock()
        gc.unfreeze()
        found = gc.collect()
        gc.freeze()
        self._size = gc.get_freeze_count()
        self._walked_at = self._clock()
        log.debug("heap: %d objects freed, %.0f ms", found, 1000 * (self._walked_at - began))


async def tend(heap: Heap, quiet: Callable[[], bool]) -> None:
    """Collect garbage for as long as the node runs."""
    try:
        while True:
            await asyncio.sleep(STEP_SECONDS)
            heap.step(quiet())
    finally:
        heap.release()
