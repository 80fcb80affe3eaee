"""What is kept no longer than it may be: old rows and words go in small batches, and so does all that is known of one caller.

Rows are removed once for all nodes (`Sweeper` takes a lock in Redis); sound lies on the disk of the node that recorded it and
is removed by that node. Nothing here holds a transaction longer than one batch.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Text, and_, cast, column, delete, func, or_, select, table, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivr.records.database import sql_errors
from ivr.records.followups import TICKET, number_of
from ivr.records.schema import callbacks, contacts, desk_actions, desk_marks, notifications, surveys, tickets, turns, voicemails

KINDS = ("recordings", "transcripts", "voicemail", "contacts", "tickets", "messages", "surveys", "notifications")
BATCH = 200
"""Rows that go in one transaction."""
DONE_TICKETS = ("solved", "closed")
DONE_CALLBACKS = ("done", "failed", "cancelled")
DONE_NOTICES = ("sent", "failed")

_threads = table("threads", *map(column, ("id", "customer", "status", "updated_at")))
_addresses = table("customer_addresses", *map(column, ("address", "customer", "verified")))
_events, _links = (table(name, column("ticket_id")) for name in ("ticket_events", "ticket_links"))
"""Of `ivr.messages.tables`, as far as it matters here; the messages of a thread go with it."""

_JUDGED = tuple(
    table(f"quality_{name}", column("contact_id"))
    for name in ("reviews", "appeals", "calibrations", "coaching", "work", "looked")
)
_REVIEWS = table("quality_reviews", *map(column, ("id", "contact_id")))
_CHANGES = table("quality_history", column("review_id"))
"""Of `ivr.quality.tables`: what was judged goes with its contact."""

_NO_WORDS: Mapping[str, Any] = {"handover": {}, "slots": {}, "note": ""}
Remove = Callable[[Sequence[str]], Awaitable[int]]
"""Removes files below the folder of recordings; how many were there."""


async def no_files(names: Sequence[str]) -> int:
    """Stands where a node records nothing."""
    return 0


@dataclass(slots=True)
class Removed:
    """What was removed, or would be."""

    rows: dict[str, int] = field(default_factory=dict)
    """Kind to rows; of `transcripts` the contacts that lost their words."""
    files: int = 0

    def count(self, kind: str, number: int) -> None:
        if number:
            self.rows[kind] = self.rows.get(kind, 0) + number

    def __str__(self) -> str:
        told = [f"{number} {kind}" for kind, number in self.rows.items()]
        return ", ".join([*told, *([f"{self.files} files"] if self.files else [])]) or "nothing"


class Retention:
    """Removes what is older than it may be. Every method raises StoreUnavailable."""

    def __init__(self, engine: AsyncEngine, remove: Remove = no_files) -> None:
        self._engine, self._remove = engine, remove

    async def purge(self, older: Mapping[str, float], *, dry_run: bool = False) -> Removed:
        """Remove of each kind what is from before that time (epoch seconds); with `dry_run` only count."""
        removed = Removed()
        for kind in KINDS:
            if kind in older:
                await self._purge(kind, older[kind], removed, dry_run)
        return removed

    async def forget(self, numbers: Sequence[str], *, dry_run: bool = False) -> Removed:
        """Remove everything of the caller with one of these spellings of a number: calls, words, sound, follow-ups."""
        removed, mine = Removed(), contacts.c.caller_number.in_(numbers)
        await self._whole_contacts(mine, removed, dry_run)
        await self._voicemail(voicemails.c.caller_number.in_(numbers), removed, dry_run)
        await self._written(numbers, removed, dry_run)
        called = or_(callbacks.c.caller_number.in_(numbers), callbacks.c.number.in_(numbers))
        await self._rows("callbacks", callbacks, called, removed, dry_run)
        await self._rows("surveys", surveys, surveys.c.caller_number.in_(numbers), removed, dry_run)
        await self._rows("notifications", notifications, notifications.c.recipient.in_(numbers), removed, dry_run)
        return removed

    async def _purge(self, kind: str, before: float, removed: Removed, dry_run: bool) -> None:
        old = contacts.c.started_at < before
        match kind:
            case "recordings":
                await self._sound(and_(old, func.length(cast(contacts.c.recordings, Text)) > 2), removed, dry_run)
            case "transcripts":
                await self._words(old, removed, dry_run)
            case "voicemail":
                await self._voicemail(voicemails.c.created_at < before, removed, dry_run)
            case "contacts":
                await self._whole_contacts(old, removed, dry_run)
            case "tickets":
                done = and_(tickets.c.updated_at < before, tickets.c.status.in_(DONE_TICKETS))
                await self._tickets(done, removed, dry_run)
                over = and_(callbacks.c.updated_at < before, callbacks.c.status.in_(DONE_CALLBACKS))
                await self._rows("callbacks", callbacks, over, removed, dry_run)
            case "messages":
                over = and_(_threads.c.updated_at < before, _threads.c.status == "closed")
                await self._rows("messages", _threads, over, removed, dry_run)
            case "surveys":
                await self._rows("surveys", surveys, surveys.c.created_at < before, removed, dry_run)
            case "notifications":
                gone = and_(notifications.c.created_at < before, notifications.c.status.in_(DONE_NOTICES))
                await self._rows("notifications", notifications, gone, removed, dry_run)

    # --- kinds

    async def _written(self, numbers: Sequence[str], removed: Removed, dry_run: bool) -> None:
        """Conversations and tickets of whoever is surely reached at one of these, and where else that one is reached."""
        sure = and_(_addresses.c.address.in_([f"tel:{one}" for one in numbers]), _addresses.c.verified)
        people = [row[0] for row in await self._some(select(_addresses.c.customer).where(sure))]
        mine = or_(tickets.c.caller_number.in_(numbers), tickets.c.customer.in_(people))
        await self._tickets(mine, removed, dry_run)
        await self._rows("messages", _threads, _threads.c.customer.in_(people), removed, dry_run)
        if not dry_run:
            await self._execute(delete(_addresses).where(_addresses.c.customer.in_(people)))

    async def _tickets(self, where: Any, removed: Removed, dry_run: bool) -> None:
        await self._rows("tickets", tickets, where, removed, dry_run)
        if not dry_run:
            for story in (_events, _links):
                await self._execute(delete(story).where(story.c.ticket_id.not_in(select(tickets.c.id))))

    async def _rows(self, kind: str, table: Any, where: Any, removed: Removed, dry_run: bool) -> None:
        if dry_run:
            removed.count(kind, await self._count(table, where))
            return
        while ids := await self._some(select(table.c.id).where(where).limit(BATCH)):
            names = [one[0] for one in ids]
            await self._execute(delete(table).where(table.c.id.in_(names)), *_beside(table, names))
            removed.count(kind, len(names))

    async def _voicemail(self, where: Any, removed: Removed, dry_run: bool) -> None:
        if dry_run:
            removed.count("voicemail", await self._count(voicemails, where))
            return
        while rows := await self._some(select(voicemails.c.id, voicemails.c.file).where(where).limit(BATCH)):
            removed.files += await self._remove([row[1] for row in rows])
            await self._execute(delete(voicemails).where(voicemails.c.id.in_([row[0] for row in rows])))
            removed.count("voicemail", len(rows))

    async def _sound(self, where: Any, removed: Removed, dry_run: bool) -> None:
        if dry_run:
            removed.count("recordings", await self._count(contacts, where))
            return
        while rows := await self._some(select(contacts.c.id, contacts.c.recordings).where(where).limit(BATCH)):
            removed.files += await self._remove([name for row in rows for name in files_of(row[1])])
            await self._execute(update(contacts).where(contacts.c.id.in_([row[0] for row in rows])).values(recordings=[]))
            removed.count("recordings", len(rows))

    async def _words(self, old: Any, removed: Removed, dry_run: bool) -> None:
        """The turns of a contact, and what else has the caller's words; the rest of its row stays."""
        said = select(turns.c.contact_id).where(turns.c.contact_id == contacts.c.id).exists()
        told = [func.length(cast(contacts.c[name], Text)) > 2 for name in ("handover", "slots")]
        where = and_(old, or_(said, contacts.c.note != "", *told))
        if dry_run:
            removed.count("transcripts", await self._count(contacts, where))
            return
        while rows := await self._some(select(contacts.c.id).where(where).limit(BATCH)):
            names = [row[0] for row in rows]
            await self._execute(
                delete(turns).where(turns.c.contact_id.in_(names)),
                update(contacts).where(contacts.c.id.in_(names)).values(**_NO_WORDS),
            )
            removed.count("transcripts", len(names))

    async def _whole_contacts(self, where: Any, removed: Removed, dry_run: bool) -> None:
        if dry_run:
            removed.count("contacts", await self._count(contacts, where))
            return
        while rows := await self._some(select(contacts.c.id, contacts.c.recordings).where(where).limit(BATCH)):
            names = [row[0] for row in rows]
            removed.files += await self._remove([name for row in rows for name in files_of(row[1])])
            await self._execute(
                delete(turns).where(turns.c.contact_id.in_(names)),
                delete(notifications).where(notifications.c.contact_id.in_(names)),
                delete(desk_marks).where(desk_marks.c.contact_id.in_(names)),
                delete(desk_actions).where(desk_actions.c.contact_id.in_(names)),
                delete(_CHANGES).where(_CHANGES.c.review_id.in_(select(_REVIEWS.c.id).where(_REVIEWS.c.contact_id.in_(names)))),
                *(delete(one).where(one.c.contact_id.in_(names)) for one in _JUDGED),
                delete(contacts).where(contacts.c.id.in_(names)),
            )
            removed.count("contacts", len(names))

    # --- SQL

    async def _some(self, statement: Any) -> Sequence[Any]:
        with sql_errors():
            async with self._engine.connect() as connection:
                return (await connection.execute(statement)).all()

    async def _count(self, table: Any, where: Any) -> int:
        with sql_errors():
            async with self._engine.connect() as connection:
                return int((await connection.execute(select(func.count()).select_from(table).where(where))).scalar_one())

    async def _execute(self, *statements: Any) -> None:
        with sql_errors():
            async with self._engine.begin() as connection:
                await _all(connection, statements)


def _beside(table: Any, names: Sequence[Any]) -> list[Any]:
    """What was ticked and done beside conversations and tickets."""
    if table not in (_threads, tickets):
        return []
    ids = [number_of(TICKET, one) for one in names] if table is tickets else list(names)
    return [delete(beside).where(beside.c.contact_id.in_(ids)) for beside in (desk_marks, desk_actions)]


async def _all(connection: AsyncConnection, statements: Sequence[Any]) -> None:
    for statement in statements:
        await connection.execute(statement)


def files_of(recordings: Any) -> list[str]:
    """The files that a contact's column names."""
    listed = recordings if isinstance(recordings, list) else []
    return [str(one["file"]) for one in listed if isinstance(one, Mapping) and one.get("file")]
