"""Tickets as the queues see them: those that nobody has wait, and those that came by a queue take room of their owner."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict
from ivr.messages.model import Status
from ivr.messages.tables import ticket_events, tickets
from ivr.messages.tickets import QUEUED, Row, in_queue, missing
from ivr.records.database import sql_errors
from ivr.records.followups import TICKET, number_of, row_of

PRIORITIES: Mapping[str, int] = {"low": 3, "normal": 5, "high": 7, "urgent": 9}
"""A ticket's priority to the contact's."""
MOST = 1000
"""Tickets that have a place at the same time, those due first; the next ones follow as these go."""


@dataclass(frozen=True, slots=True)
class TicketRouting:
    """Where tickets wait."""

    queue: str
    """Of those that name none, or one that is not there."""
    queues: Collection[str] = ()
    needs: Mapping[str, int] = field(default_factory=dict)
    takers: frozenset[str] = frozenset()
    """Agents to whom tickets come by themselves."""


class TicketPlaces:
    """A `Waiting` of `ivr.messages.holding`. Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, routing: TicketRouting, clock: Callable[[], float]) -> None:
        self._engine, self._routing, self.clock = engine, routing, clock

    async def queued(self, since: float | None, names: Collection[str] = ()) -> list[Row]:
        live = and_(tickets.c.status == QUEUED, or_(tickets.c.assignee == "", tickets.c.queued_at > 0))
        where = live
        if since is not None:
            ids = [found for name in names if (found := row_of(TICKET, name)) is not None]
            where = or_(tickets.c.updated_at >= since, tickets.c.id.in_(ids))
        query = (
            select(tickets)
            .where(where)
            .order_by(tickets.c.holder == "", tickets.c.next_due.is_(None), tickets.c.next_due, tickets.c.id)
        )
        with sql_errors():
            async with self._engine.connect() as connection:
                return [self._seen(dict(row)) for row in (await connection.execute(query.limit(MOST))).mappings()]

    async def claim(self, name: str, rounds: int, holder: str, was: str) -> bool:
        mine = and_(tickets.c.id == row_of(TICKET, name), tickets.c.rounds == rounds, tickets.c.holder == was)
        now = self.clock()
        with sql_errors():
            async with self._engine.begin() as connection:
                first = update(tickets).where(mine, tickets.c.status == QUEUED, tickets.c.queued_at == 0)
                await connection.execute(first.values(queued_at=now))
                held = update(tickets).where(mine, tickets.c.status == QUEUED).values(holder=holder)
                return (await connection.execute(held)).rowcount == 1

    async def taken(self, name: str, agent_id: str) -> Row:
        now, row_id = self.clock(), row_of(TICKET, name)
        values = {"assignee": agent_id, "spared": "", "updated_at": now}
        mine = and_(tickets.c.id == row_id, tickets.c.status == QUEUED, tickets.c.assignee == "")
        with sql_errors():
            async with self._engine.begin() as connection:
                if not (await connection.execute(update(tickets).where(mine).values(**values))).rowcount:
                    raise Conflict(f"somebody was faster: {name} is not as it was")
                told = {
                    "ticket_id": row_id,
                    "at": now,
                    "author": "",
                    "kind": "assignee",
                    "text": agent_id,
                    "data": {"by": "queue"},
                }
                await connection.execute(ticket_events.insert(), [told])
        return await self.get(name)

    async def get(self, name: str) -> Row:
        with sql_errors():
            async with self._engine.connect() as connection:
                found = await connection.execute(select(tickets).where(tickets.c.id == row_of(TICKET, name)))
                row = found.mappings().first()
        if row is None:
            raise missing(name)
        return self._seen(dict(row))

    def _seen(self, row: Row) -> Row:
        routing, spared = self._routing, row["spared"]
        waits = Status.WAITING if not row["assignee"] else Status.ASSIGNED
        return {
            **{name: row[name] for name in ("rounds", "holder", "language", "updated_at", "responded_at")},
            "id": number_of(TICKET, row["id"]),
            "status": (waits if in_queue(row) else Status.PENDING).value,
            "agent_id": row["assignee"],
            "queue": row["queue"] if row["queue"] in routing.queues else routing.queue,
            "needs": dict(routing.needs),
            "queued_at": row["queued_at"] or self.clock(),
            "asked_at": None,
            "priority": PRIORITIES.get(row["priority"], 5),
            "excluded": (spared,) if spared and routing.takers - {spared} else (),
        }
