"""How a native speaker reads a value, as a list of recorded pieces. Pure.

The pieces are whole words as they are said, "twenty-eight" and not "twenty" and "eight", so that few joints are heard.

Chinese has one rule for the two words for 2: 两 before 千, 万 and 亿, and alone before a measure word (两元, 两角, 两分);
二 everywhere else (二, 十二, 二十, 二百). Ten is 十 at the head of a number and 一十 inside it. Rows of zeros are one 零.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from ivr.speech import value_codes, value_dates

KINDS = ("amount", "number", "digits", "date", "time", "datetime", "phone", "plate", "ordinal", "wait")
LIMIT = Decimal(10) ** 12
"""Amounts and numbers from here on are read digit by digit."""
WAITS = (1, 2, 3, 5, 10, 15, 20, 30, 31)
"""Minutes of waiting that are told; the last stands for more than half an hour."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One recording that values are put together from."""

    name: str
    """Its name in the catalogue, the same in every language that has it."""
    text: str
    """What is said."""
    voiced: str = ""
    """What a voice is given, where the text alone would be read otherwise."""


PAUSE = Piece("", ",")
"""A breath between groups: silence, and no recording."""
PAUSE_SECONDS = 0.2


def spoken(kind: str, value: str, language: str, *, yao: bool = True) -> tuple[Piece, ...]:
    """Return the pieces of `value`, in order, never empty.

    An amount is rounded half up to two places. `yao` reads 1 in Chinese rows of digits as 幺, as telephone numbers are
    read. Raises ValueError where the kind or the language is unknown, or where the text is not such a value.
    """
    tongue = _TONGUES.get(language)
    if tongue is None:
        raise ValueError(f"values cannot be read in {language!r}: known are {', '.join(sorted(_TONGUES))}")
    if kind == "digits":
        return _digits(value, tongue, yao=yao)
    if kind not in KINDS:
        raise ValueError(f"unknown kind of value {kind!r}: known are {', '.join(KINDS)}")
    if kind in ("date", "time", "datetime"):
        return _named(value_dates.names(kind, value, language), tongue)
    if kind in ("phone", "plate"):
        return _named(getattr(value_codes, kind)(value, language), tongue)
    number = _decimal(value)
    if kind == "ordinal":
        return _ordinal(number, language, tongue)
    if kind == "wait":
        return _wait(number, tongue)
    if kind == "amount":
        number = number.quantize(Decimal("0.01"), ROUND_HALF_UP)
    sign = (tongue.table["values/minus"],) if number < 0 else ()
    return sign + (tongue.amount if kind == "amount" else tongue.number)(abs(number))


def spoken_text(kind: str, value: str, language: str, *, yao: bool = True) -> str:
    """Return the words of `value` as one text: what a transcript shows. Raises as `spoken` does."""
    read = spoken(kind, value, language, yao=yao)
    if language == "zh":
        return "".join("，" if piece is PAUSE else piece.text for piece in read)
    return " ".join(piece.text for piece in read).replace(" ,", ",")


def pieces(language: str) -> tuple[Piece, ...]:
    """Return every piece that `spoken` can give in `language`; none for a language without rules."""
    tongue = _TONGUES.get(language)
    return () if tongue is None else tuple(tongue.table.values())


@dataclass(frozen=True, slots=True)
class _Tongue:
    table: dict[str, Piece]
    amount: Callable[[Decimal], tuple[Piece, ...]]
    number: Callable[[Decimal], tuple[Piece, ...]]


def _decimal(value: str) -> Decimal:
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        raise ValueError(f"not a number: {value!r}") from None
    if not number.is_finite() or number.adjusted() > 24 or len(number.as_tuple().digits) > 26:
        raise ValueError(f"not a number that can be read: {value!r}")
    return number


def _named(names: Iterable[str], tongue: _Tongue) -> tuple[Piece, ...]:
    return tuple(tongue.table[f"values/{name}"] if name else PAUSE for name in names)


