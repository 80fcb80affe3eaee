"""A vosk-server as an `Engine`: recognition on another machine, by its WebSocket protocol. See `ivr.speech.remote_session`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.errors import SpeechUnavailable
from ivr.speech.aliases import Aliases, Grammar, join_words, plain
from ivr.speech.engine import Hypothesis, Word
from ivr.speech.feed import Upsampler
from ivr.speech.readings import Reading, weighed
from ivr.speech.remote_session import ANSWER, CONNECT, RemoteSession
from ivr.speech.settings import Feed
from ivr.speech.vosk_result import readings_in

UNKNOWN = "[unk]"


@dataclass(slots=True)
class RemoteModel:
    """A server with what is needed to use it for one language; see `ivr.speech.engine.Engine`."""

    url: str
    language: str
    aliases: Aliases
    feed: Feed
    alternatives: int = 0
    free: bool = False
    """Let the server decode everything; what is near no phrase stays as it was heard."""
    name: str = "remote"

    def create_stream(self, language: str, rate: int, phrases: Sequence[str], *, words: bool = False) -> RemoteStream:
        grammar = Grammar.of(phrases, _spelt, self.aliases) if phrases else None
        return RemoteStream(self, rate, grammar, words=words)

    def unheard(self, phrases: Sequence[str]) -> tuple[str, ...]:
        """None: only the server knows its vocabulary."""
        return ()

    def begin(self, rate: int, grammar: Grammar | None, *, words: bool) -> RemoteSession:
        """A connection for one utterance."""
        config: dict[str, Any] = {"sample_rate": rate, "words": True, "language": self.language}
        if self.alternatives:
            config["max_alternatives"] = self.alternatives + 1
        if grammar is not None and not self.free:
            config["phrase_list"] = [*grammar.spoken, UNKNOWN]
            config["any_order"] = words  # ours asks for it; vosk-server always hears a list so
        return RemoteSession(self.url, config)


class RemoteStream:
    """One utterance after another, each on a connection of its own that is made when its first audio comes."""

    def __init__(self, loaded: RemoteModel, rate: int, grammar: Grammar | None, *, words: bool = False) -> None:
        self._loaded = loaded
        self._grammar = grammar
        self._words = words
        self._session: RemoteSession | None = None
        self._unasked: _Answer | None = None
        self._up = Upsampler(loaded.feed)

    def accept(self, samples: NDArray[np.int16]) -> None:
        if self._unasked is not None:
            self._unasked.forget()  # it was a trial, and the utterance goes on
            self._unasked = None
        if self._session is None:
            self._session = self._loaded.begin(self._up.rate, self._grammar, words=self._words)
        self._session.send(self._up.push(samples))

    def partial(self) -> str:
        if self._session is None:
            return ""
        heard = self._session.partial
        if self._grammar is None or self._loaded.free:
            return _free(heard)
        if self._words:
            return self._grammar.words(heard)
        phrase, likeness = self._grammar.match(heard) if heard else ("", 0.0)
        return phrase if likeness == 1.0 else "…" if heard else ""

    def final(self) -> Hypothesis:
        """The answer comes later."""
        session, self._session = self._session, None
        self._up = Upsampler(self._loaded.feed)
        if session is None:
            return Hypothesis()
        self._unasked = _Answer(session, self._weighed)
        return Hypothesis("…", later=self._unasked)

    def reset(self) -> None:
        if self._session is not None:
            self._session.drop()
        self._session = None
        self._up = Upsampler(self._loaded.feed)

    def _weighed(self, results: Sequence[Mapping[str, Any]]) -> Hypothesis:
        """One answer out of the results of an utterance: a server may have cut it in a pause."""
        if len(results) == 1:
            return weighed([self._shown(one, results[0]) for one in readings_in(results[0])], self._loaded.alternatives)
        parts = [readings[0] for told in results if (readings := readings_in(told)) and readings[0].text]
        if not parts:
            return Hypothesis()
        words: list[Word] = [word for part in parts for word in part.words]
        whole = Reading(" ".join(part.text for part in parts), min(part.worth for part in parts), tuple(words))
        return weighed([self._shown(whole, {})], 0)

    def _shown(self, reading: Reading, told: Mapping[str, Any]) -> Reading:
        sure = told.get("confidence")
        if isinstance(sure, int | float) and 0 <= sure <= 1:
            reading = Reading(reading.text, float(sure), reading.words)
        if self._grammar is None:
            return reading.showing(_free(reading.text))
        if self._words:
            return reading.showing(self._grammar.words(reading.text))
        phrase, likeness = self._grammar.match(reading.text)
        if not phrase and self._loaded.free:
            return reading.showing(_free(reading.text))
        return reading.showing(phrase, likeness)


class _Answer:
    """The end of one utterance, told to whoever asks (`ivr.speech.engine.Later`)."""

    def __init__(self, session: RemoteSession, weigh: Callable[[Sequence[Mapping[str, Any]]], Hypothesis]) -> None:
        self._session = session
        self._weigh = weigh
        self._asked = False

    def when(self, told: Callable[[Hypothesis], None], lost: Callable[[str], None]) -> None:
        self._asked = True
        self._session.finish(lambda results: told(self._weigh(results)), lost)

    def forget(self) -> None:
        if not self._asked:
            self._session.drop()


def answer_of(said: Hypothesis) -> Hypothesis:
    """Wait for what comes later: for tools, never in a worker. Raises SpeechUnavailable where it does not come."""
    if said.later is None:
        return said
    done = threading.Event()
    came: list[Hypothesis] = []
    reasons: list[str] = []

    def told(answer: Hypothesis) -> None:
        came.append(answer)
        done.set()

    def lost(reason: str) -> None:
        reasons.append(reason)
        done.set()

    said.later.when(told, lost)
    if not done.wait(CONNECT + ANSWER + 10) or not came:
        raise SpeechUnavailable(reasons[0] if reasons else "no answer came")
    return came[0]


def _spelt(word: str) -> bool:
    """Chinese is sent character by character: every Chinese model knows those, and ours joins them again."""
    return len(word) == 1 or not any("㐀" <= char <= "鿿" for char in word)


def _free(heard: str) -> str:
    return join_words(plain(heard).split())
