"""How well something was heard: edits against what was said. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from ivr.speech.aliases import plain

BY_CHARACTER = ("zh", "yue", "ja", "ko", "th")
"""Languages whose errors are counted by character (CER), the others by word (WER)."""


@dataclass(frozen=True, slots=True)
class Errors:
    wrong: int
    """Insertions, deletions and substitutions."""
    of: int
    """Characters or words that were said."""


def unit(language: str) -> str:
    """`CER` or `WER`."""
    return "CER" if language.partition("-")[0] in BY_CHARACTER else "WER"


def errors(said: str, heard: str, language: str) -> Errors:
    """Edits that make `heard` of `said`; case, punctuation and, where characters count, spaces make no difference."""
    one, other = plain(said), plain(heard)
    left: Sequence[str] = one.replace(" ", "") if unit(language) == "CER" else one.split()
    right: Sequence[str] = other.replace(" ", "") if unit(language) == "CER" else other.split()
    return Errors(Levenshtein.distance(left, right), len(left))


def rate(counted: Sequence[Errors]) -> float:
    """Errors for each unit said, over all; 0 where nothing was said."""
    said = sum(one.of for one in counted)
    return sum(one.wrong for one in counted) / said if said else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of them does not exceed; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
