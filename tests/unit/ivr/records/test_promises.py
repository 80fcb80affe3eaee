"""Which callbacks a dialer sees."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.followups import FollowUps
from ivr.records.promises import Promises
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
