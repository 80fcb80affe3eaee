"""A text in pieces that a voice can speak one after another: it ends at a stop, and no word is cut. Pure."""

from __future__ import annotations

import re
import unicodedata

FIRST = 4.0
"""Beats that the first piece has at least: the sooner it is spoken, the sooner the caller hears something."""
LEAST = 8.0
"""Beats of every other piece: a voice needs a few words for its tune."""
MOST = 60.0
"""Beats after which a text without any stop is parted between two words."""

_WIDE = "。！？；：，…"
_NARROW = "!?;:,."
_CLOSING = "”’」』）》〉】)]}\"'"
_ABBREVIATED = frozenset(
    [
        *("mr", "mrs", "ms", "dr", "prof", "st", "no", "vs", "etc", "a.m", "p.m", "e.g", "i.e"),
        *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"),
    ]
)
_JOINTS = "的了和与及而但着在"
"""After these a Chinese sentence may breathe where it has no stop."""
_PARTS = re.compile(rf"[^{_WIDE}{_NARROW}\n]*[{_WIDE}{_NARROW}\n]*[{re.escape(_CLOSING)}]*")


def beats(text: str) -> float:
    """About how many syllables `text` has: one for a character of Chinese or a digit, two for five letters."""
    return sum(1.0 if char.isdigit() or unicodedata.east_asian_width(char) in "WF" else 0.4 for char in text if char.isalnum())


def clauses(text: str) -> list[str]:
    """Return `text` in pieces, stops and all, in order; joined they have every word of it.

    The first is the shortest that can be spoken by itself, the others are longer. Points and commas inside numbers, hours and
    abbreviations part nothing. Text without a word gives no pieces.
    """
    found: list[str] = []
    held = ""
    for part in _parts(text):
        held += part
        if beats(held) >= (LEAST if found else FIRST):
            found.append(held.strip())
            held = ""
    if beats(held) >= FIRST or (held.strip() and not found):
        found.append(held.strip())
    elif held.strip():
        found[-1] += (" " if found[-1].isascii() else "") + held.strip()
    return [piece for long in found for piece in _bounded(long) if beats(piece)]


def _parts(text: str) -> list[str]:
    """`text` cut after each stop that ends a clause."""
    cut: list[str] = []
    held = ""
    end = 0
    for match in _PARTS.finditer(text):
        held += match[0]
        end = match.end()
        if held and _ends(held, text[end : end + 1]):
            cut.append(held)
            held = ""
    return [*cut, held] if held else cut


def _ends(part: str, following: str) -> bool:
    """Whether the stop that `part` ends with closes a clause, given the character behind it."""
    bare = part.rstrip(_CLOSING)
    if not bare or bare[-1] in _WIDE or bare[-1] == "\n":
        return True
    if bare[-1] not in _NARROW or not (following.isspace() or not following or _wide(bare[-2:-1])):
        return False
    word = bare[:-1].rsplit(None, 1)[-1:] if bare[-1] == "." else []
    return not word or not (word[0].casefold() in _ABBREVIATED or (len(word[0]) == 1 and word[0].isalpha()))


def _wide(char: str) -> bool:
    return bool(char) and unicodedata.east_asian_width(char) in "WF"


def _bounded(text: str) -> list[str]:
    """A piece that is too long for one breath, parted between words; one pass, however long it is."""
    found: list[str] = []
    start = last = 0
    total = 0.0
    since = 0.0
    """Beats after the last place where it may be parted."""
    for at, char in enumerate(text):
        weight = beats(char)
        if total + weight > MOST:
            cut = last if last > start else at
            found.append(text[start:cut].strip())
            total = since if last > start else 0.0
            start, since = cut, total
        total += weight
        since += weight
        if char.isspace() or char in _JOINTS:
            last, since = at + 1, 0.0
    return [*found, text[start:].strip()]
