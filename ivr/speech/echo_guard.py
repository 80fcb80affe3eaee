"""What a turn does about the echo of our own prompt: it confirms nobody's speech, and a caller is heard without it. Pure.

Made when something begins to be played, dropped when none of it can come back any more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ivr.speech.echo import EchoCheck
from ivr.speech.endpointer import Endpointer

Samples = NDArray[np.int16]


class EchoGuard:
    """Remembers which windows of the open utterance are voiced, and tells those that are our own prompt from the caller's."""

    def __init__(self, position: int, window: int) -> None:
        """`position` is that of the first sample heard, `window` the samples of one window."""
        self._check = EchoCheck(position)
        self._window = window
        self._windows: list[tuple[int, bool | None]] = []

    @property
    def over(self) -> bool:
        """True once nothing that was played can still come back."""
        return not self._check.playing

    def hear(self, samples: Samples, played: Samples | None) -> None:
        """Take both sides of the line, in step; None for silence."""
        self._check.hear(samples, played)

    def note(self, begin: int, voiced: bool) -> None:
        """Take the verdict of the voice gate on the window from `begin` on, of an utterance that is open."""
        self._windows.append((begin, voiced))

    def forget(self) -> None:
        """The utterance is over."""
        self._windows.clear()

    def confirms(self, endpointer: Endpointer) -> bool:
        """Whether what `endpointer` just confirmed is speech without our own prompt in it; else it takes that back."""
        self._tell_own()
        if endpointer.recount(self._windows):
            return True
        self._windows = [one for one in self._windows if one[0] >= endpointer.keep_from]
        return False

    def voiced(self) -> int:
        """Samples of the open utterance that are the caller's voice."""
        self._tell_own()
        return self._window * sum(voiced is True for _, voiced in self._windows)

    def cleaned(self, count: int) -> Samples:
        """The newest `count` samples of the caller, or as many as are kept, without the echo."""
        return self._check.cleaned(count)

    def _tell_own(self) -> None:
        """What was once found to be our own stays so: the filter knows the last second only."""
        begins = [begin for begin, voiced in self._windows if voiced]
        own = {begin for begin, ours in zip(begins, self._check.own(begins, self._window), strict=True) if ours}
        self._windows = [(begin, None if begin in own else voiced) for begin, voiced in self._windows]
