"""How late a far end's packets come, and what delay that asks for. No I/O, no clock; all in samples at 8 kHz."""

from __future__ import annotations

from collections import deque

_BIN = 40
"""Samples (5 ms), as fine as packets are read."""

_BINS = 60
"""300 ms in all."""

_ENOUGH = 0.98
"""Share of the packets that shall be in time."""

_GROWTH = 1.004
"""Each packet counts that much more than the one before it: half of the memory is 3.5 s old."""

_MARGIN = 40
"""Samples (5 ms): packets are read and frames are taken at moments of their own."""

_OVERFLOW = 1e9
_BUCKET = 50
_BUCKETS = 8
"""Buckets of 50 packets, 1 s each: lateness is measured by the quickest packet of the last 8 s, so that clocks may drift."""

_FIRST_TARGET = 320
"""Samples (40 ms) of delay until more is known."""

_LEARNT = 25
"""Packets after which the measured delay is believed."""


class Arrivals:
    """`note` each packet's transit, the time of its arrival less its position; only differences mean anything."""

    __slots__ = ("_best", "_bucket", "_counts", "_in_bucket", "_noted", "_total", "_weight", "target")

    def __init__(self) -> None:
        self._best: deque[float] = deque(maxlen=_BUCKETS)
        self._bucket = 0.0
        self._in_bucket = 0
        self._counts = [0.0] * _BINS
        self._total = 0.0
        self._weight = 1.0
        self._noted = 0
        self.target = _FIRST_TARGET
        """Delay with which nearly all packets are in time."""

    def note(self, transit: float) -> None:
        if not self._in_bucket:
            self._bucket = transit
        self._bucket = min(self._bucket, transit)
        self._in_bucket += 1
        if self._in_bucket == _BUCKET:
            self._best.append(self._bucket)
            self._in_bucket = 0
        number = min(_BINS - 1, int(self.lateness(transit)) // _BIN)
        self._counts[number] += self._weight
        self._total += self._weight
        self._weight *= _GROWTH
        self._noted += 1
        if self._noted >= _LEARNT and self._noted % 5 == 0:
            self._settle()

    def lateness(self, transit: float) -> float:
        """How much later than the quickest packet; 0 where nothing is known."""
        quickest = min(self._best, default=transit)
        if self._in_bucket:
            quickest = min(quickest, self._bucket)
        return max(0.0, transit - quickest)

    def _settle(self) -> None:
        wanted, so_far = self._total * _ENOUGH, 0.0
        for number, count in enumerate(self._counts):
            so_far += count
            if so_far >= wanted:
                self.target = (number + 1) * _BIN + _MARGIN
                break
        if self._weight > _OVERFLOW:
            self._counts = [count / self._weight for count in self._counts]
            self._total /= self._weight
            self._weight = 1.0
