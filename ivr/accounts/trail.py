"""The record of who did what: every line of the log `ivr.audit`, in SQL, in the order in which it happened."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.accounts.tables import audit as lines
from ivr.errors import StoreUnavailable
from ivr.records.database import sql_errors

log = logging.getLogger(__name__)
audit = logging.getLogger("ivr.audit")

MOST_KEPT = 10_000
"""Lines that wait while the database is away; the log has what is more."""
AT_ONCE = 500
AGAIN_SECONDS = 5.0
SWEEP_SECONDS = 6 * 3600.0
LONGEST = {"by": 128, "address": 64, "what": 500, "subject": 300, "note": 4000}
"""Characters of each column."""

WHO: ContextVar[tuple[str, str]] = ContextVar("who", default=("", ""))
"""(account, address) of the request that is being answered; the gate of the pages sets it."""


def plain(text: str) -> str:
    """Text of a stranger on one line that every log and every database takes: what cannot be printed is spelled."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


async def noted(by: str, address: str, what: str, subject: str, note: str = "") -> None:
    """Write a line to the log, and so to every `Trail` that listens. Never raises."""
    told = {"by": by, "address": address, "what": what, "subject": plain(subject), "note": note}
    audit.warning(
        "%s at %s: %s: %s%s", by, address, what, told["subject"], f" ({note!r})" if note else "", extra={"trail": told}
    )


class Trail(logging.Handler):
    """A handler of `ivr.audit`. `run` writes; what the log said just before a crash may be missing in SQL, not in the log."""

    def __init__(self, engine: AsyncEngine, keep_days: float = 400.0, clock: Callable[[], float] = time.time) -> None:
        super().__init__(logging.INFO)
        self._engine, self._keep, self._clock = engine, keep_days * 86400.0, clock
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MOST_KEPT)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    @contextmanager
    def listening(self) -> Iterator[Trail]:
        """Hear the log while this lasts."""
        self._loop = asyncio.get_running_loop()
        audit.addHandler(self)
        try:
            yield self
        finally:
            audit.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line; from any thread, without waiting."""
        by, address = WHO.get()
        fields: Mapping[str, str] = getattr(record, "trail", {})
        line = {"by": by, "address": address, "what": record.getMessage(), "subject": "", "note": "", **fields}
        self._waiting.append(
            {
                "at": self._clock(),
                **{name: plain(line[name])[:most] for name, most in LONGEST.items()},
            }
        )
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def note(self, by: str, address: str, what: str, subject: str, note: str = "") -> None:
        """Write a line down, in the log too. Never raises: what is done is done."""
        await noted(by, address, what, subject, note)

    async def lines(
        self, limit: int, before: int | None = None, by: str = "", text: str = "", subject: str = ""
    ) -> list[dict[str, Any]]:
        """The newest first, below the id `before`, of one account or with a text in what or whom it concerned.

        Raises StoreUnavailable.
        """
        await self.store()
        wanted = select(lines).order_by(lines.c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(lines.c.id < before)
        if by:
            wanted = wanted.where(lines.c.by == by)
        if subject:
            wanted = wanted.where(lines.c.subject == subject)
        if text:
            wanted = wanted.where(
                lines.c.what.icontains(text, autoescape=True) | lines.c.subject.icontains(text, autoescape=True)
            )
        with sql_errors():
            async with self._engine.connect() as connection:
                return [dict(row) for row in (await connection.execute(wanted)).mappings()]

    async def last(self, what: str, names: Sequence[str]) -> dict[str, float]:
        """When each of `names` did `what` for the last time, of those whose line is still kept. Raises StoreUnavailable."""
        await self.store()
        found: dict[str, float] = {}
        with sql_errors():
            async with self._engine.connect() as connection:
                for name in names:  # each reads its own index from the newest on, and stops at the first
                    wanted = select(lines.c.at).where(lines.c.by == name, lines.c.what == what).order_by(lines.c.at.desc())
                    if (at := (await connection.execute(wanted.limit(1))).scalar_one_or_none()) is not None:
                        found[name] = at
        return found

    async def store(self) -> None:
        """Write what waits. Raises StoreUnavailable; nothing is lost then."""
        while self._waiting:
            batch: Sequence[dict[str, Any]] = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            try:
                with sql_errors():
                    async with self._engine.begin() as connection:
                        await connection.execute(lines.insert(), batch)
            except BaseException:
                self._waiting.extendleft(reversed(batch))
                raise

    async def run(self) -> None:
        """Write as lines come and take out what is too old, until cancelled; then what waits is written."""
        swept = 0.0
        try:
            while True:
                try:
                    await self.store()
                    if self._clock() - swept >= SWEEP_SECONDS:
                        swept = self._clock()
                        await self.sweep()
                except StoreUnavailable as error:
                    log.warning("the record of changes waits for the database: %s", error)
                    await asyncio.sleep(AGAIN_SECONDS)
                    continue
                self._wake.clear()
                if not self._waiting:
                    await self._wake.wait()
        finally:
            await self._last()

    async def sweep(self) -> int:
        """Take out what is older than the house keeps; how many lines. Raises StoreUnavailable."""
        with sql_errors():
            async with self._engine.begin() as connection:
                done = await connection.execute(delete(lines).where(lines.c.at < self._clock() - self._keep))
        return int(done.rowcount)

    async def _last(self) -> None:
        try:
            await self.store()
        except StoreUnavailable as error:
            log.warning("%d lines of the record of changes are in the log alone: %s", len(self._waiting), error)
