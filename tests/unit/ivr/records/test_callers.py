"""What the records tell of one caller."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.call import Caller, Intent
from ivr.errors import StoreUnavailable
from ivr.profile.identity import forms
from ivr.profile.normal import normal
from ivr.records.callers import MOST, CallerReader
from ivr.records.followups import FollowUps
from ivr.records.shelf import Shelves
from ivr.records.writer import ContactLog
from tests.unit.ivr.records.samples import CALLBACK, T0, TICKET, a_call

NUMBER = "+8613800138000"


async def called(log: ContactLog, name: str, at: float, intent: str = "bill", number: str = NUMBER, **fields: object) -> None:
    call = replace(a_call(name, at), intent=Intent(intent), caller=Caller(number))
    await log.open(call, "one")
    await log.close(name, disposition="served", ended_at=at + 60, **fields)


async def test_calls_come_newest_first_under_every_way_to_write_the_number(log: ContactLog, engine: AsyncEngine) -> None:
    await called(log, "c1", T0, "bill", agent_id="anna", agent_disposition="solved")
    await called(log, "c2", T0 + 10, "fault", "008613800138000", agent_id="bob", queue="care", handover={"mood": "angry"})
    await called(log, "c3", T0 + 20, "bill", "+4930")
    found = await CallerReader(engine).of(forms("8613800138000"))
    assert found is not None
    assert found["contacts"] == [
        {"at": T0 + 10, "topic": "fault", "result": "served", "agent": "bob", "queue": "care"},
        {"at": T0, "topic": "bill", "result": "solved", "agent": "anna"},
    ]
    told = {name: found[name] for name in ("calls", "last_agent", "mood", "language", "open")}
    assert told == {"calls": 2, "last_agent": "bob", "mood": "angry", "language": "zh", "open": []}
    assert normal(found)["history"] == ["fault", "bill"]


async def test_who_never_called_is_nobody(engine: AsyncEngine) -> None:
    assert await CallerReader(engine).of(forms(NUMBER)) is None


async def test_open_tickets_and_callbacks_are_open_matters(engine: AsyncEngine) -> None:
    follow, shelves = FollowUps(engine, lambda: T0), Shelves.of(engine, lambda: T0)
    for number in range(3):
        await follow.open_ticket(f"t{number}", TICKET)
    await follow.schedule_callback("b1", CALLBACK)
    await shelves.tickets.change("T-000002", status="solved")
    found = await CallerReader(engine).of(forms(NUMBER))
    assert found is not None and found["calls"] == 0 and found["contacts"] == []
    assert [one["id"] for one in found["open"]] == ["T-000003", "T-000001", "C-000001"]
    assert {one["kind"] for one in found["open"]} == {"fault", "callback"}
    assert found["open"][0]["label"] == "宽带坏了"


async def test_a_caller_of_many_calls_is_counted_and_told_in_part(log: ContactLog, engine: AsyncEngine) -> None:
    for number in range(MOST + 3):
        await called(log, f"c{number}", T0 + number)
    found = await CallerReader(engine).of(forms(NUMBER))
    assert found is not None
    assert (found["calls"], len(found["contacts"]), found["contacts"][0]["at"]) == (MOST + 3, MOST, T0 + MOST + 2)


async def test_earlier_calls_are_found_by_an_index(engine: AsyncEngine) -> None:
    said: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *all_of: said.append(all_of[2]))
    await CallerReader(engine).of(forms(NUMBER))
    async with engine.connect() as connection:
        values = tuple("1" if number % 2 == 0 else MOST for number in range(said[0].count("?")))
        plan = [str(row) for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said[0]}", values)]
    steps = " ".join(plan)
    assert "SCAN contacts" not in steps
    assert steps.count("contacts_by_caller (caller_number=?)") == len(forms(NUMBER))


async def test_a_store_that_is_away_says_so(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE contacts")
    with pytest.raises(StoreUnavailable):
        await CallerReader(engine).of(forms(NUMBER))
