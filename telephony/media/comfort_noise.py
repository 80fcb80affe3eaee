"""Comfort noise (RFC 3389): how loud a far end's silence is, and such a silence to hear. No I/O, no clock."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telephony.media.codec import FRAME_SAMPLES

_DEFAULT_LEVEL = 65
"""-dBov, of a packet without a level: a quiet room."""

_FULL_SCALE = 32767.0
_STRIDE = 1237
"""Samples from one frame's place in the noise to the next one's: a prime, so that no pattern is heard."""


def _noise() -> NDArray[np.float64]:
    """A second of noise of unit power, falling off towards high tones as rooms do."""
    white = np.random.default_rng(3389).standard_normal(8000 + FRAME_SAMPLES)
    soft = white + 0.7 * np.roll(white, 1)
    pink: NDArray[np.float64] = soft / np.sqrt(np.mean(soft**2))
    return pink


_NOISE = _noise()


class ComfortNoise:
    """The silence that one packet describes, for as long as no other comes. The spectrum it may name is not followed."""

    __slots__ = ("_gain", "_place", "level")

    def __init__(self, payload: bytes) -> None:
        self.level = payload[0] & 0x7F if payload else _DEFAULT_LEVEL
        """-dBov (§3.1)."""
        self._gain = _FULL_SCALE * 10 ** (-self.level / 20)
        self._place = 0

    def frame(self) -> NDArray[np.int16]:
        """The next 20 ms: 160 samples at 8 kHz."""
        self._place = place = (self._place + _STRIDE) % 8000
        samples: NDArray[np.int16] = np.rint(np.clip(_NOISE[place : place + FRAME_SAMPLES] * self._gain, -32768, 32767)).astype(
            np.int16
        )
        return samples
