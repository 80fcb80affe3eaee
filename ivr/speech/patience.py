"""How much silence ends an utterance, by what is asked and by what has been said so far. Pure.

A silence after "check my bill" is the end; after "my number is" or four digits of eleven it is a caller who thinks. So a turn
begins with the patience of its question, and what the recogniser believes meanwhile makes it shorter or longer.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.speech.aliases import plain

QUICK = 0.22
"""Seconds after a whole phrase from which no longer one goes on: longer than a pause between two syllables."""
ROW_DONE = 0.35
"""Seconds after the last digit that was wanted; somebody may still correct the one before."""
CLOSED = 0.4
"""Seconds after a word that closes a value: "yuan", "o'clock"."""
GOES_ON = 0.45
"""Seconds more than usual in the middle of a phrase."""
THINKING = 1.2
"""Seconds at least after a filler, or inside a row of digits."""
LONGEST = 2.5
"""Seconds that no rule goes beyond; what a flow writes itself may."""

ROWS = frozenset({"digits", "phone", "id_number", "plate"})
"""Types of values that are rows of digits, which come in groups."""

_FILLERS_ZH = ("嗯", "呃", "额", "那个", "这个", "就是", "然后", "我想想", "等一下", "号码是", "我的", "因为", "但是", "还有")
_FILLERS_EN = (
    "um", "uh", "er", "erm", "hmm", "mm", "well", "and", "but", "because", "so", "like", "or", "to", "of", "for", "the", "a",
    "my", "is", "its", "it's", "wait", "let me see", "let me think", "you know", "i mean", "hold on", "one moment",
)  # fmt: skip
_FILLER = re.compile(rf"(?:^|\s)(?:{'|'.join(map(re.escape, _FILLERS_EN))})$")
_CLOSING = {
    "amount": ("元", "块", "块钱", "毛", "分", "yuan", "dollars", "cents", "pounds"),
    "date": ("号", "日", "今天", "明天", "后天", "昨天", "today", "tomorrow", "yesterday"),
    "time": ("分", "点整", "点半", "o'clock", "pm", "am", "a m", "p m"),
}
_ZH_DIGITS = re.compile(r"[零〇幺一二两三四五六七八九]")
_ZH_UNITS = re.compile(r"[十百千万亿点]")
_UNITS = frozenset({"zero", "oh", "o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"})
_TENS = frozenset({"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"})
_TEENS = {"ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"}
_TWO = _TENS | _TEENS
_TIMES = {"double": 2, "triple": 3}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a question waits for."""

    kind: str = ""
    """Type of the slot ("digits", "date", "text", ...), "yes_no", or "" for phrases alone."""
    least: int = 0
    """Digits at least; 0 where that is not known."""
    most: int = 0
    """Digits at most; 0 where that is not known."""


class Patience:
    """The rule of one turn. `base` is the silence in seconds that ends an utterance of which nothing better is known."""

    def __init__(self, base: float, phrases: Sequence[str] = (), expected: Expected | None = None) -> None:
        self.base = base
        self._expected = expected or Expected()
        self._phrases = sorted({_bare(phrase) for phrase in phrases} - {""})

    def after(self, said: str) -> float:
        """Seconds of silence that end the utterance after `said`: as `EngineStream.partial` gives it."""
        text = plain(said)
        if not text:
            return max(self.base, min(self.base + GOES_ON, LONGEST)) if said else self.base
        if self._expected.kind in ROWS:
            return self._after_row(text)
        whole, goes_on = self._place(_bare(text))
        if whole:
            return self.base if goes_on and self._expected.kind != "yes_no" else min(self.base, QUICK)
        if ends_in_filler(text):
            return max(self.base, THINKING)
        if goes_on:
            return max(self.base, min(self.base + GOES_ON, LONGEST))
        if text.endswith(_CLOSING.get(self._expected.kind, ("\n",))):
            return min(self.base, CLOSED)
        return self.base

    def _after_row(self, text: str) -> float:
        """A row of digits comes in groups: nobody who has more to say is cut."""
        count = digits_in(text)
        if count is None:
            return self.base
        if 0 < self._expected.most <= count:
            return min(self.base, ROW_DONE)
        if count < self._expected.least or ends_in_filler(text):
            return max(self.base, min(self.base + GOES_ON, LONGEST), THINKING)
        return self.base

    def _place(self, text: str) -> tuple[bool, bool]:
        """Whether `text` is one of the phrases, and whether a longer one begins with it."""
        at = bisect_left(self._phrases, text)
        whole = at < len(self._phrases) and self._phrases[at] == text
        following = self._phrases[at + whole : at + whole + 1]
        return whole, bool(following) and following[0].startswith(text)


def ends_in_filler(text: str) -> bool:
    """Whether a text (as `plain` gives it) ends in a word after which people go on."""
    return text.endswith(_FILLERS_ZH) or _FILLER.search(text) is not None


def digits_in(text: str) -> int | None:
    """How many digits a row has that is said in Chinese or English; None where words of size ("百") make it uncertain."""
    if _ZH_UNITS.search(text):
        return None
    count, before = 0, ""
    for word in text.split():
        if word == "hundred":
            return None
        if word in _TWO:
            count += 2
        elif word in _UNITS:  # of "twenty one" the ten has counted both digits
            count += 0 if before in _TENS and word not in ("zero", "oh", "o") else _TIMES.get(before, 1)
        else:
            count += len(_ZH_DIGITS.findall(word)) + sum(one.isascii() and one.isdigit() for one in word)
        before = word
    return count


def _bare(text: str) -> str:
    return plain(text).replace(" ", "")
