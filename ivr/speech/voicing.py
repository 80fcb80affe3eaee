"""How likely each 32 ms of audio is a voice: silero behind an energy gate that knows the noise of the line.

In silence the network is not asked, and begins anew with the next loud window.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from ivr.speech.silero import WINDOW, Silero

__all__ = ["WINDOW", "Voicing"]

QUIET = 10.0
"""Root mean square below which a window is silence without asking: -70 dBFS, about the idle noise of G.711."""
OVER_FLOOR = 2.0
"""A window less than so many times (6 dB) as loud as the noise of the line is silence without asking, too."""
FLOOR_WINDOWS = 94
"""Windows (3 s) whose softest is the noise of the line: nobody speaks as long without a gap between words."""
FLOOR_KNOWN = 16
"""Windows after which it is known: until then every window over QUIET is asked about."""
REST_AFTER = 16
"""Quiet windows in a row after which the network is not asked any more: about half a second."""
WARM_UP = 4
"""Windows before the first loud one that the network hears first: its answers depend on what came before."""

Floats = NDArray[np.float32]


class Voicing:
    """The probabilities of one turn, window by window."""

    def __init__(self) -> None:
        self._silero = Silero()
        self._asking = False
        """Whether the network follows the line."""
        self._quiet = 0
        self._before: deque[Floats] = deque(maxlen=WARM_UP)
        self._levels: deque[float] = deque(maxlen=FLOOR_WINDOWS)

    def probability(self, samples: NDArray[np.int16]) -> float:
        """0..1 for one window of WINDOW samples."""
        return self.probabilities(samples)[0]

    def probabilities(self, samples: NDArray[np.int16]) -> list[float]:
        """0..1 for each of the next windows; `samples` is a multiple of WINDOW. Several at once cost half of one by one."""
        windows = samples.astype(np.float32).reshape(-1, WINDOW)
        levels = np.sqrt(np.einsum("ij,ij->i", windows, windows) / WINDOW)
        windows /= 32768.0
        told: list[float] = []
        asked = 0
        """Windows before the current one that the network is still to hear."""
        for number, level in enumerate(levels.tolist()):
            self._quiet = self._quiet + 1 if self._is_quiet(level) else 0
            if self._quiet and (not self._asking or self._quiet > REST_AFTER):
                told += self._ask(windows[number - asked : number])
                told.append(0.0)
                asked, self._asking = 0, False
                self._before.append(windows[number])
                continue
            asked += 1
            if not self._asking:
                self._begin()
        return told + self._ask(windows[len(windows) - asked :])

    def _begin(self) -> None:
        """Follow the line from a little before now."""
        self._asking = True
        self._silero.reset()
        if self._before:
            self._silero.push(np.concatenate(self._before))
        self._before.clear()

    def _ask(self, windows: Floats) -> list[float]:
        return self._silero.push(windows.reshape(-1)) if len(windows) else []

    def _is_quiet(self, level: float) -> bool:
        """Whether a window of that level is silence beyond doubt: soft in itself, or beside the noise of this line."""
        self._levels.append(level)
        floor = min(self._levels) if len(self._levels) >= FLOOR_KNOWN else 0.0
        return level < max(QUIET, OVER_FLOOR * floor)
