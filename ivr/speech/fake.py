"""A recogniser that hears what a test tells it. Ships with the package, like the fake leg."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ivr.errors import SpeechBusy, SpeechUnavailable
from ivr.speech.recognizer import (
    PartialHeard,
    RecognitionEvent,
    RecognitionLost,
    SpeechStarted,
    UtteranceHeard,
)
from telephony.leg import Frame


@dataclass(slots=True)
class FakeStream:
    """Records what it was asked; `start`, `hear`, `partial` and `lose` speak for the caller."""

    recognizer: FakeRecognizer
    handler: Callable[[RecognitionEvent], None]
    listening: bool = False
    closed: bool = False
    language: str = ""
    phrases: tuple[str, ...] = ()
    patience: float = 0.0
    confirm: float = 0.0
    words: bool = False
    expects: str = ""
    length: tuple[int, int] = (0, 0)
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    turns: int = 0
    frames: list[Frame] = field(default_factory=list)
    """What was fed in this turn."""
    played: list[Frame | None] = field(default_factory=list)
    """What was played meanwhile."""

    def listen(
        self,
        language: str,
        phrases: Sequence[str],
        *,
        patience: float = 0.5,
        confirm: float = 0.3,
        words: bool = False,
        expects: str = "",
        length: tuple[int, int] = (0, 0),
        also: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        if language not in self.recognizer.languages or self.closed:
            raise SpeechUnavailable(f"no recognition of {language!r}")
        if self.recognizer.full:
            raise SpeechBusy("told to be full")
        self.language, self.phrases, self.patience, self.confirm = language, tuple(phrases), patience, confirm
        self.words, self.expects, self.length = words, expects, length
        self.also = {name: tuple(listed) for name, listed in (also or {}).items()}
        self.listening = True
        self.turns += 1
        self.frames.clear()
        self.played.clear()

    def feed(self, frame: Frame, played: Frame | None = None) -> None:
        """Keep both; where the script has an event for this many frames, it happens now."""
        if not self.listening:
            return
        self.frames.append(frame)
        self.played.append(played)
        for event in self.recognizer.script.get(len(self.frames), ()):
            self.handler(event)

    def pause(self) -> None:
        self.listening = False

    def close(self) -> None:
        self.listening = False
        self.closed = True

    def start(self) -> None:
        self.handler(SpeechStarted(self.recognizer.clock()))

    def partial(self, text: str) -> None:
        self.handler(PartialHeard(self.recognizer.clock(), text))

    def hear(self, text: str, confidence: float = 0.9, language: str = "") -> None:
        """`SpeechStarted`, then the utterance, both now."""
        self.start()
        now = self.recognizer.clock()
        self.handler(UtteranceHeard(now, text, confidence, now, language=language))

    def lose(self, reason: str = "told to", *, deaf: bool = False) -> None:
        self.listening = False
        self.handler(RecognitionLost(self.recognizer.clock(), reason, deaf))


@dataclass(slots=True)
class FakeRecognizer:
    """A `Recognizer` without audio; `streams` has every stream that was opened, in order."""

    languages: Mapping[str, str] = field(default_factory=lambda: {"zh": "fake", "en": "fake"})
    script: Mapping[int, Sequence[RecognitionEvent]] = field(default_factory=dict)
    """Number of frames fed in a turn to the events that happen then."""
    clock: Callable[[], float] = time.monotonic
    full: bool = False
    """Refuse new turns."""
    streams: list[FakeStream] = field(default_factory=list)
    running: bool = False

    async def start(self) -> None:
        if not self.languages:
            raise SpeechUnavailable("no languages")
        self.running = True

    async def close(self) -> None:
        self.running = False

    async def unheard(self, language: str, phrases: Sequence[str]) -> tuple[str, ...]:
        """Everything is heard."""
        return ()

    def open(self, handler: Callable[[RecognitionEvent], None]) -> FakeStream:
        self.streams.append(FakeStream(self, handler))
        return self.streams[-1]
