"""Business hours over weekdays, holidays, worked weekends, time zones and clock changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ivr.dialplan.calendar import FIELDS, Calendar, SpecialDays, after_open, open_seconds, outlook, span_of, unsettled
from ivr.dialplan.national import known_region, national_year

SHANGHAI = "Asia/Shanghai"
OFFICE = ((span_of("09:00-12:00"), span_of("13:30-18:00")),) * 5 + ((span_of("10:00-14:00"),), ())


def at(text: str, zone: str = SHANGHAI) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def seen(calendar: Calendar, text: str, language: str = "zh") -> dict[str, Any]:
    return outlook(calendar, at(text, calendar.zone), language)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("09:00-18:00", (540, 1080)), ("9:00 - 18:00", (540, 1080)), ("22:00-06:00", (1320, 1800)), ("00:00-24:00", (0, 1440))],
)
def test_a_span_is_minutes_after_midnight(text: str, expected: tuple[int, int]) -> None:
    assert span_of(text) == expected


@pytest.mark.parametrize(
    "text", ["", "9-18", "09:00", "25:00-26:00", "24:00-25:00", "09:60-10:00", "09:00-09:00", "9:00-24:30", "x"]
)
def test_what_is_no_span_is_refused_with_a_cure(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        span_of(text)


def test_the_hours_of_a_week() -> None:
    support = Calendar("support", SHANGHAI, OFFICE)
    assert tuple(seen(support, "2026-11-23T08:59")) == FIELDS
    before = seen(support, "2026-11-23T08:59")
    assert (before["open"], before["opens_in"], before["opens_at"]) == (False, 60, "2026-11-23T09:00")
    assert before["closes_in"] is None
    assert before["holiday"] == ""
    during = seen(support, "2026-11-23T09:00")
    assert (during["open"], during["closes_in"], during["closes_at"]) == (True, 3 * 3600, "2026-11-23T12:00")
    assert during["opens_at"] is None
    assert seen(support, "2026-11-23T12:00")["opens_at"] == "2026-11-23T13:30"
    assert seen(support, "2026-11-28T15:00")["opens_at"] == "2026-11-30T09:00"


def test_a_night_shift_ends_in_the_next_day() -> None:
    night = Calendar("night", SHANGHAI, ((span_of("22:00-06:00"),),) * 5 + ((), ()))
    assert seen(night, "2026-11-28T05:59")["closes_at"] == "2026-11-28T06:00"
    assert seen(night, "2026-11-28T06:00")["opens_at"] == "2026-11-30T22:00"


def test_always_and_never() -> None:
    always = Calendar("always", "UTC", ((span_of("00:00-24:00"),),) * 7)
    never = Calendar("never", "UTC", ((),) * 7)
    assert (seen(always, "2026-11-28T05:59")["open"], seen(always, "2026-11-28T05:59")["closes_in"]) == (True, None)
    assert (seen(never, "2026-11-28T05:59")["open"], seen(never, "2026-11-28T05:59")["opens_in"]) == (False, None)


def test_chinese_holidays_and_the_weekends_worked_for_them() -> None:
    support = Calendar("support", SHANGHAI, OFFICE, ("CN",))
    spring = seen(support, "2026-02-18T10:00")
    assert (spring["open"], spring["holiday"], spring["opens_at"]) == (False, "春节", "2026-02-24T09:00")
    assert seen(support, "2026-02-18T10:00", "en")["holiday"] == "Chinese New Year"
    saturday = seen(support, "2026-02-28T17:00")
    assert (saturday["open"], saturday["closes_at"]) == (True, "2026-02-28T18:00"), "worked, with the hours of Monday"
    assert seen(support, "2026-10-10T17:00")["open"], "worked for the National Day"
    assert not seen(support, "2026-10-17T17:00")["open"], "any other Saturday"
    assert seen(support, "2026-10-04T11:00")["holiday"] == "国庆节", "the Sunday in the stretch"
    assert seen(support, "2026-10-06T11:00")["holiday"] == "国庆节", "a day off in lieu has the name of its holiday"


def test_own_days_go_before_public_ones() -> None:
    days = (
        SpecialDays(date(2026, 12, 24), date(2026, 12, 24), {"zh": "年会", "en": "Staff day"}, (span_of("09:00-12:00"),)),
        SpecialDays(date(2026, 11, 29), date(2026, 11, 29), workday=True),
        SpecialDays(date(2026, 10, 1), date(2026, 10, 3), workday=True, spans=(span_of("10:00-11:00"),)),
    )
    support = Calendar("support", SHANGHAI, OFFICE, ("CN",), days, on_workday=5)
    assert seen(support, "2026-12-24T10:00")["closes_at"] == "2026-12-24T12:00"
    assert seen(support, "2026-12-24T13:00", "en")["holiday"] == "Staff day"
    assert seen(support, "2026-11-29T10:30")["closes_at"] == "2026-11-29T14:00", "a worked Sunday has Saturday's hours here"
    assert seen(support, "2026-10-01T10:30")["open"]
    assert seen(support, "2026-10-01T10:30")["holiday"] == ""


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"])
def test_hours_are_wall_clock_on_both_sides_of_a_clock_change(zone: str) -> None:
    office = Calendar("office", zone, ((span_of("09:00-17:00"),),) * 7)
    for offset in range(366):
        day = date(2026, 1, 1) + timedelta(days=offset)
        assert outlook(office, at(f"{day}T16:59", zone))["closes_in"] == 60
        assert outlook(office, at(f"{day}T08:00", zone))["opens_at"] == f"{day}T09:00"


def test_the_doubled_hour_is_open_twice_and_the_missing_one_is_short() -> None:
    night = Calendar("night", "Europe/Berlin", ((span_of("00:00-03:00"),),) * 7)
    assert seen(night, "2026-10-25T00:00")["closes_in"] == 4 * 3600
    assert seen(night, "2026-03-29T00:00")["closes_in"] == 2 * 3600
    gone = Calendar("gone", "Europe/Berlin", ((span_of("02:00-02:30"),),) * 7)
    assert seen(gone, "2026-03-29T00:00")["opens_at"] is not None


def test_a_year_that_was_not_announced_is_told() -> None:
    chinese = Calendar("a", SHANGHAI, OFFICE, ("CN",))
    german = Calendar("b", "Europe/Berlin", OFFICE, ("DE-BY",))
    listed = Calendar("c", SHANGHAI, OFFICE, ("CN",), (SpecialDays(date(2090, 2, 1), date(2090, 2, 1), workday=True),))
    assert unsettled(chinese, date(2026, 6, 1)) == []
    assert unsettled(chinese, date(2090, 6, 1)) == [("CN", 2090)]
    assert ("CN", 2090) not in unsettled(chinese, date(2089, 11, 30))
    assert ("CN", 2090) in unsettled(chinese, date(2089, 12, 1))
    assert unsettled(german, date(2090, 6, 1)) == []
    assert unsettled(listed, date(2090, 6, 1)) == []


def test_regions() -> None:
    assert known_region("CN")
    assert known_region("DE-BY")
    assert not known_region("DE-QQ")
    assert not known_region("company")
    assert date(2026, 1, 6) in national_year("DE-BY", 2026).names
    assert date(2026, 1, 6) not in national_year("DE", 2026).names
    with pytest.raises(ValueError, match="QQ"):
        national_year("QQ", 2026)


def test_open_time_between_two_moments_leaves_nights_holidays_and_what_overlaps_out() -> None:
    support = Calendar("support", SHANGHAI, OFFICE, days=(SpecialDays(date(2026, 11, 25), date(2026, 11, 25)),))
    tuesday, thursday = at("2026-11-24T17:00"), at("2026-11-26T10:00")
    assert open_seconds(support, tuesday, thursday) == 2 * 3600.0, "Wednesday is off"
    assert after_open(support, tuesday, 2 * 3600.0) == thursday
    assert after_open(support, at("2026-11-28T13:00"), 2 * 3600.0) == at("2026-11-30T10:00"), "Saturday to Monday"
    late = Calendar("late", "UTC", (((0, 1440), (600, 1800)),) * 7)
    assert open_seconds(late, 0.0, 86_400.0) == 86_400.0 == after_open(late, 0.0, 86_400.0)
    assert after_open(Calendar("shut", "UTC", ((),) * 7), 0.0, 1.0) is None


def test_open_time_over_a_change_of_the_clock_is_in_real_seconds() -> None:
    always = Calendar("always", "Europe/Berlin", (((0, 1440),),) * 7)
    start = at("2026-10-25T00:00", "Europe/Berlin")
    assert after_open(always, start, 25 * 3600.0) == at("2026-10-26T00:00", "Europe/Berlin")
