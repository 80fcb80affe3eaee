"""What goes on beside the flow: a wait in a queue, or a bridge. At most one at a time, and the call survives its failure."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from ivr.dialplan.events import Event

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[Any, Any, Event]]


@dataclass(frozen=True, slots=True)
class SideOver:
    """Side work came to its end; `Side.over` says whether the flow still waits for it."""

    number: int
    event: Event


class Side:
    """Runs side work in the call's own TaskGroup and tells a `SideOver`, unless the work was left before."""

    def __init__(self, group: asyncio.TaskGroup, tell: Callable[[SideOver], None], correlation: str) -> None:
        self._group, self._tell, self._correlation = group, tell, correlation
        self._task: asyncio.Task[None] | None = None
        self._number = 0
        self._busy = False

    def start(self, work: Work, failed: Event) -> None:
        """Leave what runs, and begin `work` once that has given everything back. `failed` is told where it breaks."""
        before = self._task
        self.leave()
        self._number += 1
        self._busy = True
        self._task = self._group.create_task(self._run(before, self._number, work, failed))

    def leave(self) -> None:
        """Cancel what runs; nothing is told of it any more."""
        self._busy = False
        if self._task is not None:
            self._task.cancel()

    def over(self, event: SideOver) -> Event | None:
        """The event for the flow, or None where the work was left meanwhile."""
        if not self._busy or event.number != self._number:
            return None
        self._busy = False
        return event.event

    async def close(self) -> None:
        """Leave what runs and wait until it has given everything back."""
        self.leave()
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _run(self, before: asyncio.Task[None] | None, number: int, work: Work, failed: Event) -> None:
        if before is not None:
            await asyncio.wait({before})
        try:
            event = await work()
        except Exception:
            log.exception("%s side work failed", self._correlation)
            event = failed
        self._tell(SideOver(number, event))
