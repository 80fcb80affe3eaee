"""Versions in SQL: what is live, every publish, drafts. The truth that nodes adopt."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql import Select

from ivr.errors import NotFound
from ivr.publishing import tables
from ivr.publishing.change import Change, begin, standing_of, version_of_row
from ivr.publishing.model import Draft, House, Version
from ivr.records.database import sql_errors

MOST = 500
"""Versions in one answer."""


class Ledger:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def change(self, at: float) -> AsyncIterator[Change]:
        """Change the house: one at a time on all nodes, wholly or not at all.

        Left without `Change.done` or `kept`, nothing was changed.
        """
        with sql_errors():
            async with self._engine.connect() as connection, connection.begin() as transaction:
                change = await begin(connection, at)
                yield change
                if not change.made:
                    await transaction.rollback()

    async def serial(self) -> int:
        """Of the last change: a number that grows."""
        found = await self._rows(select(tables.house.c.serial))
        return int(found[0]["serial"]) if found else 0

    async def house(self) -> House:
        """What is live. The serial is read first: what is newer is read again with the next one."""
        serial = await self.serial()
        standings = {row["flow"]: standing_of(row) for row in await self._rows(select(tables.live))}
        waiting = select(func.min(tables.versions.c.from_at).label("at")).where(tables.versions.c.fate == "scheduled")
        [first] = await self._rows(waiting)
        times = [first["at"], *(one.until for one in standings.values())]
        return House(serial, standings, min((at for at in times if at is not None), default=None))

    async def texts(self, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """(flow, version) to the text, of those that are known."""
        table, names = tables.texts, sorted(set(wanted))
        found: dict[tuple[str, str], str] = {}
        for start in range(0, len(names), 200):
            some = select(table).where(tuple_(table.c.flow, table.c.version).in_(names[start : start + 200]))
            found |= {(row["flow"], row["version"]): row["text"] for row in await self._rows(some)}
        return found

    async def text(self, flow: str, version: str) -> str:
        """Raises NotFound."""
        found = await self.texts([(flow, version)])
        if not found:
            raise NotFound(f"no flow `{flow}` of version {version} was ever published")
        return found[flow, version]

    async def parts(self, flow: str, pinned: str) -> dict[str, str]:
        """Flow to version: what a version that a call keeps stands for, the flow itself and those that it calls."""
        table = tables.joined
        found = await self._rows(select(table).where(table.c.flow == flow, table.c.pinned == pinned))
        return {flow: found[0]["version"], **found[0]["parts"]} if found else {flow: pinned}

    async def versions(self, flow: str, before: int | None = None, limit: int = MOST) -> list[Version]:
        """The newest first, those below `before`."""
        table = tables.versions
        query = select(table).where(table.c.flow == flow).order_by(table.c.number.desc()).limit(max(1, min(limit, MOST)))
        if before is not None:
            query = query.where(table.c.number < before)
        return [version_of_row(row) for row in await self._rows(query)]

    async def version(self, flow: str, number: int) -> Version:
        """Raises NotFound."""
        table = tables.versions
        found = await self._rows(select(table).where(table.c.flow == flow, table.c.number == number))
        if not found:
            raise NotFound(f"the flow `{flow}` has no version {number}")
        return version_of_row(found[0])

    async def numbered(self, wanted: Mapping[str, int]) -> dict[str, Version]:
        """Flow to the version with its number."""
        table = tables.versions
        found = await self._rows(select(table).where(tuple_(table.c.flow, table.c.number).in_(sorted(wanted.items()))))
        return {row["flow"]: version_of_row(row) for row in found}

    async def scheduled(self) -> list[Version]:
        """What is to begin by itself, the first first."""
        table = tables.versions
        query = select(table).where(table.c.fate == "scheduled").order_by(table.c.from_at, table.c.serial, table.c.flow)
        return [version_of_row(row) for row in await self._rows(query)]

    async def draft(self, flow: str) -> Draft | None:
        found = await self._rows(select(tables.drafts).where(tables.drafts.c.flow == flow))
        return Draft(**found[0]) if found else None

    async def drafts(self) -> dict[str, Draft]:
        """Every draft by flow, without its text."""
        some = [column for column in tables.drafts.columns if column.name != "text"]
        return {row["flow"]: Draft(**row, text="") for row in await self._rows(select(*some))}

    async def changes(self, limit: int) -> list[dict[str, Any]]:
        """What was done, the newest first."""
        query = select(tables.changes).order_by(tables.changes.c.serial.desc()).limit(max(1, min(limit, MOST)))
        rows = await self._rows(query)
        return [{**{name: row[name] for name in ("serial", "at", "author", "note", "action")}, **row["what"]} for row in rows]

    async def seen(self) -> dict[str, tuple[str, str]]:
        """Place of a file to its flow and the version that it held when somebody last looked."""
        return {row["place"]: (row["flow"], row["version"]) for row in await self._rows(select(tables.files))}

    async def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        with sql_errors():
            async with self._engine.connect() as connection:
                found: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
                return found
