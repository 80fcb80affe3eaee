"""What was said as it is looked for: words in small letters, Chinese by characters; queries, and where they hit. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

MOST_TEXT = 8_000
"""Characters of a text that are looked at."""
MOST_QUERY, MOST_TERMS = 200, 10
PREFIX_FROM = 3
"""Letters from which a word stands for all that begin so."""
SNIPPET, BEFORE = 120, 30
"""Characters of a snippet, and of those before its first hit."""

HAN = "㐀-鿿豈-﫿぀-ヿ𠀀-𯿿"
"""Written without blanks between words: each character is a word of its own, so that any part of a word is found."""
_HAN = re.compile(f"[{HAN}]")
_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(f"[{HAN}]|(?:(?![{HAN}])[^\\W_])+")
_TERM = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
_QUOTES = str.maketrans("“”„«»「」『』＂", '"' * 10)


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand side by side."""

    words: tuple[str, ...]
    begins: bool
    """Whether the last one may go on: `refund` finds `refunded`."""

    @property
    def text(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Query:
    """What must be in one turn, and what must not."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()

    def __str__(self) -> str:
        """How it was understood."""
        told = [f"{one.text}{'*' if one.begins else ''}" for one in self.wanted]
        return " + ".join([*told, *(f"-{one.text}" for one in self.unwanted)])


def spaced(text: str) -> str:
    """The words of a text with one blank between them, as they are kept: `查 一 下 order 77`. Never raises."""
    return " ".join(_WORD.findall(_HAN.sub(r" \g<0> ", _plain(text[:MOST_TEXT]))))


def parse(query: str) -> Query | None:
    """Words (all of them), `"several as they stand"`, `-without`; None where there is nothing to look for."""
    wanted: list[Term] = []
    unwanted: list[Term] = []
    for minus, quoted, word in _TERM.findall(query[:MOST_QUERY].translate(_QUOTES)):
        words = tuple(spaced(quoted or word).split())
        if words and len(wanted) + len(unwanted) < MOST_TERMS:
            begins = not quoted and len(words[-1]) >= PREFIX_FROM and not _HAN.match(words[-1])
            (unwanted if minus else wanted).append(Term(words, begins))
    return Query(tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(unwanted))) if wanted else None


def snippet(text: str, query: Query) -> list[dict[str, object]]:
    """`[{text, hit}]`: the text around its first hit, in pieces, those that were looked for marked."""
    text = text[:MOST_TEXT]
    found = _hits(text, query.wanted)
    first = found[0][0] if found else 0
    begin = 0 if first <= BEFORE or len(text) <= SNIPPET else first - BEFORE
    end = min(len(text), begin + SNIPPET)
    parts: list[dict[str, object]] = [{"text": "…", "hit": False}] if begin else []
    at = begin
    for start, stop in found:
        start, stop = max(start, at), min(stop, end)
        if start >= stop:
            continue
        if start > at:
            parts.append({"text": text[at:start], "hit": False})
        parts.append({"text": text[start:stop], "hit": True})
        at = stop
    if at < end:
        parts.append({"text": text[at:end], "hit": False})
    if end < len(text):
        parts.append({"text": "…", "hit": False})
    return parts


def _hits(text: str, terms: Sequence[Term]) -> list[tuple[int, int]]:
    """Where the terms stand in a text, in order, overlaps joined."""
    pieces = [(spaced(one[0]), one.start(), one.end()) for one in _PIECE.finditer(text)]
    found: list[tuple[int, int]] = []
    for term in terms:
        last = len(term.words) - 1
        for at in range(len(pieces) - last):
            if all(_same(pieces[at + n][0], word, term.begins and n == last) for n, word in enumerate(term.words)):
                found.append((pieces[at][1], pieces[at + last][2]))
    return _joined(sorted(found))


def _same(piece: str, word: str, begins: bool) -> bool:
    return piece.startswith(word) if begins else piece == word


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if any(after[0] < before[1] for before, after in pairwise(spans)):
        merged = [spans[0]]
        for start, end in spans[1:]:
            if start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged
    return spans


def _plain(text: str) -> str:
    """Small letters, without accents, full-width forms as the usual ones."""
    if text.isascii():
        return text.lower()
    bare = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return unicodedata.normalize("NFC", bare).casefold()
