"""Frames of one member on their way into a mix: enough of them wait to ride out jitter, and no more. No I/O, no clock.

It begins with one waiting frame, so that a bridge becomes a conference without a hole that is heard. Each time it runs dry
while the member speaks it waits for one more; a depth that was not needed for a while is given back.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.int16]

MOST = 8
"""Frames (160 ms) that wait at most; what comes beyond them pushes the oldest out."""
DEEPEST = 5
PATIENCE = 500
"""Rounds (10 s) without running dry after which one frame less is waited for."""
ENOUGH = 50
"""Rounds (1 s) in which more waited than was wanted; then one frame is left out."""


class Inlet:
    """`put` frames as they come, `get` one each round."""

    __slots__ = ("_calm", "_excess", "_filling", "_frames", "_wanted", "dropped", "dry")

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque(maxlen=MOST)
        self._wanted = 1
        self._filling = True
        self._calm = self._excess = 0
        self.dropped = 0
        """Frames left out because too many waited."""
        self.dry = 0
        """Rounds in which a speaking member had nothing there."""

    def put(self, frame: Frame) -> None:
        """Take 160 samples; the frame is kept, not copied."""
        self.dropped += len(self._frames) == MOST
        self._frames.append(frame)

    def get(self) -> Frame | None:
        """The frame for this round; None for silence, or while frames are gathered."""
        waiting = len(self._frames)
        if self._filling and waiting < self._wanted:
            return None
        self._filling = False
        if not waiting:
            self.dry += 1
            self._filling, self._calm = True, 0
            self._wanted = min(self._wanted + 1, DEEPEST)
            return None
        self._settle(waiting)
        return self._frames.popleft()

    def _settle(self, waiting: int) -> None:
        self._calm += 1
        if self._calm >= PATIENCE and self._wanted > 1:
            self._wanted, self._calm = self._wanted - 1, 0
        self._excess = self._excess + 1 if waiting > self._wanted + 1 else 0
        if self._excess >= ENOUGH:
            self._excess = 0
            self.dropped += 1
            self._frames.popleft()
