"""The seam between a call and whatever recognises its speech. No I/O.

One stream a call. Feeding never blocks: what a busy worker cannot take is dropped and counted, and the caller is asked
again. Audio never leaves the machine. Every `at` is seconds on the event loop's monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from telephony.leg import Frame


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Speech was confirmed: voiced for as long as the stream was told, so not a cough and not a click."""

    at: float


@dataclass(frozen=True, slots=True)
class PartialHeard:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class SpokenWord:
    text: str
    start: float
    end: float
    """Both on the event loop's clock, from when the audio came: for captions, and to silence words in a recording."""
    confidence: float


@dataclass(frozen=True, slots=True)
class VoiceFacts:
    """How an utterance sounded, whatever was said. Compare with the same caller's earlier ones, never across callers."""

    seconds: float
    """Voiced."""
    level: float
    """Mean of the voiced part in dBFS."""
    pitch: float
    """Median in Hz; 0 where none could be told."""
    rate: float
    """Syllables a second; 0 where they could not be told."""


@dataclass(frozen=True, slots=True)
class UtteranceHeard:
    """The caller spoke and then kept silent for the patience of the stream."""

    at: float
    text: str
    """One of the phrases as it was given, or free text where none were given; "" where nothing matched."""
    confidence: float
    """0..1, the mean over the words."""
    speech_ended_at: float
    """When the last voiced frame was fed: what "end of speech to next prompt" is measured from."""
    words: tuple[SpokenWord, ...] = ()
    """Word by word, as the model spells them; empty where the engine tells no times."""
    alternatives: tuple[tuple[str, float], ...] = ()
    """Other readings, best first, each with its confidence."""
    speaker: tuple[float, ...] = ()
    """Vector of the voice; empty without a speaker model."""
    voice: VoiceFacts | None = None
    """How it sounded."""
    language: str = ""
    """Which language was heard; "" for the one that was listened for."""


@dataclass(frozen=True, slots=True)
class RecognitionLost:
    """The worker of this stream died or fell too far behind. A new `listen` opens a stream on another one."""

    at: float
    reason: str
    deaf: bool = False
    """Nothing of what was listened for can ever be heard: to listen for the same again is of no use."""


RecognitionEvent = SpeechStarted | PartialHeard | UtteranceHeard | RecognitionLost


class RecognitionStream(Protocol):
    """Recognition of one call."""

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
        """Begin a turn: forget what was heard before, take this closed list (empty: free speech).

        With `words` the list holds words that may come in any order, and the utterance is given as it was said.

        `patience` is the silence in seconds that ends an utterance, longer or shorter by what was said, by the type of value
        that the question `expects` and by the least and most digits (`length`, 0 for unknown) that it has; `confirm` the
        voiced seconds that make `SpeechStarted`. `also` has further languages, each with its list: the utterance is heard in
        all of them, and the surest one is told as its `language`. A phrase whose words the model does not know is heard
        through its aliases. Raises SpeechUnavailable where no model of `language` is installed, SpeechBusy where no worker
        has room.
        """

    def feed(self, frame: Frame, played: Frame | None = None) -> None:
        """Take 20 ms of the caller's voice; nothing happens outside a turn. Never blocks, never raises.

        `played` is what went to the caller in the same 20 ms, None for nothing: its echo is then not taken for speech.
        """

    def pause(self) -> None:
        """End the turn and throw its audio away. Without effect outside a turn."""

    def close(self) -> None:
        """Give the worker's memory back. Without effect the second time."""


class Recognizer(Protocol):
    """An engine with its workers."""

    @property
    def languages(self) -> Mapping[str, str]:
        """Language to the name of the model that hears it."""

    async def start(self) -> None:
        """Load models and start workers. Raises SpeechUnavailable where none of the configured models can be loaded."""

    async def close(self) -> None: ...

    def open(self, handler: Callable[[RecognitionEvent], None]) -> RecognitionStream:
        """A stream for one call; its events come to `handler` in the event loop. Never blocks."""
