"""A text as what a linear model counts: pieces of words, of characters and of sounds. Pure.

Chinese by its characters and by its toneless, blurred syllables, so that homophones of a recogniser (章单, 账单) have most
pieces in common; other languages by words, pairs of words and pieces of words. Figures of any kind are one sign,
contractions are written out, and sounds of thinking are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pypinyin import lazy_pinyin

LONGEST = 200
"""Characters of an utterance that are looked at."""
_CJK = re.compile(r"[㐀-鿿]")
_PIECES = re.compile(r"[㐀-鿿]|[a-z0-9#]+|[^\W\d_㐀-鿿]+")
_FILLERS_ZH = re.compile(r"[呃嗯额唔]|那个[，, ]|就是说")
_FILLERS_EN = frozenset(["um", "uh", "er", "erm", "ah", "well", "hmm", "like"])
_FIGURES_ZH = re.compile(
    r"(?:[0-9]+|[零〇一二两三四五六七八九十百千万]{2,}|[零〇一二两三四五六七八九十几](?=[块元毛点号月天年次遍个张件双兆]))"
)
_FIGURES_EN = re.compile(
    r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|twenty|thirty|forty|"
    r"fifty|sixty|seventy|eighty|ninety|hundred|thousand)\b"
)
_SHORT = (
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"\bcan't\b|\bcannot\b"), "can not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\bi'm\b"), "i am"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'d\b"), " would"),
    (re.compile(r"\b(what|where|when|how|who|that|it|there|he|she|here)'s\b"), r"\1 is"),
    (re.compile(r"\b(?:gonna|going to)\b"), "will"),
    (re.compile(r"\bwanna\b"), "want to"),
    (re.compile(r"\bgotta\b"), "have to"),
    (re.compile(r"'s\b"), ""),
)
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"), ("uang", "uan"))
_VARIANTS = str.maketrans("帐擎佘姆您妳", "账擎余姆你你")
EDGE = "_"


def pieces(text: str) -> Iterator[str]:
    """Everything that is counted in a text, each named by its kind."""
    said = text[:LONGEST].casefold().replace("’", "'")
    return _chinese(said) if _CJK.search(said) else _spelled(said)


def counted(text: str) -> dict[str, int]:
    """How often each piece is there."""
    return Counter(pieces(text))


def _chinese(said: str) -> Iterator[str]:
    core = _FIGURES_ZH.sub("#", _FILLERS_ZH.sub("", said.translate(_VARIANTS)))
    units = _PIECES.findall(core) or _PIECES.findall(said)
    sounds = [_sound(unit) for unit in units]
    yield from (f"c{gram}" for gram in _grams(units, 1, 4))
    yield from (f"k{one}{two}" for one, two in zip(units, units[2:], strict=False))
    yield from (f"p{gram}" for gram in _grams(sounds, 2, 3, " "))


def _spelled(said: str) -> Iterator[str]:
    for pattern, plain in _SHORT:
        said = pattern.sub(plain, said)
    said = _FIGURES_EN.sub("#", said)
    words = [word for word in _PIECES.findall(said) if word not in _FILLERS_EN] or _PIECES.findall(said)
    stems = [stem(word) for word in words]
    yield from (f"w{gram}" for gram in _grams(stems, 1, 3, " "))
    yield from (f"k{one} {two}" for one, two in zip(stems, stems[2:], strict=False))
    for word in words:
        yield from (f"l{gram}" for gram in _within(f"{EDGE}{word}{EDGE}", 3, 5))


def _grams(units: list[str], shortest: int, longest: int, between: str = "") -> Iterator[str]:
    """Neighbours, with the edges of the text as units of their own where there are two and more."""
    edged = [EDGE, *units, EDGE] if units else []
    for size in range(shortest, longest + 1):
        row = units if size == 1 else edged
        for start in range(len(row) - size + 1):
            yield between.join(row[start : start + size])


def _within(word: str, shortest: int, longest: int) -> Iterator[str]:
    for size in range(shortest, min(longest, len(word)) + 1):
        for start in range(len(word) - size + 1):
            yield word[start : start + size]


@lru_cache(maxsize=8192)
def _sound(unit: str) -> str:
    if not _CJK.match(unit):
        return unit
    syllable = lazy_pinyin(unit)[0]
    for precise, blurred in _ALIKE:
        syllable = syllable.replace(precise, blurred)
    return syllable


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """English without the commonest endings: bills, billed and billing are bill."""
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + instead
    return word


def all_pieces(texts: Iterable[str]) -> Counter[str]:
    """In how many of the texts each piece is."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(set(pieces(text)))
    return found
