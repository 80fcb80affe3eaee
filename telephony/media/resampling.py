"""Sample rates that are multiples of each other: 8, 16 and 48 kHz. Polyphase, streaming, no drift. No I/O, no clock."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from telephony.media.coding import Frame

_TAPS = 28
"""Filter taps for each sample of the lower rate: -6 dB at half the lower rate, flat below 0.43 of it, -60 dB past 0.57."""

_ONE_THREAD = 9216
"""Multiplications from which OpenBLAS wakes its threads, which costs more than they do for so few."""

_BETA = 6.0
"""Shape of the Kaiser window: about 60 dB of stop band."""

_LONGEST = 5760
"""Samples in one call at most: 120 ms at 48 kHz, the longest Opus packet."""

_Floats = NDArray[np.float32]


@cache
def _filter(ratio: int) -> _Floats:
    """A low pass with unit gain at half the lower of two rates, sampled at the higher one."""
    length = _TAPS * ratio
    times = (np.arange(length) - (length - 1) / 2) / ratio
    taps = np.sinc(times) * np.kaiser(length, _BETA)
    return np.asarray(taps / taps.sum(), np.float32)


class Resampler:
    """Changes the rate of one stream of mono samples by a whole factor; late by 2 ms for 8 kHz, 1 ms for 16 kHz.

    N samples at `source` Hz give exactly N * target / source, where N is a multiple of source / target.
    """

    __slots__ = ("_buffer", "_down", "_kept", "_size", "_taps", "_up", "_windows")

    def __init__(self, source: int, target: int) -> None:
        """Either rate is a multiple of the other."""
        self._up, self._down = max(1, target // source), max(1, source // target)
        if source * self._up != target * self._down:
            raise ValueError(f"{source} Hz and {target} Hz are no multiples of each other")
        ratio = max(self._up, self._down)
        taps = _filter(ratio)
        if self._up > 1:
            self._taps = np.ascontiguousarray(taps.reshape(_TAPS, ratio)[::-1] * ratio)
        else:
            self._taps = np.ascontiguousarray(taps[::-1])
        self._kept = len(self._taps) - 1
        self._buffer: _Floats = np.zeros(self._kept, np.float32)
        self._size = 0
        self._windows: _Floats = self._buffer

    def resample(self, samples: Frame) -> Frame:
        """The samples at the other rate; at most 120 ms at a time."""
        if self._up == self._down:
            return samples
        size = len(samples)
        if not size:
            return samples
        if size != self._size:
            self._fit(size)
        kept, buffer = self._kept, self._buffer
        buffer[:kept] = buffer[size : size + kept]
        buffer[kept:] = samples
        if self._windows.size < _ONE_THREAD or self._up > 1:
            filtered = np.dot(self._windows, self._taps)  # on overlapping windows twice as fast as @
        else:
            filtered = np.einsum("ij,j->i", self._windows, self._taps)
        np.rint(filtered, out=filtered)
        np.minimum(filtered, 32767, out=filtered)
        np.maximum(filtered, -32768, out=filtered)
        resampled: Frame = filtered.astype(np.int16).reshape(-1)
        return resampled

    def _fit(self, size: int) -> None:
        """Make room for blocks of another size, after what was heard last."""
        if size % self._down or size > _LONGEST:
            raise ValueError(f"{size} samples are no whole block")
        past = self._buffer[len(self._buffer) - self._kept :]
        self._buffer = np.concatenate((np.zeros(size, np.float32), past))
        windows = np.lib.stride_tricks.sliding_window_view(self._buffer, self._kept + 1)
        self._windows = windows[self._down - 1 :: self._down]
        self._size = size
