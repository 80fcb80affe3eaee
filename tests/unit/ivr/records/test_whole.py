"""A contact is found from its first second on."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.call import Disposition
from ivr.errors import NotFound
from ivr.records.reader import ContactReader
from ivr.records.whole import WholeContacts
from ivr.records.writer import ContactLog
from tests.unit.ivr.records.samples import HEARD, T0, a_call


async def test_one_that_goes_on_is_read_where_it_is_and_one_that_is_over_from_its_rows(
    log: ContactLog, redis: Redis, engine: AsyncEngine
) -> None:
    await log.open(a_call(), "n1")
    await log.turn("c1", 1, HEARD)
    await log.update("c1", queue="support", queued_at=T0 + 5, handover={"summary": "Wants to pay."})
    other = WholeContacts(ContactLog(redis, engine), ContactReader(engine))  # of another node
    found = await other.get("c1")
    assert (found["queue"], found["ended_at"], found["disposition"]) == ("support", None, "")
    assert found["handover"] == {"summary": "Wants to pay."}
    assert [turn["index"] for turn in found["turns"]] == [0, 1]
    assert str(found["queued_at"]).endswith("Z")
    await log.close("c1", ended_at=T0 + 75, disposition=Disposition.SERVED, end_cause="hung_up")
    over = await other.get("c1")
    assert over == await ContactReader(engine).get("c1")
    assert {name: over[name] for name in ("queue", "turns", "handover")} == {
        name: found[name] for name in ("queue", "turns", "handover")
    }


async def test_one_that_sql_could_not_take_yet_has_its_end(log: ContactLog, redis: Redis, engine: AsyncEngine) -> None:
    await log.open(a_call(), "n1")
    await log.update("c1", ended_at=T0 + 9, end_cause="hung_up", disposition=Disposition.ABANDONED)
    found = await WholeContacts(log, ContactReader(engine)).get("c1")
    assert found["disposition"] == "abandoned"
    assert found["ended_at"] is not None


async def test_nobody_is_not_found(log: ContactLog, engine: AsyncEngine) -> None:
    with pytest.raises(NotFound):
        await WholeContacts(log, ContactReader(engine)).get("c9")


async def test_one_that_a_crash_cut_off_is_found_after_its_node_has_closed_it(
    log: ContactLog, redis: Redis, engine: AsyncEngine
) -> None:
    await log.open(a_call(), "n1")
    whole = WholeContacts(ContactLog(redis, engine), ContactReader(engine))
    before = await whole.find("c1")
    assert await ContactLog(redis, engine).recover([]) == 1
    after = await whole.find("c1")
    assert before is not None and after is not None
    assert (before["disposition"], after["disposition"]) == ("", "lost")
    assert all(before[name] == after[name] for name in ("caller_number", "channel", "called", "flow", "language", "handover"))
    assert await whole.find("c9") is None
