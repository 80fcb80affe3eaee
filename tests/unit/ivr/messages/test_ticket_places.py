"""Tickets wait in a queue, find an agent with room for them, go back, and take nobody's room while they rest."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.model import Agent, AgentState, Channel, Queue
from ivr.acd.routing import Router
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, NotFound
from ivr.messages.holding import Holdings, Row, Rules, Surroundings
from ivr.messages.news import News
from ivr.messages.ticket_clocks import TicketClocks
from ivr.messages.ticket_desk import TicketDesk
from ivr.messages.ticket_places import TicketPlaces, TicketRouting
from ivr.messages.tickets import Tickets
from ivr.records.followups import FollowUps
from ivr.records.schema import tickets as table
from tests.unit.ivr.messages.conftest import Clock, eventually


class Office:
    """A node whose tickets wait in the queue `office`, and what agents' pages were told."""

    def __init__(self, redis: Redis, engine: AsyncEngine, tickets: Tickets, rules: Rules, takers: str = "") -> None:
        self.acd, self.engine, self.tickets = AcdStore(redis), engine, tickets
        self.router = Router(self.acd, "node-1", sweep_seconds=0.2)
        routing = TicketRouting("office", ("office", "support"), {}, frozenset(takers.split()))
        self.places, self.news = TicketPlaces(engine, routing, time.time), News(redis, "tickets")
        self.told: list[tuple[str, str, Mapping[str, Any]]] = []
        around = Surroundings(
            "node-1", self.places, self.router, self.news, self.tell, rules, self._assigned, Channel.TICKET, "ticket_id"
        )
        self.holdings = Holdings(around)
        self.desk = TicketDesk(tickets, self.tell, self.news, self.holdings)

    async def tell(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None:
        self.told.append((agent_id, kind, data))

    async def _assigned(self, row: Row) -> None:
        await self.desk.assigned(row)

    async def until(self, number: str, **fields: Any) -> None:
        async def so() -> bool:
            row = await self.tickets.get(number)
            return all(row[name] == value for name, value in fields.items())

        await eventually(so)

    async def until_held(self, agent_id: str, *numbers: str) -> None:
        async def so() -> bool:
            held = (await self.acd.agent(agent_id)).held
            return sorted(one.partition(".")[0] for one in held) == sorted(numbers)

        await eventually(so)

    @asynccontextmanager
    async def open(self, *agents: Agent) -> AsyncIterator[None]:
        await self.acd.define_queues([Queue("office", ring_seconds=5, wrap_up_seconds=0), Queue("support")])
        await self.acd.define_agents(agents)
        for agent in agents:
            await self.acd.heartbeat(agent.id, 600.0)
            await self.acd.set_state(agent.id, AgentState.AVAILABLE)
        works = [asyncio.create_task(work) for work in (self.router.run(), self.news.run(), self.holdings.run())]
        try:
            yield
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)


def worker(name: str, room: int = 1) -> Agent:
    return Agent(name, rooms={Channel.TICKET: room}, blend=frozenset({Channel.TICKET}))


@pytest.fixture
def office(redis: Redis, engine: AsyncEngine, tickets: Tickets, clock: Clock) -> Callable[..., Office]:
    clock.at = time.time()
    usual = Rules(prefer=0.0, idle=math.inf)
    return lambda rules=usual, takers="": Office(redis, engine, tickets, rules, takers)


async def test_who_has_room_gets_what_is_urgent_and_then_the_rest(office: Callable[..., Office]) -> None:
    house = office()
    first = await house.tickets.open("api", {"subject": "later"})
    urgent = await house.tickets.open("api", {"subject": "now", "priority": "urgent"})
    async with house.open(worker("ann")):
        await house.until(urgent["id"], assignee="ann")
        await house.until_held("ann", urgent["id"])
        assert (await house.acd.agent("ann")).state is AgentState.AVAILABLE, "a call may still come"
        assert (await house.tickets.get(first["id"]))["assignee"] == ""
        story = (await house.tickets.get(urgent["id"]))["story"][-1]
        assert (story["author"], story["kind"], story["text"], story["data"]) == ("", "assignee", "ann", {"by": "queue"})
        await house.tickets.change(urgent["id"], "ann", {"status": "pending"})  # the customer's turn: room for the next
        await house.until(first["id"], assignee="ann")
        await house.until_held("ann", first["id"])
        await house.tickets.change(urgent["id"], "ann", {"status": "open"})  # however much room there is, it is hers
        await house.until_held("ann", first["id"], urgent["id"])
        await house.tickets.change(first["id"], "ann", {"status": "solved"})
        await house.until_held("ann", urgent["id"])
    assert {data["what"] for agent, kind, data in house.told if (agent, kind) == ("ann", "inbox_ticket")} >= {"assigned"}


