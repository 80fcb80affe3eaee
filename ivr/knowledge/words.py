"""Text to the words that it is found by: English stems, Chinese pairs of characters. Pure.

Chinese needs no dictionary so: every two neighbouring characters are a word, and one that stands alone is one. What says
nothing (的 了 吗, the, and, please) is left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import snowballstemmer

MOST = 20_000
"""Characters that are looked at."""
_PART = re.compile(r"[㐀-鿿豈-﫿]+|[^\W_]+(?:['’][^\W_]+)?")
_HAN = re.compile(r"[㐀-鿿豈-﫿]")
_SPLIT = re.compile(r"[㐀-鿿豈-﫿]+|[^㐀-鿿豈-﫿]+")
_EMPTY_HAN = frozenset("的了吗呢吧啊呀嘛哦嗯我你您他她它们是在就都也很这那么个着过把被给让跟和与或怎什哪为几想要请还会能")
_EMPTY_ENGLISH = (
    "a an and are as at be been but by can could do does did for from get got had has have hello help how i if in is it its "
    "just like me my no not of oh ok on or our please so that the their them then there this to up us want was we well were "
    "what when where which who why will with would yes you your i'm it's don't"
)
_EMPTY = frozenset(_EMPTY_ENGLISH.split())
_stemmer = snowballstemmer.stemmer("english")


def tokens(text: str) -> list[str]:
    """The words of a text in any mixture of Chinese and others, in their order, with repetitions. Never raises."""
    found: list[str] = []
    for part in _parts(text):
        found += _pairs(part) if _HAN.match(part) else _word(part)
    return found


def spellings(text: str) -> dict[str, str]:
    """The stems of a text to the words that they first stand for, in small letters: nobody should read "invoic"."""
    found: dict[str, str] = {}
    for part in _parts(text):
        for stem in () if _HAN.match(part) else _word(part):
            found.setdefault(stem, part)
    return found


def _parts(text: str) -> Iterator[str]:
    for run in _PART.findall(unicodedata.normalize("NFKC", text[:MOST]).casefold()):
        yield from _SPLIT.findall(run)


def plain(text: str) -> str:
    """Letters and digits alone, in small letters: what two spellings of the same have in common."""
    return "".join(one for one in unicodedata.normalize("NFKC", text).casefold() if one.isalnum())


def _pairs(run: str) -> list[str]:
    found: list[str] = []
    for piece in "".join(" " if one in _EMPTY_HAN else one for one in run).split():
        found += [piece] if len(piece) == 1 else [piece[n : n + 2] for n in range(len(piece) - 1)]
    return found


def _word(word: str) -> list[str]:
    bare = word.replace("’", "'")
    return [] if bare in _EMPTY or len(bare) > 40 else [_stem(bare.removesuffix("'s"))]


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    return str(_stemmer.stemWord(word))
