"""What every reader of a slot works on: the text made plain, the values found in it, what they are read against. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

LONGEST = 300
"""Characters of an utterance that are looked at; more is no answer to a question."""

_TRADITIONAL = str.maketrans(
    "兩萬億點號後個塊錢週禮幾時間陰陸貳參無對錯應該說這還從發幺麼",
    "两万亿点号后个块钱周礼几时间阴陆贰叁无对错应该说这还从发幺么",
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_CJK = r"㐀-鿿"
_BETWEEN_CJK = re.compile(rf"(?<=[{_CJK}])\s+(?=[{_CJK}])")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"\d+(?:\.\d+)?|[a-z]+(?:'[a-z]+)?|[.,;:/+*#$%&?!-]")


@dataclass(frozen=True, slots=True)
class About:
    """What a value is read against."""

    language: str
    now: datetime
    """In the time zone of the flow."""
    past: bool = False
    """Dates that name neither year nor direction lie behind `now`, and not ahead."""
    region: str = "CN"
    """Of telephone numbers without a country code."""


@dataclass(frozen=True, slots=True)
class Found:
    """One value found in an utterance."""

    value: str | int | float
    start: int
    end: int
    """Where it stands in the plain text."""
    sure: float = 1.0
    """0..1: how likely the words mean this value and no other ("three o'clock" is morning or afternoon)."""


@dataclass(frozen=True, slots=True)
class Word:
    """One English word, number or mark, with its place."""

    text: str
    start: int
    end: int


def plain(text: str) -> str:
    """`text` folded: narrow, small letters, simplified where numbers and dates need it, no spaces inside Chinese, bounded."""
    bounded = _THOUSANDS.sub("", text[:LONGEST])
    folded = unicodedata.normalize("NFKC", bounded).casefold().translate(_TRADITIONAL)
    visible = "".join(_visible(letter) for letter in folded)
    return _SPACES.sub(" ", _BETWEEN_CJK.sub("", visible)).strip()[:LONGEST]


def _visible(letter: str) -> str:
    """Digits of every script as 0..9; what cannot be seen as a space."""
    if letter.isascii():
        return letter if letter.isprintable() else " "
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    return letter if letter.isprintable() else " "


def words(text: str) -> list[Word]:
    """The English words, numbers and marks of a plain text; other scripts are left out."""
    return [Word(found[0], found.start(), found.end()) for found in _WORD.finditer(text)]


def blank(text: str, start: int, end: int) -> str:
    """`text` with a part that was used taken out, everything else in its place."""
    return text[:start] + " " * (end - start) + text[end:]


def without(text: str, pattern: re.Pattern[str]) -> str:
    """`text` with every match blanked."""
    return pattern.sub(lambda found: " " * len(found[0]), text)


def best(found: Iterable[Found]) -> Found | None:
    """The surest value; of equally sure ones the longest, then the last one said."""
    return max(found, key=lambda one: (one.sure, one.end - one.start, one.start), default=None)
