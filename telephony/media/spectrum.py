"""How strong single frequencies are in a frame: a bank of Goertzel filters as one matrix product. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RATE = 8000
FULL_SCALE = 32768.0

FULL_DBM0 = 3.17
"""dBm0 of a sine that just does not clip in G.711 µ-law (ITU-T G.711 §1)."""


class Bank:
    """Filters at `hertz` for frames of `samples` samples at 8 kHz."""

    __slots__ = ("_matrix", "samples")

    def __init__(self, hertz: Sequence[float], samples: int) -> None:
        self.samples = samples
        angles = np.outer(np.arange(samples), np.asarray(hertz, np.float64)) * (2 * np.pi / RATE)
        turning = (np.exp(-1j * angles) / samples).astype(np.complex64)
        self._matrix: NDArray[np.float32] = turning.view(np.float32)
        """Shape (samples, 2 * frequencies): each a real and an imaginary part, so that frames stay real."""

    def phasors(self, frame: NDArray[np.int16] | NDArray[np.float32]) -> NDArray[np.complex64]:
        """Half the peak amplitude of each frequency, with its phase at the first sample.

        Shape (frequencies,), or (frames, frequencies) for a row of frames.
        """
        return (frame.astype(np.float32, copy=False) @ self._matrix).view(np.complex64)


def power(phasors: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Mean square of the sines that `Bank.phasors` found: comparable with `mean_square` of the frame."""
    found: NDArray[np.float32] = 2.0 * (phasors.real**2 + phasors.imag**2)
    return found


def mean_square(frame: NDArray[np.int16] | NDArray[np.float32]) -> float:
    """Power of the whole frame, in squared sample units; 0.0 for an empty one."""
    wide = frame.astype(np.float32, copy=False)
    return float(np.dot(wide, wide)) / len(wide) if len(wide) else 0.0


def dbfs(square: float) -> float:
    """A mean square as dB below that of a full-scale sine; -100.0 at the least."""
    return max(-100.0, 10.0 * float(np.log10(max(square, 1e-9) / (FULL_SCALE**2 / 2))))


def amplitude(dbm0: float) -> float:
    """Peak of a sine of so many dBm0, in sample units."""
    return float(FULL_SCALE * 10 ** ((dbm0 - FULL_DBM0) / 20))


def square_of(dbm0: float) -> float:
    """Mean square of a sine of so many dBm0."""
    return amplitude(dbm0) ** 2 / 2
