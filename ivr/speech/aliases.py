"""How a phrase is spelt in the words a model knows, and how what it heard becomes the phrase again. No I/O.

A recogniser with a closed list ignores words that are missing from its vocabulary. A phrase with such a word is heard through
other spellings: written by hand for a brand name, or learnt from recordings (`python -m ivr.speech.learn`). An alias file:

    phrases:              # a whole phrase; wins over words
      查账单: [察 帐单, 查 帐 单]
    words:                # one word inside phrases
      vodafone: [voter phone]
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz

from ivr.errors import ConfigError

VARIANTS = 8
"""At most so many spellings of one phrase are made out of the spellings of its words."""
NEAR = 0.6
"""Likeness (0..1) that a recognised text must have with a spelling to stand for its phrase."""

_CJK = re.compile(r"[㐀-鿿豈-﫿]")


def plain(text: str) -> str:
    """Lower case, full-width forms folded, punctuation gone, single spaces."""
    folded = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(c if c.isalnum() or c == "'" or unicodedata.category(c).startswith("M") else " " for c in folded)
    return " ".join(kept.split())


@dataclass(frozen=True, slots=True)
class Aliases:
    """Spellings of phrases and of single words, keys in `plain` form."""

    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_data(cls, data: Any, source: str = "aliases") -> Aliases:
        """What an alias file says. Raises ConfigError naming `source` and the entry that is wrong."""
        if data is None:
            return cls()
        if not isinstance(data, dict) or not set(data) <= {"phrases", "words"}:
            raise ConfigError(f"{source}: an alias file has `phrases:` and `words:`, each text to a list of spellings")
        return cls(_table(data.get("phrases"), source), _table(data.get("words"), source))


def _table(data: Any, source: str) -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    if not isinstance(data or {}, dict):
        raise ConfigError(f"{source}: expected text to list of spellings")
    for text, spellings in (data or {}).items():
        listed = [spellings] if isinstance(spellings, str) else spellings
        if not isinstance(listed, list) or not all(isinstance(s, str) and s.strip() for s in listed):
            raise ConfigError(f"{source}: {text!r} needs a list of spellings, like [one, two]")
        table[plain(str(text))] = tuple(" ".join(s.split()) for s in listed)
    return table


def spellings(text: str, known: Callable[[str], bool], aliases: Aliases) -> tuple[str, ...]:
    """Every way to write `text` in known words, best first; empty where the model cannot hear it.

    Chinese is cut into the longest words of the vocabulary. `known` says whether the model has a word.
    """
    key = plain(text)
    found = [s for s in aliases.phrases.get(key, ()) if all(known(word) for word in s.split())]
    parts = [options for token in key.split() for options in _token(token, known, aliases)]
    if parts and all(parts):
        found += (" ".join(choice) for choice in itertools.islice(itertools.product(*parts), VARIANTS))
    return tuple(dict.fromkeys(found))


def _token(token: str, known: Callable[[str], bool], aliases: Aliases) -> list[tuple[str, ...]]:
    """The choices for each piece of one token; an empty choice where a piece is unknown."""
    if known(token):
        return [(token,)]
    if token in aliases.words:
        return [tuple(s for s in aliases.words[token] if all(known(word) for word in s.split()))]
    if not _CJK.search(token):
        return [()]
    return [_piece(piece, known, aliases) for piece in longest_match(token, lambda w: known(w) or w in aliases.words)]


def _piece(piece: str, known: Callable[[str], bool], aliases: Aliases) -> tuple[str, ...]:
    if known(piece):
        return (piece,)
    return tuple(s for s in aliases.words.get(piece, ()) if all(known(word) for word in s.split()))


def longest_match(text: str, known: Callable[[str], bool], longest: int = 8) -> list[str]:
    """Cut `text` from the left into the longest known words; an unknown character stands alone."""
    pieces = []
    while text:
        size = next((n for n in range(min(longest, len(text)), 1, -1) if known(text[:n])), 1)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


@dataclass(frozen=True, slots=True)
class Grammar:
    """The closed list of one turn, in the words of one model."""

    spoken: Mapping[str, str]
    """Spelling to the phrase as it was given."""
    unheard: tuple[str, ...]
    """Phrases the model cannot hear."""
    unknown_word: str = "[unk]"
    """What the model gives for speech outside the list."""

    @classmethod
    def of(cls, phrases: Sequence[str], known: Callable[[str], bool], aliases: Aliases) -> Grammar:
        spoken: dict[str, str] = {}
        unheard = []
        for phrase in phrases:
            ways = spellings(phrase, known, aliases)
            if not ways:
                unheard.append(phrase)
            for way in ways:
                spoken.setdefault(way, phrase)
        return cls(spoken, tuple(unheard))

    def json(self, known: Callable[[str], bool]) -> str:
        """The list as Vosk takes it, with its word for anything else where the model has one."""
        rest = [self.unknown_word] if known(self.unknown_word) else []
        return json.dumps([*self.spoken, *rest], ensure_ascii=False)

    def words(self, heard: str) -> str:
        """What the model gave, each word as it stands in the list, and nothing for what is outside of it."""
        spoken = (self.spoken.get(word, word) for word in heard.split() if word != self.unknown_word)
        return join_words(spoken)

    def exact(self, heard: str) -> str:
        """The phrase that the model gave word by word; "" where it gave none, or not all of it."""
        return self.spoken.get(" ".join(heard.replace(self.unknown_word, " ").split()), "")

    def begun(self, heard: str) -> bool:
        """Whether what the model gave is the beginning of a phrase, and no whole one."""
        beginning = " ".join(heard.replace(self.unknown_word, " ").split()) + " "
        return beginning != " " and any(spelling.startswith(beginning) for spelling in self.spoken)

    def match(self, heard: str) -> tuple[str, float]:
        """The phrase meant by the words the model gave, and how near they are (0..1); ("", 0.0) where none is near.

        Vosk makes word pairs of the list, not whole phrases, so what it gives may mix them.
        """
        exact = self.exact(heard)
        if exact:
            return exact, 1.0
        letters = "".join(heard.replace(self.unknown_word, " ").split())
        return _nearest(letters, self.spoken) if letters else ("", 0.0)


def _nearest(letters: str, spoken: Mapping[str, str]) -> tuple[str, float]:
    best, second, phrase = 0.0, 0.0, ""
    for spelling, meant in spoken.items():
        likeness = alike(letters, spelling.replace(" ", ""))
        if likeness > best:
            best, second, phrase = likeness, (second if meant == phrase else best), meant
        elif meant != phrase:
            second = max(second, likeness)
    return (phrase, best) if best >= NEAR and best > second else ("", 0.0)


def alike(left: str, right: str) -> float:
    """Likeness of two words, 0..1, Hangul compared letter by letter."""
    return fuzz.ratio(_letters(left), _letters(right)) / 100


@lru_cache(16384)
def _letters(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def join_words(words: Iterable[str]) -> str:
    """Free speech as people write it: no spaces between Chinese characters."""
    return re.sub(rf"(?<={_CJK.pattern})\s+(?={_CJK.pattern})", "", " ".join(words))
