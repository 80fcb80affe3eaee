"""What is counted of a source. Pure."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

LAST = 512
"""Durations that percentiles are taken of."""


@dataclass(slots=True)
class Tally:
    """Of what callers were told, and of what the far end took."""

    answers: Counter[str] = field(default_factory=Counter)
    """Outcome to how many callers were told so."""
    asked: int = 0
    """Questions that were sent, tries included."""
    retries: int = 0
    cached: int = 0
    """Answered from memory within the time to live."""
    stale: int = 0
    """Answered from memory because the source was away."""
    last_failure: str = ""
    """The reason, without names and numbers."""
    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=LAST))

    def took(self, seconds: float) -> None:
        """One question came to its end, good or bad."""
        self._seconds.append(seconds)

    def percentile(self, share: float) -> float | None:
        """Seconds within which that share (0..1) of the last 512 questions ended; None before the first."""
        if not self._seconds:
            return None
        ordered = sorted(self._seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
