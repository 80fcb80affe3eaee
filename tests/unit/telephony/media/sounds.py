"""Sounds for the tests of detectors and mixers: the project's own speech, tones, noise, and a spectrum to prove them."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telephony.media.spectrum import amplitude

Voice = NDArray[np.int16]
ROOT = Path(__file__).resolve().parents[4]
SPEECH = sorted((ROOT / "tests" / "audio").glob("*.wav"))


def read(path: Path) -> Voice:
    """The samples of a mono 16-bit WAV at 8 kHz; one at 16 kHz keeps every second sample, which is enough for a detector."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return samples[:: file.getframerate() // 8000]


def sine(hertz: float, seconds: float, dbm0: float = -10.0) -> NDArray[np.float64]:
    """A sine of so many dBm0 at 8 kHz."""
    wave: NDArray[np.float64] = np.sin(np.arange(round(seconds * 8000)) * (2 * np.pi * hertz / 8000)) * amplitude(dbm0)
    return wave


def silence(seconds: float) -> NDArray[np.float64]:
    return np.zeros(round(seconds * 8000))


def noise(seconds: float, dbm0: float, seed: int = 1) -> NDArray[np.float64]:
    """White noise with the power of a sine of so many dBm0."""
    return np.random.default_rng(seed).normal(0.0, amplitude(dbm0) / np.sqrt(2), round(seconds * 8000))


def pcm(*parts: NDArray[np.float64]) -> Voice:
    """The parts one after another, as 16-bit samples."""
    return np.clip(np.rint(np.concatenate(parts)), -32768, 32767).astype(np.int16)


def frames(voice: Voice) -> Iterator[Voice]:
    """The whole 20 ms frames."""
    for start in range(0, len(voice) - 159, 160):
        yield voice[start : start + 160]


def levels(voice: Voice, *hertz: float) -> list[float]:
    """dBm0 of each frequency in a piece of sound, measured with a Hann window over all of it."""
    window = np.hanning(len(voice))
    at = np.arange(len(voice)) * (2 * np.pi / 8000)
    found = [abs(np.sum(voice * window * np.exp(-1j * at * one))) / window.sum() * 2 for one in hertz]
    return [20 * float(np.log10(max(one, 1e-3) / amplitude(0.0))) for one in found]
