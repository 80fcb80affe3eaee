"""What stands beside a conversation or a ticket: it is told like a contact, to whoever has it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from redis.asyncio import Redis
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import NotFound
from ivr.messages.beside import Beside
from ivr.messages.customers import Customers
from ivr.messages.holding import Rules
from ivr.messages.model import Direction, Move
from ivr.messages.store import ThreadStore
from ivr.messages.tickets import Tickets
from ivr.records.marks import Marks
from ivr.records.retention import Retention
from ivr.records.schema import desk_marks
from tests.unit.ivr.messages.conftest import PLACING, Clock, House, wrote


@pytest.fixture
def beside(store: ThreadStore, tickets: Tickets, engine: AsyncEngine) -> Beside:
    return Beside(store, tickets, Customers(engine))


async def test_a_conversation_is_told_like_a_contact(beside: Beside, store: ThreadStore) -> None:
    thread, _, _ = await store.take_in(
        wrote("查一下漫游费", "tel:+8613800138000", name="Li", language="zh", channel="sms"), PLACING
    )
    await store.add(thread["id"], Direction.NOTE, "ann", "for colleagues alone")
    await store.add(thread["id"], Direction.OUT, "ann", "稍等")
    found = await beside.contact(thread["id"])
    assert {name: found[name] for name in ("id", "channel", "queue", "caller_number", "caller_name", "intent")} == {
        "id": thread["id"],
        "channel": "message",
        "queue": "support",
        "caller_number": "+8613800138000",
        "caller_name": "Li",
        "intent": None,
    }
    assert [(one["speaker"], one["text"]) for one in found["turns"]] == [("caller", "查一下漫游费"), ("agent", "稍等")]
    assert not await beside.has("ann", thread["id"])
    await store.move(thread["id"], Move.TAKEN, agent_id="ann")
    assert await beside.has("ann", thread["id"]) and not await beside.has("bob", thread["id"])
    await store.move(thread["id"], Move.CLOSED)
    assert not await beside.has("ann", thread["id"])


async def test_a_ticket_too(beside: Beside, tickets: Tickets) -> None:
    ticket = await tickets.open("ann", {"subject": "fee", "body": "too high", "assignee": "ann", "caller_number": "+491"})
    found = await beside.contact(ticket["id"])
    assert (found["channel"], found["caller_number"], found["turns"][0]["text"]) == ("ticket", "+491", "fee\ntoo high")
    assert await beside.has("ann", ticket["id"]) and not await beside.has("bob", ticket["id"])


@pytest.mark.parametrize(("name", "known"), [("m-1", True), ("T-000009", True), ("t-9", True), ("c-7f3a", False), ("", False)])
async def test_names_of_others_are_left_to_others(beside: Beside, name: str, known: bool) -> None:
    assert beside.knows(name) is known
    if known:
        assert not await beside.has("ann", name)
        with pytest.raises(NotFound):
            await beside.contact(name)


async def test_what_is_written_puts_cards_forward(redis: Redis, engine: AsyncEngine, store: ThreadStore) -> None:
    house = House(redis, engine, store, Rules())
    asked: list[str] = []

    async def cards(name: str) -> list[dict[str, str]]:
        asked.append(name)
        return [{"name": "roaming", "why": "漫游"}]

    house.desk.cards = cards
    thread, _ = await house.desk.incoming(wrote("漫游"), PLACING)
    assert asked == [], "nobody has it: nobody looks"
    await store.move(thread["id"], Move.TAKEN, agent_id="ann")
    await house.desk.incoming(wrote("漫游费"), PLACING)
    await house.desk.note("ann", thread["id"], "a note", "k")
    assert asked == [thread["id"]]
    agent, data = await house.until_told("inbox_cards")
    assert (agent, data) == ("ann", {"contact_id": thread["id"], "cards": [{"name": "roaming", "why": "漫游"}]})


async def test_what_was_ticked_goes_with_it(store: ThreadStore, tickets: Tickets, engine: AsyncEngine, clock: Clock) -> None:
    thread, _, _ = await store.take_in(wrote(), PLACING)
    await store.move(thread["id"], Move.CLOSED)
    ticket = await tickets.open("ann", {"subject": "x"})
    await tickets.change(ticket["id"], "ann", {"status": "closed"})
    marks = Marks(engine, clock)
    for name in (thread["id"], ticket["id"], "c-1"):
        await marks.put(name, "step", "answer.read", "done", "ann")
    await Retention(engine).purge({"messages": clock.at + 1, "tickets": clock.at + 1})
    assert await _marked(engine) == ["c-1"]


async def _marked(engine: AsyncEngine) -> Sequence[str]:
    async with engine.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(desk_marks))).scalar_one() == 1
        return list((await connection.execute(select(desk_marks.c.contact_id))).scalars())
