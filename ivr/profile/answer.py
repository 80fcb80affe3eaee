"""What a source says: one answer, or one reason why there is none. Pure.

SourceError
  NotThere     the source knows nothing of it
  Unaskable    the arguments cannot be put into the question: nothing was sent
  SourceFailed the source is wrong, slow or away
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FOUND = "found"
NOT_FOUND = "not_found"
TIMEOUT = "timeout"
ERROR = "error"
DOWN = "down"
OUTCOMES = (FOUND, NOT_FOUND, TIMEOUT, ERROR, DOWN)


class SourceError(Exception):
    """Root of the tree. `str(error)` names no caller and no number: it may stand in a log."""


class NotThere(SourceError):
    """The source answered, and what was asked for does not exist."""


class Unaskable(SourceError):
    """An argument is missing, empty or nothing that a question may hold."""


class SourceFailed(SourceError):
    """The far end is wrong or away; `again` where another try may do, `alive` where it answers and refuses us."""

    def __init__(self, message: str, *, again: bool = False, alive: bool = False) -> None:
        super().__init__(message)
        self.again, self.alive = again, alive


@dataclass(frozen=True, slots=True)
class Answer:
    """How a lookup went."""

    outcome: str
    """`found`, `not_found`, `timeout`, `error`, or `down`: the circuit is open and nobody was asked."""
    result: Mapping[str, Any] = field(default_factory=dict)
    """Plain data, bounded; empty unless `found`."""
    stale: bool = False
    """Older than its time to live: the source is away, this is what it said last."""
    why: str = ""
    """For the log, where it was not found: no names, no numbers."""

    @property
    def found(self) -> bool:
        return self.outcome == FOUND
