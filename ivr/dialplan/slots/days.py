"""Days of the calendar that both languages reckon with. Pure."""

from __future__ import annotations

from datetime import date, timedelta

FIXED_DAYS = {
    "new_year": (1, 1),
    "labour": (5, 1),
    "children": (6, 1),
    "national": (10, 1),
    "christmas": (12, 25),
    "christmas_eve": (12, 24),
}
"""Holidays that keep their date; those of the lunar calendar are not known here."""


def of(year: int, month: int, day: int) -> date | None:
    """That day, None where there is none."""
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def shifted(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def months_on(day: date, months: int) -> date | None:
    """The same day of another month, or the last one of it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return of(year, month + 1, min(day.day, last_of(year, month + 1)))


def last_of(year: int, month: int) -> int:
    """How many days a month has; 28 for a month out of all bounds."""
    following = of(year + month // 12, month % 12 + 1, 1)
    return 28 if following is None else (following - timedelta(days=1)).day


def weekday(today: date, number: int, weeks: int | None, past: bool) -> date | None:
    """The weekday (1 is Monday) `weeks` after this week; without weeks the next, or with `past` the last one, today counted."""
    if weeks is not None:
        return shifted(today, 7 * weeks + number - today.isoweekday())
    ahead = (number - today.isoweekday()) % 7
    return shifted(today, ahead - 7 if past and ahead else ahead)


def yearless(today: date, month: int, day: int, past: bool) -> date | None:
    """That day of the year next to `today`: ahead, or with `past` behind; the 29th of February within eight years."""
    step = -1 if past else 1
    for year in range(today.year, today.year + 9 * step, step):
        found = of(year, month, day)
        if found is not None and (found <= today if past else found >= today):
            return found
    return None


def monthless(today: date, day: int, past: bool) -> date | None:
    """The next day of that number, today counted; with `past` the last one."""
    for months in range(13):
        first = months_on(today.replace(day=1), -months if past else months)
        found = None if first is None else of(first.year, first.month, day)
        if found is not None and (found <= today if past else found >= today):
            return found
    return None


def written(row: str, today: date, past: bool) -> date | None:
    """A date from digits alone: MMDD, YYMMDD for a past one, or YYYYMMDD."""
    if not (row.isascii() and row.isdigit()):
        return None
    if len(row) == 4:
        return yearless(today, int(row[:2]), int(row[2:]), past)
    if len(row) == 8:
        return of(int(row[:4]), int(row[4:6]), int(row[6:]))
    if len(row) == 6 and past:
        century = today.year // 100 * 100
        year = century + int(row[:2])
        return of(year - 100 if year > today.year else year, int(row[2:4]), int(row[4:]))
    return None
