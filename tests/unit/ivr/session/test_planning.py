"""Breaks of every day, a day ahead."""

from __future__ import annotations

import asyncio
import time

import pytest

from ivr.acd.duty import Duty, Plan
from ivr.acd.model import AgentState
from ivr.session.planning import BY, DailyBreak, coming, keep_plans
from tests.unit.ivr.session.house import House

EVERY_DAY = frozenset(range(7))


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> float:
    return time.mktime((year, month, day, hour, minute, 0, 0, 0, -1))


def test_what_begins_within_a_day() -> None:
    noon = DailyBreak("ann", 720, 1800, "meal", EVERY_DAY)
    monday = local(2026, 11, 23, 10)
    (plan,) = coming([noon], monday)
    assert (plan.begins, plan.ends, plan.reason, plan.by) == (monday + 7200, monday + 9000, "meal", BY)
    (tomorrow,) = coming([noon], monday + 7200)
    assert tomorrow.begins == monday + 7200 + 86400, "one that has begun is not planned again"
    assert coming([DailyBreak("ann", 720, 1800, "meal", frozenset({2}))], monday) == []
    assert len(coming([DailyBreak("ann", 720, 1800, "meal", frozenset({1}))], monday + 7200)) == 1


async def test_the_settings_are_kept_and_what_they_no_longer_say_goes(house: House) -> None:
    await house.open()
    duty, now = Duty(house.store), house.store.now()
    old = Plan("anna", now + 500, now + 1500, "meal", BY)
    other = Plan("anna", now + 500, now + 1500, "meal", "boss")
    await duty.plan([old, other])
    minute = time.localtime(now + 3600)
    wanted = DailyBreak("bob", minute.tm_hour * 60 + minute.tm_min, 600, "meal", EVERY_DAY)
    keeping = asyncio.create_task(keep_plans(house.store, [wanted]))
    async with asyncio.timeout(10):
        while "bob" not in [one.agent for one in await duty.plans()]:  # noqa: ASYNC110  # it is in Redis
            await asyncio.sleep(0.01)
    keeping.cancel()
    assert [one.by for one in await duty.plans("anna")] == ["boss"]
    assert [one.ends - one.begins for one in await duty.plans("bob")] == [pytest.approx(600)]
    assert await house.state("anna") is AgentState.OFFLINE
