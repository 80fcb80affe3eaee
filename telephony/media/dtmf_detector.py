"""Keys heard in the voice itself, for far ends that send no telephone-event (ITU-T Q.23, Q.24). No I/O, no clock.

Windows of 20 ms, each 10 ms after the last. A key counts once it was there for three windows (40 ms), and again only after
three without it. What guards against speech (talk-off): both tones hold most of the energy, no other tone of their group is
near, the second harmonics are absent, and the phases move on as those two frequencies do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from telephony.media.spectrum import Bank, power, square_of

LOW = (697.0, 770.0, 852.0, 941.0)
HIGH = (1209.0, 1336.0, 1477.0, 1633.0)
KEYS = ("123A", "456B", "789C", "*0#D")

_WINDOW = 160
_HOP = 80
_TONES = np.array(LOW + HIGH)
_OFF = (1.0, 0.988, 1.012)
"""Each tone is looked for at its frequency and beside it: Q.24 accepts 1.5 % off, which alone would cost 3 dB."""
_BANK = Bank([*(hertz * off for off in _OFF for hertz in _TONES), *(2 * _TONES)], _WINDOW)
_ADVANCE = np.exp(2j * np.pi * _TONES * _HOP / 8000).astype(np.complex64)
"""How far each phase moves within one hop."""

FLOOR_DBM0 = -36.0
"""A tone below this is no key: Q.24 lets a network ignore below -29 to -34."""
NORMAL_TWIST = 10 ** (9.0 / 10)
"""High group over low group at most: 9 dB (Q.24 asks for 4 to 10)."""
REVERSE_TWIST = 10 ** (9.0 / 10)
"""Low group over high group at most: 9 dB."""
SHARE = 0.70
"""Least part of the window's energy that the two tones hold; noise 8 dB below them leaves 0.86."""
LONELY = 10 ** (-6.0 / 10)
"""What another tone of the group may have at most of the strongest: 6 dB below. Leakage of a 20 ms window is 11 dB below."""
HARMONIC = 10 ** (-13.0 / 10)
"""What a second harmonic may have at most of its tone: 13 dB below. Vowels have it strong."""
_LEAK = 10 ** (-13.0 / 10)
"""What leaks of a high tone into the harmonic of a low one, 120 Hz away or more; nearer ones are not looked at."""
_APART = [[abs(2 * low - high) >= 120.0 for high in HIGH] for low in LOW]
PHASE = 1.7
"""Radians that a tone's phase may stray within one hop: 27 Hz, and the noise."""
HITS = 3
MISSES = 3


class DtmfDetector:
    """Feed voice, get keys. `on_digit` is called once a press, 40 to 60 ms after it began."""

    __slots__ = ("_hits", "_last", "_misses", "_on_digit", "_phasors", "_pressed", "_rest")

    def __init__(self, on_digit: Callable[[str], None]) -> None:
        self._on_digit = on_digit
        self._rest: NDArray[np.int16] = np.zeros(0, np.int16)
        self._phasors: NDArray[np.complex64] | None = None
        """Of the window before; None where that was silence."""
        self._last = ""
        self._hits = self._misses = 0
        self._pressed = ""

    def hear(self, samples: NDArray[np.int16]) -> None:
        """Take any number of samples, 8 kHz mono; 160 at a time is usual, and long pieces cost a fraction."""
        voice = np.concatenate((self._rest, samples)) if len(self._rest) else samples
        count = max(0, (len(voice) - _WINDOW) // _HOP + 1)
        if count:
            hops = voice[: (count + 1) * _HOP].astype(np.float32).reshape(-1, _HOP)
            self._hear(np.concatenate((hops[:-1], hops[1:]), axis=1))
        self._rest = voice[count * _HOP :].copy()

    def _hear(self, windows: NDArray[np.float32]) -> None:
        totals = ((windows * windows).sum(axis=1) / _WINDOW).tolist()
        if max(totals) < _FLOOR:
            self._phasors = None
            for _ in totals:
                self._judge("")
            return
        phasors = _BANK.phasors(windows)
        strength = power(phasors)
        rows = strength[:, :24].reshape(-1, 3, 8).max(axis=1).tolist()
        for number, (total, tones) in enumerate(zip(totals, rows, strict=True)):
            before, self._phasors = self._phasors, None if total < _FLOOR else phasors[number]
            low, high = max(tones[:4]), max(tones[4:])
            if total < _FLOOR or low + high < SHARE * total:
                self._judge("")
            else:
                pair = tones.index(low), 4 + tones[4:].index(high)
                self._judge(self._key(before, phasors[number], tones, strength[number, 24:].tolist(), *pair))

    def _judge(self, key: str) -> None:
        """Count windows with and without the key."""
        if key and key == self._last:
            self._hits += 1
        else:
            self._last, self._hits = key, 1 if key else 0
        if key and key == self._pressed:
            self._misses = 0
        elif self._pressed:
            self._misses += 1
            if self._misses >= MISSES:
                self._pressed = ""
        if self._hits >= HITS and not self._pressed:
            self._pressed, self._misses = key, 0
            self._on_digit(key)

    def _key(
        self,
        before: NDArray[np.complex64] | None,
        now: NDArray[np.complex64],
        tones: Sequence[float],
        harmonics: Sequence[float],
        low: int,
        high: int,
    ) -> str:
        """The key in a window whose two strongest tones hold enough of it, "" for none."""
        if not _is_pair(tones, low, high) or not _is_pure(tones, harmonics, low, high):
            return ""
        if before is not None and self._last and not _keeps_phase(before, now, low, high):
            return ""
        return KEYS[low][high - 4]


_FLOOR = square_of(FLOOR_DBM0)


def _is_pair(tones: Sequence[float], low: int, high: int) -> bool:
    """Two tones of like strength, and nothing else."""
    below, above = tones[low], tones[high]
    return (
        min(below, above) >= _FLOOR
        and above <= below * NORMAL_TWIST
        and below <= above * REVERSE_TWIST
        and all(tones[i] <= below * LONELY for i in range(4) if i != low)
        and all(tones[i] <= above * LONELY for i in range(4, 8) if i != high)
    )


def _is_pure(tones: Sequence[float], harmonics: Sequence[float], low: int, high: int) -> bool:
    """No second harmonic of either tone."""
    below, above = tones[low], tones[high]
    if harmonics[high] > above * HARMONIC:
        return False
    return not _APART[low][high - 4] or harmonics[low] <= below * HARMONIC + above * _LEAK


def _keeps_phase(before: NDArray[np.complex64], now: NDArray[np.complex64], low: int, high: int) -> bool:
    """Whether both tones went on at their own frequency since the window before."""
    for tone in (low, high):
        turned = now[tone] * np.conj(before[tone] * _ADVANCE[tone])
        if abs(float(np.angle(turned))) > PHASE:
            return False
    return True
