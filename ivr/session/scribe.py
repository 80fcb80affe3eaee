"""Writes what happens on a call to the log in order, without ever making the call wait for the store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

from ivr.call import Turn
from ivr.errors import StoreUnavailable

log = logging.getLogger(__name__)

Write = Callable[[], Awaitable[object]]

RETRY_SECONDS = (0.1, 0.3, 1.0, 2.0, 5.0)
"""Pauses before a write is tried again while the store is away; the last one repeats. Later writes wait: order matters."""

MOST_MOMENTS = 200
"""Of one call; an agent who presses hold all day must not fill the record."""


@dataclass(slots=True)
class Batch:
    """What was added since the last write began; it goes to the store in one step."""

    fields: dict[str, Any] = field(default_factory=dict)
    said: dict[int, Turn] = field(default_factory=dict)


class Scribe:
    """One a call. `add` and `note` never block; `run` is the task; `flush` waits for what was noted.

    `store` takes fields and turns in one step, as `ContactLog.add` does.
    """

    def __init__(self, correlation: str, store: Callable[[Mapping[str, Any], Mapping[int, Turn]], Awaitable[object]]) -> None:
        self._correlation, self._store = correlation, store
        self._batch: Batch | None = None
        self._writes: asyncio.Queue[Write] = asyncio.Queue()
        self._moments: list[Mapping[str, Any]] = []
        self.lost = 0
        """Writes that the store refused for good."""

    def add(self, fields: Mapping[str, Any], said: Mapping[int, Turn] | None = None) -> None:
        """Fields and turns to write; what comes before the store has time for it is one write. A `moment` joins the list."""
        if self._batch is None:
            batch = Batch()
            self.note(lambda: self._write_batch(batch))
            self._batch = batch
        self._batch.fields.update(self._kept(fields) if "moment" in fields else fields)
        self._batch.said.update(said or {})

    def _kept(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        rest = dict(fields)
        moment, last = rest.pop("moment"), self._moments[-1] if self._moments else {}
        if len(self._moments) < MOST_MOMENTS and any(moment[name] != last.get(name) for name in ("kind", "who")):
            self._moments.append(moment)
        return {**rest, "moments": list(self._moments)}

    def note(self, write: Write) -> None:
        """Any other write, after all that was added before it."""
        self._batch = None
        self._writes.put_nowait(write)

    async def _write_batch(self, batch: Batch) -> None:
        if self._batch is batch:
            self._batch = None
        await self._store(batch.fields, batch.said)

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
