"""What a day of the queues left in the records: who came to a queue, and what agents did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
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
    """`agent_id state at`, by time, from a day before on."""


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
        states = (
            select(agent_states.c.agent_id, agent_states.c.state, agent_states.c.at)
            .where(agent_states.c.at >= start - BEFORE, agent_states.c.at < end)
            .order_by(agent_states.c.at, agent_states.c.id)
            .limit(MOST)
        )
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(came)).mappings().all()
                done = (await connection.execute(states)).mappings().all()
        return Found([dict(row) for row in rows], [dict(row) for row in done])
