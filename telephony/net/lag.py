"""How late the event loop comes: what tells overload before callers hear it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PAUSE = 0.05
"""Seconds between measurements."""


class LagMeter:
    """Gives `report` the seconds by which each wake-up came late. Made in the event loop."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + PAUSE
        self._timer = self._loop.call_at(self._due, self._measure)

    def _measure(self) -> None:
        now = self._loop.time()
        self._report(max(0.0, now - self._due))
        self._due = now + PAUSE
        self._timer = self._loop.call_at(self._due, self._measure)

    def close(self) -> None:
        self._timer.cancel()
