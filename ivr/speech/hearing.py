"""One call's turns inside a worker: voice gate, end-pointing, engine.

The engine hears nothing until speech is confirmed; then it gets the pre-roll and what came since in one go. So silence and
coughs cost no more than the voice gate. A word too short to be confirmed is still recognised at its end: "好" takes 0.2 s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivr.speech.endpointer import Confirmed, Decision, Ended, Endpointer, State, Timing
from ivr.speech.engine import EngineStream, Hypothesis
from ivr.speech.voicing import WINDOW, Detectors, Voicing

SHORTEST = 1024
"""Voiced samples (128 ms) under which an unconfirmed sound is not worth recognising."""
BITE = 800
"""Samples an engine is fed at once: smaller ones cost more for each second of audio."""


@dataclass(frozen=True, slots=True)
class Heard:
    said: Hypothesis
    begun: int
    """First sample that the engine heard of it; its word times count from here."""
    last_voiced: int
    """Samples since the turn began."""


@dataclass(frozen=True, slots=True)
class Started:
    pass


@dataclass(frozen=True, slots=True)
class Partial:
    text: str


Output = Started | Partial | Heard


class Turn:
    """Audio in, outputs out. One turn of one call."""

    def __init__(self, stream: EngineStream, detectors: Detectors, timing: Timing) -> None:
        self._stream = stream
        self._voicing = Voicing(detectors)
        self._endpointer = Endpointer(timing, window=WINDOW)
        self._held = np.empty(0, np.int16)
        self._held_at = 0
        """Position of the first held sample."""
        self._fed = 0
        """Position up to which the engine has heard; meaningful while speaking."""
        self._begun = 0
        """Position where the utterance begins."""
        self._last_partial = ""

    def push(self, samples: NDArray[np.int16]) -> list[Output]:
        """Take the next samples (8 kHz, any number)."""
        self._held = np.concatenate((self._held, samples))
        outputs: list[Output] = []
        while self._held_at + len(self._held) - self._endpointer.position >= WINDOW:
            begin = self._endpointer.position - self._held_at
            probability = self._voicing.probability(self._held[begin : begin + WINDOW])
            for decision in self._endpointer.push(probability):
                outputs += self._obey(decision)
        self._decode_some()
        self._forget()
        if self._endpointer.state is State.SPEAKING:
            outputs += self._partials()
        return outputs

    def close(self) -> None:
        self._voicing.close()

    def _obey(self, decision: Decision) -> list[Output]:
        match decision:
            case Confirmed():
                self._fed = self._begun = self._endpointer.keep_from
                return [Started()]
            case Ended(last_voiced, voiced, confirmed):
                return self._end(last_voiced, voiced, confirmed)
        self._fed = self._begun = self._endpointer.keep_from
        return []

    def _end(self, last_voiced: int, voiced: int, confirmed: bool) -> list[Output]:
        self._last_partial = ""
        if not confirmed and voiced < SHORTEST:
            return []
        self._feed_until(self._endpointer.position)
        heard = Heard(self._stream.final(), self._begun, last_voiced)
        if confirmed:
            return [heard]
        return [Started(), heard] if heard.said.text else []

    def _decode_some(self) -> None:
        if self._endpointer.state is State.SPEAKING and self._endpointer.position - self._fed >= BITE:
            self._feed_until(self._endpointer.position)

    def _feed_until(self, position: int) -> None:
        self._stream.accept(self._held[self._fed - self._held_at : position - self._held_at])
        self._fed = position

    def _partials(self) -> list[Output]:
        text = self._stream.partial()
        if not text or text == self._last_partial:
            return []
        self._last_partial = text
        return [Partial(text)]

    def _forget(self) -> None:
        speaking = self._endpointer.state is State.SPEAKING
        keep = self._fed if speaking else self._endpointer.keep_from
        self._held = self._held[keep - self._held_at :]
        self._held_at = keep
