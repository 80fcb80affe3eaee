"""The readings of one utterance, weighed against each other. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ivr.speech.engine import Hypothesis, Word


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand an utterance."""

    text: str
    """As the engine spells it, or what that shows as; "" where it stands for nothing."""
    worth: float
    """0..1; of all readings of an utterance at most 1 together."""
    words: tuple[Word, ...] = ()

    def showing(self, text: str, likeness: float = 1.0) -> Reading:
        """The same reading under another text, worth as much as it is like it."""
        return replace(self, text=text, worth=self.worth * likeness)


def weighed(readings: Sequence[Reading], alternatives: int, speaker: tuple[float, ...] = ()) -> Hypothesis:
    """What was said: the text whose readings are worth most together, and up to `alternatives` others, best first.

    A word is as sure as all readings that have it at that place. Readings that show nothing count for none.
    """
    worth: dict[str, float] = {}
    first: dict[str, Reading] = {}
    for reading in readings:
        if reading.text:
            worth[reading.text] = worth.get(reading.text, 0.0) + reading.worth
            first.setdefault(reading.text, reading)
    if not worth:
        return Hypothesis(speaker=speaker)
    ranked = sorted(worth.items(), key=lambda item: -item[1])
    text, best = ranked[0]
    words = first[text].words if len(readings) == 1 else tuple(_sure(word, readings) for word in first[text].words)
    others = tuple((other, round(min(1.0, share), 4)) for other, share in ranked[1 : alternatives + 1])
    return Hypothesis(text, min(1.0, best), words, others, speaker)


def _sure(word: Word, readings: Sequence[Reading]) -> Word:
    holding = (one.words[0].confidence for one in readings if any(_same(word, other) for other in one.words))
    return replace(word, confidence=min(1.0, sum(holding)))


def _same(word: Word, other: Word) -> bool:
    return word.text == other.text and word.start < other.end and other.start < word.end
