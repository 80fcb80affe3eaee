"""What happened comes into the table of events, each once, whoever looks and however often."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import insert, select, update
from sqlalchemy.event import listen
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.hooks import gathering as gatherings
from ivr.hooks.catalogue import NAMES
from ivr.hooks.gathering import KEPT_SECONDS, LONG, Gathering
from ivr.hooks.tables import deliveries, events
from ivr.messages.model import Incoming, Move, Placing, Sender
from ivr.messages.store import ThreadStore
from ivr.messages.tables import ticket_events
from ivr.records.schema import contacts, surveys, tickets
from tests.unit.ivr.hooks.conftest import T0, Clock
from tests.unit.ivr.hooks.rows import AGENT, CALLER, ENDED, contact, ticket

ALL = {"crm": ("*",), "board": ("agent.*",)}


async def rows(engine: AsyncEngine, table: Any) -> list[dict[str, Any]]:
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(select(table).order_by(table.c.id))).mappings().all()]


async def put(engine: AsyncEngine, table: Any, row: dict[str, Any]) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(table), row)


def gathering(redis: Redis, engine: AsyncEngine, clock: Clock, hooks: Any = ALL) -> Gathering:
    return Gathering(redis, engine, hooks, clock)


async def test_what_the_queues_tell_is_told_once_and_to_whom_it_concerns(
    redis: Redis, engine: AsyncEngine, clock: Clock
) -> None:
    await redis.xadd("{acd}:events", {**AGENT, "agent": "before"})
    one, other = gathering(redis, engine, clock), gathering(redis, engine, clock)
    assert await one.gather() == 0, "what was before the first look is not told"
    await redis.xadd("{acd}:events", ENDED)
    await redis.xadd("{acd}:events", AGENT)
    await redis.xadd("{acd}:events", {"kind": "node", "at": "1.0", "node": "n1", "state": "silent"})
    assert await one.gather() == 2
    assert one.gathered.is_set()
    await redis.delete("{acd}:hooks:last")
    await redis.set("{acd}:hooks:last", "0-0")
    assert await other.gather() == 1, "read again: only who came before the first look is new"
    kept = await rows(engine, events)
    assert sorted(row["kind"] for row in kept) == ["agent.state", "agent.state", "queue.left"]
    due = await rows(engine, deliveries)
    assert sorted((row["hook"], row["status"]) for row in due) == [("board", "waiting")] * 2 + [("crm", "waiting")] * 3


async def test_records_are_told_once_and_so_is_each_change(redis: Redis, engine: AsyncEngine, clock: Clock) -> None:
    await put(engine, contacts, contact("old", T0 - 5))
    mine = gathering(redis, engine, clock)
    assert await mine.gather() == 0
    clock.now += 2
    await put(engine, contacts, contact("c1", T0 + 1))
    await put(engine, contacts, contact("runs", None))
    await put(engine, tickets, ticket(T0 + 1))
    await put(
        engine,
        surveys,
        {**CALLER, "id": "s1", "name": "csat", "answers": {}, "score": 4.0, "agent_id": "", "created_at": T0 + 1},
    )
    assert await mine.gather() == 3
    assert await mine.gather() == 0
    assert await gathering(redis, engine, clock).gather() == 0, "another node"
    clock.now += 3
    async with engine.begin() as connection:
        await connection.execute(update(tickets).values(status="solved", updated_at=T0 + 4))
        await connection.execute(update(contacts).where(contacts.c.id == "c1").values(wrap_up_ended_at=T0 + 4))
    assert await mine.gather() == 2
    kinds = [row["kind"] for row in sorted(await rows(engine, events), key=lambda row: (row["at"], row["kind"]))]
    assert kinds == ["contact.ended", "survey.answered", "ticket.opened", "contact.wrapped_up", "ticket.changed"]


async def test_what_came_into_sql_late_is_told_all_the_same(redis: Redis, engine: AsyncEngine, clock: Clock) -> None:
    mine = gathering(redis, engine, clock)
    await mine.gather()
    clock.now = T0 + LONG
    await mine.gather()
    await put(engine, contacts, contact("late", T0 + 60))
    clock.now += 5
    assert await mine.gather() == 0, "the short look is not that long"
    clock.now += 60
    assert await mine.gather() == 1


async def test_what_no_hook_wants_is_not_kept_and_what_is_old_goes(redis: Redis, engine: AsyncEngine, clock: Clock) -> None:
    mine = gathering(redis, engine, clock, {"board": ("agent.*",)})
    await mine.gather()
    await redis.xadd("{acd}:events", ENDED)
    await redis.xadd("{acd}:events", AGENT)
    assert await mine.gather() == 1
    clock.now += KEPT_SECONDS + 10
    await mine.gather()
    assert (await rows(engine, events), await rows(engine, deliveries)) == ([], [])


async def test_only_tables_whose_events_some_hook_wants_are_read(redis: Redis, engine: AsyncEngine, clock: Clock) -> None:
    """Each second, on a node where nothing happens."""
    found = [kind for *_, kinds in gatherings.RECORDS for kind in kinds]
    assert len(set(found)) == len(found)
    assert set(found) == {name for name in NAMES if not name.startswith(("queue.", "agent."))}
    mine = gathering(redis, engine, clock, {"crm": ("contact.*",), "board": ("agent.*", "ticket.overdue")})
    await mine.gather()
    read: list[str] = []
    listen(engine.sync_engine, "before_cursor_execute", lambda *told: read.append(told[2]))
    clock.now += 1
    await mine.gather()
    assert [one.partition("FROM ")[2].split()[0] for one in read] == ["contacts", "ticket_events"]


async def test_a_ticket_that_changed_at_once_is_told_as_opened_all_the_same(
    redis: Redis, engine: AsyncEngine, clock: Clock
) -> None:
    mine = gathering(redis, engine, clock, {"crm": ("ticket.opened",), "board": ("ticket.*",)})
    await mine.gather()
    await put(engine, tickets, ticket(T0 - 9, T0 + 1, contact_id="old"))
    await put(engine, tickets, ticket(T0 + 0.2, T0 + 0.7, request="c1:2", status="pending"))
    clock.now += 1
    assert await mine.gather() == 3
    assert await mine.gather() == 0
    assert await gathering(redis, engine, clock, {"crm": ("ticket.*",)}).gather() == 0
    told = sorted((row["kind"], row["at"]) for row in await rows(engine, events))
    assert told == [("ticket.changed", T0 + 0.7), ("ticket.changed", T0 + 1), ("ticket.opened", T0 + 0.2)]
    assert [row["hook"] for row in await rows(engine, deliveries)].count("crm") == 1


async def test_a_stream_that_never_ends_does_not_keep_the_records_waiting(
    redis: Redis, engine: AsyncEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = gathering(redis, engine, clock)
    await mine.gather()
    put_down = mine._put

    async def and_another(found: Any) -> int:
        if await redis.xlen("{acd}:events") < 9:
            await redis.xadd("{acd}:events", ENDED)
        return await put_down(found)

    monkeypatch.setattr(mine, "_put", and_another)
    await redis.xadd("{acd}:events", ENDED)
    assert await mine._of_queues() == 1
    assert await mine._of_queues() == 1


async def test_hooks_that_were_taken_out_for_months_hear_of_the_last_two_weeks(
    redis: Redis, engine: AsyncEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gatherings, "AT_ONCE", 2)
    await gathering(redis, engine, clock).gather()
    for number in range(5):
        await put(engine, contacts, contact(f"old{number}", T0 + 60))
    clock.now = T0 + KEPT_SECONDS + 3600
    for number in range(5):
        await put(engine, contacts, contact(f"c{number}", T0 + 7200 + number // 3))
    assert await gathering(redis, engine, clock).gather() == 5
    assert {row["subject"] for row in await rows(engine, events)} == {f"c{number}" for number in range(5)}


async def test_what_is_written_is_told_too(redis: Redis, engine: AsyncEngine, clock: Clock) -> None:
    mine = gathering(redis, engine, clock)
    assert await mine.gather() == 0
    store = ThreadStore(engine, lambda: clock.now, lambda: "ab", reopen=3600.0)
    incoming = Incoming("chat", "chat", Sender("chat:1", "李强"), "hello", "chat:1:k")
    thread, _, _ = await store.take_in(incoming, Placing("support"))
    assert await mine.gather() == 1
    clock.now += 2
    await store.move(thread["id"], Move.CLOSED)
    await put(engine, ticket_events, {**LATE, "at": clock.now})
    assert await mine.gather() == 2
    assert await mine.gather() == 0
    kinds = [row["kind"] for row in sorted(await rows(engine, events), key=lambda row: (row["at"], row["kind"]))]
    assert kinds == ["message.received", "thread.closed", "ticket.overdue"]


LATE = {"ticket_id": 1, "author": "", "kind": "late", "text": "respond", "data": {"due_at": T0}}
