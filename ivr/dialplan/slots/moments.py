"""Dates, times, and both together: a day and an hour, a day and a part of it, or a day alone. Pure.

A value is ISO 8601: "2026-03-23", "15:30", "2026-03-23T15:30"; a part of the day is a span, "2026-03-23T08:00/12:00".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from ivr.dialplan.slots import days, en_dates, en_times, zh_dates, zh_times
from ivr.dialplan.slots.clock import Moment, keyed_time
from ivr.dialplan.slots.said import About, Found, best, words

DAY_ALONE = 0.8
"""How sure a date is an answer to a question for day and hour."""


def dates(text: str, about: About) -> Iterator[Found]:
    """Days, as ISO dates."""
    yield from (found for _, found in _dates(text, about))


def times(text: str, about: About) -> Iterator[Found]:
    """Times of the day, or parts of it; in the afternoon where the morning is over and nothing else was said."""
    for moment, found in _times(text, about):
        yield replace(found, value=moment.text, sure=moment.sure)


def datetimes(text: str, about: About) -> Iterator[Found]:
    """The day and the time that were named together; the time alone is of today, or of tomorrow where it is over."""
    day, found_day = _best_date(text, about)
    moment, found_time = _best_time(text, about)
    if moment is None or found_time is None:
        if day is not None and found_day is not None:
            yield replace(found_day, sure=min(found_day.sure, DAY_ALONE))
        return
    value = _together(day, moment, about)
    if value is None:
        return
    if found_day is None or moment.day:
        yield Found(value, found_time.start, found_time.end, moment.sure)
    else:
        begin, end = min(found_day.start, found_time.start), max(found_day.end, found_time.end)
        yield Found(value, begin, end, min(found_day.sure, moment.sure))


def _dates(text: str, about: About) -> Iterator[tuple[date, Found]]:
    return zh_dates.find(text, about) if about.language == "zh" else en_dates.find(words(text), about)


def _times(text: str, about: About) -> Iterator[tuple[Moment, Found]]:
    found = zh_times.find(text, about) if about.language == "zh" else en_times.find(words(text), about)
    yield from _spans(text, sorted(found, key=lambda one: one[1].start))


def _spans(text: str, times: list[tuple[Moment, Found]]) -> Iterator[tuple[Moment, Found]]:
    """Two times with a word for "to" between them are one span, "10:00/12:00"; the end takes its half of the day from there."""
    at = 0
    while at < len(times):
        moment, found = times[at]
        following = times[at + 1] if at + 1 < len(times) else None
        if following is not None and text[found.end : following[1].start].strip() in _TO and not moment.day:
            ends = _after(moment.text, following[0].text)
            if "/" not in moment.text + following[0].text and ends is not None:
                moment = replace(moment, text=f"{moment.text}/{ends}")
                found = Found(moment.text, found.start, following[1].end, moment.sure)
                at += 1
        yield moment, found
        at += 1


_TO = frozenset(["到", "至", "-", "~", "to", "until", "till", "and"])


def _after(begins: str, ends: str) -> str | None:
    """`ends`, twelve hours on where that alone is after `begins`; None where neither is."""
    if ends > begins:
        return ends
    later = f"{int(ends[:2]) + 12:02}{ends[2:]}"
    return later if begins < later < "24" else None


def _best_date(text: str, about: About) -> tuple[date | None, Found | None]:
    found = best(one for _, one in _dates(text, about))
    return (None, None) if found is None else (date.fromisoformat(str(found.value)), found)


def _best_time(text: str, about: About) -> tuple[Moment | None, Found | None]:
    """The time that was named most exactly: an hour before a part of the day."""
    both = list(_times(text, about))
    if not both:
        return None, None
    return max(both, key=lambda one: ("/" not in one[0].text, one[1].end - one[1].start, one[1].start))


def _together(day: date | None, moment: Moment, about: About) -> str | None:
    now = about.now
    if moment.day:
        return f"{moment.day}T{moment.text}"
    if day is None:
        over = moment.text.split("/")[-1] < f"{now:%H:%M}"
        day = days.shifted(now.date(), moment.days if about.past or not over or moment.days else 1)
    elif day == now.date() and not about.past:
        moment = _still_ahead(moment, now)
        day = days.shifted(day, moment.days)
    else:
        day = days.shifted(day, moment.days)
    return None if day is None else f"{day.isoformat()}T{moment.text}"


def _still_ahead(moment: Moment, now: datetime) -> Moment:
    """ "Eight o'clock", said at two in the afternoon of the same day, is in the evening."""
    if moment.sure >= 1 or "/" in moment.text or moment.text >= "12:00" or moment.text > f"{now:%H:%M}":
        return moment
    later = (datetime.fromisoformat(f"2000-01-01T{moment.text}") + timedelta(hours=12)).strftime("%H:%M")
    return replace(moment, text=later)


# --- keys


def keyed_date(keys: str, about: About) -> str | None:
    """MMDD or YYYYMMDD (YYMMDD for a past date)."""
    found = days.written(keys, about.now.date(), about.past)
    return None if found is None else found.isoformat()


def keyed_datetime(keys: str, about: About) -> str | None:
    """MMDDHHMM or YYYYMMDDHHMM; a date alone counts too."""
    if len(keys) in (8, 12):
        time = keyed_time(keys[-4:])
        day = keyed_date(keys[:-4], about)
        if time is not None and day is not None:
            return f"{day}T{time}"
    return keyed_date(keys, about)


_ISO = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "time": re.compile(r"\d\d:\d\d(?:/\d\d:\d\d)?"),
    "datetime": re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?:/\d\d:\d\d)?)?"),
}


def is_iso(kind: str, text: str) -> bool:
    """Whether a text is a value of that kind as slots hold it."""
    if kind not in _ISO or not _ISO[kind].fullmatch(text):
        return False
    try:
        return all(datetime.fromisoformat(f"2000-01-01T{one}" if kind == "time" else one) for one in _ends(text))
    except ValueError:
        return False


def _ends(text: str) -> tuple[str, ...]:
    begins, slash, ends = text.partition("/")
    return (begins, f"{begins[:-5]}{ends}") if slash else (begins,)


def same_month(old: str, new: str, about: About) -> str | None:
    """A day of the month alone ("是二十六号", "the 26th") in the month of the date that it corrects; None for anything else."""
    number = zh_dates.day_alone(new) if about.language == "zh" else en_dates.day_alone(words(new))
    if number is None:
        return None
    try:
        return f"{date.fromisoformat(old[:10]).replace(day=number).isoformat()}{old[10:]}"
    except ValueError:
        return None


def merged(old: str, new: str) -> str:
    """A correction laid over a date with a time: a new time keeps the day, a new day keeps the time."""
    if "T" not in new and ":" in new:
        return f"{old.split('T')[0]}T{new}" if old[4:5] == "-" else new
    if "T" not in new and "T" in old:
        return f"{new}T{old.split('T')[1]}"
    return new
