"""Whether a caller speaks, by loudness alone: enough to know when a message is over. Pure."""

from __future__ import annotations

import numpy as np

from telephony.leg import Frame

FLOOR = -42.0
"""dBFS under which nothing counts as speech."""
ABOVE_NOISE = 10.0
"""dB over the noise of the line that make speech."""
RISE = 0.05
"""dB a frame by which the noise is taken to grow: 2.5 dB a second, so that a long word stays a word."""


class Loudness:
    """Feed it every frame of 20 ms."""

    def __init__(self) -> None:
        self._noise = -70.0
        self.voiced = 0.0
        """Seconds of speech so far."""

    def hear(self, frame: Frame) -> bool:
        """Whether this frame is speech."""
        power = float(np.mean(np.square(frame.astype(np.float64) / 32768.0))) if len(frame) else 0.0
        level = 10.0 * float(np.log10(power)) if power > 1e-10 else -100.0
        self._noise = min(level, self._noise + RISE) if level < FLOOR else min(self._noise + RISE, FLOOR)
        spoken = level > max(FLOOR, self._noise + ABOVE_NOISE)
        if spoken:
            self.voiced += 0.02
        return spoken
