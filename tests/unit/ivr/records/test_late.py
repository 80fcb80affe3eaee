"""Rows that wait in Redis until SQL takes them: none lost, none doubled, and one that is wrong keeps nobody out."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import StoreUnavailable
from ivr.records.late import KEY, LateRows
from ivr.records.shelf import Shelves
from tests.unit.ivr.records.samples import T0, WHO, a_notice

SURVEY = {**WHO, "id": "s1", "name": "csat", "answers": {"score": 4}, "score": 4.0, "agent_id": "", "created_at": T0}


@pytest.fixture
def late(redis: Redis, engine: AsyncEngine) -> LateRows:
    return LateRows(redis, engine)


async def test_rows_come_over_once(late: LateRows, redis: Redis, engine: AsyncEngine) -> None:
    for number in range(3):
        await late.add("surveys", {**SURVEY, "id": f"s{number}"})
    await late.add("notifications", a_notice())
    other = LateRows(redis, engine)
    assert sum(await asyncio.gather(late.drain(), other.drain())) >= 4  # two nodes may bring the same row
    shelves = Shelves.of(engine, lambda: T0)
    assert [row["id"] for row in await shelves.surveys.list()] == ["s2", "s1", "s0"]
    assert len(await shelves.notifications.list()) == 1
    assert await redis.hlen(KEY) == 0 and await late.drain() == 0


async def test_bringing_a_row_again_changes_nothing(late: LateRows, engine: AsyncEngine) -> None:
    await late.add("notifications", a_notice())
    await late.drain()
    shelf = Shelves.of(engine, lambda: T0).notifications
    await shelf.change("n1", status="sent")
    await late.add("notifications", a_notice())
    await late.drain()
    assert (await shelf.get("n1"))["status"] == "sent"


async def test_rows_wait_while_sql_is_away(late: LateRows, redis: Redis, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE surveys RENAME TO gone"))
    await late.add("surveys", SURVEY)
    with pytest.raises(StoreUnavailable):
        await late.drain()
    assert await redis.hlen(KEY) == 1
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE gone RENAME TO surveys"))
    assert await late.drain() == 1


async def test_a_row_that_sql_refuses_is_given_up(
    late: LateRows, redis: Redis, engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    await late.add("surveys", {**SURVEY, "id": "bad", "name": None})
    await late.add("surveys", SURVEY)
    assert await late.drain() == 2
    assert [row["id"] for row in await Shelves.of(engine, lambda: T0).surveys.list()] == ["s1"]
    assert "given up" in caplog.text and await redis.hlen(KEY) == 0


async def test_a_row_of_a_newer_version_waits_and_keeps_nobody_out(late: LateRows, redis: Redis) -> None:
    await redis.hset(KEY, "complaints:x1", "{}")
    await late.add("surveys", SURVEY)
    assert await late.drain() == 1
    assert await redis.hkeys(KEY) == [b"complaints:x1"]
    await redis.delete(KEY)


async def test_the_task_brings_over_what_comes(late: LateRows, engine: AsyncEngine) -> None:
    running = asyncio.create_task(late.run())
    await late.add("surveys", SURVEY)
    shelf = Shelves.of(engine, lambda: T0).surveys
    async with asyncio.timeout(3.0):
        while not await shelf.list():  # noqa: ASYNC110  # the row is in SQL
            await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert [row["score"] for row in await shelf.list()] == [4.0]


async def test_tasks_of_triggers_are_numbered_by_the_database_and_come_once(late: LateRows, engine: AsyncEngine) -> None:
    row: dict[str, Any] = {
        **WHO,
        "request": "c-1:hesitation:1",
        "kind": "sales",
        "subject": "s",
        "body": "b",
        "priority": "normal",
    }
    row |= {"status": "open", "fields": {}, "assignee": "", "note": "", "created_at": T0, "updated_at": T0, "due_at": None}
    for request in ("c-1:hesitation:1", "c-1:hesitation:1", "c-1:hesitation:2"):
        await late.add("tickets", {**row, "request": request})
        await late.drain()
    found = [one["id"] for one in await Shelves.of(engine, lambda: T0).tickets.list()]
    assert len(found) == 2
    assert found[1] == "T-000001"
