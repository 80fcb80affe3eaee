"""One phrase of a library for many: `(think|mull) it over`, `(please|) call back`, and `!` for what takes a hit back. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product, zip_longest
from math import prod

MOST_FORMS = 300
"""That one phrase may stand for between two `*`."""

_STAR = re.compile(r"\*")
_CHOICE = re.compile(r"\(([^()]*)\)")


def pieces(text: str) -> tuple[tuple[str, ...], ...]:
    """What stands between the `*` of a phrase, each in every form that its choices give it, `!` and empty ones left out.

    Raises ValueError where brackets do not close, are in each other, or stand for more than `MOST_FORMS`.
    """
    found = (_forms(piece) for piece in _STAR.split(text.strip().lstrip("!")))
    return tuple(piece for piece in found if piece)


def _forms(piece: str) -> tuple[str, ...]:
    parts = _CHOICE.split(piece)
    if any(mark in one for one in parts[::2] for mark in "()|"):
        raise ValueError("brackets that do not close, are in each other or around a `*`")
    choices = [one.split("|") if number % 2 else [one] for number, one in enumerate(parts)]
    if (count := prod(map(len, choices))) > MOST_FORMS:
        raise ValueError(f"{count} phrases in one")
    every = dict.fromkeys(" ".join("".join(one).split()) for one in product(*choices))
    return tuple(one for one in every if one.strip(". "))


def spoken(phrases: Iterable[str]) -> Iterator[str]:
    """What a recogniser can listen for: one form of each phrase first, then their others, gaps closed. Each may come twice."""
    rows = (_rows(text) for text in phrases if not taken_back(text))
    for level in zip_longest(*rows):
        yield from (one for one in level if one)


def _rows(text: str) -> list[str]:
    every = pieces(text)
    between = " " if " " in text else ""
    longest = max(map(len, every), default=0)
    return [between.join(forms[number % len(forms)].rstrip(". ") for forms in every) for number in range(longest)]


def taken_back(text: str) -> bool:
    """Whether the phrase says when the others of its trigger are not meant."""
    return text.lstrip().startswith("!")
