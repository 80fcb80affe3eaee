"""Which callbacks a dialer sees."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.followups import FollowUps
from ivr.records.promises import RENUMBERED, Promises
from ivr.records.shelf import Shelves
from tests.unit.ivr.records.samples import CALLBACK, T0


async def test_a_queue_that_nobody_serves_does_not_hide_another(engine: AsyncEngine) -> None:
    followups, promises = FollowUps(engine, lambda: T0), Promises(engine)
    for number in range(60):
        row = {**CALLBACK, "queue": "care", "queued_at": T0 - 900 + number, "callee": f"10{number}"}
        await followups.schedule_callback(f"c{number}:1", row)
    await followups.schedule_callback("c99:1", {**CALLBACK, "queue": "support", "queued_at": T0 - 10, "callee": "99"})
    due = await promises.due(T0, 50)
    assert len(due) == 50
    assert [row["callee"] for row in due if row["queue"] == "support"] == ["99"]
    care = [row["callee"] for row in due if row["queue"] == "care"]
    assert care == [f"10{number}" for number in range(49)], "the oldest first"


async def test_a_number_that_is_changed_during_a_call_is_busy_until_its_end(engine: AsyncEngine) -> None:
    followups, promises = FollowUps(engine, lambda: T0), Promises(engine)
    shelf = Shelves.of(engine, lambda: T0).callbacks
    for request in ("c1:1", "c2:1"):
        await followups.schedule_callback(request, {**CALLBACK, "number": "1001"})
    await promises.make_comparable(str)
    assert await promises.claim(1, "a|c-1", T0, 10.0)
    await shelf.change("C-000001", number="1002", callee=RENUMBERED)
    assert not await promises.claim(2, "b|c-2", T0, 10.0), "the line of 1001 is ours still"
    row = await promises.get(1)
    assert row is not None and await promises.again(row, {"outcome": "busy"}, T0, T0)
    await shelf.change("C-000002", number="1002", callee=RENUMBERED)
    await promises.make_comparable(str)
    assert [row["callee"] for row in await promises.due(T0)] == ["1002", "1002"]
