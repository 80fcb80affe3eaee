"""When somebody is there: business hours by weekday, holidays, worked weekends, time zones. Pure: `now` is an input.

A span belongs to the day that it begins on: `22:00-06:00` of a Friday ends on Saturday morning, be that a holiday or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from ivr.dialplan.national import national_year

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIELDS = ("open", "closes_in", "closes_at", "opens_in", "opens_at", "holiday")
HORIZON = 400
"""Days that are looked ahead for the next opening."""
MIDNIGHT = 24 * 60

_SPAN = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])\s*[-–]\s*([01]?[0-9]|2[0-4]):([0-5][0-9])\Z")

Span = tuple[int, int]
"""Minutes after midnight; the end may lie in the next day."""


@dataclass(frozen=True, slots=True)
class SpecialDays:
    """One line of a list of holidays: some days that are not as their weekday."""

    first: date
    last: date
    names: Mapping[str, str] = field(default_factory=dict)
    """By language."""
    spans: tuple[Span, ...] | None = None
    """Hours of these days; None: closed, or those of a working day."""
    workday: bool = False
    """Worked although it is a weekend or a holiday."""


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """The hours of one team."""

    name: str
    zone: str
    week: tuple[tuple[Span, ...], ...]
    """Monday to Sunday."""
    regions: tuple[str, ...] = ()
    """Whose public holidays count: `CN`, `DE-BY`."""
    days: tuple[SpecialDays, ...] = ()
    """Own holidays and worked days; they go before the public ones, the first that fits counts."""
    on_holiday: tuple[Span, ...] = ()
    on_workday: int = 0
    """The weekday (0 is Monday) whose hours a worked weekend has."""


@dataclass(frozen=True, slots=True)
class Day:
    """One date of a calendar."""

    spans: tuple[Span, ...]
    names: Mapping[str, str] | None
    """Name of the holiday by language; None on a day that is none."""


def span_of(text: str) -> Span:
    """`09:00-18:00` in minutes after midnight; an end before the start is in the next day. Raises ValueError with the cure."""
    found = _SPAN.match(text.strip())
    if found is None:
        raise ValueError("write hours as 09:00-18:00, several as a list, or closed")
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if start >= MIDNIGHT or end > MIDNIGHT:
        raise ValueError("a day has the hours 00:00 to 24:00")
    if start == end:
        raise ValueError("the same hour twice; write 00:00-24:00 for the whole day")
    return start, end if end > start else end + MIDNIGHT


def day_of(calendar: Calendar, day: date) -> Day:
    """What `calendar` says of one date."""
    for special in calendar.days:
        if special.first <= day <= special.last:
            return _special(calendar, special)
    for region in calendar.regions:
        year = national_year(region, day.year)
        if day in year.worked:
            return Day(calendar.week[calendar.on_workday], None)
        if day in year.names:
            return Day(calendar.on_holiday, year.names[day])
    return Day(calendar.week[day.weekday()], None)


def _special(calendar: Calendar, special: SpecialDays) -> Day:
    if special.workday:
        usual = calendar.week[calendar.on_workday]
        return Day(usual if special.spans is None else special.spans, None)
    return Day(calendar.on_holiday if special.spans is None else special.spans, special.names)


def unsettled(calendar: Calendar, today: date) -> list[tuple[str, int]]:
    """Regions and years whose worked weekends are not known: this year, in December the next too. Own lines make up for it.

    They are announced late in the autumn, and the package that has them is released after that.
    """
    years = (today.year, today.year + 1) if today.month == 12 else (today.year,)
    own = {special.first.year for special in calendar.days if special.workday}
    missing = ((region, year) for region in calendar.regions for year in years if year not in own)
    return [(region, year) for region, year in missing if not national_year(region, year).settled]


def outlook(calendar: Calendar, now: float, language: str = "en") -> dict[str, Any]:
    """What expressions see as `hours.NAME` at `now`, seconds since the epoch: see FIELDS.

    `closes_in` and `opens_in` are seconds, `closes_at` and `opens_at` are `2026-11-23T09:00` in the calendar's own zone; null
    for what does not apply: no opening while open, none in sight. `holiday` is the name of today's, "" on any other day.
    """
    zone = ZoneInfo(calendar.zone)
    today = datetime.fromtimestamp(now, zone).date()
    opens = closes = None
    for start, end in _ahead(calendar, today):
        if now < end:
            opens, closes = (start, None) if now < start else (None, end)
            break
    always = closes is not None and closes - now > (HORIZON - 1) * 86400
    if always:
        closes = None
    names = day_of(calendar, today).names
    return {
        "open": closes is not None or always,
        "closes_in": None if closes is None else int(closes - now),
        "closes_at": None if closes is None else _local(closes, zone),
        "opens_in": None if opens is None else int(opens - now),
        "opens_at": None if opens is None else _local(opens, zone),
        "holiday": "" if names is None else _in(names, language),
    }


def _in(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or next(iter(names.values()), "")


def _local(epoch: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(epoch, zone).strftime("%Y-%m-%dT%H:%M")


@lru_cache(maxsize=4096)
def _ahead(calendar: Calendar, today: date) -> tuple[tuple[float, float], ...]:
    """Open times, joined where they touch: from yesterday's to the second that begins after today."""
    found: list[tuple[float, float]] = []
    tomorrow = _epoch(ZoneInfo(calendar.zone), today + timedelta(days=1), 0)
    for start, end in _spans(calendar, today):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
            continue
        if len(found) > 1 and found[-2][0] >= tomorrow:
            break
        found.append((start, end))
    return tuple(found)


