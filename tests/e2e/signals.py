"""Known signals and how strongly they are found again: what proves that audio went through."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000

Samples = NDArray[np.int16]


def tone(hertz: float, seconds: float, amplitude: float = 8000.0, rate: int = RATE) -> Samples:
    """A sine of int16 samples."""
    time = np.arange(int(seconds * rate)) / rate
    return np.round(amplitude * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def silence(seconds: float, rate: int = RATE) -> Samples:
    return np.zeros(int(seconds * rate), np.int16)


def write_wav(path: Path, samples: Samples, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.tobytes())
    return path


def read_wav(path: Path) -> tuple[Samples, int]:
    """Mono samples and their rate; tolerates a file whose header was never finished (its recorder was ended)."""
    data = path.read_bytes()
    rate = int.from_bytes(data[24:28], "little")
    start = data.index(b"data") + 8
    body = data[start:]
    return np.frombuffer(body[: len(body) // 2 * 2], "<i2").astype(np.int16), rate


def share_of(samples: Samples, hertz: float, rate: int = RATE) -> float:
    """The part of the power that sits within 15 Hz of `hertz`, 0..1; 0.0 for silence."""
    if len(samples) < rate // 10:
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples.astype(float) * np.hanning(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / rate)
    total = float(spectrum.sum())
    if total < 1.0 or rms(samples) < 50:
        return 0.0
    return float(spectrum[np.abs(frequencies - hertz) <= 15].sum()) / total


def rms(samples: Samples) -> float:
    """Root mean square in units of int16."""
    return float(np.sqrt(np.mean(samples.astype(float) ** 2))) if len(samples) else 0.0


def seconds_with(samples: Samples, hertz: float, rate: int = RATE, window: float = 0.1, share: float = 0.8) -> float:
    """How long the tone is there, in seconds, counted in windows where it has `share` of the power."""
    step = int(window * rate)
    return window * sum(
        share_of(samples[at : at + step], hertz, rate) >= share for at in range(0, len(samples) - step + 1, step)
    )


def likeness(recording: Samples, call: Samples, seconds: float = 0.5) -> float:
    """Of the stretch of the recording that came through best with the call: 1 is the same, up to its level. At 8 kHz.

    Half a second is enough to know what was heard, on a loaded machine too, where a jitter buffer stretches the voice now and
    then. Two sentences of one voice have half a second up to 0.7 alike, and a whole one up to 0.5: what must not have been
    heard is looked for by the second.
    """
    length = int(seconds * RATE)
    whole = call.astype(float)
    return max(_best(recording[at : at + length].astype(float), whole) for at in range(1600, len(recording) - length, 2000))


def _best(part: NDArray[np.float64], call: NDArray[np.float64]) -> float:
    size = 1 << (len(call) + len(part)).bit_length()
    product = np.fft.irfft(np.fft.rfft(call, size) * np.conj(np.fft.rfft(part, size)), size)[: len(call) - len(part)]
    energy = np.concatenate([[0.0], np.cumsum(call**2)])
    power = np.sqrt(energy[len(part) :] - energy[: -len(part)])[: len(product)]
    return float(np.max(product / np.maximum(power * np.sqrt(np.sum(part**2)), 1e6)))
