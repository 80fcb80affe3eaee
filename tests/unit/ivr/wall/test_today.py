"""Days on which the clock changes, held against days on which it does not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from typing import Any, cast

import pytest

from ivr.wall.minutes import Minutes
from ivr.wall.sums import Sums
from ivr.wall.today import Today, changes_clock, day_of, history, midnight, moment, same_time

BACK, FORTH = date(2026, 10, 25), date(2026, 3, 29)
"""In Berlin 02:00 to 03:00 comes twice on the one and not at all on the other."""
QUARTER = 900


class Calls:
    """Minutes of a house in which one call ends at each of these moments."""

    def __init__(self, *at: float) -> None:
        self.at = at
        self.read: list[tuple[float, float]] = []

    async def sums(self, start: float, end: float) -> dict[str, Sums]:
        self.read.append((start, end))
        found = sum(start <= one < end for one in self.at)
        return {"support": Sums(calls=found)} if found else {}

    async def steps(self, start: float, end: float, step: int, *_: Any, **__: Any) -> list[tuple[int, str, Sums]]:
        seconds = sorted(int(one - start) // step * step for one in self.at if start <= one < end)
        return [(second, "support", Sums(calls=seconds.count(second))) for second in sorted({*seconds})]


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def calls(*at: float) -> Minutes:
    return cast(Minutes, Calls(*at))


async def shown(day: date, step: int, *at: float) -> dict[str, int]:
    """Time of the clock to calls, as the chart of the day has them."""
    told = await history(calls(*at), "support", day, step, 1, midnight(day) + 10 * 86400)
    return {f"{point['second'] // 3600:02}:{point['second'] // 60 % 60:02}": point["calls"] for point in told["today"]}


@pytest.mark.parametrize("day", [BACK, FORTH, date(2026, 11, 22)])
async def test_a_call_at_nine_stands_at_nine_whatever_the_clock_did_at_night(day: date) -> None:
    nine = moment(day, 9 * 3600 + 300)
    assert await shown(day, QUARTER, nine) == {"09:00": 1}
    assert await shown(day, 3600, nine) == {"09:00": 1}
    assert changes_clock(day) is (day in (BACK, FORTH))


async def test_the_hour_that_comes_twice_is_one_with_all_its_calls() -> None:
    first = moment(BACK, 2 * 3600 + 600)
    assert await shown(BACK, QUARTER, first - 3600, first, first + 60, first + 3600) == {"01:00": 1, "02:00": 3}
    assert await shown(BACK, 3600, first, first + 3600, first + 7200) == {"02:00": 2, "03:00": 1}


async def test_the_hour_that_is_left_out_has_no_calls() -> None:
    before = moment(FORTH, 3600 + 3000)
    assert await shown(FORTH, QUARTER, before, before + 900) == {"01:45": 1, "03:00": 1}


async def test_today_is_held_against_the_same_hours_of_the_clock_last_week() -> None:
    """On the Sunday after the clock was put back: last Sunday until ten by the clock is eleven hours of it."""
    week_ago = moment(BACK, 9 * 3600 + 1800)
    later = moment(BACK, 10 * 3600 + 1800)
    today = Today(calls(week_ago, later))
    now = moment(date(2026, 11, 1), 10 * 3600)
    await today.read(now)
    usual = today.told(["support"], [], {}, now)["usual"]
    assert usual["support"]["calls"] == 1 and same_time(now, BACK) - midnight(BACK) == 11 * 3600


async def test_last_week_is_read_again_when_another_minute_of_it_counts() -> None:
    """Of a hundred queues it is more than a hundred thousand rows, and what is over does not change."""
    start, monday = midnight(date(2026, 11, 16)), midnight(date(2026, 11, 23))
    house = Calls(start + 60)
    today, usual = Today(cast(Minutes, house)), []
    for second in (59.0, 60.0, 60.5, 66.5, 72.5, 120.0, 120.5):
        await today.read(monday + second)
        usual.append(today.told(["support"], [], {}, monday + second)["usual"]["support"]["calls"])
    assert usual == [0, 0, 1, 1, 1, 1, 1]
    assert [end - start for begin, end in house.read if begin == start] == [60, 120, 180]


async def test_points_of_such_a_day_are_told_once_and_in_passing_order_to_the_alerts() -> None:
    first, second = moment(BACK, 2 * 3600), moment(BACK, 2 * 3600) + 3600
    today = Today(calls(first, second))
    told = await today.read(second + 60)
    assert [(point["second"], point["figures"]["support"]["calls"]) for point in told] == [(7200, 2)]
    assert told[0]["at"] == first and day_of(first) == BACK
    assert [one["calls"] for one in today.series()["support"]] == [1, 1]
    assert await today.read(second + 120) == []
