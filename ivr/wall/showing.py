"""Brings figures, charts and alerts onto the boards of a node."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ivr.errors import IvrError
from ivr.wall.hands import AlertShelf
from ivr.wall.live import Live
from ivr.wall.today import Today

log = logging.getLogger(__name__)

FIGURE_SECONDS = 2.0
AGAIN_SECONDS = 60.0
"""After this everything is read again, whether somebody told of it or not."""


class Showing:
    """The task behind the figures; hears of news by `Live.heard`."""

    def __init__(self, live: Live, today: Today, shelf: AlertShelf, within: Callable[[str], float]) -> None:
        self._live, self._today, self._shelf, self._within = live, today, shelf, within
        self._due = {"minutes", "alerts"}
        self._wake = asyncio.Event()
        self._read_at = 0.0
        live.heard = self.hear

    def hear(self, kind: str) -> None:
        self._due.add(kind)
        if kind == "alerts":
            self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        await self._live.ready.wait()
        while True:
            try:
                await self.show()
            except IvrError as error:
                log.warning("the board's figures wait: %s", error)
                self._due |= {"minutes", "alerts"}
            except Exception:
                log.exception("the board's figures were left out once")
                self._due |= {"minutes", "alerts"}
            try:
                async with asyncio.timeout(FIGURE_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(0.1)

    async def show(self) -> None:
        """Show what changed. Raises StoreUnavailable."""
        self._wake.clear()
        now, due = self._live.now(), self._due
        self._due = set()
        board, show = self._live.board, self._live.show
        if "alerts" in due or now - self._read_at >= AGAIN_SECONDS:
            show(board.whole("alerts", await self._shelf.rows(), now))
        if "minutes" in due or now - self._read_at >= AGAIN_SECONDS:
            self._read_at = now
            points = await self._today.read(now)
            show(board.new_day({"day": self._today.day.isoformat(), "day_start": self._today.start}, now))
            for point in points:
                show(board.point(point, now))
        names = [row["name"] for row in board.rows("queues")]
        limits = {name: self._within(name) for name in names}
        told = self._today.told(names, self._live.calls.values(), limits, now)
        show(board.told({**told, "now": self._live.house}, now))
