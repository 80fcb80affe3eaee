"""Says when a ticket's clock is about to run out, and when it has: once, by whichever node looks first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import IvrError
from ivr.messages.tables import ticket_events, tickets
from ivr.messages.ticket_desk import TicketDesk
from ivr.messages.tickets import OPEN, Row, Tickets
from ivr.records.database import sql_errors
from ivr.records.followups import TICKET, number_of

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
AT_ONCE = 100
SOON, LATE = "soon", "late"


class TicketClocks:
    """One a node. `run` for as long as it lives; `look` does it once."""

    def __init__(
        self, engine: AsyncEngine, tickets_: Tickets, desk: TicketDesk, clock: Callable[[], float], warns: float
    ) -> None:
        """`warns`: seconds before the end in which the owner is told that it comes; 0 for never."""
        self._engine, self._tickets, self._desk, self._clock, self._warns = engine, tickets_, desk, clock, warns

    async def run(self) -> None:
        """Until cancelled. What fails is tried again."""
        while True:
            try:
                await self._tickets.reckon()
                await self.look()
            except IvrError as error:
                log.warning("clocks of tickets wait: %s", error)
            except Exception:  # one ticket that makes no sense must not silence all clocks
                log.exception("clocks of tickets wait")
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """Tell what is to be told, `AT_ONCE` at most; how many. Raises StoreUnavailable."""
        now = self._clock()
        late = and_(tickets.c.next_due <= now, tickets.c.clock_told != LATE)
        told = await self._tell(late, LATE, now)
        if self._warns:
            soon = and_(tickets.c.next_due > now, tickets.c.next_due <= now + self._warns, tickets.c.clock_told == "")
            told += await self._tell(soon, SOON, now)
        return told

    async def _tell(self, which: ColumnElement[bool], what: str, now: float) -> int:
        query = select(tickets).where(which, tickets.c.status.in_(OPEN)).order_by(tickets.c.next_due).limit(AT_ONCE)
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = [dict(row) for row in (await connection.execute(query)).mappings()]
        told = 0
        for row in rows:
            if not await self._marked(row, what, now):
                continue
            told += 1
            number = number_of(TICKET, row["id"])
            if what == LATE:
                log.warning("the clock of ticket %s has run out", number)
            await self._desk.told(number, {row["assignee"]} - {""}, what)
        return told

    async def _marked(self, row: Row, what: str, now: float) -> bool:
        """Whether this node is the one that tells."""
        same = and_(tickets.c.id == row["id"], tickets.c.clock_told == row["clock_told"], tickets.c.next_due == row["next_due"])
        with sql_errors():
            async with self._engine.begin() as connection:
                if not (await connection.execute(update(tickets).where(same).values(clock_told=what))).rowcount:
                    return False
                if what == LATE:
                    which = "respond" if row["next_due"] == row["respond_due"] else "resolve"
                    told: dict[str, Any] = {"ticket_id": row["id"], "at": now, "author": "", "kind": LATE, "text": which}
                    await connection.execute(ticket_events.insert(), [{**told, "data": {"due_at": row["next_due"]}}])
        return True
