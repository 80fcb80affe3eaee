"""Chinese numbers as they are spoken: 两百五 is 250, 三千八 is 3800, 一万零五十 is 10050, 三点五万 is 35000. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from ivr.dialplan.slots.said import Found, without

DIGITS = {
    letter: value
    for value, letters in enumerate(("零〇洞", "一幺壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七拐柒", "八捌", "九勾玖"))
    for letter in letters
}
"""Every way to say one digit, those of radio (洞 拐 勾) too."""
_SMALL = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_LETTERS = "零〇一幺壹二两贰三叁四肆五伍六陆七柒八捌九玖"
_UNITS = "十百千拾佰仟万亿"
NUMBER = (
    rf"负?(?=[\d{_LETTERS}十拾])(?>(?:\d++(?:\.\d++)?|[{_LETTERS}{_UNITS}])++)"
    rf"(?:点(?>[\d{_LETTERS}]++)(?![十百千])[万亿]?)?"
)
"""Pattern of what may be a number; `value` decides. Nothing in it is given back: a row of digits would be tried in 2^n ways."""
LIMIT = Decimal(10) ** 15

_FOUND = re.compile(rf"(?P<number>{NUMBER})(?P<half>[个块]?半)?")
_TOKEN = re.compile(r"\d+(?:\.\d+)?|.")
_IDIOMS = re.compile(
    r"一下|一般|一直|一样|一些|一起|一定|一共|一边|一会儿?|一点(?![\d零一二两三四五六七八九钟半])|万一|统一|唯一|千万(?=别|不|要)|十分(?=感谢|抱歉|着急|生气)"
)
_ROUGH = re.compile(r"[几多来余]")
HALF = Decimal("0.5")


@dataclass(slots=True)
class _Sum:
    """A number in the making."""

    total: Decimal = Decimal(0)
    section: Decimal = Decimal(0)
    """Since the last 万 or 亿."""
    pending: Decimal | None = None
    """A digit whose unit is still to come."""
    short: bool = True
    """The pending digit is one spoken letter: after 百 it means tens."""
    unit: int = 0
    """The last unit said."""
    ceiling: int = 10**4
    """Small units must fall."""
    large: int = 10**16
    zero: bool = False

    def digit(self, token: str) -> bool:
        if self.pending is not None:
            return False
        value = Decimal(DIGITS[token]) if token in DIGITS else Decimal(token)
        if value == 0 and token in DIGITS:
            self.zero = True
            return True
        self.pending, self.short = value, token in DIGITS or len(token) == 1
        return True

    def small(self, unit: int) -> bool:
        if unit >= self.ceiling:
            return False
        if self.pending is None:
            if unit != 10:
                return False
            self.pending = Decimal(1)
        self.section += self.pending * unit
        self.pending, self.unit, self.ceiling, self.zero = None, unit, unit, False
        return True

    def big(self, unit: int) -> bool:
        self.section += self.pending or 0
        if unit == 10**8:
            self.total, self.section = (self.total + self.section) * unit, Decimal(0)
        elif unit < self.large:
            self.total, self.section = self.total + self.section * unit, Decimal(0)
        if not self.total or self.section:
            return False
        self.large = unit if unit == 10**4 else 10**16
        self.pending, self.unit, self.ceiling, self.zero = None, unit, 10**4, False
        return True

    def value(self) -> Decimal:
        rest = self.pending or Decimal(0)
        if self.unit >= 100 and not self.zero and self.short:
            rest *= self.unit // 10  # 两百五 leaves its 十 out
        return self.total + self.section + rest


def value(text: str) -> Decimal | None:
    """The number that `text`, nothing but a number, says; None where nobody would say it so ("一百二五")."""
    sign = -1 if text.startswith("负") else 1
    whole, point, tail = text.removeprefix("负").partition("点")
    if point:
        scale = _LARGE.get(tail[-1:], 1)
        places = row(tail[:-1] if scale > 1 else tail)
        head = value(whole) if whole else Decimal(0)
        if not places or head is None:
            return None
        return _bounded(sign * (head + Decimal(f"0.{places}")) * scale)
    if not whole:
        return None
    if all(letter in DIGITS or letter.isdecimal() for letter in whole):
        return _bounded(sign * Decimal(row(whole)))
    found = _units(whole)
    return None if found is None else _bounded(sign * found)


def _units(text: str) -> Decimal | None:
    number = _Sum()
    for token in _TOKEN.findall(text):
        if token in _SMALL:
            taken = number.small(_SMALL[token])
        elif token in _LARGE:
            taken = number.big(_LARGE[token])
        elif token in DIGITS or token[0].isdecimal():
            taken = number.digit(token)
        else:
            return None
        if not taken:
            return None
    return number.value()


def _bounded(number: Decimal) -> Decimal | None:
    return number if abs(number) < LIMIT else None


def row(text: str) -> str:
    """The digits of `text` one by one; letters that are no digits are left out."""
    found = (str(DIGITS[letter]) if letter in DIGITS else letter for letter in text if letter in DIGITS or letter.isdecimal())
    return "".join(str(int(digit)) for digit in found)


def numbers(text: str) -> Iterator[tuple[Decimal, Found]]:
    """Every number that a plain Chinese text says, exact ones only: 几十 and 一百多 are none."""
    cleared = without(text, _IDIOMS)
    for found in _FOUND.finditer(cleared):
        before, after = cleared[found.start() - 1 : found.start()], cleared[found.end() : found.end() + 1]
        if _ROUGH.match(after) or before in ("几", "数") or before in _SMALL:
            continue
        number = value(found["number"])
        if number is not None:
            number += _half(found["number"], found["half"])
            yield number, Found(float(number), found.start(), found.end())
    if cleared.strip(" 。,") in ("半", "一半", "半个"):
        yield HALF, Found(0.5, 0, len(text), 0.9)


def _half(number: str, half: str | None) -> Decimal:
    if half is None:
        return Decimal(0)
    large = _LARGE.get(number[-1:], 1) if half == "半" else 1
    return HALF * large
