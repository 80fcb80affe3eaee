"""What a day of the queues left in the records: who came to a queue, and what agents did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.database import sql_errors
from ivr.records.schema import agent_states, contacts

COLUMNS = (
    "id",
    "queue",
    "queued_at",
    "queueing",
    "connected_at",
    "wait_seconds",
    "talk_seconds",
    "wrap_up_ended_at",
    "agent_id",
    "disposition",
)
BEFORE = 86_400.0
"""Seconds before a day in which an agent may have come on duty who still was."""
MOST = 200_000
"""Contacts of a day, and states, at most."""


@dataclass(frozen=True, slots=True)
class Found:
    contacts: Sequence[Mapping[str, Any]]
    """`COLUMNS`, by the time they came to the queue."""
    states: Sequence[Mapping[str, Any]]
    """`agent_id state at`, by time: of each agent the last one before, and all from then on."""
    cut: bool = False
    """There was more than `MOST`: the end of the time is missing."""


class QueueTraffic:
    """Reads records. Raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of(self, start: float, end: float) -> Found:
        """Who came to a queue from `start` to `end`, epoch seconds, and the states of agents until then."""
        came = (
            select(*(contacts.c[name] for name in COLUMNS))
            .where(contacts.c.queue.is_not(None), contacts.c.queued_at >= start, contacts.c.queued_at < end)
            .order_by(contacts.c.queued_at, contacts.c.id)
            .limit(MOST)
        )
        state = agent_states.c
        asked = select(state.agent_id, state.state, state.at).order_by(state.at, state.id)
        last = (
            select(state.agent_id, func.max(state.at).label("at"))
            .where(state.at >= start - BEFORE, state.at < start)
            .group_by(state.agent_id)
            .subquery()
        )
        before = asked.join(last, and_(state.agent_id == last.c.agent_id, state.at == last.c.at))
        states = asked.where(state.at >= start, state.at < end).limit(MOST)
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(came)).mappings().all()
                earlier = (await connection.execute(before)).mappings().all()
                done = (await connection.execute(states)).mappings().all()
        return Found([dict(row) for row in rows], [dict(row) for row in (*earlier, *done)], MOST in (len(rows), len(done)))
