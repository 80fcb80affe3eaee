"""Pages and filters of the records."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import NotFound
from ivr.records.reader import ContactReader, iso
from ivr.records.writer import ContactLog
from tests.unit.ivr.records.samples import T0, a_call


async def test_pages_miss_nothing_where_times_are_equal(log: ContactLog, engine: AsyncEngine) -> None:
    for number in range(7):
        await log.open(a_call(f"c{number}", T0 + number // 3), "n1")
        await log.close(f"c{number}", disposition="served", queue="support" if number % 2 else "sales", agent_id=f"a{number}")
    reader = ContactReader(engine)
    seen: list[str] = []
    while page := await reader.list(limit=2, before=seen[-1] if seen else None):
        seen += [row["id"] for row in page]
    assert seen == [f"c{number}" for number in (6, 5, 4, 3, 2, 1, 0)]
    assert [row["id"] for row in await reader.list(queue="support")] == ["c5", "c3", "c1"]
    assert [row["id"] for row in await reader.list(agent="a4")] == ["c4"]
    assert await reader.list(disposition="lost") == []
    assert [row["id"] for row in await reader.list(before="2026-09-21T14:13:21Z")] == ["c2", "c1", "c0"]
    assert len(await reader.list(before=T0 + 1)) == 3


async def test_what_is_not_there_is_said(engine: AsyncEngine) -> None:
    reader = ContactReader(engine)
    with pytest.raises(NotFound):
        await reader.get("c1")
    with pytest.raises(NotFound, match="neither"):
        await reader.list(before="yesterday")


def test_times_end_in_z() -> None:
    assert iso(T0 + 0.25) == "2026-09-21T14:13:20.250Z"
    assert iso(None) is None
