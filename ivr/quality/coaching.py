"""Coaching notes in SQL: to an agent, at a second of a talk or of none, until the agent has read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.quality.reviews import MOST
from ivr.quality.sql import Clock, Row, Token, rows
from ivr.quality.tables import coaching as table
from ivr.records.database import sql_errors


class Coaching:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, clock: Clock, token: Token) -> None:
        self._engine, self._clock, self._token = engine, clock, token

    async def get(self, note_id: str) -> Row:
        """Raises NotFound."""
        found = await rows(self._engine, select(table).where(table.c.id == note_id))
        if not found:
            raise NotFound(f"there is no coaching note {note_id[:40]}")
        return found[0]

    async def page(
        self,
        limit: int,
        before: str | None = None,
        agent: str | None = None,
        contact: str | None = None,
        review: str | None = None,
        *,
        unread: bool = False,
    ) -> list[Row]:
        """The newest first. Raises NotFound where `before` is no note."""
        query = select(table)
        for column, wanted in ((table.c.agent_id, agent), (table.c.contact_id, contact), (table.c.review_id, review)):
            if wanted is not None:
                query = query.where(column == wanted)
        if unread:
            query = query.where(table.c.acknowledged_at.is_(None))
        if before is not None:
            last = await self.get(before)
            at, name = last["created_at"], last["id"]
            query = query.where(or_(table.c.created_at < at, and_(table.c.created_at == at, table.c.id < name)))
        query = query.order_by(table.c.created_at.desc(), table.c.id.desc())
        return await rows(self._engine, query.limit(max(1, min(limit, MOST))))

    async def unread(self, agent_id: str) -> int:
        where = (table.c.agent_id == agent_id, table.c.acknowledged_at.is_(None))
        return int((await rows(self._engine, select(func.count().label("n")).select_from(table).where(*where)))[0]["n"])

    async def add(self, row: Mapping[str, Any]) -> Row:
        """`row` has `agent_id contact_id review_id at text by`."""
        whole = {**row, "id": self._token(), "created_at": self._clock(), "acknowledged_at": None, "answer": ""}
        with sql_errors():
            async with self._engine.begin() as connection:
                await connection.execute(insert(table), whole)
        return whole

    async def acknowledge(self, note_id: str, answer: str) -> None:
        """The first time counts."""
        where = and_(table.c.id == note_id, table.c.acknowledged_at.is_(None))
        with sql_errors():
            async with self._engine.begin() as connection:
                await connection.execute(update(table).where(where).values(acknowledged_at=self._clock(), answer=answer))

    async def remove(self, note_id: str) -> None:
        """Raises Conflict where it was read."""
        where = and_(table.c.id == note_id, table.c.acknowledged_at.is_(None))
        with sql_errors():
            async with self._engine.begin() as connection:
                if not (await connection.execute(delete(table).where(where))).rowcount:
                    raise Conflict("the agent has read it: it stays")
