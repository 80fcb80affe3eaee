"""How a native speaker reads a date, a time of day, and both. Pure; names of recorded pieces out, "" being a breath.

date      "2026-11-25", with its year; "~2026-11-25" where the year goes without saying
time      "15:30", or a part of the day as "12:00/18:00"
datetime  a date, "T", a time; or a date alone
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

BREATH = ""

_ZH_DIGITS = "零一二三四五六七八九"
_ZH_HOURS = "零一两三四五六七八九"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
    *("thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
)
_EN_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ZH_PARTS = {(0, 6): "night", (6, 9): "early", (8, 12): "morning", (12, 18): "afternoon", (18, 22): "evening"}
_ZH_PART_TEXTS = {"night": "凌晨", "early": "早上", "morning": "上午", "noon": "中午", "afternoon": "下午", "evening": "晚上"}
_EN_PART_TEXTS = {"night": "at night"}
_EN_PART_TEXTS |= {"morning": "in the morning", "afternoon": "in the afternoon", "evening": "in the evening"}


def _zh_small(value: int) -> str:
    tens, ones = divmod(value, 10)
    head = "" if not tens else "十" if tens == 1 else f"{_ZH_DIGITS[tens]}十"
    return head + (_ZH_DIGITS[ones] if ones or not tens else "")


def zh_texts() -> dict[str, str]:
    """Piece to what is said."""
    texts = {f"month_{month}": f"{_zh_small(month)}月" for month in range(1, 13)}
    texts |= {f"day_{day}": f"{_zh_small(day)}号" for day in range(1, 32)}
    texts |= {f"weekday_{day}": f"星期{'一二三四五六天'[day - 1]}" for day in range(1, 8)}
    texts |= {f"clock_{hour}": f"{_ZH_HOURS[hour] if hour < 10 else _zh_small(hour)}点" for hour in range(13)}
    texts |= {f"minute_{minute}": ("零" if minute < 10 else "") + f"{_zh_small(minute)}分" for minute in range(1, 60)}
    texts |= {f"part_{name}": text for name, text in _ZH_PART_TEXTS.items()}
    return texts | {"nian": "年", "ban": "半", "dao": "到"}


def en_texts() -> dict[str, str]:
    """Piece to what is said."""
    texts = {f"month_{number}": name for number, name in enumerate(_MONTHS, 1)}
    texts |= {f"weekday_{number}": name for number, name in enumerate(_WEEKDAYS, 1)}
    texts |= {f"ordinal_{number}": ordinal(number) for number in (*range(1, 32), *range(40, 100, 10))}
    texts |= {f"part_{name}": text for name, text in _EN_PART_TEXTS.items()}
    texts |= {"oh": "oh", "hundred": "hundred", "am": "A M", "pm": "P M", "noon": "noon", "midnight": "midnight", "to": "to"}
    return texts


def ordinal(number: int) -> str:
    """1..31, and 40, 50 .. 90, in English words."""
    tens, ones = divmod(number, 10)
    if number < 20:
        return _ORDINALS[number - 1]
    return f"{_EN_TENS[tens - 2]}-{_ORDINALS[ones - 1]}" if ones else f"{_EN_TENS[tens - 2][:-1]}ieth"


def names(kind: str, value: str, language: str) -> list[str]:
    """The pieces of a date, a time or a datetime. Raises ValueError where the text is none."""
    day, _, clock = value.partition("T") if kind == "datetime" else (value, "", "") if kind == "date" else ("", "", value)
    found = list((_zh_date if language == "zh" else _en_date)(day)) if day else []
    if not clock:
        return found
    begins, slash, ends = clock.partition("/")
    span = (_time(begins), _time(ends)) if slash else None
    if found:
        found.append(BREATH)
    read = _zh_time if language == "zh" else _en_time
    if span is None:
        return found + list(read(*_time(begins)))
    part = _ZH_PARTS.get((span[0][0], span[1][0])) if span[0][1] == span[1][1] == 0 else None
    if part is not None:
        return [*found, "part_morning" if language == "en" and part == "early" else f"part_{part}"]
    return [*found, *_span(list(read(*span[0])), list(read(*span[1])), language)]


def _span(begins: list[str], ends: list[str], language: str) -> list[str]:
    """From one time to another; the half of the day is said once where both have the same."""
    if language == "zh":
        return [*begins, "dao", *(ends[1:] if begins[0] == ends[0] and len(ends) > 1 else ends)]
    same = begins[-1] == ends[-1] and begins[-1] in ("am", "pm")
    return [*(begins[:-1] if same else begins), "to", *ends]


def _time(text: str) -> tuple[int, int]:
    hour, _, minute = text.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and len(hour) <= 2 and len(minute) == 2):
        raise ValueError(f"not a time of day: {text!r}")
    if int(hour) > 24 or int(minute) > 59:
        raise ValueError(f"not a time of day: {text!r}")
    return int(hour) % 24, int(minute)


def _day(text: str) -> tuple[date, bool]:
    """The day, and whether its year is read."""
    try:
        return date.fromisoformat(text.removeprefix("~")), not text.startswith("~")
    except ValueError:
        raise ValueError(f"not a date: {text!r}") from None


def _zh_date(text: str) -> Iterator[str]:
    day, year = _day(text)
    if year:
        yield from f"{day.year}"
        yield "nian"
    yield f"month_{day.month}"
    yield f"day_{day.day}"
    yield BREATH
    yield f"weekday_{day.isoweekday()}"


def _en_date(text: str) -> Iterator[str]:
    day, year = _day(text)
    yield f"weekday_{day.isoweekday()}"
    yield BREATH
    yield f"month_{day.month}"
    yield f"ordinal_{day.day}"
    if year:
        yield BREATH
        yield from _en_year(day.year)


def _en_year(year: int) -> Iterator[str]:
    """ "twenty twenty-six", "two thousand and five", "nineteen oh five", "nineteen hundred"."""
    century, rest = divmod(year, 100)
    if century % 10 == 0 and rest < 10:
        yield from (str(century // 10), "thousand")
        if rest:
            yield from ("and", str(rest))
        return
    yield str(century)
    if not rest:
        yield "hundred"
        return
    if rest < 10:
        yield "oh"
    yield str(rest)


def _zh_time(hour: int, minute: int) -> Iterator[str]:
    part = next(name for end, name in _ZH_HOURS_OF_DAY if hour < end)
    if (hour, minute) != (0, 0):
        yield f"part_{part}"
    yield f"clock_{hour if hour <= 12 else hour - 12}"
    if minute == 30:
        yield "ban"
    elif minute:
        yield f"minute_{minute}"


_ZH_HOURS_OF_DAY = ((6, "night"), (9, "early"), (12, "morning"), (13, "noon"), (18, "afternoon"), (24, "evening"))


def _en_time(hour: int, minute: int) -> Iterator[str]:
    if minute == 0 and hour in (0, 12):
        yield "noon" if hour else "midnight"
        return
    yield str(hour % 12 or 12)
    if minute:
        if minute < 10:
            yield "oh"
        yield str(minute)
    yield "pm" if hour >= 12 else "am"
