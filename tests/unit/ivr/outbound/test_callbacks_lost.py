"""Calls whose node died: one callback each, with the old place, and none for who cannot be called."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.lost import Lost, LostContacts
from ivr.acd.model import ContactState, Relaxed, Where, needs_of
from ivr.outbound.callbacks_lost import GRACE, LostCalls
from ivr.records.database import open_database, sqlite_url
from ivr.records.followups import FollowUps
from ivr.records.promises import Promises, Row
from ivr.session.promised import asked, wanted
from tests.unit.ivr.records.samples import T0

RECORD: dict[str, Any] = {
    "channel": "sip",
    "disposition": "",
    "caller_number": "+4930123",
    "caller_name": "Ann",
    "called": "10086",
    "language": "en",
    "flow": "telecom",
    "intent": "fault",
    "slots": {"port": 7},
    "tags": [],
    "handover": {"summary": "Ann has no line."},
}
PLACE: dict[str, Any] = {
    "needs": {"telecom": 3},
    "priority": 8,
    "language": "en",
    "prefer": ["emma"],
    "excluded": ["bob"],
    "only": [],
    "relax": [[30.0, []]],
    "where": [[["gold"], []], [[], ["ulm"]]],
}


class Board:
    """Those that are lost."""

    def __init__(self, *ids: str) -> None:
        self.lost = {one: Lost(one, "support", T0 - 300, "dead", "", ContactState.WAITING, T0, PLACE) for one in ids}

    async def before(self, when: float) -> list[Lost]:
        return [one for one in self.lost.values() if one.at <= when]

    async def forget(self, ids: Iterable[str]) -> None:
        for one in ids:
            self.lost.pop(one)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(sqlite_url(tmp_path))
    yield engine
    await engine.dispose()


def calls(engine: AsyncEngine, board: Board, record: Mapping[str, Any] | None, now: float = T0 + GRACE) -> LostCalls:
    async def live(contact_id: str) -> Mapping[str, Any] | None:
        return record

    return LostCalls(cast(LostContacts, board), live, FollowUps(engine, lambda: now), 3600.0, lambda: now)


async def rows(engine: AsyncEngine) -> list[Row]:
    promises = Promises(engine)
    await promises.make_comparable(str)
    return await promises.due(T0 + 100)


async def test_a_lost_call_is_promised_with_its_place(engine: AsyncEngine) -> None:
    board = Board("c1")
    lost = calls(engine, board, RECORD)
    assert await calls(engine, board, RECORD, T0 + GRACE - 1).take() == 0, "the node may prove alive"
    assert (await lost.take(), board.lost, lost.promised) == (1, {}, 1)
    [row] = await rows(engine)
    assert (row["number"], row["queued_at"], row["origin"], row["until_at"]) == (
        "+4930123",
        T0 - 300,
        "lost",
        T0 + GRACE + 3600,
    )
    assert row["handover"] == {"intent": "fault", "slots": {"port": 7}, "summary": "Ann has no line."}
    entry = wanted(row)
    assert (entry.needs, entry.priority, entry.prefer, entry.exclude) == ({"telecom": 3}, 8, ("emma",), ("bob",))
    assert asked(entry) == (needs_of({"telecom": 3}), Where(("gold",)), (Relaxed(30.0, (), Where((), ("ulm",))),))


async def test_whichever_node_takes_it_one_row_is_made(engine: AsyncEngine) -> None:
    for _ in range(2):
        await calls(engine, Board("c1"), RECORD).take()
    assert len(await rows(engine)) == 1


@pytest.mark.parametrize(
    "record",
    [None, {**RECORD, "caller_number": "anonymous"}, {**RECORD, "caller_number": ""}, {**RECORD, "channel": "callback"}],
)
async def test_who_cannot_be_called_is_not_promised_it(engine: AsyncEngine, record: Mapping[str, Any] | None) -> None:
    board = Board("c1")
    assert (await calls(engine, board, record).take(), board.lost, await rows(engine)) == (0, {}, [])


@pytest.mark.parametrize(("disposition", "promised"), [("lost", 1), ("served", 0), ("abandoned", 0)])
async def test_who_was_closed_as_lost_is_promised_and_who_had_ended_is_not(
    engine: AsyncEngine, disposition: str, promised: int
) -> None:
    """The node came back before anybody looked, and closed what it had left behind; or the end came while Redis was away."""
    board = Board("c1")
    assert await calls(engine, board, {**RECORD, "disposition": disposition}).take() == promised
    assert board.lost == {}
