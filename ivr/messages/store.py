"""Threads and their messages in SQL. Every move is one transaction that says from which status it may start."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.messages.customers import customer_in
from ivr.messages.files import put
from ivr.messages.model import Direction, File, Incoming, Move, Placing, Status, after, cut, limited
from ivr.messages.tables import messages, threads
from ivr.records.database import sql_errors

Row = dict[str, Any]

MOST = 200
"""Rows in one answer."""
MOST_MESSAGES = 5000
"""Messages of one thread; then it takes no more."""


class ThreadStore:
    """Every method raises StoreUnavailable. Times are epoch seconds of `clock`; `token` gives new ids."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float], token: Callable[[], str], reopen: float) -> None:
        """`reopen`: seconds after its end in which a thread goes on when the customer writes again."""
        self._engine, self.clock, self._token, self._reopen = engine, clock, token, reopen

    # --- what comes in

    async def take_in(self, incoming: Incoming, placing: Placing) -> tuple[Row, Row, bool]:
        """Write the message into its thread, a new one where there is none: thread, message, and whether it is news.

        The same message told twice is no news. Where the thread is full the customer goes on in a new one.
        """
        given, now = limited(incoming), self.clock()
        if (known := await self._told(given.external)) is not None:
            return known
        with sql_errors():
            try:
                async with self._engine.begin() as connection:
                    await _alone(connection, given.sender.address)
                    thread = await self._thread_for(connection, given, placing, now)
                    message = await self._add(connection, thread, Direction.IN, "", given.text, given.external, "", now)
                    await put(connection, thread["id"], message["id"], given.files, self._token)
                    return await self._wrote(connection, thread, given, now), message, True
            except IntegrityError:
                if (known := await self._told(given.external)) is None:
                    raise
                return known

    async def _told(self, external: str) -> tuple[Row, Row, bool] | None:
        rows = await self._rows(select(messages).where(messages.c.external == external))
        return (await self.get(rows[0]["thread_id"]), rows[0], False) if rows else None

    async def _thread_for(self, connection: AsyncConnection, given: Incoming, placing: Placing, now: float) -> Row:
        sender = given.sender
        open_ = or_(threads.c.status != Status.CLOSED, threads.c.closed_at > now - self._reopen)
        named = threads.c.id == given.thread
        mine = or_(named, and_(threads.c.address == sender.address, open_))
        query = select(threads).where(mine, threads.c.source == given.source, threads.c.count < MOST_MESSAGES)
        query = query.order_by(named.desc(), threads.c.updated_at.desc()).limit(1).with_for_update()
        found = (await connection.execute(query)).mappings().first()
        if found is not None:
            return dict(found)
        fresh = self._token()
        row: Row = {
            "id": f"m-{fresh}",
            "channel": given.channel,
            "source": given.source,
            "address": sender.address,
            "customer": await customer_in(connection, sender.address, sender.stated, f"u-{fresh}", now),
            "name": sender.name,
            "subject": given.subject,
            "language": sender.language,
            "status": Status.PENDING.value,
            "queue": placing.queue,
            "needs": dict(placing.needs),
            "reference": given.reference,
            **dict.fromkeys(("agent_id", "holder"), ""),
            **dict.fromkeys(("count", "seen", "rounds"), 0),
            **dict.fromkeys(("asked_at", "replied_at", "closed_at"), None),
            **dict.fromkeys(("created_at", "updated_at", "queued_at"), now),
            "tags": [],
        }
        await connection.execute(threads.insert(), [row])
        return row

    async def _wrote(self, connection: AsyncConnection, thread: Row, given: Incoming, now: float) -> Row:
        status = Status(thread["status"])
        will = after(status, Move.WROTE) or status
        values: Row = {"status": will.value, "updated_at": now, "closed_at": None}
        if thread["asked_at"] is None:
            values["asked_at"] = now
        if will is Status.WAITING and status is not Status.WAITING:
            values |= {"queued_at": now, "rounds": thread["rounds"] + 1, "holder": ""}
        if given.reference:
            values["reference"] = given.reference
        if given.sender.name and not thread["name"]:
            values["name"] = given.sender.name
        await connection.execute(update(threads).where(threads.c.id == thread["id"]).values(**values))
        return {**thread, **values, "count": thread["count"] + 1}

    # --- what goes out, and notes

    async def add(
        self,
        thread_id: str,
        direction: Direction,
        author: str,
        text: str,
        *,
        by: str = "",
        key: str = "",
        only: Row | None = None,
        files: Sequence[File] = (),
    ) -> tuple[Row, Row]:
        """Write a message of ours and return thread and message; the same `key` again changes nothing.

        Raises NotFound, and Conflict where the thread is full, an answer is given to one that is closed, or a column is not as
        in `only`.
        """
        now, external = self.clock(), f"own:{thread_id}:{key or self._token()}"[:300]
        if (known := await self._told(external)) is not None:
            return known[0], known[1]
        with sql_errors():
            async with self._engine.begin() as connection:
                thread = await self._locked(connection, thread_id, only)
                if direction is Direction.OUT and thread["status"] == Status.CLOSED:
                    raise Conflict("this conversation is closed; open it again to write")
                message = await self._add(connection, thread, direction, author, cut(text), external, by, now)
                await put(connection, thread_id, message["id"], files, self._token)
                values: Row = {"updated_at": now}
                if direction is Direction.OUT:
                    values |= {"asked_at": None, "replied_at": thread["replied_at"] or now, "seen": thread["count"] + 1}
                else:  # is not for the agent to read: as many messages are unread as before
                    values["seen"] = thread["seen"] + 1
                await connection.execute(update(threads).where(threads.c.id == thread_id).values(**values))
        return {**thread, **values, "count": thread["count"] + 1}, message

    async def _add(
        self,
        connection: AsyncConnection,
        thread: Row,
        direction: Direction,
        author: str,
        text: str,
        external: str,
        by: str,
        now: float,
    ) -> Row:
        mine = threads.c.id == thread["id"]
        await connection.execute(update(threads).where(mine).values(count=threads.c.count + 1))
        count = int((await connection.execute(select(threads.c.count).where(mine))).scalar_one())
        if count > MOST_MESSAGES and direction is Direction.OUT:
            raise Conflict(f"this conversation has {MOST_MESSAGES} messages; begin a new one")
        waits = direction is Direction.OUT and by
        row: Row = {
            "id": self._token(),
            "thread_id": thread["id"],
            "index": count - 1,
            "at": now,
            "direction": direction.value,
            "author": author,
            "text": text,
            "external": external,
            "by": by,
            "status": "waiting" if waits else "received" if direction is Direction.IN else "sent",
            "attempts": 0,
            "next_at": 0.0,
            "reason": "",
        }
        await connection.execute(messages.insert(), [row])
        return row

    # --- moves

    async def move(self, thread_id: str, move: Move, only: Row | None = None, **values: Any) -> tuple[Row, bool]:
        """Make the move and return the thread, and whether its status changed.

        Raises NotFound, and Conflict where it cannot be made, or a column is not as in `only`: somebody was faster.
        """
        now = self.clock()
        with sql_errors():
            async with self._engine.begin() as connection:
                thread = await self._locked(connection, thread_id, only)
                will = after(Status(thread["status"]), move)
                if will is None:
                    raise Conflict(f"a conversation that is {thread['status']} cannot be {move.value.replace('_', ' ')}")
                values |= {"status": will.value, "updated_at": now}
                if will is Status.WAITING and move is not Move.WROTE:
                    values = {"queued_at": now, "rounds": thread["rounds"] + 1, "holder": "", **values}
                if will is Status.CLOSED:
                    values |= {"closed_at": now, "asked_at": None}
                await connection.execute(update(threads).where(threads.c.id == thread_id).values(**values))
        return {**thread, **values}, will.value != thread["status"]

    async def claim(self, thread_id: str, rounds: int, holder: str, was: str) -> bool:
        """Hold its place in the queue on this node; False where another does, or it has moved on."""
        mine = and_(threads.c.id == thread_id, threads.c.rounds == rounds, threads.c.holder == was)
        alive = threads.c.status.in_((Status.WAITING, Status.ASSIGNED))
        return await self._change(and_(mine, alive), holder=holder) == 1

    async def taken(self, thread_id: str, agent_id: str) -> Row:
        """The queue found this agent. Raises NotFound, Conflict where the thread is closed meanwhile."""
        return (await self.move(thread_id, Move.TAKEN, agent_id=agent_id))[0]

    async def seen(self, thread_id: str, count: int) -> None:
        """Its agent has read so many of its messages."""
        await self._change(and_(threads.c.id == thread_id, threads.c.seen < count, threads.c.count >= count), seen=count)

    async def change(self, thread_id: str, **values: Any) -> Row:
        """Set columns that no move concerns. Raises NotFound."""
        if not await self._change(threads.c.id == thread_id, updated_at=self.clock(), **values):
            raise missing(thread_id)
        return await self.get(thread_id)

    async def send_again(self, message_id: str) -> bool:
        """An answer that was given up waits to be sent; False where it was not."""
        failed = and_(messages.c.id == message_id, messages.c.status == "failed")
        values = {"status": "waiting", "attempts": 0, "next_at": 0.0, "reason": ""}
        with sql_errors():
            async with self._engine.begin() as connection:
                return bool((await connection.execute(update(messages).where(failed).values(**values))).rowcount)

    # --- looking

    async def get(self, thread_id: str) -> Row:
        """Raises NotFound."""
        rows = await self._rows(select(threads).where(threads.c.id == thread_id))
        if not rows:
            raise missing(thread_id)
        return rows[0]

    async def messages(self, thread_id: str, first: int = 0, most: int = 500) -> list[Row]:
        """Messages from the index `first` on, in order."""
        mine = and_(messages.c.thread_id == thread_id, messages.c.index >= first)
        return await self._rows(select(messages).where(mine).order_by(messages.c.index).limit(most))

    async def last_messages(self, thread_id: str, before: int | None = None, most: int = 100) -> list[Row]:
        """The last ones, in order; those before the index `before`."""
        mine = messages.c.thread_id == thread_id
        where = mine if before is None else and_(mine, messages.c.index < before)
        return (await self._rows(select(messages).where(where).order_by(messages.c.index.desc()).limit(most)))[::-1]

    async def of_agent(self, agent_id: str, most: int = MOST) -> list[Row]:
        """What the agent has, and what waits for his customers to write."""
        mine = and_(threads.c.agent_id == agent_id, threads.c.status.in_((Status.ASSIGNED, Status.PENDING)))
        return await self._rows(select(threads).where(mine).order_by(threads.c.updated_at.desc()).limit(most))

    async def latest(self, status: str = "", most: int = 50, before: float | None = None) -> list[Row]:
        """The latest first; `before` is the `updated_at` of the last one of the page before."""
        where: list[ColumnElement[bool]] = [threads.c.status == status] if status else []
        if before is not None:
            where.append(threads.c.updated_at < before)
        query = select(threads).where(*where).order_by(threads.c.updated_at.desc(), threads.c.id).limit(min(most, MOST))
        return await self._rows(query)

    async def latest_of(self, address: str) -> str:
        """The thread in which somebody at this address would go on; "" for none."""
        open_ = or_(threads.c.status != Status.CLOSED, threads.c.closed_at > self.clock() - self._reopen)
        query = select(threads.c.id).where(threads.c.address == address, open_).order_by(threads.c.updated_at.desc()).limit(1)
        rows = await self._rows(query)
        return str(rows[0]["id"]) if rows else ""

    async def in_queues(self, *status: Status, most: int = 5000) -> list[Row]:
        """What has these states; else everything that waits, and what agents have: what must have a place in the queues."""
        live = threads.c.status.in_(status or (Status.WAITING, Status.ASSIGNED))
        return await self._rows(select(threads).where(live).order_by(threads.c.queued_at).limit(most))

    async def queued(self, since: float | None, names: Collection[str] = (), most: int = 5000) -> list[Row]:
        """What must have a place in the queues: all of it, or what changed since then, and these, whatever their state."""
        if since is None:
            return await self.in_queues(most=most)
        changed = threads.c.updated_at >= since
        where = or_(changed, threads.c.id.in_(list(names))) if names else changed
        return await self._rows(select(threads).where(where).order_by(threads.c.queued_at).limit(most))

    async def by_reference(self, ours: Sequence[str], theirs: Sequence[str]) -> Row | None:
        """The thread with one of these messages: `ours` are ids of what we sent, `theirs` names of what came in."""
        if not ours and not theirs:
            return None
        named = or_(messages.c.id.in_(list(ours)), messages.c.external.in_(list(theirs)))
        rows = await self._rows(select(messages.c.thread_id).where(named).order_by(messages.c.at.desc()).limit(1))
        return await self.get(rows[0]["thread_id"]) if rows else None

    # --- below

    async def _locked(self, connection: AsyncConnection, thread_id: str, only: Row | None) -> Row:
        """The row, which nobody else changes until the transaction ends. Raises NotFound, Conflict where `only` is not so."""
        held = update(threads).where(threads.c.id == thread_id).values(count=threads.c.count)
        await connection.execute(held)
        row = (await connection.execute(select(threads).where(threads.c.id == thread_id))).mappings().first()
        if row is None:
            raise missing(thread_id)
        if any(row[name] != value for name, value in (only or {}).items()):
            raise Conflict("somebody was faster: this conversation is not as it was")
        return dict(row)

    async def _change(self, where: ColumnElement[bool], **values: Any) -> int:
        with sql_errors():
            async with self._engine.begin() as connection:
                return int((await connection.execute(update(threads).where(where).values(**values))).rowcount)

    async def _rows(self, query: Any) -> list[Row]:
        with sql_errors():
            async with self._engine.connect() as connection:
                return [dict(row) for row in (await connection.execute(query)).mappings()]


async def _alone(connection: AsyncConnection, address: str) -> None:
    """Until the transaction ends nobody else takes in what comes from this address: two messages at once are one thread."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(address))))
    else:
        await connection.execute(update(threads).where(threads.c.id == "").values(count=0))  # begins to write


def missing(thread_id: str) -> NotFound:
    return NotFound(f"there is no conversation {thread_id[:60]}")


def summary(thread: Mapping[str, Any]) -> Row:
    """The thread as pages get it: without what only nodes need."""
    hidden = ("holder", "rounds", "reference", "needs")
    unread = max(0, thread["count"] - thread["seen"])
    return {**{name: value for name, value in thread.items() if name not in hidden}, "unread": unread}


def told(message: Mapping[str, Any]) -> Row:
    """The message as agents' pages get it."""
    return {name: message[name] for name in ("index", "at", "direction", "author", "text", "status", "reason")}
