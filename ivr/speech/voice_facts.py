"""How an utterance sounded: level, pitch, speech rate. Pure numpy; 2 ms for five seconds at 8 kHz, 3 ms for the longest.

The telephone band (300-3,400 Hz) cuts the fundamental of most voices off, so pitch is found in the distance of its harmonics:
by autocorrelation of a flattened spectrum, frame by frame, the median of those frames that are clearly periodic. Syllables are
counted at their nuclei: peaks of a smoothed energy envelope with a dip before and after them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ivr.speech.recognizer import VoiceFacts

LONGEST = 15.0
"""Seconds that are looked at."""
SILENCE = -90.0
"""dBFS that is told of an utterance without sound."""

_HOP = 0.01
"""Seconds between the values of the energy envelope."""
_BELOW_PEAK = 25.0
"""dB under the loud parts within which a frame is voiced."""
_QUIETEST = -55.0
"""dBFS; what is softer is noise of the line."""
_FRAME = 0.04
"""Seconds of a pitch frame: 2.4 periods of the lowest voice."""
_LOWEST, _HIGHEST = 60.0, 400.0
"""Hz."""
_FRAMES = 48
"""Most pitch frames of an utterance."""
_PERIODIC = 0.28
"""Autocorrelation (0..1) from which a frame has a pitch."""
_OCTAVE = 0.94
"""The shortest lag whose peak is that near to the highest one is the period: a multiple of it is as periodic."""
_FEWEST = 4
"""Frames with a pitch under which none is told."""
_SMOOTH = np.hanning(11)[1:-1] / np.hanning(11)[1:-1].sum()
"""About 50 ms of weight: shorter than a syllable, longer than a period."""
_DIP = 2.0
"""dB by which the envelope must fall between two syllables."""
_NUCLEUS = 12.0
"""dB under the loud parts within which a peak is a syllable."""
_FULL = 32768.0

Floats = NDArray[np.float64]


def measure(samples: NDArray[np.int16], rate: int) -> VoiceFacts:
    """How mono `samples` at `rate` Hz (8,000 or more) sounded. Never raises; silence has no pitch and no rate."""
    heard = np.asarray(samples[: int(LONGEST * max(rate, 1))], np.float64) / _FULL
    hop = max(1, int(rate * _HOP))
    levels = _levels(heard, hop)
    if not len(levels):
        return VoiceFacts(0.0, SILENCE, 0.0, 0.0)
    loud = float(np.percentile(levels, 95))
    voiced = levels > max(loud - _BELOW_PEAK, _QUIETEST)
    seconds = float(voiced.sum()) * hop / rate
    if not seconds:
        return VoiceFacts(0.0, SILENCE, 0.0, 0.0)
    level = 10 * np.log10(np.mean(10 ** (levels[voiced] / 10)))
    syllables = _syllables(levels, loud)
    return VoiceFacts(
        round(seconds, 2),
        round(float(level), 1),
        round(_pitch(heard, voiced, hop, rate), 1),
        round(syllables / seconds, 2),
    )


def _levels(heard: Floats, hop: int) -> Floats:
    """Mean power of each hop in dBFS."""
    whole = len(heard) // hop
    power = np.square(heard[: whole * hop]).reshape(whole, hop).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (SILENCE / 10))))


def _pitch(heard: Floats, voiced: NDArray[np.bool_], hop: int, rate: int) -> float:
    """Median fundamental in Hz of the periodic frames; 0 where there are too few."""
    size = int(_FRAME * rate)
    starts = np.flatnonzero(voiced) * hop
    starts = starts[starts + size <= len(heard)][::2]
    if len(starts) > _FRAMES:
        starts = starts[np.linspace(0, len(starts) - 1, _FRAMES).astype(np.intp)]
    if not len(starts):
        return 0.0
    frames = heard[starts[:, None] + np.arange(size)]
    likeness = _autocorrelation(frames - frames.mean(axis=1, keepdims=True), size)
    shortest, longest = int(rate / _HIGHEST), int(rate / _LOWEST) + 1
    periods = _periods(likeness, shortest, min(longest, size - 2))
    return rate / float(np.median(periods)) if len(periods) >= _FEWEST else 0.0


def _autocorrelation(frames: Floats, size: int) -> Floats:
    """Normalised (lag 0 is 1), freed of the window's own fall, of a spectrum whose formants are pressed flat."""
    window = np.hanning(size)
    points = 1 << (2 * size - 1).bit_length()
    flat = np.abs(np.fft.rfft(frames * window, points))
    likeness = np.fft.irfft(flat, points)[:, :size]
    own = np.fft.irfft(np.abs(np.fft.rfft(window, points)) ** 2, points)[:size]
    scale = likeness[:, :1] * np.maximum(own / own[0], 0.2) ** 0.5
    return np.asarray(likeness / np.maximum(scale, 1e-12))


def _periods(likeness: Floats, shortest: int, longest: int) -> Floats:
    """Samples of one period of each frame that is periodic."""
    part = likeness[:, shortest - 1 : longest + 2]
    inner = part[:, 1:-1]
    peaks = np.where((inner >= part[:, :-2]) & (inner > part[:, 2:]), inner, 0.0)
    best = peaks.max(axis=1)
    rows = np.flatnonzero(best >= _PERIODIC)
    at = np.argmax(peaks[rows] >= _OCTAVE * best[rows, None], axis=1)
    before, here, after = part[rows, at], part[rows, at + 1], part[rows, at + 2]
    bend = np.minimum(before - 2 * here + after, -1e-9)
    return np.asarray(shortest + at + 0.5 * (before - after) / bend)


def _syllables(levels: Floats, loud: float) -> int:
    """Peaks near the loud parts, each with a dip before and after it."""
    padded = np.pad(np.maximum(levels, loud - 2 * _BELOW_PEAK), len(_SMOOTH) // 2, mode="edge")
    smooth = np.convolve(padded, _SMOOTH, "valid")
    turning = np.flatnonzero(np.diff(np.sign(np.diff(smooth)))) + 1
    count, rising, extreme = 0, False, float(smooth[0])
    for value in (*smooth[turning].tolist(), float(smooth[-1])):
        if rising and extreme - value >= _DIP:
            count += extreme >= loud - _NUCLEUS
            rising, extreme = False, value
        elif not rising and value - extreme >= _DIP:
            rising, extreme = True, value
        else:
            extreme = max(extreme, value) if rising else min(extreme, value)
    return count + (rising and extreme >= loud - _NUCLEUS)
