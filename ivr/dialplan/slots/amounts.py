"""Numbers and amounts of money: 二十八块五, 五毛, 三点五万, "twenty-eight fifty", "a hundred and five dollars". Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from ivr.dialplan.slots import zh_numbers
from ivr.dialplan.slots.en_numbers import Number, number_at, numbers, under_hundred
from ivr.dialplan.slots.said import About, Found, Word, words

CENT = Decimal("0.01")
GUESSED = 0.6
"""How sure "two fifty" is 250: it may be 2.50."""

_N = zh_numbers.NUMBER
_D = "[零一二两三四五六七八九0-9]"
_ZH_MONEY = re.compile(
    rf"(?P<yuan>{_N}|半)?个?(?:块钱?|元|圆)(?:(?P<half>半)|零?(?P<jiao>{_D})[毛角](?:钱)?(?:零?(?P<fen>{_D})分?)?|零(?P<cents>{_D})分?"
    rf"|(?P<fen_only>{_D})分|(?P<tail>{_D})(?P<tail2>{_D})?(?![{_D[1:-1]}十百千万点月号日个位]))?(?:钱|整|人民币)*"
)
_ZH_JIAO = re.compile(rf"(?P<jiao>{_D}|半)[毛角](?:钱)?(?:(?P<fen>{_D})分?|(?P<half>半))?")
_ZH_FEN = re.compile(rf"(?P<fen>{_N})分钱?(?!钟)")
_WHOLE = frozenset(
    ("yuan", "rmb", "kuai", "dollar", "dollars", "buck", "bucks", "euro", "euros", "pound", "pounds", "quid", "renminbi")
)
_CENTS = frozenset(["cent", "cents", "penny", "pence", "fen"])
_JIAO = frozenset(["jiao", "mao"])


def number(text: str, about: About) -> Iterator[Found]:
    """Numbers: an int where whole, else a float."""
    if about.language == "zh":
        for value, found in zh_numbers.numbers(text):
            yield Found(_plain(value), found.start, found.end, found.sure)
        return
    said = words(text)
    for one in numbers(said):
        yield Found(_plain(one.value), said[one.first].start, said[one.after - 1].end, 0.8 if one.colloquial else 1.0)


def amount(text: str, about: About) -> Iterator[Found]:
    """Amounts of money as a float of two places, whatever the currency."""
    yield from _zh_amounts(text) if about.language == "zh" else _en_amounts(words(text))


def keyed(keys: str) -> float | None:
    """An amount from keys, `*` being the point; None where that is none."""
    whole, _, cents = keys.partition("*")
    if not (whole + cents).isdecimal() or len(keys) > 15 or len(cents) > 2:
        return None
    return float(Decimal(f"{whole or '0'}.{cents or '0'}"))


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _money(value: Decimal, start: int, end: int, sure: float = 1.0) -> Found:
    return Found(float(value.quantize(CENT, ROUND_HALF_UP)), start, end, sure)


# --- Chinese


def _zh_amounts(text: str) -> Iterator[Found]:
    rest = text
    for pattern, read in ((_ZH_MONEY, _yuan), (_ZH_JIAO, _jiao), (_ZH_FEN, _fen)):
        for found in pattern.finditer(rest):
            value = None if text[found.end() : found.end() + 1] in ("多", "左") else read(found)
            if value is not None:
                yield _money(value, found.start(), found.end())
        rest = pattern.sub(lambda found: "#" * len(found[0]), rest)
    for number_said, where in zh_numbers.numbers(rest):
        yield _money(number_said, where.start, where.end, min(where.sure, 0.95))


def _yuan(found: re.Match[str]) -> Decimal | None:
    said = found["yuan"]
    if said is None:
        return None
    whole = zh_numbers.HALF if said == "半" else zh_numbers.value(said)
    if whole is None:
        return None
    if found["half"]:
        return whole + zh_numbers.HALF
    tenths, hundredths = found["jiao"] or found["tail"], found["fen"] or found["cents"] or found["fen_only"] or found["tail2"]
    return whole + _digit(tenths) / 10 + _digit(hundredths) / 100


def _jiao(found: re.Match[str]) -> Decimal:
    tenths = zh_numbers.HALF if found["jiao"] == "半" else _digit(found["jiao"])
    return tenths / 10 + (Decimal("0.05") if found["half"] else _digit(found["fen"]) / 100)


def _fen(found: re.Match[str]) -> Decimal | None:
    value = zh_numbers.value(found["fen"])
    return None if value is None else value / 100


def _digit(text: str | None) -> Decimal:
    return Decimal(zh_numbers.row(text) or 0) if text else Decimal(0)


# --- English


def _en_amounts(said: list[Word]) -> Iterator[Found]:
    at = 0
    while at < len(said):
        found = number_at(said, at + (said[at].text == "$"))
        if found is None:
            at += 1
            continue
        value, after, sure = _en_amount(said, found)
        yield _money(value, said[at].start, said[after - 1].end, sure)
        at = after


def _en_amount(said: list[Word], number: Number) -> tuple[Decimal, int, float]:
    """The amount that begins with `number`, the index after it, and how sure it is."""
    unit = _word(said, number.after)
    if unit in _CENTS:
        return number.value / 100, number.after + 1, 1.0
    if unit in _JIAO:
        return number.value / 10, number.after + 1, 1.0
    if unit in _WHOLE:
        after = number.after + 1
        for step in (after + 1, after):
            cents = under_hundred(said, step) if step == after or _word(said, after) == "and" else None
            if cents is not None:
                return _with_cents(said, number.value, cents, explicit=step == after + 1)
        return number.value, after, 1.0
    if number.colloquial:
        head, tail = number.parts
        return (number.value if head < 10 else Decimal(head) + Decimal(tail) / 100), number.after, GUESSED
    return number.value, number.after, 1.0 if _word(said, number.first - 1) == "$" else 0.95


def _with_cents(said: list[Word], whole: Decimal, cents: tuple[int, int], *, explicit: bool) -> tuple[Decimal, int, float]:
    """ "twenty eight yuan fifty", "five dollars and two cents"; "five dollars two" means twenty to nobody."""
    value, after = cents
    named = _word(said, after)
    if named in _JIAO:
        return whole + Decimal(value) / 10, after + 1, 1.0
    return whole + Decimal(value) / 100, after + (named in _CENTS), 1.0 if named in _CENTS or not explicit else 0.9


def _word(said: list[Word], at: int) -> str:
    return said[at].text if 0 <= at < len(said) else ""
