"""The timers that a flow sets on its call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ivr.dialplan.events import TimerFired


@dataclass(frozen=True, slots=True)
class TimerDue:
    """A timer ran out; `Timers.fired` says whether it still counts when its turn has come."""

    name: str
    number: int


class Timers:
    """By name. `tell` takes a `TimerDue`; one that was cancelled or set anew before its turn came does not fire."""

    def __init__(self, tell: Callable[[TimerDue], None]) -> None:
        self._tell = tell
        self._running: dict[str, tuple[int, asyncio.TimerHandle]] = {}
        self._number = 0

    def set(self, name: str, seconds: float) -> None:
        self.cancel(name)
        self._number += 1
        due = TimerDue(name, self._number)
        self._running[name] = (due.number, asyncio.get_running_loop().call_later(seconds, self._tell, due))

    def cancel(self, name: str) -> None:
        if name in self._running:
            self._running.pop(name)[1].cancel()

    def fired(self, due: TimerDue) -> TimerFired | None:
        """The event for the flow, or None where the timer does not count any more."""
        if self._running.get(due.name, (0, None))[0] != due.number:
            return None
        del self._running[due.name]
        return TimerFired(due.name)

    def close(self) -> None:
        for name in tuple(self._running):
            self.cancel(name)
