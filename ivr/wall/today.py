"""Today against last week: figures and points of the charts, from the minutes of the records and what goes on now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from ivr.wall.figures import Figures, figures
from ivr.wall.minutes import Minutes
from ivr.wall.sums import Sums, running, total

STEP = 900
"""Seconds of a point of the charts."""
WEEK = 7
STEPS = (60, 300, 900, 3600)


def midnight(day: date) -> float:
    """Epoch seconds at which a day begins by the zone of the server."""
    return datetime(day.year, day.month, day.day).astimezone().timestamp()


def day_of(now: float) -> date:
    return datetime.fromtimestamp(now).date()  # noqa: DTZ006 - the day of the machine, as its people live it


class Today:
    """Reads minutes; `read` raises StoreUnavailable."""

    def __init__(self, minutes: Minutes) -> None:
        self._minutes = minutes
        self.day, self.start = date.min, 0.0
        self._sums: Mapping[str, Sums] = {}
        self._usual: Mapping[str, Sums] = {}
        self._points: dict[int, dict[str, Figures]] = {}

    async def read(self, now: float) -> list[dict[str, Any]]:
        """Read today and last week anew; returns the points that are others than before, as `point` of docs/wall.md."""
        day = day_of(now)
        if day != self.day:
            self.day, self.start, self._points = day, midnight(day), {}
        before = midnight(day - timedelta(days=WEEK))
        self._sums = await self._minutes.sums(self.start, now)
        self._usual = await self._minutes.sums(before, before + (now - self.start))
        fresh = await points(await self._minutes.steps(self.start, now, STEP))
        changed = [second for second, told in fresh.items() if self._points.get(second) != told]
        self._points = fresh
        return [{"second": second, "at": self.start + second, "figures": fresh[second]} for second in changed]

    def series(self) -> dict[str, list[Figures]]:
        """Queue or `all` to today's quarters of an hour, in order."""
        found: dict[str, list[Figures]] = {}
        for _, by_queue in sorted(self._points.items()):
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
    found: dict[str, Sums] = {}
    for call in calls:
        if call["queue"] and call["queued_at"]:
            one = running(call["queued_at"], call["connected_at"], float(int(now)), limits.get(call["queue"], 20.0))
            found[call["queue"]] = found.get(call["queue"], Sums()) + one
    return found


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
    """A day and the same day `weeks` before, as docs/wall.md says. `queue` "" is all together. Raises StoreUnavailable."""
    days = {"today": day, "before": day - timedelta(weeks=weeks)}
    told: dict[str, Any] = {"queue": queue, "day": day.isoformat(), "step": step, "now": now}
    for name, one in days.items():
        start, end = midnight(one), midnight(one + timedelta(days=1))
        found = await points(await minutes.steps(start, min(end, now), step, queue or None, together=not queue))
        told[name] = [{"second": second, **by_queue[queue]} for second, by_queue in sorted(found.items()) if queue in by_queue]
    return told
