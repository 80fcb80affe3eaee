"""Times of the day that both languages reckon with: "15:30", or a part of the day as "08:00/12:00". Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum


class Part(Enum):
    """A part of the day, by its hours."""

    NIGHT = (0, 6)
    EARLY = (6, 9)
    MORNING = (8, 12)
    NOON = (12, 12)
    AFTERNOON = (12, 18)
    EVENING = (18, 22)
    MIDNIGHT = (0, 0)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of the day, perhaps of another day than the one that was named."""

    text: str
    """"15:30", or "08:00/12:00" where only a part of the day is known."""
    sure: float = 1.0
    days: int = 0
    """Days on from the day it belongs to: midnight at the end of an evening is tomorrow."""
    day: str = ""
    """The day where the time alone says it ("in two hours")."""


def clock_time(hour: int, minute: int, part: Part | None, *, certain: bool = False) -> Moment | None:
    """The time an hour of 0..24 means in a part of the day; None where it means none.

    Without a part, one to six is taken for the afternoon and seven to eleven for the morning, and is not sure.
    `minute` below 0 counts back from the hour. `certain`: written with two digits, as a timetable does.
    """
    if not 0 <= hour <= 24 or not -59 <= minute <= 59:
        return None
    sure, days = 1.0, 0
    if part is not None:
        placed = _placed(hour, part)
        if placed is None:
            return None
        hour, days = placed
    elif 1 <= hour <= 11 and not certain:
        sure = 0.6 if hour <= 6 else 0.7
        hour = hour + 12 if hour <= 6 else hour
    total = hour * 60 + minute
    days += total // 1440
    total %= 1440
    return Moment(f"{total // 60:02}:{total % 60:02}", sure, days)


def _placed(hour: int, part: Part) -> tuple[int, int] | None:
    """The hour of the day, and the days on."""
    if hour > 12:
        return None if part in (Part.EARLY, Part.MORNING) else (hour, 0)
    match part:
        case Part.NIGHT:
            return (hour % 12, 0) if hour < 8 or hour == 12 else (hour + 12, 0)
        case Part.MIDNIGHT:
            return hour % 12, 0
        case Part.EARLY | Part.MORNING:
            return hour, 0
        case Part.NOON:
            return (hour, 0) if hour >= 10 else (hour + 12, 0)
        case Part.AFTERNOON:
            return (hour + 12, 0) if 0 < hour < 12 else (12, 0) if hour == 12 else None
        case Part.EVENING:
            if hour in (12, 0):
                return 0, 1
            return (hour + 12, 0) if hour >= 4 else (hour, 1)
    return None


def part_of_day(part: Part) -> Moment:
    """A part of the day as it was named: noon and midnight are times, the others spans."""
    begins, ends = part.value
    if begins == ends:
        return Moment(f"{begins:02}:00", 0.9)
    return Moment(f"{begins:02}:00/{ends:02}:00", 0.9)


def moment_in(now: datetime, minutes: int, sure: float = 1.0) -> Moment | None:
    """The minute that many minutes from now, with its day."""
    try:
        then = (now.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(now.tzinfo)
    except OverflowError:
        return None
    return Moment(f"{then:%H:%M}", sure, 0, then.date().isoformat())


def keyed_time(keys: str) -> str | None:
    """HHMM or HMM as keys; None where that is no time."""
    if not keys.isdecimal() or len(keys) not in (3, 4):
        return None
    hour, minute = int(keys[:-2]), int(keys[-2:])
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None
