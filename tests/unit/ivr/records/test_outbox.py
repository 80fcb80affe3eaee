"""Who sends a notification: one node, once it is due; a node that dies leaves it to another."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.late import LateRows
from ivr.records.outbox import Outbox
from ivr.records.shelf import Shelves
from tests.unit.ivr.records.samples import T0, a_notice


@pytest.fixture
async def outbox(redis: Redis, engine: AsyncEngine) -> Outbox:
    late = LateRows(redis, engine)
    for number in range(3):
        await late.add("notifications", a_notice(f"n{number}", next_at=T0 + number))
    await late.drain()
    return Outbox(engine)


async def test_what_is_due_is_claimed_once(outbox: Outbox, engine: AsyncEngine) -> None:
    assert [row["id"] for row in await outbox.claim(T0 + 1, 60.0)] == ["n0", "n1"]
    assert await Outbox(engine).claim(T0 + 1, 60.0) == []
    assert [row["attempts"] for row in await outbox.claim(T0 + 61, 60.0, most=1)] == [1]  # n2, due before the lease of n0 ends
    assert [(row["id"], row["attempts"]) for row in await outbox.claim(T0 + 62, 60.0)] == [("n0", 2), ("n1", 2)]


async def test_what_became_of_it_is_seen(outbox: Outbox, engine: AsyncEngine) -> None:
    await outbox.sent("n0", T0 + 5)
    await outbox.again("n1", T0 + 90, "busy")
    await outbox.failed("n2", "x" * 400)
    rows = {row["id"]: row for row in await Shelves.of(engine, lambda: T0).notifications.list()}
    assert (rows["n0"]["status"], rows["n0"]["sent_at"]) == ("sent", "2026-09-21T14:13:25.000Z")
    assert (rows["n1"]["status"], rows["n1"]["reason"]) == ("waiting", "busy")
    assert rows["n2"]["status"] == "failed" and len(rows["n2"]["reason"]) == 300
    assert [row["id"] for row in await outbox.claim(T0 + 90, 60.0)] == ["n1"]
