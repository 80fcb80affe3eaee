"""Follow-ups whose time comes, and who was reminded of them: once at the desk, or once by e-mail, whichever node does it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.database import sql_errors
from ivr.records.followups import TICKET, number_of
from ivr.records.schema import follow_up_reminders as table
from ivr.records.schema import tickets

KIND = "follow_up"
LATEST = 7 * 86400.0
"""Seconds after which nobody is reminded of a follow-up any more."""
KEPT = 30 * 86400.0
AT_ONCE = 50
_COLUMNS = ("id", "subject", "assignee", "due_at", "contact_id", "caller_number", "caller_name", "language")


class Reminders:
    """Every method raises StoreUnavailable where the database is away. Times are epoch seconds."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def to_show(self, agents: Collection[str], now: float, before: float) -> list[dict[str, Any]]:
        """Follow-ups of these agents that are due within `before` seconds and that no desk showed yet, the first due first."""
        return await self._due(agents, now, now + before, table.c.shown_at.is_(None)) if agents else []

    async def to_mail(self, agents: Collection[str], now: float) -> list[dict[str, Any]]:
        """Follow-ups of these agents whose time has come and of which they know nothing yet."""
        unknown = table.c.shown_at.is_(None) & table.c.mailed_at.is_(None)
        return await self._due(agents, now, now, unknown) if agents else []

    async def shown(self, row: dict[str, Any], now: float) -> bool:
        """Whether it is this caller's to show it: true once."""
        return await self._claim(row, "shown_at", now)

    async def mailed(self, row: dict[str, Any], now: float) -> None:
        """It is on its way."""
        await self._claim(row, "mailed_at", now)

    async def clean(self, now: float) -> None:
        with sql_errors():
            async with self._engine.begin() as connection:
                await connection.execute(delete(table).where(table.c.due_at < now - KEPT))

    async def _due(
        self, agents: Collection[str], now: float, until: float, unknown: ColumnElement[bool]
    ) -> list[dict[str, Any]]:
        same = (table.c.ticket_id == tickets.c.id) & (table.c.due_at == tickets.c.due_at)
        query = (
            select(*(tickets.c[name] for name in _COLUMNS))
            .outerjoin(table, same)
            .where(tickets.c.kind == KIND, tickets.c.status.in_(("open", "pending")), tickets.c.assignee.in_(list(agents)))
            .where(tickets.c.due_at <= until, tickets.c.due_at > now - LATEST, unknown)
            .order_by(tickets.c.due_at, tickets.c.id)
            .limit(AT_ONCE)
        )
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(query)).mappings().all()
        return [{**row, "number": number_of(TICKET, row["id"])} for row in rows]

    async def _claim(self, row: dict[str, Any], column: str, now: float) -> bool:
        with sql_errors():
            async with self._engine.begin() as connection:
                insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
                statement = insert(table).on_conflict_do_update(
                    index_elements=["ticket_id", "due_at"], set_={column: now}, where=table.c[column].is_(None)
                )
                done = await connection.execute(statement.values(ticket_id=row["id"], due_at=row["due_at"], **{column: now}))
                return bool(done.rowcount)
