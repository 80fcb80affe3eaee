"""The events of one leg on their way to whoever listens."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from telephony.leg import Ended, LegEvent

logger = logging.getLogger(__name__)


class LegEvents:
    """Gives events out in the loop's next turn, so that a handler is never called from within its own command.

    `broken` is called where the handler raises. Made in the event loop.
    """

    def __init__(self, name: str, broken: Callable[[], None]) -> None:
        self.handler: Callable[[LegEvent], None] | None = None
        self._name = name
        self._broken = broken
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[LegEvent] = deque()
        self._handing_out = False

    def put(self, event: LegEvent) -> None:
        """Queue an event for the handler."""
        self._waiting.append(event)
        if not self._handing_out:
            self._handing_out = True
            self._loop.call_soon(self._hand_out)

    def _hand_out(self) -> None:
        self._handing_out = False
        while self._waiting:
            event = self._waiting.popleft()
            if self.handler is None:
                continue
            try:
                self.handler(event)
            except Exception:
                logger.exception("%s: the handler of its events failed", self._name)
                self._broken()
            if isinstance(event, Ended):  # nothing comes after it: whoever listened may be freed
                self.handler, self._broken = None, _nothing


def _nothing() -> None:
    """There is nothing to end any more."""
