"""The last audio of a turn, addressed by position since the turn began. Pure; appending costs no more than its samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIRST = 8000
"""Samples that a new tape has room for: most turns need no more at once."""


class Tape:
    """16-bit samples from `begin` to `end`; what lies before was forgotten."""

    def __init__(self) -> None:
        self._room = np.empty(FIRST, np.int16)
        self._from = self._to = 0
        """The part of the room that holds audio."""
        self.begin = 0
        """Position of the first sample held."""

    @property
    def end(self) -> int:
        """Position after the last sample."""
        return self.begin + self._to - self._from

    def append(self, samples: NDArray[np.int16]) -> None:
        if self._to + len(samples) > len(self._room):
            self._make_room(len(samples))
        self._room[self._to : self._to + len(samples)] = samples
        self._to += len(samples)

    def part(self, begin: int, end: int) -> NDArray[np.int16]:
        """A view of the samples from position `begin` up to `end`, valid until the next `append`."""
        offset = self._from - self.begin
        return self._room[max(begin, self.begin) + offset : min(end, self.end) + offset]

    def forget(self, before: int) -> None:
        """Drop what lies before that position."""
        step = min(max(0, before - self.begin), self._to - self._from)
        self._from += step
        self.begin += step

    def _make_room(self, more: int) -> None:
        held = self._to - self._from
        room = self._room if held + more <= len(self._room) // 2 else np.empty(2 * (held + more), np.int16)
        room[:held] = self._room[self._from : self._to]
        self._room, self._from, self._to = room, 0, held
