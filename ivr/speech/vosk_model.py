"""Vosk as an `Engine`: a loaded model and its streams, in the worker that feeds them."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.errors import SpeechUnavailable
from ivr.speech.aliases import Aliases, Grammar, join_words
from ivr.speech.engine import Hypothesis, Word
from ivr.speech.feed import Upsampler
from ivr.speech.settings import Feed

GRAMMARS = 256
"""Phrase lists kept ready: flows use the same few again and again."""


@dataclass(slots=True)
class VoskModel:
    """A Vosk model with what is needed to use it for one language; see `ivr.speech.engine.Engine`."""

    model: Any
    aliases: Aliases
    feed: Feed
    name: str = "vosk"
    grammars: OrderedDict[tuple[str, ...], Grammar] = field(default_factory=OrderedDict)

    def create_stream(self, language: str, rate: int, phrases: Sequence[str], *, words: bool = False) -> VoskStream:
        grammar = self._grammar(tuple(phrases)) if phrases else None
        if grammar is not None and not grammar.spoken:
            raise SpeechUnavailable("the model of this language can hear none of the phrases")
        return VoskStream(self, rate, grammar, words=words)

    def unheard(self, phrases: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._grammar(tuple(phrases)).unheard)

    def knows(self, word: str) -> bool:
        return int(self.model.vosk_model_find_word(word)) >= 0

    def make(self, rate: int, listed: str | None) -> Any:
        from vosk import KaldiRecognizer

        return KaldiRecognizer(self.model, rate) if listed is None else KaldiRecognizer(self.model, rate, listed)

    def _grammar(self, phrases: tuple[str, ...]) -> Grammar:
        grammar = self.grammars.pop(phrases, None) or Grammar.of(phrases, self.knows, self.aliases)
        self.grammars[phrases] = grammar
        if len(self.grammars) > GRAMMARS:
            self.grammars.popitem(last=False)
        return grammar


class VoskStream:
    """Vosk on one utterance after another; its recogniser is made when the first audio comes."""

    def __init__(self, loaded: VoskModel, rate: int, grammar: Grammar | None, *, words: bool = False) -> None:
        """`words`: the list is one of words in any order, and what is heard is given word by word."""
        self._words = words
        self._loaded = loaded
        self._grammar = grammar
        self._rate = rate
        self._kaldi: Any = None
        self._up = Upsampler(loaded.feed)
        self._begun = self._fed = 0
        """Samples at `rate` before this utterance, and fed in all: Vosk counts its times through resets."""

    def accept(self, samples: NDArray[np.int16]) -> None:
        if self._kaldi is None:
            listed = None if self._grammar is None else self._grammar.json(self._loaded.knows)
            self._kaldi = self._loaded.make(self._up.rate, listed)
            self._kaldi.SetWords(True)
        self._fed += len(samples)
        self._kaldi.AcceptWaveform(self._up.push(samples))

    def partial(self) -> str:
        if self._kaldi is None:
            return ""
        text: str = json.loads(self._kaldi.PartialResult()).get("partial", "")
        return self._shown(text)[0] if self._grammar is None else ""

    def final(self) -> Hypothesis:
        if self._kaldi is None:
            return Hypothesis()
        result: Mapping[str, Any] = json.loads(self._kaldi.FinalResult())
        begun = self._begun / self._rate
        self.reset()
        found = result.get("result", ())
        mean = sum(word["conf"] for word in found) / len(found) if found else 0.0
        text, likeness = self._shown(result.get("text", ""))
        if not text:
            return Hypothesis()
        words = tuple(Word(one["word"], one["start"] - begun, one["end"] - begun, one["conf"]) for one in found)
        return Hypothesis(text, min(1.0, mean * likeness), words)

    def reset(self) -> None:
        if self._kaldi is not None:
            self._kaldi.Reset()
        self._up = Upsampler(self._loaded.feed)
        self._begun = self._fed

    def _shown(self, heard: str) -> tuple[str, float]:
        if self._grammar is not None and self._words:
            return self._grammar.words(heard), 1.0
        if self._grammar is not None:
            return self._grammar.match(heard)
        return join_words(word for word in heard.split() if not word.startswith(("[", "<"))), 1.0
