"""Gathers what happened into the table of events, and puts a delivery beside each for every hook that wants it.

Nobody who does something has to tell: the stream of the queues and the tables of record are read, by one node at a time. An
event has the id of what it was made of, so that reading twice gives one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import Table, and_, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivr.errors import StoreUnavailable
from ivr.hooks.catalogue import wanted
from ivr.hooks.reading import (
    COLUMNS,
    Event,
    Row,
    of_appeal,
    of_callback,
    of_coaching,
    of_contact,
    of_message,
    of_queues,
    of_review,
    of_survey,
    of_thread,
    of_ticket,
    of_ticket_event,
    of_voicemail,
)
from ivr.hooks.tables import deliveries, events
from ivr.messages.tables import messages, threads, ticket_events
from ivr.quality.tables import appeals, coaching, reviews
from ivr.records.database import redis_errors, sql_errors, turn
from ivr.records.schema import callbacks, contacts, surveys, tickets, voicemails

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LOCK_MILLISECONDS = 15_000
AT_ONCE = 500
SHORT, LONG = 15.0, 3600.0
"""Seconds for which rows are looked for again, each time and each `LONG_LOOK` seconds: those that came into SQL late, that a
slow transaction hid, and contacts whose wrap-up ended."""
LONG_LOOK = 30.0
KEPT_SECONDS = 14 * 86_400.0
CLEAN_SECONDS = 3600.0
LOCK, LAST, SCANNED, BEGAN = "hooks:gathering", "hooks:last", "hooks:scanned", "hooks:began"

Hooks = Mapping[str, Sequence[str]]
"""Name of a hook to the patterns of the kinds that it wants."""
RECORDS: tuple[tuple[Table, str, Callable[[Row], list[Event]], tuple[str, ...]], ...] = (
    (contacts, "ended_at", of_contact, ("contact.ended", "contact.wrapped_up")),
    (tickets, "updated_at", of_ticket, ("ticket.opened", "ticket.changed")),
    (callbacks, "updated_at", of_callback, ("callback.promised", "callback.changed")),
    (surveys, "created_at", of_survey, ("survey.answered",)),
    (voicemails, "created_at", of_voicemail, ("voicemail.left",)),
    (ticket_events, "at", of_ticket_event, ("ticket.overdue",)),
    (messages, "at", of_message, ("message.received",)),
    (threads, "updated_at", of_thread, ("thread.closed",)),
    (reviews, "published_at", of_review, ("review.published",)),
    (appeals, "updated_at", of_appeal, ("appeal.opened", "appeal.decided")),
    (coaching, "created_at", of_coaching, ("coaching.added",)),
)
"""Table, the time by which what is new is found, and the kinds of events that its rows make; only those wanted are read."""


class Gathering:
    """`run` is the node's own task."""

    def __init__(
        self, redis: Redis, engine: AsyncEngine, hooks: Hooks, clock: Callable[[], float], prefix: str = "{acd}"
    ) -> None:
        self._redis, self._engine, self._hooks, self._clock, self._prefix = redis, engine, hooks, clock, prefix
        self._records = [one for one in RECORDS if any(self._wanted(kind) for kind in one[-1])]
        self._known: dict[str, float] = {}
        """Events of records that were put down already, and when they happened: what is seen again is not written again."""
        self._cleaned = self._looked = 0.0
        self.gathered = asyncio.Event()
        """Set when there is something to send."""

    async def run(self) -> None:
        """Gather for ever."""
        while True:
            try:
                async with turn(self._redis, f"{self._prefix}:{LOCK}", LOCK_MILLISECONDS) as mine:
                    if mine:
                        await self.gather()
            except StoreUnavailable as error:
                log.warning("events for webhooks wait: %s", error)
            except Exception:  # one row that makes no sense must not silence all hooks for good
                log.exception("events for webhooks wait")
            await asyncio.sleep(LOOK_SECONDS)

    async def gather(self) -> int:
        """Put down what is new; how many events. Raises StoreUnavailable."""
        found = await self._of_queues() + await self._of_records()
        if self._clock() - self._cleaned > CLEAN_SECONDS:
            await self._clean()
        return found

    async def _of_queues(self) -> int:
        key, count = f"{self._prefix}:{LAST}", 0
        while True:
            with redis_errors():
                last = await self._redis.get(key)
                if last is None:  # the first look ever: what was before is not told
                    newest: Any = await self._redis.xrevrange(f"{self._prefix}:events", count=1)
                    await self._redis.set(key, newest[0][0] if newest else "0-0")
                    return 0
                answer: Any = await self._redis.xread({f"{self._prefix}:events": _text(last)}, count=AT_ONCE)
            entries = [entry for _, found in answer or () for entry in found]
            if not entries:
                return count
            told = [(_text(number), {_text(a): _text(b) for a, b in fields.items()}) for number, fields in entries]
            count += await self._put(event for one in told if (event := of_queues(*one)) is not None)
            with redis_errors():
                await self._redis.set(key, entries[-1][0])
            if len(entries) < AT_ONCE:  # the records wait for their turn
                return count

    async def _of_records(self) -> int:
        key, first, now = f"{self._prefix}:{SCANNED}", f"{self._prefix}:{BEGAN}", self._clock()
        with redis_errors():
            await self._redis.set(first, f"{now:.3f}", nx=True)  # what was before the first look ever is not told
            scanned, began = await self._redis.mget(key, first)
        long = now - self._looked >= LONG_LOOK
        since = max(float(scanned or began or now) - (LONG if long else SHORT), float(began or now), now - KEPT_SECONDS)
        count = 0
        for table, column, read, _ in self._records:
            async for rows in self._rows(table, column, since):
                told = [event for row in rows for look in _looks(row, since) for event in read(look)]
                found = [event for event in told if event.id not in self._known]
                count += await self._put(found)
                self._known |= {one.id: one.at for one in found}
        if long:
            self._looked = now
            self._known = {name: at for name, at in self._known.items() if at >= since}
        with redis_errors():
            await self._redis.set(key, f"{now:.3f}")
        return count

    async def _rows(self, table: Table, column: str, since: float) -> AsyncIterator[Sequence[Row]]:
        """In steps of `AT_ONCE`, by time."""
        when, key = table.c[column], table.c.id
        query = select(*(table.c[name] for name in COLUMNS[table.name])).order_by(when, key).limit(AT_ONCE)
        after = when >= since
        while True:
            with sql_errors():
                async with self._engine.connect() as connection:
                    rows = [dict(row) for row in (await connection.execute(query.where(after))).mappings()]
            yield rows
            if len(rows) < AT_ONCE:
                return
            last = rows[-1]
            after = and_(when >= last[column], or_(when > last[column], key > last["id"]))

    def _wanted(self, kind: str) -> bool:
        return any(wanted(patterns, kind) for patterns in self._hooks.values())

    async def _put(self, found: Iterable[Event]) -> int:
        """Put down those that some hook wants, each once."""
        rows = [one for one in found if self._wanted(one.kind)]
        new = 0
        for begin in range(0, len(rows), AT_ONCE):
            some = rows[begin : begin + AT_ONCE]
            with sql_errors():
                async with self._engine.begin() as connection:
                    new += await self._insert(connection, some)
        if new:
            self.gathered.set()
        return new

    async def _insert(self, connection: AsyncConnection, some: Sequence[Event]) -> int:
        insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        there = set((await connection.execute(select(events.c.id).where(events.c.id.in_([one.id for one in some])))).scalars())
        fresh = [one for one in some if one.id not in there]
        if not fresh:
            return 0
        values = [
            {"id": one.id, "kind": one.kind, "at": one.at, "subject": one.subject[:128], "data": dict(one.data)}
            for one in fresh
        ]
        await connection.execute(insert(events).on_conflict_do_nothing(index_elements=["id"]), values)
        due = [
            {"hook": hook, "event_id": one.id, "status": "waiting", "attempts": 0, "next_at": one.at, "reason": ""}
            for one in fresh
            for hook, patterns in self._hooks.items()
            if wanted(patterns, one.kind)
        ]
        await connection.execute(insert(deliveries).on_conflict_do_nothing(index_elements=["hook", "event_id"]), due)
        return len(fresh)

    async def _clean(self) -> None:
        old = select(events.c.id).where(events.c.at < self._clock() - KEPT_SECONDS)
        with sql_errors():
            async with self._engine.begin() as connection:
                await connection.execute(delete(deliveries).where(deliveries.c.event_id.in_(old)))
                await connection.execute(delete(events).where(events.c.at < self._clock() - KEPT_SECONDS))
        self._cleaned = self._clock()


def _looks(row: Row, since: float) -> Iterable[Row]:
    """The row, and before it as it came: who waits for its beginning hears of it though it changed at once."""
    if since <= row.get("created_at", 0.0) < row.get("updated_at", 0.0):
        yield {**row, "updated_at": row["created_at"]}
    yield row


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
