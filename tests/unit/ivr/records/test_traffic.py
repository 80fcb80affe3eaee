"""A day of the queues out of the records."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert

from ivr.records import traffic
from ivr.records.database import open_database, sqlite_url
from ivr.records.schema import agent_states
from ivr.records.traffic import BEFORE, QueueTraffic

START = 1_790_000_000.0
END = START + 86_400.0


async def test_of_the_day_before_the_last_state_of_each_agent_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = await open_database(sqlite_url(tmp_path))
    try:
        rows = [("ann", "available", START - 500), ("ann", "break", START - 400), ("bob", "available", START - BEFORE)]
        rows += [("cid", "available", START - BEFORE - 1), ("ann", "available", START), ("ann", "offline", END - 1)]
        rows += [("bob", "offline", END)]
        async with engine.begin() as connection:
            values = [
                {"agent_id": agent, "state": state, "at": at, "reason": "", "by": "", "id": f"{count:04}"}
                for count, (agent, state, at) in enumerate(rows)
            ]
            await connection.execute(insert(agent_states), values)
        found = await QueueTraffic(engine).of(START, END)
        states = [(one["agent_id"], one["state"], one["at"]) for one in found.states]
        assert states == [
            ("bob", "available", START - BEFORE),
            ("ann", "break", START - 400),
            ("ann", "available", START),
            ("ann", "offline", END - 1),
        ]
        assert not found.cut
        monkeypatch.setattr(traffic, "MOST", 1)
        short = await QueueTraffic(engine).of(START, END)
        assert short.cut, "what is missing is said"
        assert [one["at"] for one in short.states] == [START - BEFORE, START - 400, START]
    finally:
        await engine.dispose()
