"""A little more or less of the same sound, without a click: whole pitch periods, crossed over (WSOLA). No I/O, no clock."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.int16]

CROSS = 40
"""Samples (5 ms) over which both sides of the join are heard."""

_SHORTEST, LONGEST = 40, 120
_COMPARED = 80
_SHARE = np.arange(1, CROSS + 1) / (CROSS + 1)


def period(samples: Frame) -> int:
    """Samples, 40 to 120, after which `samples` (200 at least) begin to repeat themselves best."""
    values = samples[: LONGEST + _COMPARED].astype(np.float64)
    later = values[_SHORTEST:]
    likeness = np.correlate(later, values[:_COMPARED], "valid")
    sums = np.concatenate(([0.0], np.cumsum(later**2)))
    energy = sums[_COMPARED:] - sums[:-_COMPARED]
    return _SHORTEST + int(np.argmax(likeness / np.sqrt(np.maximum(energy, 1.0))))


def shortened(samples: Frame, count: int) -> Frame:
    """`samples` without `count` of them; there are at least `count` + `CROSS`."""
    out = samples[count:].copy()
    out[:CROSS] = np.rint(samples[:CROSS] * (1 - _SHARE) + samples[count : count + CROSS] * _SHARE)
    return out


def lengthened(samples: Frame, count: int) -> Frame:
    """`samples` with the first `count` heard twice; there are at least `count` + `CROSS`."""
    join = np.rint(samples[count : count + CROSS] * (1 - _SHARE) + samples[:CROSS] * _SHARE).astype(np.int16)
    return np.concatenate((samples[:count], join, samples[CROSS:]))
