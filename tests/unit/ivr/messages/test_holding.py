"""Threads get a place in the queues, an agent with room, and lose it when they are answered, closed, or their agent is gone."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.model import AgentState
from ivr.errors import NotAllowed
from ivr.messages.holding import Rules
from ivr.messages.model import Move
from ivr.messages.store import Row, ThreadStore
from tests.unit.ivr.messages.conftest import PLACING, House, eventually, taker, wrote


@pytest.fixture
def house(redis: Redis, engine: AsyncEngine, store: ThreadStore) -> House:
    store.clock = time.time  # the queues have the real time
    return House(redis, engine, store, Rules())


async def test_who_has_room_gets_it_and_no_more_than_that(house: House) -> None:
    async with house.open(taker("ann", 1)):
        await house.agent("ann")
        first, _ = await house.desk.incoming(wrote(who="chat:1"), PLACING)
        await house.until(first["id"], status="assigned", agent_id="ann")
        second, _ = await house.desk.incoming(wrote(who="chat:2"), PLACING)
        await house.until_told("inbox_message", thread_id=first["id"])
        assert (await house.store.get(second["id"]))["status"] == "waiting"
        assert (await house.acd.agent("ann")).state is AgentState.AVAILABLE, "a call may still come"
        await house.desk.reply("ann", first["id"], "done", "k1")
        await house.desk.close("ann", first["id"])
        await house.until(second["id"], status="assigned", agent_id="ann")
        held = (await house.acd.agent("ann")).held
        assert list(held) == [f"{second['id']}.1"]


async def test_an_answered_one_is_put_aside_and_comes_back_to_its_agent(house: House) -> None:
    async with house.open():
        await house.agent("ann")
        thread, _ = await house.desk.incoming(wrote("one"), PLACING)
        await house.until(thread["id"], status="assigned", agent_id="ann")
        await house.agent("bob")
        await house.desk.reply("ann", thread["id"], "look here", "k")
        await house.desk.put_aside("ann", thread["id"])
        await eventually(lambda: house.holds("ann"))
        await house.desk.incoming(wrote("two"), PLACING)
        row = await house.until(thread["id"], status="assigned")
        assert (row["agent_id"], row["rounds"]) == ("ann", 2), "bob was free for longer"


async def test_a_colleague_takes_it_or_gets_it(house: House) -> None:
    async with house.open():
        await house.agent("ann")
        thread, _ = await house.desk.incoming(wrote(), PLACING)
        await house.until(thread["id"], status="assigned", agent_id="ann")
        with pytest.raises(NotAllowed, match="take it first"):
            await house.desk.reply("bob", thread["id"], "me!", "k")
        await house.agent("bob")
        await house.desk.take("bob", thread["id"])
        await eventually(lambda: house.holds("bob", thread["id"]))
        await eventually(lambda: house.holds("ann"))
        await house.desk.give("bob", thread["id"], "agent:ann")
        assert (await house.until(thread["id"], status="assigned", agent_id="ann"))["rounds"] == 2
        moved = await house.desk.give("ann", thread["id"], "queue:care")
        assert (moved["status"], moved["queue"], moved["agent_id"]) == ("waiting", "care", "")


async def test_who_writes_while_it_is_put_aside_is_not_forgotten(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = {"channel": "email", "source": "email"}
    async with house.open():
        await house.agent("ann")
        thread, _ = await house.desk.incoming(wrote("one", "mailto:li@example.com", **mail), PLACING)
        await house.until(thread["id"], status="assigned", agent_id="ann")
        told = house.desk._told_of

        async def meanwhile(row: Row, message: Row) -> None:
            await told(row, message)
            if message["direction"] == "out":
                await house.store.take_in(wrote("two", "mailto:li@example.com", **mail), PLACING)

        monkeypatch.setattr(house.desk, "_told_of", meanwhile)
        await house.desk.reply("ann", thread["id"], "answer", "k")
        row = await house.store.get(thread["id"])
        assert (row["status"], row["agent_id"], row["asked_at"] is not None) == ("assigned", "ann", True)
        await house.desk._absent({**row, "asked_at": None})  # as it was when somebody looked
        assert (await house.store.get(thread["id"]))["status"] == "assigned"


async def test_one_that_was_taken_is_its_agents_though_the_news_are_lost(house: House) -> None:
    async with house.open():
        thread, _ = await house.desk.incoming(wrote(), PLACING)
        await eventually(lambda: _held(house, thread["id"]))
        await house.store.move(thread["id"], Move.TAKEN, agent_id="bob")
        await eventually(lambda: house.holds("bob", thread["id"]))


async def _held(house: House, thread_id: str) -> bool:
    return thread_id in house.holdings.held


async def test_whose_agent_is_gone_goes_to_another(redis: Redis, engine: AsyncEngine, store: ThreadStore) -> None:
    store.clock = time.time
    house = House(redis, engine, store, replace(Rules(), away=0.0))
    async with house.open():
        await house.agent("ann")
        thread, _ = await house.desk.incoming(wrote(), PLACING)
        await house.until(thread["id"], status="assigned", agent_id="ann")
        await house.agent("bob")
        await house.acd.set_state("ann", AgentState.OFFLINE, "page gone")
        await house.until(thread["id"], status="assigned", agent_id="bob")
        assert (await house.acd.agent("ann")).state is AgentState.OFFLINE


async def test_an_agent_who_is_asked_may_decline(redis: Redis, engine: AsyncEngine, store: ThreadStore) -> None:
    store.clock = time.time
    house = House(redis, engine, store, replace(Rules(), ask=True))
    async with house.open():
        await house.agent("ann")
        thread, _ = await house.desk.incoming(wrote(), PLACING)
        agent, _ = await house.until_told("inbox_offer", thread_id=thread["id"])
        assert (agent, (await house.store.get(thread["id"]))["status"]) == ("ann", "waiting")
        await house.agent("bob")
        await house.desk.decide("ann", thread["id"], False)
        await house.until_told("inbox_offer_ended", thread_id=thread["id"], reason="declined")
        await house.until_told("inbox_offer", thread_id=thread["id"], agent="bob")
        await house.desk.decide("bob", thread["id"], True)
        await house.until(thread["id"], status="assigned", agent_id="bob")


async def test_a_node_that_begins_anew_takes_up_what_it_had(redis: Redis, engine: AsyncEngine, store: ThreadStore) -> None:
    store.clock = time.time
    first = House(redis, engine, store, Rules())
    async with first.open():
        await first.agent("ann")
        thread, _ = await first.desk.incoming(wrote(), PLACING)
        await first.until(thread["id"], status="assigned", agent_id="ann")
    again = House(redis, engine, store, Rules())
    async with again.open():
        await eventually(lambda: again.holds("ann", thread["id"]))
        await again.desk.reply("ann", thread["id"], "still here", "k")
        assert [row["direction"] for row in await store.messages(thread["id"])] == ["in", "event", "out"]
