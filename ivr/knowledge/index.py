"""Cards found by words: BM25 over title, phrases and text, weighted by what people found useful. Pure."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import bm25s

from ivr.knowledge.words import plain, spellings, tokens

if TYPE_CHECKING:
    from ivr.knowledge.meaning import Near

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG

TITLE_WEIGHT, PHRASE_WEIGHT = 3, 3
"""How often a word of title or phrases counts where one of the text counts once."""
SURE = 2
"""Different words that a card must share with what was said, in title or phrases, to be put forward by itself."""
LEAST_SHARE = 0.34
"""Of the weight of what was said that a card must answer to be put forward by itself."""
COMMON = 20
"""Cards, or a tenth of all: a word that more of them have in title or phrases tells none apart."""
SHORTEST = 2
"""Characters of a phrase that is looked for as it is."""
USED_WEIGHT, TAG_WEIGHT = 0.12, 1.25
LIKE_WEIGHT = 20.0
"""What a likeness of 1 counts beside the score of words in a search."""
LONGEST_WHY = 60
"""Characters of the piece of a card that was meant."""
LIKE_LEAST = 0.25
"""Likeness from which a card without a word of the query is found."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is known of one card, whatever the language."""

    name: str
    title: str
    text: str = ""
    phrases: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    parts: tuple[tuple[str, str], ...] = ()
    """(title, text) of each language by itself, for those who compare meanings."""


@dataclass(frozen=True, slots=True)
class Uses:
    """What agents made of a card."""

    opened: int = 0
    """Contacts during which it was opened."""
    useful: int = 0
    useless: int = 0

    @property
    def worth(self) -> float:
        """Above 1 for a card that is used and found useful, below 1 for one that is found useless."""
        liked = (self.useful + 2) / (self.useful + self.useless + 4)
        return (1 + USED_WEIGHT * math.log1p(self.opened)) * (0.5 + liked)


NEVER_USED = Uses()


@dataclass(frozen=True, slots=True)
class Found:
    name: str
    score: float
    why: str = ""
    """The phrase, or the words, by which it was found."""


@dataclass(slots=True)
class Index:
    """Of all cards. Making one of 2,000 cards takes some tenths of a second: use a thread."""

    documents: Sequence[Document]
    _ranks: bm25s.BM25 | None = field(default=None, init=False, repr=False)
    _heads: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False)
    """Word of a title or phrase to the cards that have it there."""
    _phrases: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict, init=False, repr=False)
    """By their first `SHORTEST` characters."""
    _known: dict[str, float] = field(default_factory=dict, init=False, repr=False)
    _unknown: float = field(default=1.0, init=False, repr=False)
    """Weight of a word that no card has."""

    def __post_init__(self) -> None:
        corpus = [self._corpus(one) for one in self.documents]
        if any(corpus):
            self._ranks = bm25s.BM25()
            self._ranks.index([words or ["?"] for words in corpus], show_progress=False)
        counted: dict[str, int] = {}
        for words in corpus:
            for word in set(words):
                counted[word] = counted.get(word, 0) + 1
        total = len(corpus)
        self._known = {word: math.log(1 + total / number) for word, number in counted.items()}
        self._unknown = max(self._known.values(), default=1.0)

    def search(
        self, query: str, uses: Mapping[str, Uses], tags: Iterable[str] = (), most: int = 10, near: Near | None = None
    ) -> list[Found]:
        """The best cards for a query; without words in it the most used ones. Those with one of `tags` are preferred.

        `near` is how like the cards are to the query, where that is known.
        """
        wanted, asked = frozenset(tags), tokens(query)
        if not asked and query.strip():
            return []
        scores = self._scores(asked) if asked else [1.0] * len(self.documents)
        if near is not None and asked:
            likes = [near.likeness.get(one.name, 0.0) for one in self.documents]
            scores = [
                score + LIKE_WEIGHT * like if score > 0 or like >= LIKE_LEAST else 0.0
                for score, like in zip(scores, likes, strict=True)
            ]
        found = [
            Found(one.name, score * uses.get(one.name, NEVER_USED).worth * (TAG_WEIGHT if one.tags & wanted else 1.0))
            for one, score in zip(self.documents, scores, strict=True)
            if score > 0
        ]
        return sorted(found, key=lambda one: -one.score)[:most]

    def heard(
        self, said: Sequence[str], uses: Mapping[str, Uses], most: int = 3, near: Sequence[Near | None] = ()
    ) -> list[Found]:
        """The cards that what was said calls for, the surest first: by one of their phrases, enough words, or the meaning.

        `said` are the last utterances, the newest first, `near` how like the cards are to each, where that is known. Few are
        found, and none where nothing is sure.
        """
        found: dict[str, Found] = {}
        for age, text in enumerate(said):
            for one in (
                *self._by_phrase(plain(text)),
                *self._by_words(text),
                *_by_meaning(near[age] if age < len(near) else None),
            ):
                score = one.score * uses.get(one.name, NEVER_USED).worth / (1 + age)
                if one.name not in found or found[one.name].score < score:
                    found[one.name] = Found(one.name, score, one.why)
        return sorted(found.values(), key=lambda one: -one.score)[:most]

    def _corpus(self, one: Document) -> list[str]:
        title, phrases = tokens(one.title), [word for phrase in one.phrases for word in tokens(phrase)]
        for word in {*title, *phrases}:
            self._heads.setdefault(word, []).append(one.name)
        for phrase in one.phrases:
            if len(key := plain(phrase)) >= SHORTEST:
                self._phrases.setdefault(key[:SHORTEST], []).append((key, one.name, phrase))
        return TITLE_WEIGHT * title + PHRASE_WEIGHT * phrases + tokens(one.text)

    def _scores(self, asked: list[str]) -> list[float]:
        known = [word for word in asked if word in self._known]
        if self._ranks is None or not known:
            return [0.0] * len(self.documents)
        return [float(score) for score in self._ranks.get_scores(known)]

    def _by_phrase(self, said: str) -> list[Found]:
        """Longer phrases are surer."""
        starts = {said[at : at + SHORTEST] for at in range(len(said) - SHORTEST + 1)} & self._phrases.keys()
        several = [self._phrases[start] for start in sorted(starts)]
        return [Found(name, 100.0 + len(key), phrase) for found in several for key, name, phrase in found if key in said]

    def _by_words(self, said: str) -> list[Found]:
        asked = list(dict.fromkeys(tokens(said)))
        weight = sum(self._known.get(word, self._unknown) for word in asked)
        common = max(COMMON, len(self.documents) // 10)
        shared: dict[str, list[str]] = {}
        for word in asked:
            names = self._heads.get(word, ())
            for name in names if len(names) <= common else ():
                shared.setdefault(name, []).append(word)
        found, spelt = [], spellings(said) if shared else {}
        for name, words in shared.items():
            share = sum(self._known[word] for word in words) / weight
            if len(words) >= SURE and share >= LEAST_SHARE:
                found.append(Found(name, 10 * share, " ".join(spelt.get(word, word) for word in words[:4])))
        return found


def _by_meaning(near: Near | None) -> list[Found]:
    if near is None:
        return []
    return [Found(name, 10 * near.likeness[name], near.piece.get(name, "")[:LONGEST_WHY]) for name in near.sure()]