async def test_given_back_it_goes_to_somebody_else(office: Callable[..., Office]) -> None:
    house = office(takers="ann bob")
    ticket = await house.tickets.open("api", {"subject": "x"})
    async with house.open(worker("ann"), worker("bob")):
        await eventually(lambda: _assigned(house, ticket["id"]))
        one = (await house.tickets.get(ticket["id"]))["assignee"]
        other = {"ann": "bob", "bob": "ann"}[one]
        await house.tickets.change(ticket["id"], one, {"assignee": ""})
        await house.until(ticket["id"], assignee=other)
        await house.until_held(one)
        await house.tickets.change(ticket["id"], "boss", {"assignee": one})  # by hand, with room or without
        await house.until_held(one, ticket["id"])
        await house.until_held(other)


async def _assigned(house: Office, number: str) -> bool:
    return bool((await house.tickets.get(number))["assignee"])


async def test_an_agent_is_asked_first(office: Callable[..., Office]) -> None:
    house = office(Rules(ask=True, prefer=0.0, idle=math.inf))
    ticket = await house.tickets.open("api", {"subject": "x"})
    async with house.open(worker("ann")):
        await eventually(lambda: _told(house, "inbox_offer"))
        assert [one["ticket_id"] for one in house.desk.offers("ann")] == [ticket["id"]]
        await house.desk.decide("ann", ticket["id"].lower(), True)
        await house.until(ticket["id"], assignee="ann")
        assert house.desk.offers("ann") == []


async def _told(house: Office, kind: str) -> bool:
    return any(one[1] == kind for one in house.told)


async def test_what_nobody_began_leaves_an_agent_who_is_gone(office: Callable[..., Office]) -> None:
    house = office(Rules(prefer=0.0, idle=math.inf, away=0.0))
    fresh = await house.tickets.open("api", {"subject": "fresh"})
    begun = await house.tickets.open("api", {"subject": "begun"})
    async with house.open(worker("ann", 2)):
        for one in (fresh, begun):
            await house.until(one["id"], assignee="ann")
        await house.until_held("ann", fresh["id"], begun["id"])
        await house.tickets.comment(begun["id"], "ann", "+491", "call")
        await house.acd.set_state("ann", AgentState.OFFLINE)
        await house.until(fresh["id"], assignee="")
        assert (await house.tickets.get(begun["id"]))["assignee"] == "ann"


async def test_a_flows_ticket_waits_too_and_one_with_an_owner_does_not(
    office: Callable[..., Office], engine: AsyncEngine
) -> None:
    house = office()
    own = await house.tickets.open("ann", {"subject": "mine", "assignee": "ann"})
    words = dict.fromkeys(("contact_id", "caller_number", "caller_name", "language", "flow"), "")
    row: dict[str, Any] = {"kind": "fault", "subject": "no line", "body": "", "priority": "high", "fields": {}, "due_at": None}
    row |= words
    number = (await FollowUps(engine, time.time).open_ticket("c-1:2", row))["number"]
    async with house.open(worker("ann")):
        await house.until(number, assignee="ann")
        await house.until_held("ann", number)  # what she opened for herself takes no room
    assert own["assignee"] == "ann"


async def test_a_full_house_places_those_that_are_due_first(office: Callable[..., Office], monkeypatch: Any) -> None:
    monkeypatch.setattr("ivr.messages.ticket_places.MOST", 2)
    house = office()
    for priority in ("low", "normal", "urgent"):
        await house.tickets.open("api", {"subject": priority, "priority": priority})
    found = await house.places.queued(None)
    assert [one["priority"] for one in found] == [9, 5]
    assert await house.places.claim(found[1]["id"], 0, "node-1", "")
    assert not await house.places.claim(found[1]["id"], 0, "node-2", ""), "another node has it"
    assert [one["priority"] for one in await house.places.queued(None)] == [5, 9], "what has a place keeps it"


