"""Tickets and callbacks: what a step of a flow opens while the caller waits for the number. One row each, in SQL at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.database import sql_errors
from ivr.records.schema import callbacks, tickets

TICKET_STATUS = ("open", "pending", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
CALLBACK_STATUS = ("promised", "dialing", "done", "failed", "cancelled")
NOTICE_STATUS = ("waiting", "sent", "failed")

TICKET, CALLBACK = "T", "C"
"""What numbers begin with."""


def number_of(prefix: str, row_id: int) -> str:
    """`T-000123`: what is read out to the caller and typed by whoever looks for it."""
    return f"{prefix}-{row_id:06d}"


def row_of(prefix: str, number: str) -> int | None:
    """The row that a number names, `t-123` too; None where it is no number of that kind."""
    head, _, digits = number.strip().partition("-")
    if head.upper() != prefix or not digits.isascii() or not digits.isdecimal() or len(digits) > 12:
        return None
    return int(digits)


class FollowUps:
    """Opens tickets and callbacks. Numbers are counted by the database: no two nodes give the same one."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    async def open_ticket(self, request: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Write the ticket and return `{"number": "T-000123", "id": 123}`; the same `request` again gives the same number.

        Raises StoreUnavailable.
        """
        now = self._clock()
        stamps = {"created_at": now, "updated_at": now, "status": "open", "assignee": "", "note": ""}
        return await self._insert(tickets, TICKET, {**stamps, **row, "request": request})

    async def schedule_callback(self, request: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Write the callback and return `{"number": "C-000012", "id": 12}`, as `open_ticket`."""
        now = self._clock()
        stamps = {"created_at": now, "updated_at": now, "status": "promised", "attempts": 0, "note": ""}
        return await self._insert(callbacks, CALLBACK, {**stamps, **row, "request": request})

    async def _insert(self, table: Table, prefix: str, row: Mapping[str, Any]) -> dict[str, Any]:
        with sql_errors():
            async with self._engine.begin() as connection:
                insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
                await connection.execute(insert(table).on_conflict_do_nothing(index_elements=["request"]), [dict(row)])
                found = await connection.execute(select(table.c.id).where(table.c.request == row["request"]))
                row_id = int(found.scalar_one())
        return {"number": number_of(prefix, row_id), "id": row_id}