def _spans(calendar: Calendar, today: date) -> Iterator[tuple[float, float]]:
    for offset in range(-1, HORIZON):
        yield from _open_times(calendar, today + timedelta(days=offset))


def open_seconds(calendar: Calendar, start: float, end: float) -> float:
    """For how long it is open between two moments, seconds since the epoch; what is beyond `HORIZON` days is left out."""
    total, at = 0.0, start
    for begins, ends in _from(calendar, start):
        if begins >= end:
            break
        if (until := min(ends, end)) > (since := max(begins, at)):
            total += until - since
            at = until
    return total


def after_open(calendar: Calendar, start: float, seconds: float) -> float | None:
    """When it has been open for so long from `start` on; None where that is more than `HORIZON` days away."""
    left, at = seconds, start
    for begins, ends in _from(calendar, start):
        since = max(begins, at)
        if ends - since >= left:
            return since + left
        if ends > since:
            left -= ends - since
            at = ends
    return None


def _from(calendar: Calendar, start: float) -> Iterator[tuple[float, float]]:
    """Open times by their beginning, from the day before `start` on; two may overlap."""
    first = datetime.fromtimestamp(start, ZoneInfo(calendar.zone)).date() - timedelta(days=1)
    for offset in range(HORIZON):
        yield from _open_times(calendar, first + timedelta(days=offset))


@lru_cache(maxsize=4096)
def _open_times(calendar: Calendar, day: date) -> tuple[tuple[float, float], ...]:
    zone, found = ZoneInfo(calendar.zone), []
    for start, end in sorted(day_of(calendar, day).spans):
        begins, ends = _epoch(zone, day, start), _epoch(zone, day, end, last=True)
        if begins < ends:
            found.append((begins, ends))
    return tuple(found)


def _epoch(zone: ZoneInfo, day: date, minute: int, last: bool = False) -> float:
    """Seconds since the epoch of a wall-clock time; of one that comes twice (DST) the first, or the last."""
    days, minute = divmod(minute, MIDNIGHT)
    wall = datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60), zone)
    first = wall.timestamp()
    return max(first, wall.replace(fold=1).timestamp()) if last else first
