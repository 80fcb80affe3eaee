"""What supervisors order of callers, queues and desks, on this node and on another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from ivr.acd.model import Agent, AgentState, Queue
from ivr.dialplan.events import Enqueue
from ivr.errors import Conflict, NotFound
from ivr.nodes.desks import PageMap
from ivr.nodes.link import NodeLink
from ivr.session.destination import Destination, Kind
from ivr.session.moving import Moving, Order, Waits, sent_on
from ivr.session.staff_orders import MovesHere, StaffOrders
from telephony.fake import FakeLeg
from tests.unit.ivr.session.house import House


class Desks:
    def __init__(self) -> None:
        self.told: list[tuple[str, str, Mapping[str, Any]]] = []

    def push(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None:
        self.told.append((agent_id, kind, data))


class Staffed:
    """A house with orders, and a second node that has no calls and no pages."""

    def __init__(self, house: House) -> None:
        self.house, self.desks = house, Desks()
        self.link = NodeLink(house.store.redis, house.router.node)
        self.far = NodeLink(house.store.redis, f"far-{house.number}")
        self.where = PageMap(house.store.redis, house.router.node)
        self.orders = self._at(self.link)
        self.elsewhere = StaffOrders(house.store, self.far, self._here(self.far, Waits()), self.where, Desks())

    def _here(self, link: NodeLink, waits: Waits) -> MovesHere:
        services, board = self.house.services, self.house.switchboard
        return MovesHere(link, board.find, waits, services.talks, services.queues, board.flows)

    def _at(self, link: NodeLink) -> StaffOrders:
        return StaffOrders(self.house.store, link, self._here(link, self.house.services.waits), self.where, self.desks)

    async def waits(self, key: str = "2", name: str = "") -> tuple[FakeLeg, str]:
        leg, contact = self.house.call(FakeLeg(name) if name else None)
        await self.house.chooses(leg, key)
        async with asyncio.timeout(5):
            while contact not in [one.id for one in await self.house.store.contacts()]:  # noqa: ASYNC110  # Redis
                await asyncio.sleep(0.01)
        return leg, contact

    async def until_in(self, queue: str, contact: str) -> None:
        async with asyncio.timeout(5):
            while contact not in [one.id for one in await self.house.store.contacts(queue)]:  # noqa: ASYNC110  # Redis
                await asyncio.sleep(0.01)


@pytest.fixture
async def staffed(house: House) -> AsyncIterator[Staffed]:
    made = Staffed(house)
    tasks = [asyncio.create_task(one.run()) for one in (made.link, made.far)]
    async with asyncio.timeout(5):
        await asyncio.gather(made.link.up.wait(), made.far.up.wait())
    await house.store.define_queues([Queue("support", ring_seconds=5.0, wrap_up_seconds=30.0), Queue("sales"), Queue("vip")])
    await house.store.define_agents([Agent("anna", skills={"telecom": 5}, team="gold"), Agent("bob", team="blue")])
    yield made
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_waits_is_moved_and_keeps_the_place_in_time(staffed: Staffed) -> None:
    house = staffed.house
    leg, contact = await staffed.waits()
    came = (await house.store.contact(contact)).enqueued_at
    done = await staffed.orders.move(contact, "queue:sales", 9, "boss")
    assert done == {"contact": contact, "to": "queue:sales"}
    await staffed.until_in("sales", contact)
    moved = await house.store.contact(contact)
    assert moved.enqueued_at == pytest.approx(came, abs=0.01)
    assert (moved.priority, list(moved.needs)) == (9, [])
    await house.come("bob")
    await house.until(lambda: len(house.talks))
    leg.vanish()
    await house.over()
    row = await house.row(contact)
    assert (row["queue"], row["agent_id"], row["disposition"]) == ("sales", "bob", "served")
    assert (await house.store.totals())["overflowed"] == 1


async def test_a_move_within_the_queue_keeps_what_is_needed(staffed: Staffed) -> None:
    _, contact = await staffed.waits()
    await staffed.orders.move(contact, "queue:support", 10, "boss")
    async with asyncio.timeout(5):
        while (await staffed.house.store.contact(contact)).priority != 10:  # noqa: ASYNC110  # Redis
            await asyncio.sleep(0.01)
    assert [need.skill for need in (await staffed.house.store.contact(contact)).needs] == ["telecom"]


async def test_who_rings_is_moved_and_the_agent_is_free(staffed: Staffed) -> None:
    house = staffed.house
    house.desk.answers["anna"] = [None]
    await house.come("anna")
    _, contact = await staffed.waits()
    await house.until(lambda: house.desk.of("ring"))
    await staffed.orders.move(contact, "queue:vip", None, "boss")
    await house.until(lambda: "ring_stopped" in [kind for kind, _, _ in house.desk.log])
    await staffed.until_in("vip", contact)
    assert (await house.store.contact(contact)).priority == 5


async def test_who_talks_is_sent_on_and_the_agent_wraps_up(staffed: Staffed) -> None:
    house = staffed.house
    await house.come("anna")
    _, contact = await staffed.waits()
    await house.until(lambda: len(house.talks))
    await staffed.orders.move(contact, "agent:bob", None, "boss")
    await house.until_state("anna", AgentState.WRAP_UP)
    async with asyncio.timeout(5):
        while (await house.store.contact(contact)).only != {"bob"}:  # noqa: ASYNC110  # Redis
            await asyncio.sleep(0.01)


async def test_a_caller_goes_back_to_a_flow(staffed: Staffed) -> None:
    house = staffed.house
    leg, contact = await staffed.waits()
    await staffed.orders.move(contact, "flow:small", None, "boss")
    await house.playing(leg, "hello")
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["disposition"] == "overflowed"


async def test_the_node_with_the_call_moves_it(staffed: Staffed) -> None:
    _, contact = await staffed.waits()
    await staffed.elsewhere.move(contact, "queue:sales", None, "boss")
    await staffed.until_in("sales", contact)
    with pytest.raises(Conflict, match="no flow gone"):
        await staffed.elsewhere.move(contact, "flow:gone", None, "boss")


async def test_moves_that_cannot_be(staffed: Staffed) -> None:
    _, contact = await staffed.waits()
    for to, words in (
        ("queue:none", "no queue none"),
        ("agent:none", "no agent none"),
        ("+49228", "queue:NAME, agent:ID or flow:NAME"),
        ("queue:", "no destination"),
    ):
        with pytest.raises(Conflict, match=words):
            await staffed.orders.move(contact, to, None, "boss")
    with pytest.raises(Conflict, match="0 to 10"):
        await staffed.orders.move(contact, "queue:sales", 11, "boss")
    with pytest.raises(NotFound):
        await staffed.orders.move("c-none", "queue:sales", None, "boss")
    await staffed.orders.drain("sales", "", 0, False, "boss")
    with pytest.raises(Conflict, match="is drained"):
        await staffed.orders.move(contact, "queue:sales", None, "boss")


async def test_a_drained_queue_sends_who_waits_and_who_comes_to_another(staffed: Staffed) -> None:
    house = staffed.house
    _, first = await staffed.waits(name="first")
    done = await staffed.orders.drain("support", "sales", 60, True, "boss")
    assert (done["moved"], done["failed"], done["to"]) == (1, 0, "sales")
    await staffed.until_in("sales", first)
    leg, second = house.call(FakeLeg("second"))
    await house.chooses(leg, "2")
    await staffed.until_in("sales", second)
    assert (await house.store.contact(second)).priority == 5
    assert list(await staffed.orders.drained()) == ["support"]
    await staffed.orders.open("support")
    assert await staffed.orders.drained() == {}
    with pytest.raises(Conflict, match="which queue"):
        await staffed.orders.drain("support", "", 0, True, "boss")


async def test_a_queue_that_is_drained_into_nothing_is_closed(staffed: Staffed) -> None:
    house = staffed.house
    await staffed.orders.drain("support", "", 0, False, "boss")
    leg, _ = house.call()
    await house.chooses(leg, "2")
    await house.says(leg, "trouble")
    await house.over()
    assert await house.store.contacts() == []


async def test_a_broadcast_goes_to_the_open_desks_it_is_meant_for(staffed: Staffed) -> None:
    await staffed.where.opened("anna")
    done = await staffed.orders.broadcast("  Fibre is \n down ", "attention", [], [], "boss")
    assert (done["told"], done["away"]) == (["anna"], ["bob"])
    assert staffed.desks.told == [
        ("anna", "told", {"kind": "broadcast", "id": done["id"], "text": "Fibre is down", "level": "attention", "by": "boss"})
    ]
    assert (await staffed.orders.broadcast("hello", "info", [], ["blue"], "boss"))["told"] == []
    for text, level, words in (("", "info", "1 to 500"), ("x" * 501, "info", "1 to 500"), ("x", "loud", "info or attention")):
        with pytest.raises(Conflict, match=words):
            await staffed.orders.broadcast(text, level, [], [], "boss")
    with pytest.raises(NotFound, match="team nobody"):
        await staffed.orders.broadcast("x", "info", [], ["nobody"], "boss")
    await staffed.where.closed("anna")


async def test_skills_for_now_by_the_orders(staffed: Staffed) -> None:
    line = await staffed.orders.lend("anna", {"billing": 4}, 60, "boss")
    assert (line["skills"], line["lent"]["by"]) == ({"telecom": 5, "billing": 4}, "boss")
    assert list(await staffed.orders.lent()) == ["anna"]
    assert (await staffed.orders.give_back("anna"))["skills"] == {"telecom": 5}
    with pytest.raises(Conflict, match="no blanks"):
        await staffed.orders.lend("anna", {"a;b": 4}, 60, "boss")


def test_how_one_waits_after_a_move() -> None:
    queue = Destination(Kind.QUEUE, "b")
    waited = Enqueue("a", {"telecom": 2}, 5, exclude=("bob",))
    by_agent = sent_on(waited, "b", None, 100.0)
    assert (by_agent.queue, by_agent.priority, by_agent.needs, by_agent.exclude, by_agent.since) == ("b", 7, {}, ("bob",), 0.0)
    drained = sent_on(waited, "b", Order(queue, let_in=False), 100.0)
    assert (drained.priority, drained.since) == (5, 0.0)
    assert sent_on(waited, "a", Order(queue, 8), 100.0).needs == {"telecom": 2}


async def test_a_wait_is_moved_once() -> None:
    moving, order = Moving(), Order(Destination(Kind.QUEUE, "b"))
    assert moving.order is None
    moving.ask(order)
    assert moving.order is order
    with pytest.raises(Conflict, match="already"):
        moving.ask(order)
    with pytest.raises(Conflict, match="does not wait"):
        Waits().find("c-1")
