"""Calm music for waiting, composed here so that nobody has to be paid for it. Pure and the same every time.

Slow chords of a soft organ, a plucked melody above and a quiet bass, in F major at 66 beats a minute: 16 bars, 58 s, whose
last bar leads back into the first. Everything is written around the seam, tails and echoes included, so the loop has no
joint. Nothing lies outside what a telephone carries: fundamentals from 170 Hz, harmonics to 3.2 kHz.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MUSIC_VERSION = "2"
_BEAT = 60.0 / 66.0
"""Seconds."""
_BARS = 16
_TOP = 3200.0
"""Hz: no harmonic above."""
_PEAK = 0.35
"""Of full scale: music stays under the voice."""

_CHORDS = (
    (53, 57, 60, 64), (55, 58, 62, 65), (57, 60, 64, 67), (58, 62, 65, 69),
    (53, 57, 60, 64), (57, 60, 64, 67), (55, 58, 62, 65), (55, 58, 60, 64),
    (58, 62, 65, 69), (57, 60, 64, 67), (55, 58, 62, 65), (53, 57, 60, 64),
    (58, 62, 65, 69), (57, 60, 65, 69), (55, 58, 62, 65), (55, 58, 60, 64),
)  # fmt: skip
"""One chord a bar, MIDI note numbers: F maj7, Gm7, Am7, B flat maj7 and back by C7."""

_MELODY = (
    ((0, 72), (1.5, 76), (2, 77)), ((0, 74), (1, 70), (2.5, 74)), ((0, 76), (1.5, 72), (3, 67)), ((0, 74), (2, 77), (3, 76)),
    ((0, 72), (1.5, 69), (2, 72)), ((0, 76), (2, 79)), ((0, 77), (1, 74), (2, 70), (3, 69)), ((0, 67), (2, 70), (3, 72)),
    ((0, 77), (1.5, 74), (3, 77)), ((0, 76), (1, 79), (2.5, 76)), ((0, 74), (1.5, 77), (3, 74)), ((0, 72), (2, 69)),
    ((0, 74), (1, 77), (2, 81), (3, 79)), ((0, 77), (2, 76), (3, 72)), ((0, 74), (1.5, 70), (3, 74)), ((0, 72), (2.5, 70)),
)  # fmt: skip
"""Beats within the bar and MIDI note numbers."""


def hold_music(rate: int) -> NDArray[np.int16]:
    """Return one turn of the loop: mono samples at `rate`, peak 9 dB under full scale."""
    count = round(_BARS * 4 * _BEAT * rate)
    loop = np.zeros(count, np.float64)
    for bar, (chord, tune) in enumerate(zip(_CHORDS, _MELODY, strict=True)):
        start = bar * 4 * _BEAT
        for note in chord:
            _add(loop, start - 0.4, _pad(note, rate), 0.20, rate)
        _add(loop, start, _pluck(chord[0], rate, 2.2), 0.34, rate)
        for beat, note in tune:
            tone = _pluck(note, rate, 1.6)
            for echo, gain in enumerate((0.55, 0.16, 0.06)):
                _add(loop, start + (beat + 0.75 * echo) * _BEAT, tone, gain, rate)
    loop *= _PEAK / np.abs(loop).max()
    samples: NDArray[np.int16] = np.rint(loop * 32767).astype(np.int16)
    return samples


def speech_like(seconds: float, rate: int) -> NDArray[np.int16]:
    """Return noise-free babble with the rhythm, pitch and formants of speech: a load test's prompt, the same every time."""
    times = np.arange(round(seconds * rate)) / rate
    pitch = 120.0 + 18.0 * np.sin(2 * np.pi * 0.37 * times) + 9.0 * np.sin(2 * np.pi * 1.1 * times)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    formants = (
        520 + 220 * np.sin(2 * np.pi * 1.7 * times),
        1500 + 500 * np.sin(2 * np.pi * 1.3 * times + 1),
        2500.0 + 0 * times,
    )
    voice = np.zeros_like(times)
    for harmonic in range(1, 26):
        gain = np.full_like(times, 0.05 / harmonic)
        for weight, formant in zip((1.0, 0.5, 0.25), formants, strict=True):
            gain += weight * np.exp(-(((harmonic * pitch - formant) / 160.0) ** 2))
        voice += gain * np.sin(harmonic * phase)
    syllables = np.clip(np.sin(2 * np.pi * 2.1 * times) + 0.35, 0.0, 1.0)
    pauses = np.clip(8.0 * (np.sin(2 * np.pi * 0.21 * times + 0.6) + 0.75), 0.0, 1.0)
    voice *= syllables * pauses
    samples: NDArray[np.int16] = np.rint(voice * (0.4 * 32767 / np.abs(voice).max())).astype(np.int16)
    return samples


def _add(loop: NDArray[np.float64], start: float, tone: NDArray[np.float64], gain: float, rate: int) -> None:
    """Mix a tone in; what goes beyond an end of the loop comes in at the other."""
    places = (round(start * rate) + np.arange(len(tone))) % len(loop)
    loop[places] += gain * tone


def _hertz(note: int) -> float:
    return float(440.0 * 2.0 ** ((note - 69) / 12.0))


def _pad(note: int, rate: int) -> NDArray[np.float64]:
    """A chord tone that swells and fades over more than its bar, two pipes slightly apart for warmth."""
    seconds = 4 * _BEAT + 1.2
    times = np.arange(round(seconds * rate)) / rate
    tone = np.zeros_like(times)
    for harmonic, weight in ((1, 1.0), (2, 0.45), (3, 0.18), (4, 0.09), (5, 0.04)):
        for detune in (0.9985, 1.0015):
            frequency = _hertz(note) * harmonic * detune
            if frequency < _TOP:
                tone += weight * np.sin(2 * np.pi * frequency * times + harmonic)
    rise = np.clip(times / 1.1, 0.0, 1.0)
    fall = np.clip((seconds - times) / 1.3, 0.0, 1.0)
    return np.asarray(0.5 * tone * np.sin(0.5 * np.pi * rise) ** 2 * np.sin(0.5 * np.pi * fall) ** 2)


def _pluck(note: int, rate: int, seconds: float) -> NDArray[np.float64]:
    """A soft string: every harmonic dies faster than the one below."""
    times = np.arange(round(seconds * rate)) / rate
    tone = np.zeros_like(times)
    for harmonic in range(1, 9):
        frequency = _hertz(note) * harmonic
        if frequency < _TOP:
            tone += np.exp(-times * (2.2 + 1.6 * harmonic)) / harmonic**1.5 * np.sin(2 * np.pi * frequency * times)
    end = np.clip((seconds - times) / 0.05, 0.0, 1.0)
    return np.asarray(tone * np.clip(times / 0.006, 0.0, 1.0) * end)