def _ordinal(number: Decimal, language: str, tongue: _Tongue) -> tuple[Piece, ...]:
    """A place in a row, 1 and up; in English from 100 on as a number."""
    if number != number.to_integral_value() or number < 1:
        raise ValueError(f"not a place in a row: {number}")
    if language == "zh":
        return (tongue.table["values/di"], *tongue.number(number))
    if number >= 100:
        return tongue.number(number)
    whole = int(number)
    if f"values/ordinal_{whole}" in tongue.table:
        return (tongue.table[f"values/ordinal_{whole}"],)
    return tongue.table[f"values/{whole // 10 * 10}"], tongue.table[f"values/ordinal_{whole % 10}"]


def _wait(number: Decimal, tongue: _Tongue) -> tuple[Piece, ...]:
    """How long a wait takes, in minutes: one whole sentence, for as long as people say it; nobody says "seven minutes"."""
    minutes = next((one for one in WAITS if number <= one), WAITS[-1])
    return (tongue.table[f"values/wait_{minutes}"],)


def _digits(value: str, tongue: _Tongue, *, yao: bool) -> tuple[Piece, ...]:
    names = {"1": "yao"} if yao and "values/yao" in tongue.table else {}
    names |= {letter: f"letter_{letter.lower()}" for letter in value_codes.LETTERS}
    return _named((names.get(char, char) for char in value_codes.row(value)), tongue)


def _fraction(number: Decimal, table: dict[str, Piece]) -> tuple[Piece, ...]:
    """Point and the digits after it, one by one; nothing where the number is whole."""
    tail = f"{number:f}".partition(".")[2].rstrip("0")
    return (table["values/point"], *(table[f"values/{digit}"] for digit in tail)) if tail else ()


# --- Chinese

_ZH_DIGITS = "零一二三四五六七八九"
_ZH_WAITS = {2: "两分钟", 3: "三分钟", 5: "五分钟", 10: "十分钟", 15: "一刻钟", 20: "二十分钟", 30: "半小时"}


def _zh_below_hundred(value: int) -> str:
    tens, ones = divmod(value, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_ZH_DIGITS[tens]}十"
    return head + (_ZH_DIGITS[ones] if ones or not tens else "")


def _zh_table() -> dict[str, Piece]:
    texts = {f"{value}": _zh_below_hundred(value) for value in range(100)}
    texts |= {f"in_{value}": f"一{_zh_below_hundred(value)}" for value in range(10, 20)}
    texts |= {f"{digit}00": f"{_ZH_DIGITS[digit]}百" for digit in range(1, 10)}
    counted = {digit: "两" if digit == 2 else _ZH_DIGITS[digit] for digit in range(1, 10)}
    texts |= {f"{digit}000": f"{word}千" for digit, word in counted.items()}
    texts |= {f"{digit}_jiao": f"{word}角" for digit, word in counted.items()}
    texts |= {f"{digit}_fen": f"{word}分" for digit, word in counted.items()}
    texts |= {f"wait_{minutes}": f"预计大约{words}后为您接通。" for minutes, words in _ZH_WAITS.items()}
    texts |= {"wait_1": "预计一分钟之内为您接通。", "wait_31": "预计等待时间会超过半小时。"}
    texts |= {"liang": "两", "wan": "万", "yi": "亿", "yuan": "元", "minus": "负", "point": "点", "yao": "幺"}
    texts |= value_dates.zh_texts() | value_codes.zh_texts()
    return {f"values/{name}": Piece(f"values/{name}", text, value_codes.voiced(name, "zh")) for name, text in texts.items()}


_ZH = _zh_table()


def _zh_group(value: int, *, head: bool) -> Iterator[str]:
    """1..9999 without its unit; `head` where nothing of the number was said before."""
    thousands, below = divmod(value, 1000)
    if thousands:
        yield f"{thousands}000"
    hundreds, rest = divmod(below, 100)
    if hundreds:
        yield f"{hundreds}00"
    if not rest:
        return
    if (thousands and not hundreds) or (hundreds and rest < 10):
        yield "0"
    yield f"in_{rest}" if 10 <= rest < 20 and not (head and value < 100) else f"{rest}"


