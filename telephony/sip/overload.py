"""Refuses new calls in time: before those that run suffer (RFC 3261 §21.5.4). Pure."""

from __future__ import annotations

from collections import deque

LAGS = 40
"""Measurements of lag that count."""


class Overload:
    """`max_rate` new calls a second, with bursts of one second, and `max_lag` seconds of the event loop; 0 for no limit."""

    def __init__(self, max_rate: float, max_lag: float) -> None:
        self._rate = max_rate
        self._max_lag = max_lag
        self._tokens = max(1.0, max_rate)
        self._at = 0.0
        self._lags: deque[float] = deque(maxlen=LAGS)
        self.lag = 0.0
        """Seconds by which the event loop came late, of 100 measurements the fifth worst."""

    def measured(self, lag: float) -> None:
        """Take a measurement of the event loop's lag, in seconds."""
        self._lags.append(lag)
        ordered = sorted(self._lags)
        self.lag = ordered[int(0.95 * (len(ordered) - 1))]

    def refuses(self, now: float) -> str:
        """Why a new call cannot be taken at `now`: "lag", "call rate", or "" where it can; then it is counted."""
        if self._max_lag and self.lag > self._max_lag:
            return "lag"
        if self._rate <= 0:
            return ""
        self._tokens = min(max(1.0, self._rate), self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1.0:
            return "call rate"
        self._tokens -= 1.0
        return ""
