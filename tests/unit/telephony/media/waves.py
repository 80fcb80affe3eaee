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


def speech(seconds: float, hertz: float = 130) -> Frame:
    """Something like a voice at 8 kHz: a wavering pitch with harmonics, syllables, and pauses of a quarter of the time."""
    times = np.arange(round(seconds * 8000)) / 8000
    phase = np.cumsum(hertz * (1 + 0.03 * np.sin(2 * np.pi * 3 * times))) / 8000
    harmonics = ((1, 1.0), (2, 0.8), (3, 0.6), (4, 0.5), (5, 0.4), (8, 0.3), (12, 0.15))
    voice = sum(np.sin(2 * np.pi * number * phase) * share for number, share in harmonics)
    loudness = (0.6 + 0.4 * np.sin(2 * np.pi * 2.2 * times)) * np.clip(4 * (np.sin(2 * np.pi * 0.4 * times) + 0.6), 0, 1)
    samples: Frame = np.rint(voice * loudness * 2500).astype(np.int16)
    return samples


def steepest(samples: NDArray[np.int16]) -> int:
    """The greatest step between two samples: a click is one that the voice itself does not take."""
    return int(np.abs(np.diff(samples.astype(int))).max())


def clean_by(truth: Frame, heard: Frame) -> float:
    """dB by which `truth` exceeds what `heard` differs from it."""
    error = truth.astype(float) - heard[: len(truth)]
    return 10 * math.log10(float(np.sum(truth.astype(float) ** 2)) / (float(np.sum(error**2)) + 1e-9))
