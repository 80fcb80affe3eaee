"""A second opinion on utterances that were heard badly: an engine around another one.

What is doubtful is asked of the whisper process (`ivr.speech.whisper_process`) while the worker goes on with other callers.
Where it is busy, too slow, or no surer, the first hearing stands. Digits and other words in any order are not asked about.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ivr.speech.aliases import Aliases, Grammar, join_words
from ivr.speech.engine import Engine, EngineStream, Hypothesis
from ivr.speech.whisper_wire import receive, send

SHORTEST = 8000 * 4 // 10
"""Samples under which whisper guesses."""
KEPT = 8000 * 20
"""Samples of an utterance that are kept for it."""


@dataclass(slots=True)
class Tally:
    """What became of second opinions in this process."""

    asked: int = 0
    taken: int = 0
    """Where it was believed."""
    late: int = 0
    """Where it was busy, too slow, or not there."""


@dataclass(slots=True)
class DoubtingEngine:
    """See `ivr.speech.engine.Engine`."""

    inner: Engine
    address: bytes
    """Of the whisper process: a local socket without a file."""
    below: float
    within: float
    tally: Tally = field(default_factory=Tally)

    @property
    def name(self) -> str:
        return self.inner.name

    def create_stream(self, language: str, rate: int, phrases: Sequence[str], *, words: bool = False) -> EngineStream:
        stream = self.inner.create_stream(language, rate, phrases, words=words)
        return stream if words else DoubtingStream(self, stream, language, tuple(phrases))

    def unheard(self, phrases: Sequence[str]) -> tuple[str, ...]:
        return self.inner.unheard(phrases)


class DoubtingStream:
    """A stream of the inner engine whose doubtful answers come later."""

    def __init__(self, engine: DoubtingEngine, inner: EngineStream, language: str, phrases: tuple[str, ...]) -> None:
        self._engine = engine
        self._inner = inner
        self._language = language
        self._phrases = phrases
        self._kept: list[NDArray[np.int16]] = []

    def accept(self, samples: NDArray[np.int16]) -> None:
        self._inner.accept(samples)
        self._kept.append(samples.copy())

    def partial(self) -> str:
        return self._inner.partial()

    def final(self) -> Hypothesis:
        said = self._inner.final()
        samples = np.concatenate(self._kept)[:KEPT] if self._kept else np.empty(0, np.int16)
        self._kept = []
        if said.later is None and (said.confidence >= self._engine.below or len(samples) < SHORTEST):
            return said
        return replace(said, later=Doubt(self._engine, said, samples, self._language, self._phrases))

    def reset(self) -> None:
        self._inner.reset()
        self._kept = []


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubtful utterance; see `ivr.speech.engine.Later`."""

    engine: DoubtingEngine
    said: Hypothesis
    samples: NDArray[np.int16]
    language: str
    phrases: tuple[str, ...]

    def when(self, told: Callable[[Hypothesis], None], lost: Callable[[str], None]) -> None:
        if self.said.later is not None:
            self.said.later.when(lambda said: self._ask(said, told), lost)
        else:
            self._ask(self.said, told)

    def _ask(self, said: Hypothesis, told: Callable[[Hypothesis], None]) -> None:
        first = replace(said, later=None)
        if first.confidence >= self.engine.below or len(self.samples) < SHORTEST:
            told(first)
        else:
            threading.Thread(target=lambda: told(self._second(first)), name="second opinion", daemon=True).start()

    def _second(self, first: Hypothesis) -> Hypothesis:
        self.engine.tally.asked += 1
        answer = ask(self.engine.address, self.samples, self.language, self.phrases, self.engine.within)
        if answer is None:
            self.engine.tally.late += 1
            return first
        better = surer(first, *answer, self.phrases)
        self.engine.tally.taken += better is not first
        return better


def ask(
    address: bytes, samples: NDArray[np.int16], language: str, phrases: Sequence[str], within: float
) -> tuple[str, float] | None:
    """Text and confidence; None where no answer comes `within` so many seconds."""
    until = time.monotonic() + within
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(within)
            link.connect(address)
            send(link, {"language": language, "phrases": list(phrases), "within": within}, samples.tobytes())
            link.settimeout(max(0.01, until - time.monotonic()))
            told, _ = receive(link)
    except (OSError, ValueError):
        return None
    return None if told.get("busy") else (str(told.get("text", "")), float(told.get("confidence", 0.0)))


def surer(first: Hypothesis, text: str, confidence: float, phrases: Sequence[str]) -> Hypothesis:
    """The better of two hearings. A phrase that the second is near to counts; where nothing fitted, so does what it heard."""
    if not text:
        return first
    if not phrases:
        return (
            first if confidence <= first.confidence else Hypothesis(join_words(text.split()), confidence, speaker=first.speaker)
        )
    phrase, likeness = Grammar.of(phrases, lambda word: True, Aliases()).match(text)
    if phrase == first.text and phrase:
        return replace(first, confidence=max(first.confidence, confidence * likeness))
    if phrase and confidence * likeness > first.confidence:
        others = ((first.text, first.confidence),) if first.text else ()
        return Hypothesis(phrase, confidence * likeness, alternatives=others, speaker=first.speaker)
    if not phrase and not first.text:
        return Hypothesis(join_words(text.split()), confidence, speaker=first.speaker)
    return first
