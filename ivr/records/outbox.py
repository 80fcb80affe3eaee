"""The outbox of notifications: rows that wait are claimed by one node, sent, and marked. No two nodes send one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.database import sql_errors
from ivr.records.schema import notifications as table

MOST_REASON = 300
LONGEST = 300
"""Characters of a recipient and of a subject."""


def notice(
    now: float,
    by: str,
    to: str,
    subject: str,
    text: str,
    *,
    id: str = "",
    contact_id: str = "",
    language: str = "",
    lost: str = "",
) -> dict[str, Any]:
    """The row of a notification that is due at `now`. Of those with one `id` only the first is kept; "" is a new one.

    `lost` is why it can never be sent, "" where it can.
    """
    return {
        "id": id or uuid4().hex,
        "contact_id": contact_id,
        "by": by,
        "recipient": to[:LONGEST],
        "subject": subject[:LONGEST],
        "text": text,
        "language": language,
        "status": "failed" if lost else "waiting",
        "attempts": 0,
        "reason": lost[:MOST_REASON],
        "created_at": now,
        "next_at": now,
        "sent_at": None,
    }


class Outbox:
    """Every method raises StoreUnavailable where the database is away. Times are epoch seconds."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def claim(self, now: float, lease: float, most: int = 20) -> list[dict[str, Any]]:
        """Take notifications that are due; for `lease` seconds no other node takes them. Their `attempts` count this one.

        A node that dies meanwhile leaves them to whoever comes after the lease.
        """
        waiting = (table.c.status == "waiting") & (table.c.next_at <= now)
        taken: list[dict[str, Any]] = []
        with sql_errors():
            async with self._engine.begin() as connection:
                rows = (
                    await connection.execute(select(table).where(waiting).order_by(table.c.next_at, table.c.id).limit(most))
                ).mappings()
                for row in rows.all():
                    mine = (table.c.id == row["id"]) & (table.c.status == "waiting") & (table.c.next_at == row["next_at"])
                    attempts = row["attempts"] + 1
                    change = update(table).where(mine).values(next_at=now + lease, attempts=attempts)
                    if (await connection.execute(change)).rowcount:
                        taken.append({**row, "attempts": attempts})
        return taken

    async def sent(self, notice_id: str, now: float) -> None:
        await self._set(notice_id, status="sent", sent_at=now, reason="")

    async def again(self, notice_id: str, at: float, reason: str) -> None:
        """Try it again at `at`."""
        await self._set(notice_id, next_at=at, reason=reason[:MOST_REASON])

    async def failed(self, notice_id: str, reason: str) -> None:
        """Give it up; it stays, with the reason, until somebody asks for it again."""
        await self._set(notice_id, status="failed", reason=reason[:MOST_REASON])

    async def _set(self, notice_id: str, **values: Any) -> None:
        with sql_errors():
            async with self._engine.begin() as connection:
                await connection.execute(update(table).where(table.c.id == notice_id).values(**values))
