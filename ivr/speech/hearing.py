"""One call's turns inside a worker: voice gate, end-pointing, Vosk.

Vosk hears nothing until speech is confirmed; then it gets the pre-roll and what came since in one go. So silence and coughs
cost no more than the voice gate. A word too short to be confirmed is still recognised at its end: "好" takes 0.2 s.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.speech.aliases import Aliases, Grammar, join_words
from ivr.speech.endpointer import Confirmed, Decision, Ended, Endpointer, State, Timing
from ivr.speech.feed import Upsampler
from ivr.speech.settings import Feed
from ivr.speech.voicing import WINDOW, Detectors, Voicing

SHORTEST = 1024
"""Voiced samples (128 ms) under which an unconfirmed sound is not worth recognising."""
BITE = 800
"""Samples Vosk is fed at once: smaller ones cost more for each second of audio."""


@dataclass(frozen=True, slots=True)
class Heard:
    text: str
    confidence: float
    last_voiced: int
    """Samples since the turn began."""


@dataclass(frozen=True, slots=True)
class Started:
    pass


@dataclass(frozen=True, slots=True)
class Partial:
    text: str


Output = Started | Partial | Heard


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A Vosk model with what is needed to use it for one language."""

    model: Any
    aliases: Aliases
    feed: Feed

    def knows(self, word: str) -> bool:
        return int(self.model.vosk_model_find_word(word)) >= 0

    def grammar(self, phrases: tuple[str, ...]) -> Grammar:
        return Grammar.of(phrases, self.knows, self.aliases)


class Decoder:
    """Vosk on one utterance after another; made when the first one comes."""

    def __init__(
        self, make: Callable[[int, str | None], Any], loaded: LoadedModel, grammar: Grammar | None, *, words: bool = False
    ) -> None:
        """`words`: the list is one of words in any order, and what is heard is given word by word."""
        self._make = make
        self._words = words
        self._loaded = loaded
        self._grammar = grammar
        self._kaldi: Any = None
        self._up = Upsampler(loaded.feed)

    def feed(self, samples: NDArray[np.int16]) -> None:
        if self._kaldi is None:
            listed = None if self._grammar is None else self._grammar.json(self._loaded.knows)
            self._kaldi = self._make(self._up.rate, listed)
            self._kaldi.SetWords(True)
        self._kaldi.AcceptWaveform(self._up.push(samples))

    def partial(self) -> str:
        if self._kaldi is None:
            return ""
        text: str = json.loads(self._kaldi.PartialResult()).get("partial", "")
        return self._shown(text)[0] if self._grammar is None else ""

    def final(self) -> tuple[str, float]:
        """What was said and how sure that is; ready for the next utterance. ("", 0.0) where nothing matched."""
        if self._kaldi is None:
            return "", 0.0
        result: Mapping[str, Any] = json.loads(self._kaldi.FinalResult())
        self._kaldi.Reset()
        self._up = Upsampler(self._loaded.feed)
        words = result.get("result", ())
        mean = sum(word["conf"] for word in words) / len(words) if words else 0.0
        text, likeness = self._shown(result.get("text", ""))
        return text, min(1.0, mean * likeness) if text else 0.0

    def _shown(self, heard: str) -> tuple[str, float]:
        if self._grammar is not None and self._words:
            return self._grammar.words(heard), 1.0
        if self._grammar is not None:
            return self._grammar.match(heard)
        return join_words(word for word in heard.split() if not word.startswith(("[", "<"))), 1.0


class Turn:
    """Audio in, outputs out. One turn of one call."""

    def __init__(self, decoder: Decoder, detectors: Detectors, timing: Timing) -> None:
        self._decoder = decoder
        self._voicing = Voicing(detectors)
        self._endpointer = Endpointer(timing, window=WINDOW)
        self._held = np.empty(0, np.int16)
        self._held_at = 0
        """Position of the first held sample."""
        self._fed = 0
        """Position up to which Vosk has heard; meaningful while speaking."""
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
                self._fed = self._endpointer.keep_from
                return [Started()]
            case Ended(last_voiced, voiced, confirmed):
                return self._end(last_voiced, voiced, confirmed)
        self._fed = self._endpointer.keep_from
        return []

    def _end(self, last_voiced: int, voiced: int, confirmed: bool) -> list[Output]:
        self._last_partial = ""
        if not confirmed and voiced < SHORTEST:
            return []
        self._feed_until(self._endpointer.position)
        text, confidence = self._decoder.final()
        if confirmed:
            return [Heard(text, confidence, last_voiced)]
        return [Started(), Heard(text, confidence, last_voiced)] if text else []

    def _decode_some(self) -> None:
        if self._endpointer.state is State.SPEAKING and self._endpointer.position - self._fed >= BITE:
            self._feed_until(self._endpointer.position)

    def _feed_until(self, position: int) -> None:
        self._decoder.feed(self._held[self._fed - self._held_at : position - self._held_at])
        self._fed = position

    def _partials(self) -> list[Output]:
        text = self._decoder.partial()
        if not text or text == self._last_partial:
            return []
        self._last_partial = text
        return [Partial(text)]

    def _forget(self) -> None:
        speaking = self._endpointer.state is State.SPEAKING
        keep = self._fed if speaking else self._endpointer.keep_from
        self._held = self._held[keep - self._held_at :]
        self._held_at = keep
