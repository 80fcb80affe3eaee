"""Writes what happens on a call to the log in order, without ever making the call wait for the store."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

Write = Callable[[], Awaitable[object]]

RETRY_SECONDS = (0.1, 0.3, 1.0, 2.0, 5.0)
"""Pauses before a write that failed is tried again; after the last one it is given up and logged."""


class Scribe:
    """One a call. `note` never blocks; `run` is its task; `flush` waits for what was noted."""

    def __init__(self, correlation: str) -> None:
        self._correlation = correlation
        self._writes: asyncio.Queue[Write] = asyncio.Queue()
        self.lost = 0

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
        for pause in (*RETRY_SECONDS, None):
            try:
                await write()
                return
            except Exception as error:
                if pause is None:
                    self.lost += 1
                    log.exception("%s record: a write was given up", self._correlation)
                    return
                log.warning("%s record: %s; trying again in %g s", self._correlation, error, pause)
                await asyncio.sleep(pause)

    async def flush(self, seconds: float) -> None:
        """Wait until everything noted is written, or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._writes.join()
