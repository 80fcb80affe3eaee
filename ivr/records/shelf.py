"""Rows of one table as the API gives them: pages, one row, changes. Times in ISO 8601 with Z."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Table, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.elements import ColumnElement

from ivr.errors import NotFound
from ivr.records.database import sql_errors
from ivr.records.followups import CALLBACK, TICKET, number_of, row_of
from ivr.records.reader import iso
from ivr.records.schema import callbacks, notifications, surveys, tickets, voicemails

MOST = 200
"""Rows in one answer, at most."""


class Shelf:
    """One table. Every method raises StoreUnavailable where the database is away."""

    def __init__(
        self, engine: AsyncEngine, table: Table, clock: Callable[[], float], filters: tuple[str, ...], prefix: str = ""
    ) -> None:
        self._engine, self._table, self._clock, self._prefix = engine, table, clock, prefix
        self.filters = filters
        """Columns that `list` can be asked for."""

    async def list(self, limit: int = 50, before: str | None = None, **wanted: Any) -> list[dict[str, Any]]:
        """The latest first; `before` is the id (or number) of the last row of the page before. Raises NotFound."""
        table = self._table
        query = select(table).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(max(1, min(limit, MOST)))
        for name, value in wanted.items():
            if value is not None and name in self.filters:
                query = query.where(table.c[name] == _like(table, name, value))
        with sql_errors():
            async with self._engine.connect() as connection:
                if before:
                    query = query.where(await self._earlier(connection, before))
                rows = (await connection.execute(query)).mappings().all()
        return [self._shown(dict(row)) for row in rows]

    async def get(self, name: str) -> dict[str, Any]:
        """One row. Raises NotFound."""
        with sql_errors():
            async with self._engine.connect() as connection:
                query = select(self._table).where(self._table.c.id == self._id(name))
                row = (await connection.execute(query)).mappings().first()
        if row is None:
            raise self._missing(name)
        return self._shown(dict(row))

    async def change(self, name: str, **values: Any) -> dict[str, Any]:
        """Set columns and return the row as it is then. Raises NotFound."""
        if "updated_at" in self._table.c:
            values["updated_at"] = self._clock()
        with sql_errors():
            async with self._engine.begin() as connection:
                change = update(self._table).where(self._table.c.id == self._id(name)).values(**values)
                found = (await connection.execute(change)).rowcount
        if not found:
            raise self._missing(name)
        return await self.get(name)

    async def remove(self, name: str) -> None:
        """Delete one row. Raises NotFound."""
        with sql_errors():
            async with self._engine.begin() as connection:
                gone = await connection.execute(delete(self._table).where(self._table.c.id == self._id(name)))
        if not gone.rowcount:
            raise self._missing(name)

    async def _earlier(self, connection: Any, before: str) -> ColumnElement[bool]:
        table, row_id = self._table, self._id(before)
        row = (await connection.execute(select(table.c.created_at).where(table.c.id == row_id))).first()
        if row is None:
            raise self._missing(before)
        return or_(table.c.created_at < row[0], and_(table.c.created_at == row[0], table.c.id < row_id))

    def _id(self, name: str) -> Any:
        if not self._prefix:
            return name
        row_id = row_of(self._prefix, name)
        if row_id is None:
            raise self._missing(name)
        return row_id

    def _missing(self, name: str) -> NotFound:
        return NotFound(f"there is no {self._table.name.removesuffix('s')} {name[:60]}")

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        shown = {name: value for name, value in row.items() if name != "request"}
        shown |= {name: iso(value) for name, value in row.items() if name.endswith("_at")}
        return {**shown, "id": number_of(self._prefix, row["id"])} if self._prefix else shown


def _like(table: Table, name: str, value: Any) -> Any:
    """A filter as its column has it: `true` of a query is a truth, not a text."""
    if isinstance(table.c[name].type, Boolean) and isinstance(value, str):
        return value.lower() in ("true", "1", "yes")
    return value


@dataclass(frozen=True, slots=True)
class Shelves:
    """Everything that calls leave to be done."""

    tickets: Shelf
    callbacks: Shelf
    surveys: Shelf
    voicemails: Shelf
    notifications: Shelf
    engine: AsyncEngine

    @classmethod
    def of(cls, engine: AsyncEngine, clock: Callable[[], float]) -> Shelves:
        who = ("contact_id", "caller_number")
        return cls(
            Shelf(engine, tickets, clock, ("status", "kind", "priority", "assignee", *who), TICKET),
            Shelf(engine, callbacks, clock, ("status", "queue", "number", *who), CALLBACK),
            Shelf(engine, surveys, clock, ("name", "agent_id", *who)),
            Shelf(engine, voicemails, clock, ("box", "heard", *who)),
            Shelf(engine, notifications, clock, ("status", "by", "contact_id")),
            engine,
        )

    async def scores(self) -> list[dict[str, Any]]:
        """How surveys were answered: `{"name", "count", "mean", "least", "most"}` by name."""
        score = surveys.c.score
        figures = (func.count(score), func.avg(score), func.min(score), func.max(score))
        query = select(surveys.c.name, *figures).group_by(surveys.c.name).order_by(surveys.c.name)
        with sql_errors():
            async with self.engine.connect() as connection:
                rows = (await connection.execute(query)).all()
        return [
            {"name": name, "count": count, "mean": None if mean is None else round(mean, 3), "least": least, "most": most}
            for name, count, mean, least, most in rows
        ]
