"""When each side of a recording is heard, and what that tells: silences, and both speaking at once. Pure.

Levels are those of `telephony.media.envelope`: rows of 50 ms with the peaks of both channels and their loudness in dB above
-100 dB of full scale. The right channel is whatever the caller hears: bot, agent, music.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ivr.playing.spans import Span, common, joined, without

STEP = 0.05
"""Seconds of one row."""
QUIET, LOUD = 50.0, 65.0
"""The least and the highest level (-50 and -35 dB) above which somebody is taken to speak."""
ABOVE_NOISE = 10.0
"""dB over the line's own noise."""
BREATH = 0.35
"""Seconds of a pause within an utterance."""
SHORTEST = 0.12
SILENCE = 3.0
"""Seconds from which a silence is told."""
OVERLAP = 0.6
"""Seconds for which both must speak at once to be told."""

Levels = NDArray[np.uint8]


def voices(levels: Levels, channel: int, offset: float = 0.0) -> list[Span]:
    """When a channel (0 caller, 1 what the caller hears) is heard, in seconds, `offset` being the first row's time."""
    loud = levels[:, 2 + channel].astype(np.float32)
    if not len(loud):
        return []
    there = loud[loud > 5]  # rows that a packet filled
    noise = float(np.percentile(there, 10)) if len(there) else 0.0
    on = loud >= min(LOUD, max(QUIET, noise + ABOVE_NOISE))
    edges = np.flatnonzero(np.diff(np.concatenate(([False], on, [False])).astype(np.int8)))
    spans = [(offset + float(start) * STEP, offset + float(end) * STEP) for start, end in edges.reshape(-1, 2)]
    return [span for span in joined(spans, BREATH) if span[1] - span[0] >= SHORTEST]


def silences(heard: Sequence[Sequence[Span]], within: Sequence[Span]) -> list[Span]:
    """Where nobody is heard for `SILENCE` and longer, of the times `within`."""
    anybody = joined(span for side in heard for span in side)
    return [span for span in without(within, anybody) if span[1] - span[0] >= SILENCE]


def overlaps(one: Sequence[Span], other: Sequence[Span], within: Sequence[Span]) -> list[Span]:
    """Where both are heard at once for `OVERLAP` and longer, of the times `within`."""
    return [span for span in common(common(one, other), within) if span[1] - span[0] >= OVERLAP]
