"""English numbers as they are spoken: "two fifty", "a hundred and five", "two and a half", "double eight oh". Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ivr.dialplan.slots.said import Word

_SMALL = (
    "zero one two three four five six seven eight nine ten "
    "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
UNDER_TWENTY = {name: value for value, name in enumerate(_SMALL.split())}
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
TENS = {name: 10 * value for value, name in enumerate(_TENS.split(), 2)} | {"fourty": 40}
ZEROS = frozenset({"zero", "oh", "o", "nought", "naught", "nil"})
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "k": 10**3}
REPEATED = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
ONES = {name: value for name, value in UNDER_TWENTY.items() if 0 < value < 10}
LIMIT = Decimal(10) ** 15

_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth "
    "eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
ORDINALS = {name: value for value, name in enumerate(_ORDINALS.split()) if value} | {"thirtieth": 30}


@dataclass(frozen=True, slots=True)
class Number:
    """A number and the words that it takes."""

    value: Decimal
    first: int
    after: int
    """Index of the word after it."""
    colloquial: bool = False
    """Hundreds left out: "two fifty" is 250, or 2.50 where it is money, or ten to three."""
    parts: tuple[int, int] = (0, 0)
    """The two halves of a colloquial one."""


def under_hundred(words: Sequence[Word], at: int) -> tuple[int, int] | None:
    """A number of 1..99 and the index after it: "five", "fifteen", "twenty five"."""
    text = _text(words, at)
    if text in TENS:
        ones = ONES.get(_text(words, _skip_dash(words, at + 1)))
        return (TENS[text], at + 1) if ones is None else (TENS[text] + ones, _skip_dash(words, at + 1) + 1)
    if UNDER_TWENTY.get(text):
        return UNDER_TWENTY[text], at + 1
    return None


def number_at(words: Sequence[Word], at: int) -> Number | None:
    """The number that begins at word `at`, as long as it goes on; None where there is none."""
    group = _group(words, at)
    if group is None:
        return None
    value, after, halves = group
    total, scale, first_scale = Decimal(0), 10**12, True
    while _text(words, after) in SCALES and SCALES[_text(words, after)] < scale:
        scale = SCALES[_text(words, after)]
        total, after = total + value * scale, after + 1
        value, first_scale, halves = Decimal(0), False, (0, 0)
        more = _group(words, after + 1 if _text(words, after) == "and" else after, article=False)
        if more is None or more[0] >= scale:
            break
        value, after, _ = more
    total += value
    total, after = _fraction(words, total, after)
    if abs(total) >= LIMIT:
        return None
    return Number(total, at, after, bool(halves[0]) and first_scale, halves)


Group = tuple[Decimal, int, tuple[int, int]]


def _group(words: Sequence[Word], at: int, *, article: bool = True) -> Group | None:
    """Less than a thousand, or digits: value, index after it, and the halves where hundreds were left out."""
    text = _text(words, at)
    if text[:1].isdigit():
        return Decimal(text), at + 1, (0, 0)
    if text in ("zero", "nought", "naught"):
        return Decimal(0), at + 1, (0, 0)
    if article and text in ("a", "an") and _text(words, at + 1) in ("hundred", "thousand", "million", "dozen"):
        return _hundreds(words, 1, at + 1)
    if text == "half" or (text in ("a", "an") and _text(words, at + 1) == "half"):
        after = at + 1 if text == "half" else at + 2
        return Decimal("0.5"), after + (_text(words, after) in ("a", "an") and _text(words, after + 1) in SCALES), (0, 0)
    found = under_hundred(words, at)
    if found is None:
        return None
    if _text(words, found[1]) in ("hundred", "dozen"):
        return _hundreds(words, *found)
    return _pair(words, *found)


def _hundreds(words: Sequence[Word], count: int, at: int) -> Group:
    """`count` and what follows it: a hundred with its rest, a dozen, or a scale that the caller takes."""
    unit = _text(words, at)
    if unit == "dozen":
        return Decimal(12 * count), at + 1, (0, 0)
    if unit != "hundred":
        return Decimal(count), at, (0, 0)
    after = at + 1
    rest = under_hundred(words, after + 1 if _text(words, after) == "and" else after)
    value = Decimal(count * 100)
    return (value, after, (0, 0)) if rest is None else (value + rest[0], rest[1], (0, 0))


def _pair(words: Sequence[Word], head: int, after: int) -> Group:
    """ "two fifty", "twenty twenty six", "nineteen oh five": hundreds that nobody says."""
    at = _skip_dash(words, after)
    tail = None
    if _text(words, at) in ("oh", "o", "zero") and _text(words, at + 1) in ONES:
        tail = ONES[_text(words, at + 1)], at + 2
    else:
        found = under_hundred(words, at)
        if found is not None and found[0] >= 10:
            tail = found
    if tail is None or _text(words, tail[1]) == "hundred":
        return Decimal(head), after, (0, 0)
    return Decimal(head * 100 + tail[0]), tail[1], (head, tail[0])


def _fraction(words: Sequence[Word], total: Decimal, after: int) -> tuple[Decimal, int]:
    """ "point five", "and a half", each with a scale after it."""
    if _text(words, after) == "point":
        digits, at = "", after + 1
        while (digit := _digit(_text(words, at))) is not None and len(digits) < 12:
            digits, at = digits + digit, at + 1
        if digits:
            return _scaled(words, total + Decimal(f"0.{digits}"), at)
    if [_text(words, after + step) for step in range(3)] == ["and", "a", "half"]:
        return _scaled(words, total + Decimal("0.5"), after + 3)
    return total, after


def _scaled(words: Sequence[Word], value: Decimal, after: int) -> tuple[Decimal, int]:
    scale = SCALES.get(_text(words, after))
    return (value, after) if scale is None else (value * scale, after + 1)


def _digit(text: str) -> str | None:
    if text in ZEROS:
        return "0"
    if text in ONES:
        return str(ONES[text])
    return text if text.isdigit() and text.isascii() else None


def numbers(words: Sequence[Word]) -> Iterator[Number]:
    """Every number of an English text, none inside another."""
    at = 0
    while at < len(words):
        sign = words[at].text in ("minus", "negative")
        found = number_at(words, at + sign)
        if found is None:
            at += 1
            continue
        yield Number(-found.value, at, found.after, found.colloquial, found.parts) if sign else found
        at = found.after


def digits_at(words: Sequence[Word], at: int) -> tuple[str, int] | None:
    """What is said digit by digit, or pair by pair, at word `at`: "double eight" is 88, "eight hundred" is 800."""
    text = _text(words, at)
    count = REPEATED.get(text)
    if count is not None:
        digit = _digit(_text(words, at + 1))
        return None if digit is None or len(digit) != 1 else (digit * count, at + 2)
    single = _digit(text)
    if single is not None and text not in ONES:
        return single, at + 1
    found = under_hundred(words, at)
    if found is None:
        return None
    value, after = found
    if _text(words, after) == "hundred":
        rest = under_hundred(words, after + 1 + (_text(words, after + 1) == "and"))
        if rest is not None and (rest[0] >= 10 or _text(words, after + 1) == "and"):
            return str(value * 100 + rest[0]), rest[1]
        return f"{value}00", after + 1
    if _text(words, after) == "thousand":
        return f"{value}000", after + 1
    return str(value), after


def ordinal_at(words: Sequence[Word], at: int) -> tuple[int, int] | None:
    """1..99 as an ordinal and the index after it: "third", "twenty third", "23rd"."""
    text = _text(words, at)
    if text in ORDINALS:
        return ORDINALS[text], at + 1
    if text in TENS:
        after = _skip_dash(words, at + 1)
        ones = ORDINALS.get(_text(words, after), 0)
        return (TENS[text] + ones, after + 1) if 0 < ones < 10 else None
    if text.isdigit() and len(text) <= 2 and _text(words, at + 1) in ("st", "nd", "rd", "th"):
        return int(text), at + 2
    return None


def _skip_dash(words: Sequence[Word], at: int) -> int:
    return at + 1 if _text(words, at) == "-" else at


def _text(words: Sequence[Word], at: int) -> str:
    return words[at].text if 0 <= at < len(words) else ""
