"""What agents tick during a contact: steps, lines, offers, cards, hints. One row each, in SQL at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.database import sql_errors
from ivr.records.schema import desk_marks as table

KINDS = ("step", "line", "offer", "card", "hint")
MOST = 500
"""Marks of one contact that are told."""


class Marks:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    async def of(self, contact_id: str) -> list[dict[str, Any]]:
        """`{kind name value agent_id at}` of a contact, the oldest first; `at` is epoch seconds."""
        query = select(table).where(table.c.contact_id == contact_id).order_by(table.c.at, table.c.name).limit(MOST)
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(query)).mappings().all()
        return [{name: value for name, value in row.items() if name != "contact_id"} for row in rows]

    async def put(self, contact_id: str, kind: str, name: str, value: str, agent_id: str) -> str:
        """Set a mark, take it away where `value` is empty, and return what it was before."""
        key = {"contact_id": contact_id, "kind": kind, "name": name}
        row = {**key, "value": value, "agent_id": agent_id, "at": self._clock()}
        mine = (table.c.contact_id == contact_id) & (table.c.kind == kind) & (table.c.name == name)
        with sql_errors():
            async with self._engine.begin() as connection:
                before = (await connection.execute(select(table.c.value).where(mine))).scalar_one_or_none()
                if not value:
                    await connection.execute(delete(table).where(mine))
                else:
                    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
                    changed = {name: row[name] for name in ("value", "agent_id", "at")}
                    statement = insert(table).on_conflict_do_update(index_elements=list(key), set_=changed)
                    await connection.execute(statement, [row])
        return before or ""

    async def counted(self, kind: str) -> dict[str, dict[str, int]]:
        """Name to value to in how many contacts it was set so."""
        query = (
            select(table.c.name, table.c.value, func.count()).where(table.c.kind == kind).group_by(table.c.name, table.c.value)
        )
        found: dict[str, dict[str, int]] = {}
        with sql_errors():
            async with self._engine.connect() as connection:
                for name, value, number in (await connection.execute(query)).all():
                    found.setdefault(name, {})[value] = number
        return found