async def test_what_has_a_place_keeps_it_beyond_the_bound(
    office: Callable[..., Office], engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.messages.ticket_places.MOST", 2)
    house = office()
    first = [(await house.tickets.open("api", {"subject": "x"}))["id"] for _ in range(2)]
    async with house.open():
        await eventually(lambda: _held(house, *first))
        async with engine.begin() as connection:
            await connection.execute(update(table).values(updated_at=1.0))  # they wait for long
        later = await house.tickets.open("api", {"subject": "urgent", "priority": "urgent"})
        await eventually(lambda: _held(house, *first, later["id"]))
        before = dict(house.holdings.held)
        house.holdings._missed = True  # the next look is at everything
        await house.holdings.look()
        assert not any(one._over for one in before.values())
        assert house.holdings.held == before


async def _held(house: Office, *numbers: str) -> bool:
    return sorted(house.holdings.held) == sorted(numbers)


async def test_what_stays_with_who_is_gone_is_looked_at_once(
    office: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = office(Rules(prefer=0.0, idle=math.inf, away=0.0))
    begun = await house.tickets.open("api", {"subject": "begun"})
    read: list[str] = []
    get, tend, rounds = house.places.get, house.holdings._tend, [0]

    async def counted(name: str) -> Row:
        read.append(name)
        return await get(name)

    async def round_() -> None:
        await tend()
        rounds[0] += 1

    async def over(number: int) -> bool:
        house.holdings._woken.set()
        return rounds[0] >= number

    async with house.open(worker("ann")):
        await house.until_held("ann", begun["id"])
        await eventually(lambda: _has(house, "ann", begun["id"]))
        await house.tickets.comment(begun["id"], "ann", "+491", "call")
        monkeypatch.setattr(house.places, "get", counted)
        monkeypatch.setattr(house.holdings, "_tend", round_)
        for state, times in ((AgentState.OFFLINE, 1), (AgentState.AVAILABLE, 1), (AgentState.OFFLINE, 2)):
            await house.acd.set_state("ann", state)
            until = rounds[0] + 4
            await eventually(lambda number=until: over(number))  # type: ignore[misc]
            assert len(read) == times


async def _has(house: Office, agent_id: str, number: str) -> bool:
    return house.holdings.held[number].agent_id == agent_id


async def test_a_node_that_came_in_this_moment_keeps_what_it_took(
    office: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = office()
    ticket = await house.tickets.open("api", {"subject": "x"})
    assert await house.places.claim(ticket["id"], 0, "node-2", "")
    alive = [{"node-1"}, {"node-1", "node-2"}]

    async def nodes() -> set[str]:
        return alive.pop(0)

    monkeypatch.setattr(house.acd, "alive_nodes", nodes)
    await house.holdings.look()
    assert house.holdings.held == {}
    assert (await house.places.get(ticket["id"]))["holder"] == "node-2"


async def test_somebody_was_faster(office: Callable[..., Office]) -> None:
    house = office()
    ticket = await house.tickets.open("api", {"subject": "x"})
    row = await house.places.taken(ticket["id"], "ann")
    assert (row["status"], row["agent_id"]) == ("pending", "ann"), "by hand before it waited: it takes no room"
    with pytest.raises(Conflict, match="faster"):
        await house.places.taken(ticket["id"], "bob")
    assert not await house.desk._absent({**row, "status": "assigned", "agent_id": "bob"})
    assert (await house.tickets.get(ticket["id"]))["assignee"] == "ann"


async def test_clocks_tell_once_that_they_run_out_and_that_they_have(
    office: Callable[..., Office], engine: AsyncEngine, clock: Clock
) -> None:
    house = office()
    ticket = await house.tickets.open("api", {"subject": "x", "priority": "urgent", "assignee": "ann"})
    clocks = TicketClocks(engine, house.tickets, house.desk, clock, 300.0)
    house.told.clear()
    assert await clocks.look() == 0
    clock.at += 400
    assert (await clocks.look(), await clocks.look()) == (1, 0)
    clock.at += 300
    assert (await clocks.look(), await clocks.look()) == (1, 0)
    assert [data["what"] for _, _, data in house.told] == ["soon", "late"]
    assert [one["id"] for one in await house.tickets.due(clock.at)] == [ticket["id"]]
    found = await house.tickets.comment(ticket["id"], "ann", "+491", "call")  # now the other clock is the next
    assert [(one["kind"], one["text"]) for one in found["story"]][-2:] == [("late", "respond"), ("call", "+491")]
    clock.at += 7200
    assert await clocks.look() == 1
    await house.tickets.change(ticket["id"], "ann", {"status": "closed"})
    assert await house.tickets.due(clock.at) == [] and await clocks.look() == 0


async def test_one_that_cannot_be_told_now_keeps_no_other_from_being_told(
    office: Callable[..., Office], engine: AsyncEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = office()
    for _ in range(2):
        await house.tickets.open("api", {"subject": "x", "assignee": "ann"})
    clocks, told, brief = TicketClocks(engine, house.tickets, house.desk, clock, 0.0), house.told, house.tickets.brief
    clock.at += 4000
    told.clear()

    async def away(number: str) -> Row:
        monkeypatch.setattr(house.tickets, "brief", brief)
        raise NotFound("it was forgotten in this moment")

    monkeypatch.setattr(house.tickets, "brief", away)
    with pytest.raises(NotFound):
        await clocks.look()
    assert await clocks.look() == 1
    assert [data["what"] for _, _, data in told] == ["late"]


async def test_a_clock_that_other_promises_move_is_told_anew(engine: AsyncEngine, tickets: Tickets) -> None:
    await tickets.open("api", {"subject": "x"})
    async with engine.begin() as connection:
        await connection.execute(update(table).values(clock="other", next_due=5.0, clock_told="late"))
    assert await tickets.reckon() == 1
    async with engine.connect() as connection:
        assert (await connection.execute(select(table.c.clock_told))).scalar_one() == ""


async def test_tickets_of_flows_and_of_other_promises_are_reckoned_anew(engine: AsyncEngine, tickets: Tickets) -> None:
    ticket = await tickets.open("api", {"subject": "x"})
    async with engine.begin() as connection:
        await connection.execute(update(table).values(clock="other", next_due=None))
    assert await tickets.reckon() == 1 and await tickets.reckon() == 0
    assert [one["id"] for one in await tickets.due(2e9)] == [ticket["id"]]
