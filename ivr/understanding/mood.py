"""How a caller feels by the words of one turn alone: a word list and a small classifier. Pure; well under a millisecond."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ivr.understanding.mood_model import models
from ivr.understanding.mood_words import STRONG, find, normal

CALM, TENSE, ANGRY = "calm", "tense", "angry"
TENSE_FROM, ANGRY_FROM = 0.35, 0.65
"""Levels (0..1) from which words are those of a tense and of an angry caller."""

_OF_TENSE = 0.52
"""The level of words that are certainly tense and not angry; certainly angry ones have 1."""
_PRIOR = 1.5
"""How much more calm turns there are than others, for texts in which no word of the list was met."""
_DOUBT = 0.85
"""What the model's chance of anger is taken for, beside the others: anger claimed wrongly costs more than tension."""
_RANGES = ((0.0, 0.3), (0.38, _OF_TENSE), (0.7, 1.0))
"""Within which level words lie that are most likely calm, tense, angry."""
_ENOUGH = 0.8
"""The level of words whose weights in the list come to `STRONG`, unless the model takes the whole for calm."""

_LETTERS = {"zh": re.compile(r"[\u3400-\u9fff]"), "en": re.compile(r"[a-z]", re.IGNORECASE)}
"""What a turn has of which the model knows anything: of words in the other writing it would guess."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the words of one turn say of the caller's mood."""

    level: float = 0.0
    """0 (calm) to 1 (furious)."""
    words: tuple[str, ...] = ()
    """Those of the list that count, the heaviest first."""


@lru_cache(maxsize=1024)
def judge(text: str, language: str) -> Verdict:
    """The verdict on one turn; `Verdict()` in languages without a word list. Never raises, whatever the text."""
    model = models().get(language)
    said = normal(text) if model is not None else ""
    if model is None or not said:
        return Verdict()
    found = find(said, language)
    if not found.words and not _LETTERS[language].search(said):
        return Verdict()
    chances = model.chances(said, language, found)
    chances *= (1.0 if found.words else _PRIOR, 1.0, _DOUBT)
    chances /= chances.sum()
    low, high = _RANGES[int(chances.argmax())]
    level = min(max(_OF_TENSE * float(chances[1]) + float(chances[2]), low), high)
    if found.weight >= STRONG - 1e-9 and chances.argmax() > 0:
        level = max(level, _ENOUGH)
    return Verdict(round(level, 3), found.words)


def mood(text: str, language: str) -> str:
    """ "calm", "tense" or "angry", by the words alone; "" for no words and for languages without a word list."""
    if language not in models() or not normal(text):
        return ""
    return label(judge(text, language).level)


def label(level: float) -> str:
    """The name of a level that nothing came before."""
    return ANGRY if level >= ANGRY_FROM else TENSE if level >= TENSE_FROM else CALM
