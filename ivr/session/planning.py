"""Breaks of every day: written into the queues a day ahead, so that every node knows the same ones."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.acd.duty import Duty, Plan
from ivr.acd.store import AcdStore
from ivr.errors import IvrError

log = logging.getLogger(__name__)

AHEAD_SECONDS = 24 * 3600.0
LOOK_SECONDS = 600.0
AGAIN_SECONDS = 5.0
BY = "schedule"


@dataclass(frozen=True, slots=True)
class DailyBreak:
    agent: str
    minute: int
    """Of the day, local time."""
    length: float
    """Seconds."""
    reason: str
    days: frozenset[int]
    """0 is Monday."""


def coming(breaks: Iterable[DailyBreak], now: float, seconds: float = AHEAD_SECONDS) -> list[Plan]:
    """Those that begin within the next `seconds`, in local time."""
    today = datetime.fromtimestamp(now).astimezone()
    found = []
    for one in breaks:
        for day in range(int(seconds // 86400) + 2):
            date = today.date() + timedelta(days=day)
            if date.weekday() not in one.days:
                continue
            # Local time without an offset, so that 12:00 stays noon across a change of the clocks.
            begins = time.mktime((date.year, date.month, date.day, one.minute // 60, one.minute % 60, 0, 0, 0, -1))
            if now < begins <= now + seconds:
                found.append(Plan(one.agent, begins, begins + one.length, one.reason, BY))
    return found


async def keep_plans(store: AcdStore, breaks: Sequence[DailyBreak]) -> None:
    """Plan what the settings say and drop what they do not say any more, until cancelled."""
    duty = Duty(store)
    while True:
        try:
            wanted = coming(breaks, store.now())
            kept = {one.row() for one in wanted}
            old = [one for one in await duty.plans() if one.by == BY and one.begins > store.now()]
            await duty.drop([one for one in old if one.row() not in kept])
            await duty.plan(wanted)
            pause = LOOK_SECONDS
        except IvrError as error:
            log.warning("planned breaks wait: %s", error)
            pause = AGAIN_SECONDS
        await asyncio.sleep(pause)
