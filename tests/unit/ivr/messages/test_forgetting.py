"""What is written is forgotten with its customer, and goes when it is old and over."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.messages.model import Direction, Move
from ivr.messages.store import ThreadStore
from ivr.messages.tables import addresses, messages, threads, ticket_events
from ivr.messages.tickets import Tickets
from ivr.records.retention import Retention
from tests.unit.ivr.messages.conftest import PLACING, Clock, wrote


async def counts(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as connection:
        tables = (threads, messages, addresses, ticket_events)
        return [int((await connection.execute(select(func.count()).select_from(one))).scalar_one()) for one in tables]


async def test_one_customer_is_forgotten_and_no_other(store: ThreadStore, tickets: Tickets, engine: AsyncEngine) -> None:
    sure, _, _ = await store.take_in(wrote(who="tel:+8613800138000"), PLACING)
    other, _, _ = await store.take_in(wrote(who="chat:x", stated=("tel:+8613900139000",)), PLACING)
    await tickets.open("ann", {"subject": "x", "customer": sure["customer"]})
    retention = Retention(engine)
    assert (await retention.forget(["+8613800138000"], dry_run=True)).rows == {"tickets": 1, "messages": 1}
    await retention.forget(["+8613900139000"])
    assert await counts(engine) == [2, 2, 3, 1], "a number that was only stated finds nobody"
    await retention.forget(["+8613800138000"])
    assert await counts(engine) == [1, 1, 2, 0]
    assert (await store.get(other["id"]))["count"] == 1


async def test_what_is_closed_goes_in_time(store: ThreadStore, engine: AsyncEngine, clock: Clock) -> None:
    done, _, _ = await store.take_in(wrote(who="chat:1"), PLACING)
    await store.add(done["id"], Direction.OUT, "ann", "bye")
    await store.move(done["id"], Move.CLOSED)
    await store.take_in(wrote(who="chat:2"), PLACING)
    assert (await Retention(engine).purge({"messages": clock.at - 1})).rows == {}
    assert (await Retention(engine).purge({"messages": clock.at + 1})).rows == {"messages": 1}
    assert (await counts(engine))[:2] == [1, 1]
