"""Records as the API gives them: flat dicts, times in ISO 8601 with Z."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.elements import ColumnElement

from ivr.errors import NotFound
from ivr.records.database import sql_errors
from ivr.records.schema import TIMES, contacts, turns

MOST = 500
"""Contacts in one answer, at most."""


class ContactReader:
    """Reads records. Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def list(
        self,
        limit: int = 50,
        before: str | float | None = None,
        queue: str | None = None,
        agent: str | None = None,
        disposition: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return contacts, the latest first, without their turns.

        `before` goes on where a page ended: the id of its last contact; or a time (epoch seconds, ISO 8601). Raises NotFound
        where it is neither.
        """
        query = select(contacts).order_by(contacts.c.started_at.desc(), contacts.c.id.desc()).limit(max(1, min(limit, MOST)))
        for column, wanted in ((contacts.c.queue, queue), (contacts.c.agent_id, agent), (contacts.c.disposition, disposition)):
            if wanted is not None:
                query = query.where(column == wanted)
        with sql_errors():
            async with self._engine.connect() as connection:
                if before is not None:
                    query = query.where(await self._earlier(connection, before))
                rows = (await connection.execute(query)).mappings().all()
        return [_contact(dict(row)) for row in rows]

    async def get(self, contact_id: str) -> dict[str, Any]:
        """Return one contact with its `turns`. Raises NotFound."""
        with sql_errors():
            async with self._engine.connect() as connection:
                row = (await connection.execute(select(contacts).where(contacts.c.id == contact_id))).mappings().first()
                said = select(turns).where(turns.c.contact_id == contact_id).order_by(turns.c.index)
                spoken = (await connection.execute(said)).mappings().all()
        if row is None:
            raise NotFound(f"there is no contact {contact_id}")
        return {**_contact(dict(row)), "turns": [_turn(dict(turn)) for turn in spoken]}

    async def _earlier(self, connection: Any, before: str | float) -> ColumnElement[bool]:
        if not isinstance(before, str):
            return contacts.c.started_at < before
        row = (await connection.execute(select(contacts.c.started_at).where(contacts.c.id == before))).first()
        if row is not None:
            at = row[0]
            return or_(contacts.c.started_at < at, and_(contacts.c.started_at == at, contacts.c.id < before))
        try:
            when = datetime.fromisoformat(before)
        except ValueError as error:
            raise NotFound(f"{before} is neither a contact nor a time in ISO 8601") from error
        return contacts.c.started_at < (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def iso(seconds: float | None) -> str | None:
    """Return epoch seconds as `2026-09-21T14:13:20.000Z`."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _contact(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, **{name: iso(row[name]) for name in TIMES}}


def _turn(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in row.items() if name != "contact_id"}, "at": iso(row["at"])}
