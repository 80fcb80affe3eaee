"""What agents did when: every change of state that the queues tell, brought from their stream into SQL.

The stream keeps the last 20,000 events, and Redis the number of the last one that was brought over, so nothing is lost while
SQL or a node is away. A row has the number of its event: whoever brings it twice gives one row.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import IvrError
from ivr.records.database import redis_errors, sql_errors, turn
from ivr.records.reader import iso
from ivr.records.schema import agent_states

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
AT_ONCE = 500
LOCK_MILLISECONDS = 10_000
"""One node at a time does it; one that dies is followed then."""
KEPT_SECONDS = 400 * 24 * 3600.0
CLEAN_SECONDS = 3600.0
MOST = 500


class AgentStates:
    """`list` for the API; `run` is the node's own task."""

    def __init__(
        self, redis: Redis, engine: AsyncEngine, clock: Callable[[], float] = time.time, prefix: str = "{acd}"
    ) -> None:
        self._redis, self._engine, self._clock, self._prefix = redis, engine, clock, prefix
        self._cleaned = 0.0

    async def run(self) -> None:
        """Bring states over, for ever."""
        while True:
            try:
                async with turn(self._redis, f"{self._prefix}:recording", LOCK_MILLISECONDS) as mine:
                    if mine:
                        await self.drain()
            except IvrError as error:
                log.warning("states of agents wait in Redis: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def drain(self) -> int:
        """Bring over everything that there is; how many states. Raises StoreUnavailable."""
        count = 0
        while True:
            with redis_errors():
                last = _text(await self._redis.get(f"{self._prefix}:recorded") or "0-0")
                answer: Any = await self._redis.xread({f"{self._prefix}:events": last}, count=AT_ONCE)
            entries = [entry for _, found in answer or () for entry in found]
            if not entries:
                break
            rows = [row for number, fields in entries if (row := _row(_text(number), fields))]
            await self._insert(rows)
            count += len(rows)
            with redis_errors():
                await self._redis.set(f"{self._prefix}:recorded", entries[-1][0])
        if self._clock() - self._cleaned > CLEAN_SECONDS:
            await self._clean()
        return count

    async def list(self, agent_id: str, limit: int = 100) -> list[dict[str, Any]]:
        """States of an agent, the newest first: `{state, reason, by, at, seconds}`, the last None while it lasts."""
        query = select(agent_states).where(agent_states.c.agent_id == agent_id)
        query = query.order_by(agent_states.c.at.desc(), agent_states.c.id.desc()).limit(max(1, min(limit, MOST)))
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = [dict(row) for row in (await connection.execute(query)).mappings().all()]
        ends = [None, *(row["at"] for row in rows)]
        return [
            {
                "state": row["state"],
                "reason": row["reason"],
                "by": row["by"],
                "at": iso(row["at"]),
                "seconds": None if end is None else round(end - row["at"], 3),
            }
            for row, end in zip(rows, ends, strict=False)
        ]

    async def _insert(self, rows: Sequence[dict[str, Any]]) -> None:
        if not rows:
            return
        with sql_errors():
            async with self._engine.begin() as connection:
                insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
                await connection.execute(insert(agent_states).on_conflict_do_nothing(index_elements=["id"]), rows)

    async def _clean(self) -> None:
        with sql_errors():
            async with self._engine.begin() as connection:
                await connection.execute(delete(agent_states).where(agent_states.c.at < self._clock() - KEPT_SECONDS))
        self._cleaned = self._clock()


def _row(number: str, fields: Any) -> dict[str, Any] | None:
    """The row of an event, None for another kind of event."""
    told = {_text(name): _text(value) for name, value in fields.items()}
    if told.get("kind") != "agent" or not told.get("agent"):
        return None
    return {
        "id": number,
        "agent_id": told["agent"][:128],
        "at": float(told["at"]),
        "state": told.get("state", "")[:16],
        "reason": told.get("reason", "")[:100] if told.get("state") in ("break", "offline") else "",
        "by": told.get("by", "")[:128],
    }


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
