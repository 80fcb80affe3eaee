"""Which language is spoken: several engines hear the same utterance, and the surest one is believed. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ivr.speech.engine import EngineStream, Hypothesis

TIE = 0.03
"""Difference of confidence that decides nothing: then it is the language that was named first."""


class DetectingStream:
    """An `EngineStream` over one stream a language; what it gives at the end names its language.

    Costs as much as its streams together, so it is for one question and not for a call.
    """

    def __init__(self, streams: Mapping[str, EngineStream], trust: Mapping[str, float] | None = None) -> None:
        """`streams` in the order of preference; `trust` is a factor on the confidence of a language, 1 where none is given."""
        self._streams = dict(streams)
        self._trust = dict(trust or {})

    def accept(self, samples: NDArray[np.int16]) -> None:
        for stream in self._streams.values():
            stream.accept(samples)

    def partial(self) -> str:
        """What one of them believes where the others believe nothing; "" where they differ."""
        believed = {text for stream in self._streams.values() if (text := stream.partial())}
        return believed.pop() if len(believed) == 1 else ""

    def final(self) -> Hypothesis:
        return surest({language: stream.final() for language, stream in self._streams.items()}, self._trust)

    def reset(self) -> None:
        for stream in self._streams.values():
            stream.reset()


def surest(heard: Mapping[str, Hypothesis], trust: Mapping[str, float]) -> Hypothesis:
    """The hypothesis with the highest confidence times trust, and its language in it; the first of those that are as sure.

    Where nothing was heard in any language, it names none.
    """
    found: tuple[float, Hypothesis] | None = None
    for language, one in heard.items():
        sure = one.confidence * trust.get(language, 1.0) if one.text else 0.0
        if one.text and (found is None or sure > found[0] + TIE):
            found = (sure, replace(one, language=language))
    return Hypothesis() if found is None else found[1]
