"""One change of what is live, inside one SQL transaction that no other node can enter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from ivr.publishing import tables
from ivr.publishing.model import Draft, Standing, Version

LONGEST_NOTE = 2000
LONGEST_AUTHOR = 128
_ATTRIBUTES = {"from_at": "start", "until_at": "until"}
"""Columns that are called differently in the model."""


class Change:
    """What may be done to the house, as of `serial`. Nothing of it holds unless `done` is called."""

    def __init__(self, connection: AsyncConnection, serial: int, at: float) -> None:
        self._connection = connection
        self.serial, self.at = serial, at
        self.made = False
        self._numbers: dict[str, int] = {}
        """The versions that this change made or chose, by flow."""

    async def done(self, author: str, note: str, action: str, flows: Mapping[str, int] | None = None, **what: Any) -> None:
        """Write the change down; it holds when the transaction ends."""
        row = {
            "serial": self.serial,
            "at": self.at,
            "author": author[:LONGEST_AUTHOR],
            "note": note[:LONGEST_NOTE],
            "action": action,
            "what": {"flows": dict(flows or self._numbers), **what},
        }
        await self._connection.execute(insert(tables.changes), [row])
        await self._connection.execute(update(tables.house).values(serial=self.serial))
        self.made = True

    # --- what is live

    async def standing(self, flow: str) -> Standing | None:
        table = tables.live
        row = (await self._connection.execute(select(table).where(table.c.flow == flow))).mappings().first()
        return standing_of(row) if row is not None else None

    async def stand(self, standing: Standing) -> None:
        """Make it what new calls begin with."""
        row = asdict(standing)
        row["until_at"] = row.pop("until")
        row["serial"] = self.serial
        changed = {name: value for name, value in row.items() if name != "flow"}
        table = tables.live
        result = await self._connection.execute(update(table).where(table.c.flow == standing.flow).values(**changed))
        if not result.rowcount:
            await self._connection.execute(insert(table), [row])

    async def standings(self) -> dict[str, Standing]:
        rows = (await self._connection.execute(select(tables.live))).mappings().all()
        return {row["flow"]: standing_of(row) for row in rows}

    # --- versions

    async def text(self, flow: str, version: str) -> str:
        """ "" where it was never published."""
        table = tables.texts
        chosen = select(table.c.text).where(table.c.flow == flow, table.c.version == version)
        return str((await self._connection.execute(chosen)).scalar() or "")

    async def versions(self, *chosen: ColumnElement[bool], limit: int = 500) -> list[Version]:
        """The newest first."""
        table = tables.versions
        query = select(table).where(*chosen).order_by(table.c.flow, table.c.number.desc()).limit(limit)
        return [version_of_row(row) for row in (await self._connection.execute(query)).mappings().all()]

    async def keep(self, version: Version, text: str) -> Version:
        """Keep a publish and its text; the same with the number that it got."""
        table, numbers = tables.texts, tables.versions
        known = select(table.c.version).where(table.c.flow == version.flow, table.c.version == version.version)
        if (await self._connection.execute(known)).first() is None:
            await self._connection.execute(insert(table), [{"flow": version.flow, "version": version.version, "text": text}])
        last = select(func.max(numbers.c.number)).where(numbers.c.flow == version.flow)
        number = int((await self._connection.execute(last)).scalar() or 0) + 1
        row = {**asdict(version), "number": number, "serial": self.serial, "at": self.at}
        row["author"], row["note"] = version.author[:LONGEST_AUTHOR], version.note[:LONGEST_NOTE]
        row["from_at"], row["until_at"] = row.pop("start"), row.pop("until")
        await self._connection.execute(insert(numbers), [row])
        self._numbers[version.flow] = number
        return version_of_row(row)

    async def join(self, flow: str, pinned: str, version: str, parts: Mapping[str, str]) -> None:
        """Remember what a version of a flow that calls others stands for."""
        table = tables.joined
        known = select(table.c.pinned).where(table.c.flow == flow, table.c.pinned == pinned)
        if (await self._connection.execute(known)).first() is None:
            row = {"flow": flow, "pinned": pinned, "version": version, "parts": dict(parts)}
            await self._connection.execute(insert(table), [row])

    async def settle(self, version: Version, fate: str, reason: str = "") -> None:
        """Say what became of a version."""
        table = tables.versions
        chosen = table.c.flow == version.flow, table.c.number == version.number
        await self._connection.execute(update(table).where(*chosen).values(fate=fate, reason=reason[:LONGEST_NOTE]))
        self._numbers[version.flow] = version.number

    # --- drafts

    async def draft(self, flow: str) -> Draft | None:
        table = tables.drafts
        row = (await self._connection.execute(select(table).where(table.c.flow == flow))).mappings().first()
        return Draft(**row) if row is not None else None

    async def write_draft(self, draft: Draft) -> None:
        """Put it in the place of the one before. A draft is no change of the house: call `kept`, not `done`."""
        await self.drop_draft(draft.flow)
        await self._connection.execute(insert(tables.drafts), [asdict(draft)])

    async def drop_draft(self, flow: str) -> None:
        await self._connection.execute(delete(tables.drafts).where(tables.drafts.c.flow == flow))

    async def kept(self) -> None:
        """Keep what was done to drafts and files alone: nodes have nothing to adopt, the serial stays."""
        self.made = True

    # --- files

    async def seen(self, place: str) -> tuple[str, int] | None:
        """The version that a file held when somebody last looked, and the change that it stood for."""
        table = tables.files
        row = (await self._connection.execute(select(table).where(table.c.place == place))).first()
        return (row.version, row.serial) if row is not None else None

    async def saw(self, place: str, flow: str, version: str, serial: int) -> None:
        table = tables.files
        row = {"flow": flow, "version": version, "serial": serial}
        result = await self._connection.execute(update(table).where(table.c.place == place).values(**row))
        if not result.rowcount:
            await self._connection.execute(insert(table), [{"place": place, **row}])

    async def published_after(self, flow: str, version: str, serial: int) -> int | None:
        """The first change after `serial` that published this very text, None where there is none."""
        table = tables.versions
        chosen = table.c.flow == flow, table.c.version == version, table.c.serial > serial, table.c.fate == ""
        first: int | None = (await self._connection.execute(select(func.min(table.c.serial)).where(*chosen))).scalar()
        return first


def standing_of(row: Mapping[Any, Any]) -> Standing:
    return Standing(**{_ATTRIBUTES.get(name, name): value for name, value in row.items()})


def version_of_row(row: Mapping[Any, Any]) -> Version:
    return Version(**{_ATTRIBUTES.get(name, name): value for name, value in row.items()})


async def begin(connection: AsyncConnection, at: float) -> Change:
    """Wait for other changes to end, and keep others waiting until the transaction ends."""
    await connection.execute(update(tables.house).values(serial=tables.house.c.serial))  # takes the lock
    serial = (await connection.execute(select(tables.house.c.serial))).scalar_one()
    return Change(connection, int(serial) + 1, at)
