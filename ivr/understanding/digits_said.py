"""Digits in what people say and type: "4111 1111", "four one double one", "幺三八，呃，零零". Pure; linear in the text.

Groups, punctuation and fillers between digits do not end a run; any other word does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_BETWEEN = 24
"""Characters of pauses and fillers between two digits of one run; further apart they are two runs."""

_ZH = dict(zip("零〇○洞一幺二两三四五六七八九壹贰叁肆伍陆柒捌玖", "0000112234567891234567" + "89", strict=True))
_UNITS = {"zero": "0", "oh": "0", "o": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_UNITS |= {"six": "6", "seven": "7", "eight": "8", "nine": "9"}
_TEENS = {"ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15"}
_TEENS |= {"sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19"}
_TENS = {"twenty": "2", "thirty": "3", "forty": "4", "fourty": "4", "fifty": "5", "sixty": "6", "seventy": "7"}
_TENS |= {"eighty": "8", "ninety": "9"}
_ZEROS = {"hundred": "00", "thousand": "000"}
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_FILLERS = frozenset(
    re.findall(r"\w+", "uh um er erm ah eh hmm then and so okay ok well dash hyphen space dot minus plus next again yeah")
)

_TOKEN = re.compile(
    r"(?P<digit>[0-9０-９])"
    f"|(?P<zh>[{''.join(_ZH)}])"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<filler>然后|后面|接下来|接着|再来|就是|那个|横杠|杠|空格|嗯|呃|额|啊|哦|喂|减|是|的|点|加|吧)"
    r"|(?P<gap>[\W_•…]+?)"
    r"|(?P<other>.)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Digit:
    value: str
    """"0" to "9", or "X" as the last one of an identity number."""
    start: int
    end: int
    """Where it stands in the text."""
    fresh: bool
    """Whether it begins a group: something stands between it and the digit before."""


@dataclass(frozen=True, slots=True)
class Digits:
    """One run, in order; never empty."""

    items: tuple[Digit, ...]
    abroad: bool = False
    """Whether a `+` stands before it, or 00 begins it."""

    @property
    def value(self) -> str:
        return "".join(one.value for one in self.items)

    @property
    def start(self) -> int:
        return self.items[0].start

    @property
    def end(self) -> int:
        return self.items[-1].end


class _Collector:
    """Puts digits together until something ends the run."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.items: list[Digit] = []
        self._ten: tuple[str, int, int] | None = None
        """A spoken ten that a unit may follow: "forty-one"."""
        self._times = 1
        self._times_at = -1
        self._written = False
        """Whether the last digit was written as one, so that the next may follow without a gap."""

    def add(self, values: str, start: int, end: int, *, written: bool = False) -> None:
        if self._ten is not None and len(values) == 1 and values != "0" and not written:
            ten, began, _ = self._ten
            self._ten = None
            self._put(ten, began, end, written=False)
            self._put(values, began, end, written=True)
            return
        self.settle()
        if self._times > 1:
            values, start = values[0] * self._times + values[1:], self._times_at
            self._times = 1
        for value in values:
            self._put(value, start, end, written=written)
        self._written = written

    def _put(self, value: str, start: int, end: int, *, written: bool) -> None:
        near = bool(self.items) and self.items[-1].end == start and written and self._written
        same = bool(self.items) and self.items[-1].start == start
        self.items.append(Digit(value, start, end, not near and not same))
        self._written = written

    def ten(self, value: str, start: int, end: int) -> None:
        self.settle()
        self._ten = (value, start, end)

    def times(self, count: int, start: int) -> None:
        self.settle()
        self._times, self._times_at = count, start

    def settle(self) -> None:
        """A ten that no unit followed is itself."""
        if self._ten is not None:
            value, start, end = self._ten
            self._ten = None
            self._put(value, start, end, written=False)
            self._put("0", start, end, written=True)

    def taken(self) -> Digits | None:
        self.settle()
        items, self.items, self._times = tuple(self.items), [], 1
        if not items:
            return None
        before = self._text[max(0, items[0].start - 2) : items[0].start].rstrip()
        return Digits(items, before.endswith(("+", "＋")) or [one.value for one in items[:2]] == ["0", "0"])


def runs(text: str) -> Iterator[Digits]:
    """Every run of digits in `text`, also of one digit, in order."""
    made = _Collector(text)
    last = 0
    for token in _TOKEN.finditer(text):
        kind, said, start, end = token.lastgroup, token[0], token.start(), token.end()
        ends = not _take(made, kind, said, start, end)
        far = made.items and start - made.items[-1].end > MOST_BETWEEN
        if (ends or far) and (found := made.taken()) is not None:
            yield found
        last = end
    if last and (found := made.taken()) is not None:
        yield found


def _take(made: _Collector, kind: str | None, said: str, start: int, end: int) -> bool:
    """Whether the token belongs to a run of digits or may stand in one."""
    match kind:
        case "digit":
            made.add(chr(ord("0") + (ord(said) - ord("０" if said > "9" else "0"))), start, end, written=True)
        case "zh":
            made.add(_ZH[said], start, end, written=True)
        case "word":
            return _word(made, said.lower(), start, end)
        case "gap" | "filler":
            return True
        case _:
            return False
    return True


def _word(made: _Collector, said: str, start: int, end: int) -> bool:
    if said in _UNITS:
        made.add(_UNITS[said], start, end)
    elif said in _TEENS:
        made.add(_TEENS[said], start, end)
    elif said in _TENS:
        made.ten(_TENS[said], start, end)
    elif said in _ZEROS and made.items:
        made.add(_ZEROS[said], start, end)
    elif said in _TIMES:
        made.times(_TIMES[said], start)
    elif said == "x" and len(made.items) >= 17:
        made.add("X", start, end)
    else:
        return said in _FILLERS
    return True
