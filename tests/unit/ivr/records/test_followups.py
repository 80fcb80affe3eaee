"""Tickets and callbacks: numbers that no two steps share, the same step asking twice, and a database that is away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import StoreUnavailable
from ivr.records.database import open_database, sqlite_url
from ivr.records.followups import FollowUps, number_of, row_of
from ivr.records.shelf import Shelves
from tests.unit.ivr.records.samples import CALLBACK, T0, TICKET


@pytest.fixture
def follow(engine: AsyncEngine) -> FollowUps:
    return FollowUps(engine, lambda: T0)


async def test_numbers_are_given_once(follow: FollowUps, engine: AsyncEngine, tmp_path: Path) -> None:
    other = await open_database(sqlite_url(tmp_path))  # another node at the same database
    both = (follow, FollowUps(other, lambda: T0))
    opened = await asyncio.gather(*(both[number % 2].open_ticket(f"c{number}:1", TICKET) for number in range(20)))
    await other.dispose()
    assert sorted(one["number"] for one in opened) == [f"T-{number:06d}" for number in range(1, 21)]


async def test_a_step_that_asks_twice_gets_one_ticket(follow: FollowUps, engine: AsyncEngine) -> None:
    first = await follow.open_ticket("c1:1", TICKET)
    assert await follow.open_ticket("c1:1", {**TICKET, "subject": "again"}) == first
    assert await follow.open_ticket("c1:2", TICKET) != first
    shelf = Shelves.of(engine, lambda: T0).tickets
    assert [row["subject"] for row in await shelf.list()] == ["宽带坏了", "宽带坏了"]


async def test_a_number_is_not_given_again_after_its_row_went(follow: FollowUps, engine: AsyncEngine) -> None:
    first = await follow.open_ticket("c1:1", TICKET)
    await Shelves.of(engine, lambda: T0).tickets.remove(first["number"])
    assert (await follow.open_ticket("c1:2", TICKET))["id"] == first["id"] + 1


async def test_a_callback_waits_to_be_dialled(follow: FollowUps, engine: AsyncEngine) -> None:
    given = await follow.schedule_callback("c1:1", CALLBACK)
    row = await Shelves.of(engine, lambda: T0).callbacks.get(given["number"])
    assert given["number"] == row["id"] == "C-000001"
    assert (row["status"], row["attempts"], row["needs"], row["until_at"]) == (
        "promised",
        0,
        {"telecom": 2},
        "2026-09-21T15:13:20.000Z",
    )


async def test_a_database_without_its_table_is_away(follow: FollowUps, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE tickets"))
    with pytest.raises(StoreUnavailable, match="tickets"):
        await follow.open_ticket("c1:1", TICKET)


@pytest.mark.parametrize(
    ("typed", "row"),
    [
        ("T-000123", 123),
        (" t-123 ", 123),
        ("T-", None),
        ("C-000123", None),
        ("123", None),
        ("T-１２", None),
        ("T-" + "9" * 13, None),
    ],
)
def test_a_number_is_read_as_people_type_it(typed: str, row: int | None) -> None:
    assert row_of("T", typed) == row
    assert number_of("T", 123) == "T-000123"
