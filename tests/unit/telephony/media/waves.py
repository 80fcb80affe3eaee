"""Tones to send through codecs, and what is left of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from telephony.media.coding import Frame


def sine(hertz: float, seconds: float, rate: int = 8000, amplitude: int = 8000) -> Frame:
    angles = np.arange(round(seconds * rate)) * (2 * math.pi * hertz / rate)
    samples: Frame = np.rint(amplitude * np.sin(angles)).astype(np.int16)
    return samples


def blocks(samples: Frame, size: int) -> list[Frame]:
    return [samples[start : start + size] for start in range(0, len(samples), size)]


def found(samples: NDArray[np.int16], hertz: float, rate: int = 8000) -> tuple[float, float]:
    """Amplitude of the tone at `hertz`, and by how many dB it exceeds everything else."""
    values = samples.astype(float)
    turns = np.exp(-2j * math.pi * hertz / rate * np.arange(len(values)))
    phasor = 2 * np.dot(values, turns) / len(values)
    tone = (phasor * turns.conj()).real
    rest = float(np.mean((values - tone) ** 2)) + 1e-9
    return float(abs(phasor)), 10 * math.log10(float(np.mean(tone**2)) / rest + 1e-9)


def decibels(ratio: float) -> float:
    return 20 * math.log10(max(ratio, 1e-9))
