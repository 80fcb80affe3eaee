"""What was heard, in numbers: level, share of it that is no silence, the tone in it, gaps between packets. Pure.

It keeps no audio: a call of an hour takes as much memory as one of a second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 8000
FRAME_SECONDS = 0.020
SILENCE = -50.0
"""dBFS: a frame below this is silent. Comfort noise and the quantising noise of G.711 lie under it."""
WINDOW = 1024
"""Samples of one spectrum: lines 7.8 Hz apart, 128 ms."""
LOWEST = 50.0
"""Hz; hum below is no tone."""
_MOST_GAP = 5000
_FULL = 32768.0


@dataclass(frozen=True, slots=True)
class Heard:
    seconds: float
    """From the first to the last packet."""
    rms_dbfs: float
    """Of the frames that are not silent; -100.0 where all are. A square wave of full scale is 0."""
    voiced_share: float
    """Of the frames, those that are not silent; 0..1."""
    tone_hz: float
    """The strongest tone; 0.0 where nothing was heard."""
    tone_share: float
    """Part of the power that sits within 20 Hz of it, 0..1: near 1 for a pure tone, small for speech."""
    gap_p99_ms: float
    """99 of 100 packets came at most so long after the one before."""
    gap_max_ms: float
    continuity: float
    """Packets that came of those that were due while the call was up, 0..1: 0.0 is a call without voice from there."""


class Ear:
    """Give it each frame and each packet's time; ask `result` at the end, or in between."""

    def __init__(self) -> None:
        self._frames = self._voiced = self._packets = 0
        self._power = 0.0
        self._rest: NDArray[np.int16] = np.zeros(0, np.int16)
        self._spectrum = np.zeros(WINDOW // 2 + 1)
        self._window = np.hanning(WINDOW)
        self._gaps = np.zeros(_MOST_GAP + 1, np.int64)
        self._longest = 0.0
        self._first = self._last = 0.0

    @property
    def frames(self) -> int:
        return self._frames

    def frame(self, samples: NDArray[np.int16]) -> None:
        """Take 20 ms of voice: mono, 8 kHz."""
        self._frames += 1
        power = float(np.mean(samples.astype(np.float64) ** 2))
        if _dbfs(power) < SILENCE:
            return
        self._voiced += 1
        self._power += power
        self._rest = np.concatenate((self._rest, samples))
        if len(self._rest) >= WINDOW:
            self._spectrum += np.abs(np.fft.rfft(self._rest[:WINDOW] * self._window)) ** 2
            self._rest = self._rest[WINDOW:]

    def packet(self, now: float) -> None:
        """Take note that a voice packet came at `now` (seconds)."""
        if self._packets:
            gap = max(0.0, now - self._last) * 1000
            self._longest = max(self._longest, gap)
            self._gaps[min(int(gap), _MOST_GAP)] += 1
        else:
            self._first = now
        self._packets += 1
        self._last = now

    def result(self, seconds: float) -> Heard:
        """`seconds` is how long the call was up."""
        tone, share = self._tone()
        due = seconds / FRAME_SECONDS
        return Heard(
            seconds=round(self._last - self._first, 2),
            rms_dbfs=round(_dbfs(self._power / self._voiced), 1) if self._voiced else -100.0,
            voiced_share=round(self._voiced / self._frames, 3) if self._frames else 0.0,
            tone_hz=tone,
            tone_share=share,
            gap_p99_ms=self._gap(0.99),
            gap_max_ms=round(self._longest, 1),
            continuity=round(min(1.0, self._packets / due), 3) if due >= 1 else 0.0,
        )

    def _tone(self) -> tuple[float, float]:
        """Frequency of the highest peak, between two lines by a parabola through its logarithms, and its share."""
        width = RATE / WINDOW
        lowest = math.ceil(LOWEST / width)
        spectrum = self._spectrum.copy()
        spectrum[:lowest] = 0.0
        total = float(spectrum.sum())
        if total <= 0.0:
            return 0.0, 0.0
        peak = int(np.clip(spectrum.argmax(), 1, len(spectrum) - 2))
        low, middle, high = np.log(spectrum[peak - 1 : peak + 2] + 1e-9)
        curve = low - 2 * middle + high
        shift = 0.5 * (low - high) / curve if curve < 0 else 0.0
        reach = math.ceil(20.0 / width)
        around = spectrum[max(0, peak - reach) : peak + reach + 1]
        return round((peak + float(shift)) * width, 1), round(float(around.sum()) / total, 3)

    def _gap(self, share: float) -> float:
        """Milliseconds that `share` of the gaps do not exceed."""
        total = int(self._gaps.sum())
        if not total:
            return 0.0
        return float(np.searchsorted(np.cumsum(self._gaps), math.ceil(total * share)) + 1)


def _dbfs(power: float) -> float:
    return 10 * math.log10(power / _FULL**2) if power > 0 else -100.0
