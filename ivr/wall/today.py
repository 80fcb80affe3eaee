"""Today against last week: figures and points of the charts, from the minutes of the records and what goes on now."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from ivr.wall.figures import Figures, figures
from ivr.wall.minutes import OUTBOUND, Minutes
from ivr.wall.occupied import MINUTE
from ivr.wall.sums import Sums, running, total

STEP = 900
"""Seconds of a point of the charts."""
WEEK = 7
STEPS = (60, 300, 900, 3600)
DAY = 86400.0
MANY = 1000
"""Rows that are looked at before others get a turn."""


def midnight(day: date) -> float:
    """Epoch seconds at which a day begins by the zone of the server."""
    return datetime(day.year, day.month, day.day).astimezone().timestamp()


def day_of(now: float) -> date:
    return datetime.fromtimestamp(now).date()  # noqa: DTZ006 - the day of the machine, as its people live it


def moment(day: date, second: int) -> float:
    """Epoch seconds at which the clock of the server's zone shows so much of a day; the first time, where it shows it twice."""
    return datetime.combine(day, time(second // 3600, second // 60 % 60, second % 60)).astimezone().timestamp()


def changes_clock(day: date) -> bool:
    """Whether the clock is put forward or back on this day."""
    return midnight(day + timedelta(days=1)) - midnight(day) != DAY


def same_time(now: float, day: date) -> float:
    """Epoch seconds at which the clock showed on `day` what it shows now."""
    shown = datetime.fromtimestamp(now).time()  # noqa: DTZ006 - the clock on the wall
    return datetime.combine(day, shown).astimezone().timestamp()


async def by_clock(steps: Iterable[tuple[int, str, Sums]], start: float, step: int) -> list[tuple[int, str, Sums]]:
    """Steps that are counted from `start` as the clock of their day has them, in order.

    An hour that the clock shows twice is one, with what happened in both; one that it leaves out is missing.
    """
    shown: dict[int, int] = {}
    laid: dict[tuple[int, str], Sums] = {}
    for number, (second, queue, sums) in enumerate(steps):
        if second not in shown:
            clock = datetime.fromtimestamp(start + second)  # noqa: DTZ006 - the clock on the wall
            shown[second] = (clock.hour * 3600 + clock.minute * 60) // step * step
        where = shown[second], queue
        laid[where] = laid[where] + sums if where in laid else sums
        if number % MANY == MANY - 1:
            await asyncio.sleep(0)
    return [(second, queue, sums) for (second, queue), sums in sorted(laid.items(), key=lambda one: one[0])]


class Today:
    """Reads minutes; `read` raises StoreUnavailable."""

    def __init__(self, minutes: Minutes) -> None:
        self._minutes = minutes
        self.day, self.start = date.min, 0.0
        self._sums: Mapping[str, Sums] = {}
        self._usual: Mapping[str, Sums] = {}
        self._usual_until = 0
        """Minutes of the epoch: what was a week ago is read anew with each minute that joins it."""
        self._points: dict[int, dict[str, Figures]] = {}
        self._passed: dict[int, dict[str, Figures]] = {}

    async def read(self, now: float) -> list[dict[str, Any]]:
        """Read today and last week anew; returns the points that are others than before, as `point` of docs/wall.md."""
        day = day_of(now)
        if day != self.day:
            self.day, self.start, self._points = day, midnight(day), {}
        before = day - timedelta(days=WEEK)
        self._sums = await self._minutes.sums(self.start, now)
        until = math.ceil(same_time(now, before) / MINUTE)
        if until != self._usual_until:
            self._usual = await self._minutes.sums(midnight(before), until * MINUTE)
            self._usual_until = until
        steps = await self._minutes.steps(self.start, now, STEP)
        self._passed = fresh = await points(steps)
        if changes_clock(day):
            fresh = await points(await by_clock(steps, self.start, STEP))
        changed = [second for second, told in fresh.items() if self._points.get(second) != told]
        self._points = fresh
        return [{"second": second, "at": moment(day, second), "figures": fresh[second]} for second in changed]

    def series(self) -> dict[str, list[Figures]]:
        """Queue or `all` to today's quarters of an hour, in the order in which they passed."""
        found: dict[str, list[Figures]] = {}
        for _, by_queue in sorted(self._passed.items()):
            for queue, one in by_queue.items():
                found.setdefault(queue or "all", []).append(one)
        return found

    def told(self, queues: Iterable[str], calls: Iterable[Mapping[str, Any]], limits: Mapping[str, float], now: float) -> Any:
        """`today` and `usual` of the figures: records, and those that go on as far as they have come."""
        sums = dict(self._sums)
        for queue, more in under_way(calls, limits, now).items():
            sums[queue] = sums.get(queue, Sums()) + more
        names = [*queues]
        return {"today": _by_queue(sums, names), "usual": _by_queue(self._usual, names)}


def under_way(calls: Iterable[Mapping[str, Any]], limits: Mapping[str, float], now: float) -> dict[str, Sums]:
    """Queue to what calls that go on count already. Seconds are whole, so that nothing changes for a fraction of one."""
    there: dict[str, list[tuple[float, float | None]]] = {}
    for call in calls:
        if call["queue"] and call["queued_at"] and call.get("channel") != OUTBOUND:
            there.setdefault(call["queue"], []).append((call["queued_at"], call["connected_at"]))
    return {queue: running(some, float(int(now)), limits.get(queue, 20.0)) for queue, some in there.items()}


def _by_queue(sums: Mapping[str, Sums], queues: Sequence[str]) -> dict[str, Figures]:
    whole = {"": figures(total(sums.values()))}
    return {**whole, **{name: figures(sums.get(name, Sums())) for name in queues}}


async def points(steps: Iterable[tuple[int, str, Sums]]) -> dict[int, dict[str, Figures]]:
    """Second of the day to figures by queue, "" for all together. A day of many queues is long: others get turns."""
    found: dict[int, dict[str, Sums]] = {}
    for second, queue, sums in steps:
        found.setdefault(second, {})[queue] = sums
    told: dict[int, dict[str, Figures]] = {}
    for second, by_queue in found.items():
        whole = {"": figures(total(by_queue.values()))}
        told[second] = whole | {name: figures(one) for name, one in by_queue.items() if name}
        await asyncio.sleep(0)
    return told


async def history(minutes: Minutes, queue: str, day: date, step: int, weeks: int, now: float) -> dict[str, Any]:
    """A day and the same day `weeks` before, as docs/wall.md says. `queue` "" is all together.

    Hours are those of the clock. Raises StoreUnavailable.
    """
    days = {"today": day, "before": day - timedelta(weeks=weeks)}
    told: dict[str, Any] = {"queue": queue, "day": day.isoformat(), "step": step, "now": now}
    for name, one in days.items():
        start, end = midnight(one), midnight(one + timedelta(days=1))
        turned = changes_clock(one)
        steps = await minutes.steps(
            start, min(end, now), min(step, STEP) if turned else step, queue or None, together=not queue
        )
        found = await points(await by_clock(steps, start, step) if turned else steps)
        told[name] = [{"second": second, **by_queue[queue]} for second, by_queue in sorted(found.items()) if queue in by_queue]
    return told
