"""English dates: "the day after tomorrow", "next Wednesday", "the twenty-third of March", "in three days", "3/23/2026"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from ivr.dialplan.slots import days
from ivr.dialplan.slots.en_numbers import number_at, ordinal_at, under_hundred
from ivr.dialplan.slots.said import About, Found, Word

_MONTHS = "january february march april may june july august september october november december"
MONTHS = {name: number for number, name in enumerate(_MONTHS.split(), 1)}
MONTHS |= {name[:3]: number for name, number in list(MONTHS.items())} | {"sept": 9}
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday"
WEEKDAYS = {name: number for number, name in enumerate(_WEEKDAYS.split(), 1)}
WEEKDAYS |= {name[:3]: number for name, number in list(WEEKDAYS.items()) if name[:3] not in ("sun", "sat", "wed")}
WEEKDAYS |= {"tues": 2, "weds": 3, "thur": 4, "thurs": 4}
_PHRASES: dict[tuple[str, ...], int] = {
    ("day", "after", "tomorrow"): 2,
    ("day", "before", "yesterday"): -2,
    ("today",): 0,
    ("tonight",): 0,
    ("this", "morning"): 0,
    ("this", "afternoon"): 0,
    ("this", "evening"): 0,
    ("tomorrow",): 1,
    ("yesterday",): -1,
    ("last", "night"): -1,
}
_WEEKS = {"this": 0, "next": 1, "last": -1, "following": 1}
_UNITS = {"day": "days", "week": "weeks", "fortnight": "fortnights", "month": "months", "year": "years"}

Read = tuple[date, int, float] | None
"""The day, the index of the word after it, and how sure it is."""


def find(words: Sequence[Word], about: About) -> Iterator[tuple[date, Found]]:
    """Every date that an English text names."""
    today = about.now.date()
    at = 0
    while at < len(words):
        found = next((read for reader in _READERS if (read := reader(words, at, today, about.past)) is not None), None)
        if found is None:
            at += 1
            continue
        day, after, sure = found
        yield day, Found(day.isoformat(), words[at].start, words[after - 1].end, sure)
        at = after


def day_alone(words: Sequence[Word]) -> int | None:
    """The day of the month where words say nothing else: "the 26th"."""
    found = ordinal_at(words, int(_text(words, 0) == "the"))
    return found[0] if found is not None and all(word.text in ".,!" for word in words[found[1] :]) else None


def _phrase(words: Sequence[Word], at: int, today: date, past: bool) -> Read:
    for phrase, shift in _PHRASES.items():
        if _are(words, at, *phrase):
            return _read(days.shifted(today, shift), at + len(phrase))
    return None


def _span(words: Sequence[Word], at: int, today: date, past: bool) -> Read:
    """ "in three days", "two weeks from now", "a week ago", "in a month", "a week from monday"."""
    ahead = _text(words, at) == "in"
    start = at + ahead
    if _text(words, start) in ("a", "an", "one"):
        count, after = 1, start + 1
    else:
        number = number_at(words, start)
        if number is None or number.value != number.value.to_integral_value() or number.value > 4000:
            return None
        count, after = int(number.value), number.after
    unit = _UNITS.get(_text(words, after).removesuffix("s"))
    if unit is None:
        return None
    after += 1
    if _are(words, after, "from"):
        return _from(words, after + 1, today, past, unit, count)
    if _text(words, after) in ("later", "after"):
        return _read(_moved(today, unit, count), after + 1)
    if _text(words, after) == "ago":
        return _read(_moved(today, unit, -count), after + 1)
    return _read(_moved(today, unit, count), after) if ahead else None


def _from(words: Sequence[Word], at: int, today: date, past: bool, unit: str, count: int) -> Read:
    if _text(words, at) in ("now", "today"):
        return _read(_moved(today, unit, count), at + 1)
    for reader in (_phrase, _weekday):
        found = reader(words, at, today, past)
        if found is not None:
            return _read(_moved(found[0], unit, count), found[1])
    return None


def _moved(day: date, unit: str, count: int) -> date | None:
    match unit:
        case "months":
            return days.months_on(day, count)
        case "years":
            return days.months_on(day, 12 * count)
        case "weeks":
            return days.shifted(day, 7 * count)
        case "fortnights":
            return days.shifted(day, 14 * count)
    return days.shifted(day, count)


def _weekday(words: Sequence[Word], at: int, today: date, past: bool) -> Read:
    """ "Wednesday", "this Friday", "next Wednesday" (of next week, though some mean the one to come), "Monday next week"."""
    which = _text(words, at)
    start = at + (which in _WEEKS or which in ("coming", "on"))
    number = WEEKDAYS.get(_text(words, start))
    if number is None and _are(words, start, "weekend") and which in _WEEKS:
        return _read(days.weekday(today, 6, _WEEKS[which], past), start + 1, 0.6)
    if number is None:
        return None
    after = start + 1
    further = after + (_text(words, after) in ("of", "in"))
    if _text(words, further) in _WEEKS and _are(words, further + 1, "week"):
        return _read(days.weekday(today, number, _WEEKS[_text(words, further)], past), further + 2)
    if which == "last":
        behind = days.weekday(today, number, None, True)
        return _read(behind if behind is None or behind < today else days.shifted(behind, -7), after, 0.9)
    if _are(words, after, "week"):
        coming = days.weekday(today, number, None, False)
        return _read(None if coming is None else days.shifted(coming, 7), after + 1, 0.9)
    if which == "next":
        return _read(days.weekday(today, number, 1, past), after, 0.7)
    return _read(days.weekday(today, number, None, past), after, 0.9)


def _month_first(words: Sequence[Word], at: int, today: date, past: bool) -> Read:
    """ "March the twenty-third", "March 23 2026"."""
    month = MONTHS.get(_text(words, at))
    if month is None:
        return None
    day = _day(words, at + 1 + _are(words, at + 1, "the"))
    return None if day is None else _of(words, month, day[0], day[1], today, past)


def _day_first(words: Sequence[Word], at: int, today: date, past: bool) -> Read:
    """ "the twenty-third of March", "23 March 2026", "the fifteenth", "the fifteenth of next month"."""
    the = _are(words, at, "the")
    start = at + the
    day = _day(words, start)
    if day is None:
        return None
    number, after = day
    after += _are(words, after, "day")
    of = _are(words, after, "of")
    month = MONTHS.get(_text(words, after + of))
    if month is not None:
        return _of(words, month, number, after + of + 1, today, past)
    if of and _text(words, after + 1) in ("this", "next", "last", "the") and _are(words, after + 2, "month"):
        near = days.months_on(today.replace(day=1), _WEEKS.get(_text(words, after + 1), 0))
        return _read(None if near is None else days.of(near.year, near.month, number), after + 3)
    if ordinal_at(words, start) is None or not (the or after == len(words) or _text(words, at - 1) == "on"):
        return None
    if _text(words, at - 1) in MONTHS:
        return None  # "february thirtieth" is no day, and none of another month
    return _read(days.monthless(today, number, past), after, 0.9)


def _day(words: Sequence[Word], at: int) -> tuple[int, int] | None:
    found = ordinal_at(words, at)
    if found is None:
        found = under_hundred(words, at)
    if found is None and _text(words, at).isdigit() and len(_text(words, at)) <= 2:
        found = int(_text(words, at)), at + 1
    return found if found is not None and 1 <= found[0] <= 31 else None


def _of(words: Sequence[Word], month: int, day: int, after: int, today: date, past: bool) -> Read:
    """That day, of the year that follows if one does."""
    at = after + (_text(words, after) in (",", "of", "in"))
    year = number_at(words, at)
    if year is not None and 1880 <= year.value <= 2199 and year.value == year.value.to_integral_value():
        return _read(days.of(int(year.value), month, day), year.after)
    if _text(words, at) in _WEEKS and _are(words, at + 1, "year"):
        return _read(days.of(today.year + _WEEKS[_text(words, at)], month, day), at + 2)
    return _read(days.yearless(today, month, day, past), after)


def _end_of_month(words: Sequence[Word], at: int, today: date, past: bool) -> Read:
    if not (_text(words, at) in ("end", "beginning", "start") and _are(words, at + 1, "of") and _are(words, at + 3, "month")):
        return None
    first = days.months_on(today.replace(day=1), _WEEKS.get(_text(words, at + 2), 0))
    if first is None:
        return None
    return _read(first.replace(day=days.last_of(first.year, first.month)) if _are(words, at, "end") else first, at + 4, 0.9)


def _holiday(words: Sequence[Word], at: int, today: date, past: bool) -> Read:
    if _are(words, at, "christmas"):
        eve = _are(words, at + 1, "eve")
        after = at + 1 + (eve or _are(words, at + 1, "day"))
        return _read(days.yearless(today, *days.FIXED_DAYS["christmas_eve" if eve else "christmas"], past), after, 0.9)
    if _are(words, at, "new", "year's", "day") or _are(words, at, "new", "years", "day"):
        return _read(days.yearless(today, *days.FIXED_DAYS["new_year"], past), at + 3, 0.9)
    return None


def _figures(words: Sequence[Word], at: int, today: date, past: bool) -> Read:
    """ "2026-03-23", "3/23/2026", "3/23", "20260323", "0323"."""
    numbers: list[str] = []
    marks: set[str] = set()
    after = at
    while _text(words, after).isdigit() and len(numbers) < 3:
        numbers.append(_text(words, after))
        mark = _text(words, after + 1)
        after += 1
        if mark not in ("-", "/") or not _text(words, after + 1).isdigit():
            break
        marks.add(mark)
        after += 1
    if len(numbers) == 3 and len(numbers[0]) == 4:
        return _read(days.of(*(int(number) for number in numbers)), after)
    if (len(numbers) == 3 and len(numbers[2]) == 4) or (len(numbers) == 2 and marks == {"/"}):
        return _slashes([int(number) for number in numbers], after, today, past)
    if len(numbers) == 1 and len(numbers[0]) in (4, 6, 8):
        return _read(days.written(numbers[0], today, past), after, 0.8)
    return None


def _slashes(numbers: list[int], after: int, today: date, past: bool) -> Read:
    """Month first; day first where nothing else can be. Both where either could: then it is not sure."""
    month, day = numbers[:2]
    sure = 0.5 if month <= 12 and day <= 12 and month != day else 0.9
    if month > 12:
        month, day = day, month
    found = days.of(numbers[2], month, day) if len(numbers) == 3 else days.yearless(today, month, day, past)
    return _read(found, after, sure)


_READERS: tuple[Callable[[Sequence[Word], int, date, bool], Read], ...] = (
    _phrase,
    _span,
    _weekday,
    _month_first,
    _day_first,
    _end_of_month,
    _holiday,
    _figures,
)


def _read(day: date | None, after: int, sure: float = 1.0) -> Read:
    return None if day is None else (day, after, sure)


def _are(words: Sequence[Word], at: int, *texts: str) -> bool:
    return all(_text(words, at + step) == text for step, text in enumerate(texts))


def _text(words: Sequence[Word], at: int) -> str:
    return words[at].text if 0 <= at < len(words) else ""
