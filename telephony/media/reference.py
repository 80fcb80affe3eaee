"""What was played, frame by frame, for whoever compares it with what comes back. No I/O, no clock.

It is asked once for each frame heard, which is as often as one is sent, only not at the same moments: so it goes on by one
each time, and jumps where it has strayed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from telephony.media.clip import Clip
from telephony.media.codec import FRAME_SAMPLES, Codec
from telephony.media.coding import Frame

STRAY = 5
"""Frames (100 ms) that it may be apart from what is sent just now."""


class Reference:
    """One playback as it is sent in one codec."""

    __slots__ = ("_clips", "_next", "_starts", "playback")

    def __init__(self, playback: int, clips: Sequence[Clip], codec: Codec) -> None:
        self.playback = playback
        self._clips = [clip for clip in clips if len(clip.frames(codec))]
        self._starts = [0, *accumulate(len(clip.frames(codec)) for clip in self._clips)]
        self._next = -2 * STRAY

    def frame(self, sent: int) -> Frame | None:
        """The next 20 ms, where `sent` frames have gone out of this round; None past the end."""
        if abs(sent - 1 - self._next) > STRAY:
            self._next = max(0, sent - 1)
        number, self._next = self._next, self._next + 1
        if number >= self._starts[-1]:
            return None
        index = bisect_right(self._starts, number) - 1
        start = (number - self._starts[index]) * FRAME_SAMPLES
        samples = self._clips[index].samples[start : start + FRAME_SAMPLES]
        missing = FRAME_SAMPLES - len(samples)
        return np.pad(samples, (0, missing)) if missing else samples
