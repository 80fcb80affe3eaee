"""A circuit breaker: who fails again and again is left alone for a while. Pure: `now` is any clock that only goes forward."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Circuit(Enum):
    CLOSED = "closed"
    """Questions go through."""
    OPEN = "open"
    """Nobody is asked."""
    HALF_OPEN = "half_open"
    """The rest is over: one question goes through, and its fate decides."""


@dataclass(slots=True)
class Breaker:
    """Opens after `failures` in a row, for `rest` seconds; then one probe at a time."""

    failures: int = 5
    rest: float = 10.0
    failed_in_a_row: int = 0
    opened: int = 0
    """Times it has opened."""
    _until: float | None = None
    _probing: bool = False

    def state(self, now: float) -> Circuit:
        if self._until is None:
            return Circuit.CLOSED
        return Circuit.OPEN if now < self._until else Circuit.HALF_OPEN

    def closed_to(self, now: float) -> bool:
        """Whether a question would be turned away; changes nothing."""
        state = self.state(now)
        return state is Circuit.OPEN or (state is Circuit.HALF_OPEN and self._probing)

    def admit(self, now: float) -> bool:
        """Let one question through; report its end by `succeeded`, `failed` or `abandoned`."""
        if self.closed_to(now):
            return False
        self._probing = self.state(now) is Circuit.HALF_OPEN
        return True

    def succeeded(self) -> None:
        """The far end answers: whether we like the answer or not."""
        self.failed_in_a_row, self._until, self._probing = 0, None, False

    def failed(self, now: float) -> None:
        self.failed_in_a_row += 1
        if self._probing or (self._until is None and self.failed_in_a_row >= self.failures):
            self._until = now + self.rest
            self.opened += 1
        self._probing = False

    def abandoned(self) -> None:
        """A question that came to no end tells nothing."""
        self._probing = False
