"""Is what we hear of a caller our own prompt, come back? Pure: samples in, verdicts out. No clock, no I/O.

A prompt comes back 20 to 500 ms late: from the hybrid of an analogue line within milliseconds of one delay, from a phone on
speaker over tens of milliseconds and bent by its loudspeaker and codec. So the comparison is not of loudness but of shape:
the least-squares filter that makes the caller's last second out of what was played says which part of each window is
explained by it. Speech over the echo is not, however loud the echo is.

Nothing is computed before it is asked: a silent caller costs a copy of the samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.linalg import LinAlgError, solve_toeplitz

LATEST = 4480
"""Samples (560 ms) by which an echo may be late: 500 ms of the way, and the frames that playing is ahead of hearing."""
TAPS = 256
"""Samples (32 ms) over which an echo is spread."""
LEAD = 24
"""Samples of the filter before the strongest one."""
SPAN = 8000
"""Samples (1 s) that the filter is fitted to; the newest."""
LATELY = 3200
"""Samples (0.4 s) of its own fit, for an echo whose delay has just changed."""
LEAST = 1600
"""Samples without which nothing can be said."""
OWN = 0.45
"""Share of a window's energy that may be left unexplained for it to be our own."""
PRESENT = 0.08
"""Share of the last second's energy that is explained at least where there is an echo at all."""
CHANCE = 2.0
"""How many times what chance explains that must be: a filter of so many taps always finds something in a short sound."""
BESIDE = 1 / 16
"""Share of the last second's mean energy that a window must have left to be somebody's: the tail of an echo has less."""
NOISE = 3.0
"""How many times the noise of the line a window must have left to be somebody's."""
FAINT = 8.0
"""Root mean square of what was played below which nothing can come back."""
_KEPT = SPAN + LATEST + TAPS

Samples = NDArray[np.int16]
_Floats = NDArray[np.float32]


class EchoCheck:
    """Both sides of one turn, in step: what the caller's line gave, and what was played to it at the same time."""

    def __init__(self, position: int = 0) -> None:
        """`position` is that of the first sample of `hear`, in samples since the turn began."""
        self._end = position
        self._near: _Floats = np.zeros(0, np.float32)
        self._far: _Floats = np.zeros(_KEPT, np.float32)
        self._filter: _Floats | None = None
        self._lag = 0

    @property
    def playing(self) -> bool:
        """False where nothing was played that could still come back."""
        return bool(np.any(self._far))

    def hear(self, samples: Samples, played: Samples | None) -> None:
        """Take the caller's next samples (8 kHz) and as many that were played while they came; None for silence."""
        if played is None:
            played = np.zeros(len(samples), np.int16)
        self._near = np.concatenate((self._near, samples))[-SPAN:].astype(np.float32, copy=False)
        self._far = np.concatenate((self._far, played))[-_KEPT:].astype(np.float32, copy=False)
        self._end += len(samples)

    def own(self, windows: Sequence[int], length: int) -> list[bool]:
        """For each window of `length` samples, by where it begins: is it our own prompt? One too long ago is not."""
        left = self._unexplained()
        if left is None:
            return [False] * len(windows)
        first = self._end - len(self._near)
        energies = np.sum(self._near[: len(self._near) // length * length].reshape(-1, length) ** 2, axis=1)
        least = max(BESIDE * float(np.mean(energies)), NOISE * float(np.percentile(energies, 10)))
        verdicts = []
        for begin in windows:
            at = slice(begin - first, begin - first + length)
            heard = float(np.sum(self._near[at] ** 2)) if begin >= first else 0.0
            verdicts.append(heard > 0.0 and float(np.sum(left[at] ** 2)) < max(OWN * heard, least))
        return verdicts

    def cleaned(self, count: int) -> Samples:
        """The caller's newest `count` samples, or all that are kept, less the echo that `own` found; as they came where it
        found none, or would add to them.
        """
        near = self._near[-count:]
        if self._filter is None:
            return np.asarray(near, np.int16)
        source = self._far[len(self._far) - len(near) - self._lag - TAPS + 1 : len(self._far) - self._lag]
        left = near - np.convolve(source, self._filter, "valid")
        if float(np.sum(left**2)) > float(np.sum(near**2)):  # the echo is over, or not what it was
            return np.asarray(near, np.int16)
        return np.asarray(np.clip(np.rint(left), -32768, 32767), np.int16)

    def _unexplained(self) -> _Floats | None:
        """The caller's side less what the played side explains of it; None where nothing can be said.

        Fitted to all that is kept and to the newest part alone: where a delay has just changed (a jitter buffer, a stall),
        no one filter fits both sides of the change.
        """
        self._filter = None
        if len(self._near) < LEAST or float(np.sqrt(np.mean(self._far**2))) < FAINT:
            return None
        left = self._fitted(len(self._near))
        if len(self._near) < 2 * LATELY:
            return left
        kept, self._filter = (self._filter, self._lag), None
        newest = self._fitted(LATELY)
        if newest is None:
            self._filter, self._lag = kept
            return left
        whole = self._near.copy() if left is None else left
        part = whole[-LATELY:]
        if float(np.sum(part**2)) < float(np.sum(newest**2)):
            self._filter, self._lag = kept
        for at in range(0, LATELY, TAPS):
            piece, other = part[at : at + TAPS], newest[at : at + TAPS]
            if float(np.sum(other**2)) < float(np.sum(piece**2)):
                piece[:] = other
        return whole

    def _fitted(self, count: int) -> _Floats | None:
        """The newest `count` samples less their echo; None where there is none that chance would not make."""
        near = self._near[-count:]
        crossed = _correlation(self._far, near, LATEST + TAPS)
        # The second difference flattens the spectrum of speech: its peak is the delay, not the pitch.
        self._lag = max(0, int(np.argmax(np.abs(np.diff(crossed[:LATEST], 2)))) + 1 - LEAD)
        source = self._far[len(self._far) - count - self._lag - TAPS + 1 : len(self._far) - self._lag]
        itself = _correlation(source, source, TAPS).astype(np.float64)
        itself[0] = itself[0] * 1.01 + 1e4
        try:
            taps = solve_toeplitz(itself, crossed[self._lag : self._lag + TAPS].astype(np.float64)).astype(np.float32)
        except LinAlgError:
            return None
        left = near - _filtered(source, taps)[-count:]
        energies = near.astype(np.float64) ** 2
        pieces = np.add.reduceat(energies, np.arange(0, count, TAPS))
        sounding = TAPS * float(np.sum(pieces)) ** 2 / max(1.0, float(np.sum(pieces**2)))
        least = max(PRESENT, CHANCE * TAPS / max(1.0, sounding))
        if float(np.sum(left**2)) >= (1 - least) * float(np.sum(energies)):
            return None
        self._filter = taps
        return left


def _correlation(far: _Floats, near: _Floats, lags: int) -> _Floats:
    """Sum over time of near(t) * far(t - lag), for lags from 0; both end at the same time."""
    size = next_fast_len(len(far) + lags, real=True)
    late = np.concatenate((np.zeros(len(far) - len(near), np.float32), near))
    product = rfft(late, size) * np.conj(rfft(far, size))
    return np.asarray(irfft(product, size)[:lags], np.float32)


def _filtered(source: _Floats, taps: _Floats) -> _Floats:
    size = next_fast_len(len(source) + len(taps), real=True)
    return np.asarray(irfft(rfft(source, size) * rfft(taps, size), size)[: len(source)], np.float32)
