"""The seam to whatever turns audio into words: one stream an utterance, in a process of its own. No I/O.

An engine is loaded once and makes streams; a stream is fed 16-bit samples, gives what it believes so far, and at last what was
said. Voice gate, end-pointing, worker processes and turns are the same for every engine, and not its business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Word:
    """One word of an utterance."""

    text: str
    start: float
    """Seconds of audio since the stream was made or reset."""
    end: float
    confidence: float
    """0..1."""


class Later(Protocol):
    """An answer that is not waited for: the worker hears other callers meanwhile."""

    def when(self, told: Callable[[Hypothesis], None], lost: Callable[[str], None]) -> None:
        """Ask for it. One of both is called once, at any time, from any thread: with the answer or with why there is none."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What was said, as far as an engine can tell."""

    text: str = ""
    """One of the phrases as it was given, or free text where none were; "" where nothing matched."""
    confidence: float = 0.0
    """0..1."""
    words: tuple[Word, ...] = ()
    """Empty where the engine tells no times."""
    alternatives: tuple[tuple[str, float], ...] = ()
    """Other readings, best first, each with its confidence."""
    speaker: tuple[float, ...] = ()
    """Vector of the voice; empty without a speaker model."""
    language: str = ""
    """Which language it is in, where several were listened for; "" for the only one."""
    later: Later | None = None
    """Where the answer is still to come: from another machine, or after a second opinion. What stands here is what is known
    so far, with the text "…" where that is nothing."""


class EngineStream(Protocol):
    """Recognition of one utterance after another. Not thread-safe: one worker feeds it."""

    def accept(self, samples: NDArray[np.int16]) -> None:
        """Take the next samples, at the rate that the stream was made for."""

    def partial(self) -> str:
        """What it believes so far; "" where it believes nothing, or tells nothing before the end.

        Of a list of phrases only one that is spoken to its last word, as it was given: it may still go on into a longer one.
        "…" stands for one that has begun and is not whole yet.
        """

    def final(self) -> Hypothesis:
        """End the utterance: what was said. Ready for the next one, as after `reset`."""

    def reset(self) -> None:
        """Forget what was heard."""


class Engine(Protocol):
    """A loaded model, ready to hear its language."""

    @property
    def name(self) -> str:
        """ "vosk", "sherpa", ... as settings name it."""

    def create_stream(self, language: str, rate: int, phrases: Sequence[str], *, words: bool = False) -> EngineStream:
        """A stream for audio of `rate` Hz that hears one of `phrases`; anything where there are none.

        With `words` the list holds words that may come in any order. Raises SpeechUnavailable where it can hear none of them.
        """

    def unheard(self, phrases: Sequence[str]) -> tuple[str, ...]:
        """Those of the phrases that it can never hear."""
