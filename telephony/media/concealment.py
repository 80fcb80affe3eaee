"""What is heard in place of lost voice: its last pitch period, repeated and faded (after ITU-T G.711 Appendix I).

No I/O, no clock. Unlike the appendix nothing is delayed: the join to what was heard before is smoothed on our side of it alone.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.int16]

_SHORTEST, _LONGEST = 40, 120
"""Samples of a pitch period at 8 kHz: 200 and 66 Hz."""

_WINDOW = 160
"""Samples that are compared to find it."""

_MOST_PERIODS = 3
_FULL = 80
"""Samples (10 ms) at full loudness."""

_FADED = 480
"""Samples (60 ms) after which there is silence: longer repetition sounds like a machine."""

_JOIN = 32
"""Samples (4 ms) over which voice that comes back is faded in, for each 20 ms lost; at most `_LONGEST_JOIN`."""

_LONGEST_JOIN = 80

_Floats = NDArray[np.float64]
_RAMP = np.interp(np.arange(_FADED + 1), [0, _FULL, _FADED], [1.0, 1.0, 0.0])


class Concealer:
    """Remembers the last 60 ms of one voice at 8 kHz and goes on from there."""

    __slots__ = ("_before", "_frames", "_lag", "_lost", "_period", "_periods", "_phase")

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque(maxlen=3)
        self._lost = 0
        """Samples made up since the last real one."""
        self._lag = _LONGEST
        self._period: _Floats = np.zeros(_LONGEST)
        self._periods = self._period
        self._phase = 0
        self._before = 0.0
        """The sample before the period that is repeated."""

    @property
    def silent(self) -> bool:
        """True where the voice has been gone for so long that there is nothing left to repeat."""
        return self._lost >= _FADED

    def heard(self, frame: Frame) -> None:
        """Take note of 20 ms of real voice; costs next to nothing."""
        self._frames.append(frame)

    def conceal(self, count: int) -> Frame:
        """The next `count` samples without their packet."""
        if self._lost >= _FADED or not self._frames:
            self._lost += count
            return np.zeros(count, np.int16)
        begins = self._lost == 0
        if begins:
            self._listen()
        made = self._repeat(count)
        if begins:
            self._smooth(made)
        faded = made * _RAMP[np.minimum(np.arange(self._lost, self._lost + count), _FADED)]
        self._lost += count
        out: Frame = np.rint(np.clip(faded, -32768, 32767)).astype(np.int16)
        return out

    def resume(self, samples: Frame) -> Frame:
        """Fade over from what was made up to `samples`, the first real ones after it."""
        if not self._lost:
            return samples
        count = min(_LONGEST_JOIN, _JOIN * -(-self._lost // _WINDOW), len(samples))
        made = self.conceal(count)
        self._lost = 0
        share = np.arange(1, count + 1) / (count + 1)
        joined = samples.copy()
        joined[:count] = np.rint(samples[:count] * share + made * (1 - share))
        return joined

    def _listen(self) -> None:
        """Find the pitch and keep the last periods, ends crossed over so that they can be repeated."""
        past = np.concatenate((np.zeros(2 * _WINDOW + _LONGEST), *self._frames))
        self._lag = lag = _pitch(past)
        self._period, self._periods = (_ring(past, length, lag // 4) for length in (lag, lag * _MOST_PERIODS))
        self._before = float(past[-lag - 1])
        self._phase = 0

    def _repeat(self, count: int) -> _Floats:
        """One period in the first 20 ms, all that are known after it: a single one repeated for long buzzes."""
        ring = self._period if self._lost < _WINDOW else self._periods
        if ring is self._periods and self._lost - count < _WINDOW:
            self._phase %= self._lag  # the first of three periods is the place where the only one ended
        repeated: _Floats = ring[(self._phase + np.arange(count)) % len(ring)]
        self._phase = (self._phase + count) % len(ring)
        return repeated

    def _smooth(self, made: _Floats) -> None:
        """Let the step from the last real sample to the first made up one die away over a quarter of the period."""
        last = self._frames[-1]
        if not len(last):
            return
        cross = min(self._lag // 4, len(made))
        before = self._before
        made[:cross] += (float(last[-1]) - before) * (1 - np.arange(1, cross + 1) / (cross + 1))


def _ring(past: _Floats, length: int, cross: int) -> _Floats:
    """The last `length` samples, their end crossed over to what was before their beginning, so that they repeat smoothly."""
    ring = past[-length:].copy()
    share = np.arange(1, cross + 1) / (cross + 1)
    ring[-cross:] = past[-cross:] * (1 - share) + past[-length - cross : -length] * share
    return ring


def _pitch(past: _Floats) -> int:
    """The lag at which the last 20 ms are most like what was before them."""
    template = past[-_WINDOW:]
    earlier = past[-_WINDOW - _LONGEST : -_SHORTEST]
    likeness = np.correlate(earlier, template, "valid")
    sums = np.concatenate(([0.0], np.cumsum(earlier**2)))
    energy = sums[_WINDOW:] - sums[:-_WINDOW]
    best = int(np.argmax(likeness / np.sqrt(np.maximum(energy, 1.0))))
    return _LONGEST - best
