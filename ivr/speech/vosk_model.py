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
from ivr.speech.engine import Hypothesis
from ivr.speech.feed import Upsampler
from ivr.speech.readings import Reading, weighed
from ivr.speech.settings import Feed
from ivr.speech.vosk_result import readings_in

GRAMMARS = 256
"""Phrase lists kept ready: flows use the same few again and again."""
SPARE_READINGS = 5
"""Readings asked for beyond those that are told: confidence comes from how the likelihood is shared among them."""


@dataclass(slots=True)
class VoskModel:
    """A Vosk model with what is needed to use it for one language; see `ivr.speech.engine.Engine`."""

    model: Any
    aliases: Aliases
    feed: Feed
    name: str = "vosk"
    speaker: Any = None
    """A loaded SpkModel; None: utterances carry no vector."""
    alternatives: int = 0
    """Other readings told with an utterance."""
    free: bool = False
    """Decode everything; what is near a phrase becomes that phrase, the rest stays as it was heard."""
    grammars: OrderedDict[tuple[str, ...], Grammar] = field(default_factory=OrderedDict)

    def create_stream(self, language: str, rate: int, phrases: Sequence[str], *, words: bool = False) -> VoskStream:
        grammar = self._grammar(tuple(phrases)) if phrases else None
        if grammar is not None and not grammar.spoken and not self.free:
            raise SpeechUnavailable("the model of this language can hear none of the phrases")
        return VoskStream(self, rate, grammar, words=words)

    def unheard(self, phrases: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._grammar(tuple(phrases)).unheard)

    def knows(self, word: str) -> bool:
        return int(self.model.vosk_model_find_word(word)) >= 0

    def make(self, rate: int, grammar: Grammar | None) -> Any:
        """A Vosk recogniser, set up as this language wants it."""
        from vosk import KaldiRecognizer

        if grammar is None or self.free:
            made = KaldiRecognizer(self.model, rate)
        else:
            made = KaldiRecognizer(self.model, rate, grammar.json(self.knows))
        made.SetWords(True)
        if self.speaker is not None:
            made.SetSpkModel(self.speaker)
        if self.alternatives:
            made.SetMaxAlternatives(self.alternatives + SPARE_READINGS)
        return made

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
        self._partial = ("", "")
        """What Vosk last believed, and what that shows as."""

    def accept(self, samples: NDArray[np.int16]) -> None:
        if self._kaldi is None:
            self._kaldi = self._loaded.make(self._up.rate, self._grammar)
        self._fed += len(samples)
        self._kaldi.AcceptWaveform(self._up.push(samples))

    def partial(self) -> str:
        if self._kaldi is None:
            return ""
        heard: str = json.loads(self._kaldi.PartialResult()).get("partial", "")
        if heard != self._partial[0]:
            self._partial = (heard, self._complete(heard))
        return self._partial[1]

    def final(self) -> Hypothesis:
        if self._kaldi is None:
            return Hypothesis()
        told: Mapping[str, Any] = json.loads(self._kaldi.FinalResult())
        begun = self._begun / self._rate
        self.reset()
        speaker = tuple(float(part) for part in told.get("spk", ()))
        readings = [self._shown(reading) for reading in readings_in(told, begun)]
        return weighed(readings, self._loaded.alternatives, speaker)

    def reset(self) -> None:
        if self._kaldi is not None:
            self._kaldi.Reset()
        self._up = Upsampler(self._loaded.feed)
        self._begun = self._fed
        self._partial = ("", "")

    def _shown(self, reading: Reading) -> Reading:
        """A reading as the phrase it stands for, worth less where it is only near to it."""
        if self._grammar is None:
            return reading.showing(_free(reading.text))
        if self._words:
            return reading.showing(self._grammar.words(reading.text))
        phrase, likeness = self._grammar.match(reading.text)
        if not phrase and self._loaded.free:
            return reading.showing(_free(reading.text))
        return reading.showing(phrase, likeness)

    def _complete(self, heard: str) -> str:
        """What may be told before the end: of a list only a phrase that is spoken to its last word."""
        if self._grammar is None or (self._loaded.free and not self._words):
            return _free(heard)
        if self._words:
            return self._grammar.words(heard)
        return self._grammar.exact(heard) or ("…" if self._grammar.begun(heard) else "")


def _free(heard: str) -> str:
    return join_words(word for word in heard.split() if not word.startswith(("[", "<")))