def _zh_integer(value: int) -> Iterator[str]:
    if value == 0:
        yield "0"
    head, gap = True, False
    for size, unit in ((10**8, "yi"), (10**4, "wan"), (1, "")):
        group = value // size % 10_000
        if not group:
            gap = not head
            continue
        if not head and (gap or group < 1000):
            yield "0"
        yield from ("liang",) if unit and group == 2 else _zh_group(group, head=head)
        if unit:
            yield unit
        head = gap = False


def _zh(names: Iterator[str]) -> tuple[Piece, ...]:
    return tuple(_ZH[f"values/{name}"] for name in names)


def _zh_number(number: Decimal) -> tuple[Piece, ...]:
    if number >= LIMIT:
        return _zh(iter(f"{int(number)}")) + _fraction(number, _ZH)
    return _zh(_zh_integer(int(number))) + _fraction(number, _ZH)


def _zh_amount(number: Decimal) -> tuple[Piece, ...]:
    yuan, cents = divmod(int(number * 100), 100)
    jiao, fen = divmod(cents, 10)
    names: list[str] = []
    if yuan or not cents:
        whole = ["liang"] if yuan == 2 else list(_zh_integer(yuan)) if yuan < LIMIT else list(str(yuan))
        names += [*whole, "yuan"]
    if jiao:
        names.append(f"{jiao}_jiao")
    elif fen and yuan:
        names.append("0")
    if fen:
        names.append(f"{fen}_fen")
    return _zh(iter(names))


# --- English

_EN_SMALL = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_EN_SMALL += ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_EN_WAITS = {2: "two minutes", 3: "three minutes", 5: "five minutes", 10: "ten minutes", 15: "a quarter of an hour"}
_EN_WAITS |= {20: "twenty minutes", 30: "half an hour"}
_EN_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def _en_below_hundred(value: int) -> str:
    if value < 20:
        return _EN_SMALL[value]
    tens, ones = divmod(value, 10)
    return _EN_TENS[tens] + (f"-{_EN_SMALL[ones]}" if ones else "")


def _en_table() -> dict[str, Piece]:
    texts = {f"{value}": _en_below_hundred(value) for value in range(100)}
    texts |= {f"{digit}00": f"{_EN_SMALL[digit]} hundred" for digit in range(1, 10)}
    texts |= {f"wait_{minutes}": f"It should take about {words}." for minutes, words in _EN_WAITS.items()}
    texts |= {"wait_1": "It should take less than a minute.", "wait_31": "It may take more than half an hour."}
    texts |= {word: word for word in ("thousand", "million", "billion", "yuan", "and", "cent", "cents", "minus", "point")}
    texts |= value_dates.en_texts() | value_codes.en_texts()
    return {f"values/{name}": Piece(f"values/{name}", text) for name, text in texts.items()}


_EN = _en_table()


def _en_integer(value: int) -> Iterator[str]:
    if value == 0:
        yield "0"
    for size, unit in ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (1, "")):
        group = value // size % 1000
        if not group:
            continue
        if group >= 100:
            yield f"{group // 100}00"
        if group % 100:
            yield f"{group % 100}"
        if unit:
            yield unit


def _en(names: Iterator[str]) -> tuple[Piece, ...]:
    return tuple(_EN[f"values/{name}"] for name in names)


def _en_number(number: Decimal) -> tuple[Piece, ...]:
    whole = int(number)
    return _en(_en_integer(whole) if number < LIMIT else iter(f"{whole}")) + _fraction(number, _EN)


def _en_amount(number: Decimal) -> tuple[Piece, ...]:
    yuan, cents = divmod(int(number * 100), 100)
    names: list[str] = []
    if yuan or not cents:
        names += [*(_en_integer(yuan) if yuan < LIMIT else str(yuan)), "yuan"]
    if cents and yuan and cents >= 10:
        names.append(f"{cents}")
    elif cents:
        names += [*(["and"] if yuan else []), f"{cents}", "cent" if cents == 1 else "cents"]
    return _en(iter(names))


_TONGUES = {"zh": _Tongue(_ZH, _zh_amount, _zh_number), "en": _Tongue(_EN, _en_amount, _en_number)}
