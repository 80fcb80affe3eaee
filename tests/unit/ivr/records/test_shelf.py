"""Pages, filters and changes of what calls leave to be done."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import NotFound
from ivr.records.followups import FollowUps
from ivr.records.late import LateRows
from ivr.records.shelf import Shelves
from tests.unit.ivr.records.samples import T0, TICKET, WHO

MESSAGE = {**WHO, "box": "sales", "file": "voicemail/a.wav", "seconds": 3.5, "transcript": "", "heard": False, "note": ""}


@pytest.fixture
def shelves(engine: AsyncEngine) -> Shelves:
    return Shelves.of(engine, lambda: T0 + 60)


async def test_pages_and_filters(shelves: Shelves, engine: AsyncEngine) -> None:
    follow = FollowUps(engine, lambda: T0)
    for number in range(5):
        await follow.open_ticket(f"c{number}:1", {**TICKET, "kind": "fault" if number % 2 else "complaint"})
    seen: list[str] = []
    while page := await shelves.tickets.list(2, seen[-1] if seen else None):
        seen += [row["id"] for row in page]
    assert seen == [f"T-{number:06d}" for number in (5, 4, 3, 2, 1)]
    assert [row["id"] for row in await shelves.tickets.list(kind="fault", status="open")] == ["T-000004", "T-000002"]
    assert await shelves.tickets.list(status="closed") == []
    assert "request" not in (await shelves.tickets.get("t-1"))


async def test_a_change_is_kept_with_its_time(shelves: Shelves, engine: AsyncEngine) -> None:
    await FollowUps(engine, lambda: T0).open_ticket("c1:1", TICKET)
    row = await shelves.tickets.change("T-000001", status="solved", note="router swapped")
    assert (row["status"], row["note"], row["created_at"], row["updated_at"]) == (
        "solved",
        "router swapped",
        "2026-09-21T14:13:20.000Z",
        "2026-09-21T14:14:20.000Z",
    )
    for missing in (shelves.tickets.get("T-2"), shelves.tickets.change("2", status="x"), shelves.tickets.list(5, "T-9")):
        with pytest.raises(NotFound, match="no ticket"):
            await missing


async def test_messages_are_found_by_box_and_whether_heard(shelves: Shelves, redis: Redis, engine: AsyncEngine) -> None:
    late = LateRows(redis, engine)
    for number in range(3):
        await late.add("voicemails", {**MESSAGE, "id": f"v{number}", "created_at": T0 + number, "updated_at": T0})
    await late.drain()
    await shelves.voicemails.change("v1", heard=True)
    assert [row["id"] for row in await shelves.voicemails.list(box="sales", heard="false")] == ["v2", "v0"]
    assert [row["id"] for row in await shelves.voicemails.list(heard="true")] == ["v1"]
    await shelves.voicemails.remove("v1")
    with pytest.raises(NotFound, match="no voicemail v1"):
        await shelves.voicemails.get("v1")


async def test_scores_of_surveys(shelves: Shelves, redis: Redis, engine: AsyncEngine) -> None:
    late = LateRows(redis, engine)
    row = {**WHO, "name": "csat", "answers": {}, "agent_id": "", "created_at": T0}
    for number, score in enumerate((5.0, 2.0, None)):
        await late.add("surveys", {**row, "id": f"s{number}", "score": score})
    await late.drain()
    assert await shelves.scores() == [{"name": "csat", "count": 2, "mean": 3.5, "least": 2.0, "most": 5.0}]
