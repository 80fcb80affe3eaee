"""From a far end's packets to even 20 ms frames for whoever listens. No I/O, no clock.

There is no jitter buffer: a recogniser would rather have the voice now. Time is kept instead: what is lost or silently
suppressed is filled in, and what comes late is left out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from telephony.media.codec import FRAME_SAMPLES
from telephony.media.concealment import Concealer

Frame = NDArray[np.int16]

MAX_FILL = 10 * FRAME_SAMPLES
"""Samples (200 ms) filled in at most for one gap; after a longer one time starts anew."""

_RESTART = 8000
"""Timestamp units (1 s); a packet older than this is a restarted source, not a late packet."""

_HALF = 0x80000000
_NONE = np.zeros(0, np.int16)


class Listening:
    """Cuts voice of any packet time into frames of 160 samples and bridges gaps.

    A loss sounds as if the voice went on for a moment and faded (`telephony.media.concealment`).
    """

    __slots__ = ("_concealer", "_expected", "_rest", "_ssrc", "concealed", "listener")

    def __init__(self, listener: Callable[[Frame], None]) -> None:
        self.listener = listener
        self.concealed = 0
        """Samples filled in so far."""
        self._expected = -1
        self._ssrc = -1
        self._concealer = Concealer()
        self._rest = _NONE

    def receive(self, samples: NDArray[np.int16], timestamp: int, ssrc: int, ratio: int = 1) -> None:
        """Take one packet's voice; `ratio` is by how much the timestamp's clock is faster than 8 kHz."""
        gap = (timestamp - self._expected) & 0xFFFFFFFF
        if ssrc != self._ssrc or self._expected < 0:
            self._ssrc, self._rest = ssrc, _NONE
        elif gap >= _HALF:
            if 0x100000000 - gap < _RESTART * ratio:
                return
        elif gap:
            self._fill(min(gap // ratio, MAX_FILL))
            samples = self._concealer.resume(samples)
        self._expected = (timestamp + len(samples) * ratio) & 0xFFFFFFFF
        self._take(samples)

    def _take(self, samples: NDArray[np.int16]) -> None:
        if len(samples) == FRAME_SAMPLES and not len(self._rest):
            self._concealer.heard(samples)
            self.listener(samples)
            return
        joined = np.concatenate((self._rest, samples))
        whole = len(joined) - len(joined) % FRAME_SAMPLES
        self._rest = joined[whole:]
        for start in range(0, whole, FRAME_SAMPLES):
            frame = joined[start : start + FRAME_SAMPLES].copy()
            self._concealer.heard(frame)
            self.listener(frame)

    def rest(self, frame: Frame) -> None:
        """Hear 20 ms without a timestamp: a far end's silence. Time starts anew with the next packet."""
        self._expected = -1
        self._take(frame)

    def _fill(self, missing: int) -> None:
        self.concealed += missing
        while missing > 0:
            count = min(missing, FRAME_SAMPLES)
            missing -= count
            self._take(self._concealer.conceal(count))
