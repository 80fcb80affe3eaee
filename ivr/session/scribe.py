"""Writes what happens on a call to the log in order, without ever making the call wait for the store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import chain, repeat

from ivr.errors import StoreUnavailable

log = logging.getLogger(__name__)

Write = Callable[[], Awaitable[object]]

RETRY_SECONDS = (0.1, 0.3, 1.0, 2.0, 5.0)
"""Pauses before a write is tried again while the store is away; the last one repeats. Later writes wait: order matters."""


class Scribe:
    """One a call. `note` never blocks; `run` is its task; `flush` waits for what was noted."""

    def __init__(self, correlation: str) -> None:
        self._correlation = correlation
        self._writes: asyncio.Queue[Write] = asyncio.Queue()
        self.lost = 0
        """Writes that the store refused for good."""

    def note(self, write: Write) -> None:
        self._writes.put_nowait(write)

    async def run(self) -> None:
        while True:
            write = await self._writes.get()
            try:
                await self._write(write)
            finally:
                self._writes.task_done()

    async def _write(self, write: Write) -> None:
        """Until it is written, or refused by anything other than a store that is away."""
        for tries, pause in enumerate(chain(RETRY_SECONDS, repeat(RETRY_SECONDS[-1]))):
            try:
                await write()
                return
            except StoreUnavailable as error:
                level = logging.DEBUG if tries else logging.WARNING
                log.log(level, "%s record: %s; trying again in %g s", self._correlation, error, pause)
            except Exception:
                self.lost += 1
                log.exception("%s record: a write was given up", self._correlation)
                return
            await asyncio.sleep(pause)

    async def flush(self, seconds: float) -> bool:
        """Wait until everything noted is written; False where the time was over before."""
        try:
            async with asyncio.timeout(seconds):
                await self._writes.join()
        except TimeoutError:
            return False
        return True
