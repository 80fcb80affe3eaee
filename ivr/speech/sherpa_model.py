"""sherpa-onnx as an `Engine`: streaming transducers, paraformers and CTC models, in the worker that feeds them.

It has no closed lists. Where the model takes hot words, the phrases of a turn are favoured as such; what was heard is then
taken for the phrase that is nearest, as with Vosk.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.errors import SpeechUnavailable
from ivr.speech.aliases import Aliases, Grammar, join_words, longest_match, plain
from ivr.speech.engine import Hypothesis, Word
from ivr.speech.feed import Upsampler
from ivr.speech.readings import Reading, weighed
from ivr.speech.settings import Feed
from ivr.speech.sherpa_files import SherpaFiles

TAIL = np.zeros(16000 * 7 // 10, np.float32)
"""Silence after the last sample, so that a model that looks ahead tells its last word."""
UNTOLD = 0.75
"""Confidence of a model that tells none (paraformer): sure enough to act, not sure enough to skip a confirmation."""
LAST_WORD = 0.3
"""Seconds a word is taken to last at most: models tell when a word begins, not when it ends."""


@dataclass(slots=True)
class SherpaModel:
    """A loaded recogniser with what is needed to use it for one language; see `ivr.speech.engine.Engine`."""

    recognizer: Any
    files: SherpaFiles
    aliases: Aliases
    feed: Feed
    hot_words: tuple[str, ...] = ()
    free: bool = False
    """What is near no phrase stays as it was heard."""
    name: str = "sherpa"

    def create_stream(self, language: str, rate: int, phrases: Sequence[str], *, words: bool = False) -> SherpaStream:
        grammar = Grammar.of(phrases, self.files.spells, self.aliases) if phrases else None
        if grammar is not None and not grammar.spoken and not self.free:
            raise SpeechUnavailable("the model of this language can hear none of the phrases")
        return SherpaStream(self, rate, grammar, words=words)

    def unheard(self, phrases: Sequence[str]) -> tuple[str, ...]:
        return Grammar.of(phrases, self.files.spells, self.aliases).unheard

    def make(self, grammar: Grammar | None) -> Any:
        """A stream of the library that favours hot words and the phrases."""
        if not self.files.takes_hot_words:
            return self.recognizer.create_stream()
        wanted = [plain(word) for word in self.hot_words] + list(grammar.spoken if grammar else ())
        spelt = [word.upper() if self.files.upper else word for word in wanted if self.files.spells(word)]
        return self.recognizer.create_stream("/".join(dict.fromkeys(spelt))) if spelt else self.recognizer.create_stream()


class SherpaStream:
    """sherpa-onnx on one utterance after another; the library's stream is made when the first audio comes."""

    def __init__(self, loaded: SherpaModel, rate: int, grammar: Grammar | None, *, words: bool = False) -> None:
        self._loaded = loaded
        self._grammar = grammar
        self._rate = rate
        self._words = words
        self._heard = 0
        self._stream: Any = None
        self._up = Upsampler(loaded.feed)

    def accept(self, samples: NDArray[np.int16]) -> None:
        if self._stream is None:
            self._stream = self._loaded.make(self._grammar)
        self._heard += len(samples)
        octets = self._up.push(samples)
        self._decode(np.frombuffer(octets, np.int16).astype(np.float32) / np.float32(32768))

    def partial(self) -> str:
        if self._stream is None:
            return ""
        heard = plain(self._loaded.recognizer.get_result(self._stream))
        if self._grammar is None or (self._loaded.free and not self._words):
            return join_words(heard.split())
        if self._words:
            return self._in_list(heard)
        return self._grammar.exact(heard) or ("…" if heard else "")

    def final(self) -> Hypothesis:
        if self._stream is None:
            return Hypothesis()
        self._decode(TAIL)
        self._stream.input_finished()
        self._decode(np.empty(0, np.float32))
        told = self._loaded.recognizer.get_result_all(self._stream)
        seconds = self._heard / self._rate
        self.reset()
        words = tuple(_words(told, seconds))
        worth = sum(word.confidence for word in words) / len(words) if words else UNTOLD
        return weighed([self._shown(Reading(plain(told.text), worth, words))], 0)

    def reset(self) -> None:
        self._stream = None
        self._up = Upsampler(self._loaded.feed)
        self._heard = 0

    def _decode(self, samples: NDArray[np.float32]) -> None:
        if len(samples):
            self._stream.accept_waveform(self._up.rate, samples)
        recognizer = self._loaded.recognizer
        while recognizer.is_ready(self._stream):
            recognizer.decode_stream(self._stream)

    def _shown(self, reading: Reading) -> Reading:
        if self._grammar is None:
            return reading.showing(join_words(reading.text.split()))
        if self._words:
            return reading.showing(self._in_list(reading.text))
        phrase, likeness = self._grammar.match(reading.text)
        if not phrase and self._loaded.free:
            return reading.showing(join_words(reading.text.split()))
        return reading.showing(phrase, likeness)

    def _in_list(self, heard: str) -> str:
        """The words of the list in what was heard, in order: "八八六" is three of them."""
        assert self._grammar is not None
        spoken = self._grammar.spoken
        pieces = (piece for token in heard.split() for piece in longest_match(token, lambda word: word in spoken))
        return join_words(spoken[piece] for piece in pieces if piece in spoken)


def _words(told: Any, seconds: float) -> Iterator[Word]:
    """Tokens joined to words: a Chinese character is one, pieces go up to the next "▁" and after "@@"."""
    times, chances = list(told.timestamps), list(told.ys_probs)
    if len(times) != len(told.tokens):
        return
    pieces: list[tuple[str, float, float]] = []
    joined = False
    for number, token in enumerate(told.tokens):
        sure = math.exp(min(0.0, chances[number])) if len(chances) == len(times) else UNTOLD
        text = token.removesuffix("@@").lstrip("▁ ").lower()
        goes_on = joined or not (token.startswith(("▁", " ")) or token[:1] >= "一" or not pieces or pieces[-1][0][-1:] >= "一")
        if goes_on and pieces:
            pieces[-1] = (pieces[-1][0] + text, pieces[-1][1], min(pieces[-1][2], sure))
        elif text:
            pieces.append((text, times[number], sure))
        joined = token.endswith("@@")
    for number, (text, start, sure) in enumerate(pieces):
        ends = pieces[number + 1][1] if number + 1 < len(pieces) else seconds
        yield Word(text, start, max(start, min(ends, start + LAST_WORD)), sure)
