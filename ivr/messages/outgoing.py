"""Answers on their way to customers by e-mail or webhook: claimed by one node, sent, and marked. No two nodes send one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.messages.addresses import plain
from ivr.messages.tables import files, messages, threads
from ivr.records.database import sql_errors

MOST_REASON = 300

Changed = Callable[[str, str], Awaitable[None]]
"""(thread, message) whose status is another now."""


class Outgoing:
    """A `Box` of `ivr.notices.sender`: what it claims has `id by recipient subject text language contact_id attempts`, and for
    e-mail `headers`. Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, changed: Changed) -> None:
        self._engine, self._changed = engine, changed

    async def claim(self, now: float, lease: float, most: int = 20) -> list[dict[str, Any]]:
        """Take messages that are due; for `lease` seconds no other node takes them. Their `attempts` count this one."""
        due = (messages.c.status == "waiting") & (messages.c.next_at <= now)
        query = select(messages).where(due).order_by(messages.c.next_at, messages.c.at).limit(most)
        taken: list[dict[str, Any]] = []
        with sql_errors():
            async with self._engine.begin() as connection:
                for row in (await connection.execute(query)).mappings().all():
                    same = (messages.c.next_at == row["next_at"]) & (messages.c.status == "waiting")
                    values = {"next_at": now + lease, "attempts": row["attempts"] + 1}
                    change = update(messages).where(messages.c.id == row["id"], same).values(**values)
                    if (await connection.execute(change)).rowcount:
                        thread = (await connection.execute(select(threads).where(threads.c.id == row["thread_id"]))).mappings()
                        notice = notice_of(dict(thread.one()), {**row, **values})
                        along = await connection.execute(select(files).where(files.c.message_id == row["id"]))
                        taken.append({**notice, "files": [dict(one) for one in along.mappings()]})
        return taken

    async def sent(self, notice_id: str, now: float) -> None:
        await self._set(notice_id, status="sent", reason="")

    async def again(self, notice_id: str, at: float, reason: str) -> None:
        """Try it again at `at`."""
        await self._set(notice_id, next_at=at, reason=reason[:MOST_REASON])

    async def failed(self, notice_id: str, reason: str) -> None:
        """Give it up; its agent sees that it did not arrive, and why."""
        await self._set(notice_id, status="failed", reason=reason[:MOST_REASON])

    async def _set(self, notice_id: str, **values: Any) -> None:
        with sql_errors():
            async with self._engine.begin() as connection:
                await connection.execute(update(messages).where(messages.c.id == notice_id).values(**values))
                row = (
                    await connection.execute(select(messages.c.thread_id).where(messages.c.id == notice_id))
                ).scalar_one_or_none()
        if row is not None:
            await self._changed(row, notice_id)


def notice_of(thread: Mapping[str, Any], message: Mapping[str, Any]) -> dict[str, Any]:
    """The message as a channel takes it."""
    source, address = thread["source"], thread["address"]
    notice = {
        "id": message["id"],
        "by": message["by"],
        "recipient": plain(address).removeprefix(f"{source}:"),
        "text": message["text"],
        "subject": thread["subject"],
        "language": thread["language"],
        "contact_id": thread["id"],
        "attempts": message["attempts"],
    }
    if message["by"] == "email":
        references = thread["reference"].split()
        notice["subject"] = answer_subject(thread["subject"])
        notice["headers"] = {"References": " ".join(references), "In-Reply-To": references[-1]} if references else {}
    return notice


def answer_subject(subject: str) -> str:
    """`Re: ` before it, once."""
    return subject if subject[:3].lower() == "re:" or not subject else f"Re: {subject}"
