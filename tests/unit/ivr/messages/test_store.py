"""Threads in SQL: messages find them, once; moves start from where they may."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.messages import store as module
from ivr.messages.addresses import mail_of
from ivr.messages.customers import Customers
from ivr.messages.model import Direction, Move, Placing, cut
from ivr.messages.store import ThreadStore, summary
from tests.unit.ivr.messages.conftest import PLACING, Clock, wrote


async def test_messages_of_one_sender_are_one_thread_and_none_counts_twice(store: ThreadStore) -> None:
    first, _, fresh = await store.take_in(wrote("one"), PLACING)
    again, _, twice = await store.take_in(wrote("one"), PLACING)
    second, row, _ = await store.take_in(wrote("two"), PLACING)
    assert (first["id"], fresh, twice, row["index"]) == (again["id"], True, False, 1)
    assert (second["id"], second["count"], second["status"]) == (first["id"], 2, "waiting")
    assert summary(second)["unread"] == 2


async def test_two_at_once_are_one_thread(store: ThreadStore) -> None:
    found = await asyncio.gather(*(store.take_in(wrote(f"text {n}"), PLACING) for n in range(6)))
    assert len({thread["id"] for thread, _, _ in found}) == 1
    assert sorted(row["index"] for _, row, _ in found) == list(range(6))


async def test_the_same_told_at_once_by_two_is_one_message(store: ThreadStore) -> None:
    found = await asyncio.gather(*(store.take_in(wrote("same"), PLACING) for _ in range(4)))
    assert sum(fresh for _, _, fresh in found) == 1
    assert len(await store.messages(found[0][0]["id"])) == 1


async def test_an_answer_stops_the_waiting_of_the_customer(store: ThreadStore, clock: Clock) -> None:
    thread, _, _ = await store.take_in(wrote(), PLACING)
    assert thread["asked_at"] == clock.at
    clock.at += 30
    thread, message = await store.add(thread["id"], Direction.OUT, "ann", "hello", key="k")
    again, same = await store.add(thread["id"], Direction.OUT, "ann", "hello", key="k")
    assert (thread["asked_at"], thread["replied_at"], message["status"]) == (None, clock.at, "sent")
    assert (same["index"], again["count"]) == (message["index"], 2)
    assert summary(await store.get(thread["id"]))["unread"] == 0


async def test_what_happens_is_nothing_to_read(store: ThreadStore) -> None:
    thread, _, _ = await store.take_in(wrote(), PLACING)
    await store.add(thread["id"], Direction.EVENT, "", "assigned:ann")
    assert summary(await store.get(thread["id"]))["unread"] == 1


async def test_a_closed_one_goes_on_for_a_while_and_takes_no_answer(store: ThreadStore, clock: Clock) -> None:
    thread, _, _ = await store.take_in(wrote("one"), PLACING)
    await store.move(thread["id"], Move.CLOSED)
    with pytest.raises(Conflict, match="is closed"):
        await store.add(thread["id"], Direction.OUT, "ann", "too late")
    clock.at += 3500
    again, _, _ = await store.take_in(wrote("two"), PLACING)
    assert (again["id"], again["status"], again["rounds"]) == (thread["id"], "waiting", 2)
    await store.move(thread["id"], Move.CLOSED)
    clock.at += 3700
    other, _, _ = await store.take_in(wrote("three"), PLACING)
    assert other["id"] != thread["id"]
    assert other["customer"] == thread["customer"], "it is the same person"


async def test_moves_that_cannot_be_made_are_refused(store: ThreadStore) -> None:
    thread, _, _ = await store.take_in(wrote(), PLACING)
    with pytest.raises(Conflict, match="waiting cannot be put aside"):
        await store.move(thread["id"], Move.PUT_ASIDE)
    with pytest.raises(NotFound, match="no conversation"):
        await store.move("m-none", Move.CLOSED)


async def test_one_node_holds_a_place(store: ThreadStore) -> None:
    thread, _, _ = await store.take_in(wrote(), PLACING)
    taken = await asyncio.gather(*(store.claim(thread["id"], 1, f"node-{n}", "") for n in range(3)))
    assert sum(taken) == 1
    assert not await store.claim(thread["id"], 2, "node-9", (await store.get(thread["id"]))["holder"])


async def test_a_thread_takes_so_many_and_no_more(store: ThreadStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_MESSAGES", 2)
    thread, _, _ = await store.take_in(wrote("one"), PLACING)
    await store.take_in(wrote("two"), PLACING)
    for text in ("three", "four"):
        more, _, _ = await store.take_in(wrote(text, thread=thread["id"]), PLACING)
        assert more["id"] != thread["id"], "nobody's word is lost: it goes on in a new one"
    assert more["count"] == 2
    with pytest.raises(Conflict, match="2 messages"):
        await store.add(thread["id"], Direction.OUT, "ann", "hello")
    await store.move(thread["id"], Move.CLOSED)


async def test_texts_are_what_any_page_takes(store: ThreadStore) -> None:
    _, row, _ = await store.take_in(wrote("a\x00b\ud800" + "x" * 30_000, key="k"), Placing("support"))
    assert row["text"].startswith("ab?x")
    assert len(row["text"]) == 20_000
    odd = "\x00\ud800"
    thread, row, _ = await store.take_in(wrote(who="chat:z", key=f"k{odd}", language=odd, reference=odd, name=odd), PLACING)
    assert (row["external"], thread["language"], thread["reference"], thread["name"]) == ("k?", "?", "?", "?")
    assert (await store.take_in(wrote(who="chat:z", key=f"k{odd}"), PLACING))[2] is False
    assert mail_of(f"{odd}@example.org") == "", "no store takes it"
    assert cut("abc", 2) == "a…"


async def test_who_was_slower_changes_nothing(store: ThreadStore) -> None:
    thread, _, _ = await store.take_in(wrote(), PLACING)
    await store.move(thread["id"], Move.TAKEN, agent_id="ann")
    await store.move(thread["id"], Move.TAKEN, agent_id="bob")
    only = {"agent_id": "ann"}
    with pytest.raises(Conflict, match="faster"):
        await store.add(thread["id"], Direction.OUT, "ann", "two answers", only=only)
    with pytest.raises(Conflict, match="faster"):
        await store.move(thread["id"], Move.CLOSED, only)
    assert (await store.get(thread["id"]))["status"] == "assigned"
    assert len(await store.messages(thread["id"])) == 1


async def test_whoever_writes_from_an_address_has_it_whoever_stated_it_before(store: ThreadStore, engine: AsyncEngine) -> None:
    customers, number = Customers(engine), "tel:+8613800138000"
    liar, _, _ = await store.take_in(wrote(who="chat:x", stated=(number,)), PLACING)
    assert [one["verified"] for one in await customers.addresses(liar["customer"])] == [True, False]
    assert await customers.of(number) == "", "what was only stated finds nobody"
    true, _, _ = await store.take_in(wrote(who=number), PLACING)
    assert true["customer"] != liar["customer"]
    assert await customers.addresses(true["customer"]) == [{"address": number, "verified": True}]
    assert [one["address"] for one in await customers.addresses(liar["customer"])] == ["chat:x"]


async def test_what_somebody_says_of_himself_joins_nobody(store: ThreadStore, engine: AsyncEngine) -> None:
    customers = Customers(engine)
    known, _, _ = await store.take_in(wrote(who="tel:+8613800138000"), PLACING)
    liar, _, _ = await store.take_in(wrote(who="chat:x", stated=("tel:+8613800138000", "mailto:x@y.z")), PLACING)
    assert liar["customer"] != known["customer"]
    assert [one["address"] for one in await customers.addresses(liar["customer"])] == ["chat:x", "mailto:x@y.z"]
    assert await customers.of("tel:13800138000") == known["customer"], "however it is written"
    await customers.join(liar["customer"], "tel:+8613800138000", 1.0)
    assert (await store.get(known["id"]))["customer"] == liar["customer"], "an agent found out"
    await customers.part(liar["customer"], "mailto:x@y.z")
    assert await customers.numbers(liar["customer"]) == ["+8613800138000"]
    with pytest.raises(NotFound):
        await customers.join("u-none", "tel:+1", 1.0)
