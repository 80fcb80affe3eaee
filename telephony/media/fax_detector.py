"""Whether a fax machine or modem is at the far end: CED, ANSam and CNG (ITU-T T.30 §4.3, V.8 §3). No I/O, no clock.

CED is 2100 Hz for 2.6 to 4 s. With its phase turned every 450 ms (ANSam, or the answer tone of a modem) it also asks echo
cancellers to step aside. CNG is what a calling fax sends: 1100 Hz, 0.5 s in every 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telephony.media.spectrum import Bank, mean_square, power, square_of

FRAME = 160
CED_HERTZ, CNG_HERTZ = 2100.0, 1100.0
CED_SECONDS = 0.5
"""2100 Hz for so long is CED: T.30 machines send at least 2.6 s, speech never comes near."""
CNG_LEAST, CNG_MOST = 0.40, 0.60
"""Seconds of 1100 Hz in one CNG: 0.5, give or take 15 % and the edges of our frames."""

_BANK = Bank((2100.0, 2088.0, 2112.0, 1100.0, 1074.0, 1126.0), FRAME)
"""T.30 allows CED 15 Hz and CNG 38 Hz off: each is looked for in three places."""
_FRAME_SECONDS = 0.02
_SHARE = 0.75
"""Least part of a frame's energy in the tone."""
_FLOOR = square_of(-40.0)
_REVERSAL = 2.0
"""Radians that the phase jumps at least; V.8 asks for 180° within 10°, and a frame may straddle the jump."""
_GAP = 2
"""Frames without the tone that a phase reversal may cost."""
_ADVANCE = complex(np.exp(2j * np.pi * CED_HERTZ * _FRAME_SECONDS))


@dataclass(frozen=True, slots=True)
class CedHeard:
    """An answering fax machine or modem."""

    seconds: float
    """Of the tone so far."""


@dataclass(frozen=True, slots=True)
class PhaseReversed:
    """The tone turned its phase: echo cancellers must be off, and a modem or a V.34 fax is near."""

    count: int


@dataclass(frozen=True, slots=True)
class CngHeard:
    """A calling fax machine: one whole tone of 0.5 s has passed."""

    seconds: float


FaxSign = CedHeard | PhaseReversed | CngHeard


class FaxDetector:
    """Feed 20 ms frames; `hear` returns what was found in this one. CED is told once, reversals and CNGs each time."""

    __slots__ = ("_advance", "_before", "_ced", "_cng", "_gap", "_reversals", "_told")

    def __init__(self) -> None:
        self._ced = self._cng = self._gap = self._reversals = 0
        self._told = False
        self._before: complex | None = None
        self._advance = _ADVANCE
        """How far the phase moves in 20 ms, learnt: 15 Hz off are 108° a frame."""

    def hear(self, frame: NDArray[np.int16]) -> FaxSign | None:
        """Take 160 samples, 8 kHz mono."""
        total = mean_square(frame)
        phasors = _BANK.phasors(frame)
        strength = power(phasors)
        least = max(_FLOOR, _SHARE * total)
        ended = self._count_cng(bool(strength[3:].max() >= least))
        found = self._count_ced(bool(strength[:3].max() >= least), complex(phasors[0]))
        return ended or found

    def _count_cng(self, there: bool) -> FaxSign | None:
        if there:
            self._cng += 1
            return None
        seconds, self._cng = self._cng * _FRAME_SECONDS, 0
        return CngHeard(seconds) if CNG_LEAST <= seconds <= CNG_MOST else None

    def _count_ced(self, there: bool, phasor: complex) -> FaxSign | None:
        if not there:
            self._gap += 1
            if self._gap > _GAP:
                self._ced = self._reversals = 0
                self._told, self._before, self._advance = False, None, _ADVANCE
            elif self._before is not None:
                self._before *= self._advance
            return None
        self._ced += 1 + (self._gap if self._before is not None else 0)
        self._gap = 0
        if self._turned(phasor):
            self._reversals += 1
            if self._told or self._ced * _FRAME_SECONDS >= CED_SECONDS / 2:
                return PhaseReversed(self._reversals)
        if not self._told and self._ced * _FRAME_SECONDS >= CED_SECONDS:
            self._told = True
            return CedHeard(self._ced * _FRAME_SECONDS)
        return None

    def _turned(self, phasor: complex) -> bool:
        """Whether the phase jumped since the frame before; where it did not, its pace is learnt."""
        before, self._before = self._before, phasor
        if before is None:
            return False
        if abs(float(np.angle(phasor * np.conj(before * self._advance)))) > _REVERSAL:
            return True
        step = phasor * np.conj(before)
        self._advance = complex(step / max(abs(step), 1e-9))
        return False
