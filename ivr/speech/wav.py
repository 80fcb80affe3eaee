"""Recordings as a telephone would carry them: mono, 8 kHz, 16 bit. For learning aliases and for measuring."""

from __future__ import annotations

import json
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.errors import ConfigError

_TAPS = 64


@dataclass(frozen=True, slots=True)
class Recording:
    """One entry of an `index.json`."""

    path: Path
    language: str
    voice: str
    text: str
    """What is said in it."""


def read_index(directory: Path) -> tuple[Recording, ...]:
    """The recordings of a directory with an `index.json`: a list of {file, language, text, voice}. Raises ConfigError."""
    index = directory / "index.json"
    try:
        entries = json.loads(index.read_text("utf-8"))
        return tuple(Recording(directory / e["file"], e["language"], e.get("voice", ""), e["text"]) for e in entries)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{index}: {error!r}; needed: a list of {{file, language, text}}") from error


def read_wav(path: Path) -> NDArray[np.int16]:
    """Samples at 8 kHz from a mono 16-bit WAV of 8 or 16 kHz. Raises ConfigError for any other."""
    try:
        with wave.open(str(path)) as file:
            shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    except (OSError, EOFError, wave.Error) as error:
        raise ConfigError(f"{path}: {error}") from error
    if shape == (1, 2, 8000):
        return samples
    if shape == (1, 2, 16000):
        return _halve(samples)
    raise ConfigError(
        f"{path}: needed mono 16 bit at 8 or 16 kHz, found {shape[0]} channels, {shape[1] * 8} bit, {shape[2]} Hz"
    )


def _halve(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    n = np.arange(_TAPS) - (_TAPS - 1) / 2
    taps = np.sinc(2 * 3800 / 16000 * n) * np.kaiser(_TAPS, 6.0)
    low = np.convolve(samples.astype(np.float64), taps / taps.sum(), "same")[::2]
    return np.clip(np.rint(low), -32768, 32767).astype(np.int16)
