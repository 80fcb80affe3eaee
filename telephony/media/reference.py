"""What was played, frame by frame, for whoever compares it with what comes back. No I/O, no clock.

It is asked once for each frame heard, which is as often as one is sent, only not at the same moments: so it goes on by one
each time, stays behind what was sent, and has a silence where nothing was sent because the process was held up.
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
"""Frames (100 ms) that it may be behind what is sent just now."""
SLACK = 1
"""Frames that it begins behind, so that two asked for before one is sent make no silence."""


class Reference:
    """One playback as it is sent in one codec."""

    __slots__ = ("_clips", "_next", "_starts", "playback")

    def __init__(self, playback: int, clips: Sequence[Clip], codec: Codec) -> None:
        self.playback = playback
        self._clips = [clip for clip in clips if len(clip.frames(codec))]
        self._starts = [0, *accumulate(len(clip.frames(codec)) for clip in self._clips)]
        self._next = -2 * STRAY
        """Of the frame that is given next."""

    def frame(self, sent: int) -> Frame | None:
        """The next 20 ms, where `sent` frames have gone out of this round; None where it was not sent yet, or past the end."""
        if not -STRAY <= self._next - sent <= SLACK:
            self._next = max(0, sent - 1 - SLACK)
        number = self._next
        if number >= sent or number >= self._starts[-1]:
            return None
        self._next += 1
        index = bisect_right(self._starts, number) - 1
        start = (number - self._starts[index]) * FRAME_SAMPLES
        samples = self._clips[index].samples[start : start + FRAME_SAMPLES]
        missing = FRAME_SAMPLES - len(samples)
        return np.pad(samples, (0, missing)) if missing else samples
