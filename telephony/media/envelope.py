"""How loud two channels are from moment to moment: what a picture of a recording is drawn from. No I/O, no clock."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telephony.media.two_channel import RATE

STEP = 400
"""Samples (50 ms) that one level stands for."""
STEP_SECONDS = STEP / RATE
QUIETEST = -100.0
"""dB below full scale that a level of 0 stands for; every one more is a dB."""

Levels = NDArray[np.uint8]
"""Shape (n, 4): peak of left and right (0 to 255 of full scale), then their loudness (dB over `QUIETEST`)."""


class Envelope:
    """Takes samples in pieces of any length, and gives the levels of them all."""

    def __init__(self) -> None:
        self._rest: NDArray[np.int16] = np.zeros((0, 2), np.int16)
        self._made: list[Levels] = []

    def add(self, block: NDArray[np.int16]) -> None:
        """Take interleaved samples, shape (n, 2)."""
        whole = np.concatenate((self._rest, block)) if len(self._rest) else block
        count = len(whole) // STEP
        self._rest = whole[count * STEP :].copy()
        if count:
            self._made.append(_levels(whole[: count * STEP]))

    def close(self) -> Levels:
        """The levels; a last part that is shorter than a step counts as one."""
        if len(self._rest):
            last = np.zeros((STEP, 2), np.int16)
            last[: len(self._rest)] = self._rest
            self._made.append(_levels(last))
            self._rest = self._rest[:0]
        return np.concatenate(self._made) if self._made else np.zeros((0, 4), np.uint8)


def _levels(samples: NDArray[np.int16]) -> Levels:
    parts = np.ascontiguousarray(samples.T).reshape(2, -1, STEP)
    highest, lowest = parts.max(axis=2).astype(np.float32), parts.min(axis=2).astype(np.float32)
    floats = parts.astype(np.float32)
    power = np.einsum("cns,cns->cn", floats, floats) / (STEP * 32768.0**2)
    loud = 10.0 * np.log10(np.maximum(power, 1e-10)) - QUIETEST
    peaks = np.maximum(highest, -lowest) / 128.5
    return np.concatenate((np.clip(peaks, 0, 255), np.clip(loud, 0, 100))).T.astype(np.uint8)
