"""Two voices on one time line: packets are put where the wall clock says, silence is what nobody put there. No I/O, no clock.

Positions are samples at 8 kHz since the beginning. The left channel is the far end, the right one what it hears.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 8000
LEFT, RIGHT = 0, 1
SLACK = 4000
"""Samples (0.5 s) by which a far end's clock may stray from ours before it is set anew."""
STEADY = 800
"""Samples (100 ms) by which a packet of ours may be early or late and still follow the one before without a gap."""


class FarClock:
    """Where a far end's packets belong, by their RTP timestamps: jitter of the network moves nothing."""

    __slots__ = ("_last", "_place", "_ssrc")

    def __init__(self) -> None:
        self._ssrc = -1
        self._last = self._place = 0

    def place(self, timestamp: int, clock_rate: int, ssrc: int, now: int, samples: int) -> int:
        """Position of a packet of `samples` that arrived at position `now`; its timestamp runs at `clock_rate`."""
        arrived = now - samples
        step = ((timestamp - self._last + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        place = self._place + step * RATE // clock_rate
        if ssrc != self._ssrc or abs(place - arrived) > SLACK:
            place = arrived
        self._ssrc, self._last, self._place = ssrc, timestamp, place
        return place


class OwnClock:
    """Where our own packets belong: one after another while they come evenly, else where the clock is."""

    __slots__ = ("_end",)

    def __init__(self) -> None:
        self._end = -1

    def place(self, now: int, samples: int) -> int:
        start = self._end if self._end >= 0 and abs(self._end - now) <= STEADY else now
        self._end = start + samples
        return start


class Timeline:
    """Keeps `seconds` of both channels and gives away what is old enough."""

    def __init__(self, seconds: float = 4.0) -> None:
        self._kept: NDArray[np.int16] = np.zeros((round(seconds * RATE), 2), np.int16)
        self.given = 0
        """Position up to which everything was taken."""
        self.late = 0
        """Samples that came after their place was taken, or too far ahead."""

    def put(self, channel: int, start: int, samples: NDArray[np.int16]) -> None:
        """Lay `samples` at `start`; what is already given away, or further ahead than is kept, is counted and left out."""
        begin, end = start - self.given, start - self.given + len(samples)
        low, high = max(begin, 0), min(end, len(self._kept))
        self.late += len(samples) - max(0, high - low)
        if high > low:
            self._kept[low:high, channel] = samples[low - begin : high - begin]

    def take(self, until: int) -> NDArray[np.int16]:
        """Everything before position `until` that was not taken yet: interleaved, shape (n, 2), at most what is kept."""
        count = min(max(0, until - self.given), len(self._kept))
        taken = self._kept[:count].copy()
        self._kept[: -count or None] = self._kept[count:]
        if count:
            self._kept[-count:] = 0
        self.given += count
        return taken
