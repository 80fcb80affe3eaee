"""Tickets as people work on them: owner, state with its clock, tags, links, and the story of what was done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.messages.sla import DONE, Policy, clocks, moved, reckoned
from ivr.messages.tables import ticket_events, ticket_links, tickets
from ivr.records.database import sql_errors
from ivr.records.followups import TICKET, number_of, row_of

Row = dict[str, Any]
NOTHING: Mapping[str, Any] = {}

VIEWS = ("mine", "open", "unassigned", "late", "all")
LINKS = ("contact", "thread", "ticket", "callback")
MOST = 200
OPEN = ("open", "pending")
QUEUED = "open"
"""The state in which a ticket waits in a queue, or takes room of whoever got it there."""
TOLD = ("assignee", "priority", "subject", "queue", "due_at")
"""Changes that the story tells."""
_HIDDEN = frozenset(
    {"request", "paused_seconds", "paused_at", "rounds", "queued_at", "holder", "spared", "clock", "clock_told"}
    | {"respond_due", "resolve_due", "next_due"}
)

Changed = Callable[[Row, Row, str], Awaitable[None]]
"""(row before, row after, author): the row before has no `id` where the ticket is new."""
Clean = Callable[[str], Awaitable[str]]
"""A text without what must not be kept."""


async def _as_it_is(text: str) -> str:
    """Stands where everything is kept."""
    return text


async def _to_nobody(before: Row, after: Row, author: str) -> None:
    """Stands where nobody wants to know."""


class Tickets:
    """Every method raises StoreUnavailable, and NotFound for a number that there is not."""

    def __init__(
        self, engine: AsyncEngine, policy: Callable[[], Policy], clock: Callable[[], float], token: Callable[[], str]
    ) -> None:
        self._engine, self._policy, self._clock, self._token = engine, policy, clock, token
        self.changed: Changed = _to_nobody
        """Told after each change."""
        self.clean: Clean = _as_it_is
        """What people write is kept as this leaves it."""

    @property
    def policy(self) -> Policy:
        return self._policy()

    # --- opening and changing

    async def open(self, author: str, values: Mapping[str, Any], links: Sequence[tuple[str, str]] = (), key: str = "") -> Row:
        """Open a ticket with these columns; the same `key` again gives the same one."""
        now, request = self._clock(), f"desk:{key or self._token()}"[:160]
        words = dict.fromkeys(("kind", "body", "contact_id", "caller_number", "caller_name", "language", "flow", "note"), "")
        stamps = {"created_at": now, "updated_at": now, "status": "open", "priority": "normal", "assignee": "", "subject": ""}
        row: Row = {**words, **stamps, "fields": {}, "due_at": None, "customer": "", "queue": "", "tags": [], **values}
        row |= {"paused_seconds": 0.0, "paused_at": None, "responded_at": None, "solved_at": None, "request": request}
        row |= {name: await self.clean(row[name]) for name in ("subject", "body", "note")}
        row |= reckoned(self.policy, row)
        fresh = False
        with sql_errors():
            async with self._engine.begin() as connection:
                insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
                made = await connection.execute(insert(tickets).on_conflict_do_nothing(index_elements=["request"]), [row])
                where = tickets.c.request == request
                row_id = int((await connection.execute(select(tickets.c.id).where(where))).scalar_one())
                if made.rowcount != 0:
                    fresh = True
                    await self._tell(connection, row_id, author, "opened", "", {})
                    for kind, ref in links:
                        await self._link(connection, row_id, kind, ref)
        if fresh:
            await self.changed({}, {**row, "id": row_id, "queued_at": 0.0, "rounds": 0}, author)
        return await self.get(number_of(TICKET, row_id))

    async def change(self, number: str, author: str, values: Mapping[str, Any], only: Mapping[str, Any] | None = None) -> Row:
        """Set columns; clocks and place in the queue follow, and the story tells what changed.

        Raises Conflict where a column is not as in `only`: somebody was faster.
        """
        now, row, wanted = self._clock(), Row(), Row()
        values = {**values, **{name: await self.clean(values[name]) for name in ("subject", "note") if name in values}}
        with sql_errors():
            async with self._engine.begin() as connection:
                row = await self._locked(connection, number)
                if any(row[name] != value for name, value in (only or {}).items()):
                    raise Conflict(f"somebody was faster: {number[:20]} is not as it was")
                wanted = {name: value for name, value in values.items() if name != "status"}
                story = {name: value for name, value in wanted.items() if name in TOLD and value != row[name]}
                if "status" in values:
                    moves = moved(self.policy, row, values["status"], now)
                    wanted |= moves
                    if moves:
                        await self._tell(connection, row["id"], author, "status", moves["status"], {"was": row["status"]})
                        if author and row["responded_at"] is None and row["status"] == "open":
                            wanted["responded_at"] = now
                for name, value in story.items():
                    told = "" if value is None else str(value)
                    await self._tell(connection, row["id"], author, name, told, {"was": row[name]})
                if wanted:
                    wanted |= requeued(row, {**row, **wanted}, author, now) | {"updated_at": now}
                    await self._write(connection, row, wanted)
        if wanted:
            await self.changed(row, {**row, **wanted}, author)
        return await self.get(number)

    async def comment(self, number: str, author: str, text: str, kind: str = "comment", **data: Any) -> Row:
        """Write into its story; a `call` or an `answer` counts as the first response."""
        now, text = self._clock(), await self.clean(text) if kind == "comment" else text
        with sql_errors():
            async with self._engine.begin() as connection:
                row = await self._locked(connection, number)
                await self._tell(connection, row["id"], author, kind, text, data)
                values: Row = {"updated_at": now}
                if kind in ("call", "answer") and row["responded_at"] is None:
                    values["responded_at"] = now
                await self._write(connection, row, values)
        await self.changed(row, {**row, **values}, author)
        return await self.get(number)

    async def link(self, number: str, author: str, kind: str, ref: str) -> Row:
        """Raises Conflict for a kind of link that there is not."""
        if kind not in LINKS or not ref or len(ref) > 64:
            raise Conflict(f"a ticket links to one of {', '.join(LINKS)}")
        with sql_errors():
            async with self._engine.begin() as connection:
                row = await self._locked(connection, number)
                if await self._link(connection, row["id"], kind, ref):
                    await self._tell(connection, row["id"], author, "link", ref, {"kind": kind})
        return await self.get(number)

    async def answered(self, kind: str, ref: str) -> None:
        """Somebody wrote or spoke to the customer in what is linked: the clock of the first response stops."""
        linked = select(ticket_links.c.ticket_id).where(ticket_links.c.kind == kind, ticket_links.c.ref == ref)
        mine = and_(tickets.c.id.in_(linked), tickets.c.responded_at.is_(None))
        with sql_errors():
            async with self._engine.connect() as connection:
                ids = (await connection.execute(select(tickets.c.id).where(mine))).scalars().all()
        for row_id in ids:
            with sql_errors():
                async with self._engine.begin() as connection:
                    row, now = await self._locked(connection, number_of(TICKET, row_id)), self._clock()
                    if fresh := row["responded_at"] is None:
                        await self._write(connection, row, {"responded_at": now, "updated_at": now})
            if fresh:
                await self.changed(row, {**row, "responded_at": now}, "")

    async def reckon(self, most: int = MOST) -> int:
        """Reckon the clocks of open tickets that a flow opened, or that were reckoned by other promises; how many."""
        policy = self.policy
        stale = and_(tickets.c.status.in_(OPEN), tickets.c.clock != policy.version)
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(select(tickets).where(stale).limit(most))).mappings().all()
            for begin in range(0, len(rows), 20):
                async with self._engine.begin() as connection:
                    for row in rows[begin : begin + 20]:
                        same = and_(tickets.c.id == row["id"], tickets.c.updated_at == row["updated_at"])
                        values = self._reckoned(policy, dict(row))
                        await connection.execute(update(tickets).where(same).values(**values))
        return len(rows)

    # --- looking

    async def get(self, number: str) -> Row:
        """The ticket with `clocks`, `story` and `links`."""
        row_id = self._id(number)
        with sql_errors():
            async with self._engine.connect() as connection:
                row = (await connection.execute(select(tickets).where(tickets.c.id == row_id))).mappings().first()
                if row is None:
                    raise missing(number)
                story = select(ticket_events).where(ticket_events.c.ticket_id == row_id).order_by(ticket_events.c.id).limit(500)
                events = [dict(one) for one in (await connection.execute(story)).mappings()]
                linked = select(ticket_links).where(ticket_links.c.ticket_id == row_id).order_by(ticket_links.c.at)
                links = [{"kind": one["kind"], "ref": one["ref"]} for one in (await connection.execute(linked)).mappings()]
        shown = [{name: one[name] for name in ("at", "author", "kind", "text", "data")} for one in events]
        return {**self._shown(dict(row)), "story": shown, "links": links}

    async def brief(self, number: str) -> Row:
        """The ticket as lists have it: with `clocks`, without story and links."""
        with sql_errors():
            async with self._engine.connect() as connection:
                found = await connection.execute(select(tickets).where(tickets.c.id == self._id(number)))
                row = found.mappings().first()
        if row is None:
            raise missing(number)
        return self._shown(dict(row))

    async def view(self, view: str, agent_id: str, most: int = 100) -> list[Row]:
        """The open ones by what is due next; of `all` the latest first. Raises Conflict for a view that there is not."""
        if view not in VIEWS:
            raise Conflict(f"view: one of {', '.join(VIEWS)}")
        where: list[ColumnElement[bool]] = [] if view == "all" else [tickets.c.status.notin_(DONE)]
        if view in ("mine", "unassigned"):
            where.append(tickets.c.assignee == (agent_id if view == "mine" else ""))
        newest = (tickets.c.created_at.desc(), tickets.c.id.desc())
        if view == "late":
            where.append(tickets.c.next_due < self._clock())
        order = newest if view == "all" else (tickets.c.next_due.is_(None), tickets.c.next_due, *newest)
        query = select(tickets).where(*where).order_by(*order).limit(min(most, MOST))
        await self.reckon()
        with sql_errors():
            async with self._engine.connect() as connection:
                return [self._shown(dict(row)) for row in (await connection.execute(query)).mappings()]

    async def due(self, until: float, most: int = 500) -> list[Row]:
        """Open ones of which a clock runs out until then, the first first: `id subject queue assignee next_due`."""
        columns = (tickets.c[name] for name in ("id", "subject", "kind", "queue", "assignee", "next_due"))
        where = and_(tickets.c.next_due <= until, tickets.c.status.in_(OPEN))
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = await connection.execute(select(*columns).where(where).order_by(tickets.c.next_due).limit(most))
                return [{**row, "id": number_of(TICKET, row["id"])} for row in rows.mappings()]

    async def of(self, kind: str, ref: str) -> list[Row]:
        """Tickets that link to this."""
        linked = select(ticket_links.c.ticket_id).where(ticket_links.c.kind == kind, ticket_links.c.ref == ref)
        query = select(tickets).where(
            or_(tickets.c.id.in_(linked), tickets.c.contact_id == (ref if kind == "contact" else "-"))
        )
        with sql_errors():
            async with self._engine.connect() as connection:
                found = (await connection.execute(query.order_by(tickets.c.id.desc()).limit(MOST))).mappings()
                return [self._shown(dict(row)) for row in found]

    # --- below

    async def _write(self, connection: AsyncConnection, row: Row, values: Row) -> None:
        """Set columns of a row, and when its clocks run out by them."""
        values |= self._reckoned(self.policy, row, values)
        await connection.execute(update(tickets).where(tickets.c.id == row["id"]).values(**values))

    @staticmethod
    def _reckoned(policy: Policy, row: Row, values: Mapping[str, Any] = NOTHING) -> Row:
        """The columns of its clocks with these values; what was told of another moment is to be told anew."""
        found = reckoned(policy, {**row, **values, "clock": ""})
        return found if found["next_due"] == row["next_due"] else {**found, "clock_told": ""}

    def _shown(self, row: Row) -> Row:
        shown = {name: value for name, value in row.items() if name not in _HIDDEN}
        return {**shown, "id": number_of(TICKET, row["id"]), "clocks": clocks(self.policy, row, self._clock())}

    def _id(self, number: str) -> int:
        row_id = row_of(TICKET, number)
        if row_id is None:
            raise missing(number)
        return row_id

    async def _locked(self, connection: AsyncConnection, number: str) -> Row:
        """The row, which nobody else changes until the transaction ends."""
        mine = tickets.c.id == self._id(number)
        await connection.execute(update(tickets).where(mine).values(status=tickets.c.status))
        row = (await connection.execute(select(tickets).where(mine))).mappings().first()
        if row is None:
            raise missing(number)
        return dict(row)

    async def _tell(self, connection: AsyncConnection, row_id: int, author: str, kind: str, text: str, data: Row) -> None:
        event = {"ticket_id": row_id, "at": self._clock(), "author": author, "kind": kind, "text": text, "data": data}
        await connection.execute(ticket_events.insert(), [event])

    async def _link(self, connection: AsyncConnection, row_id: int, kind: str, ref: str) -> bool:
        insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        row = {"ticket_id": row_id, "kind": kind, "ref": ref, "at": self._clock()}
        once = insert(ticket_links).on_conflict_do_nothing(index_elements=["ticket_id", "kind", "ref"])
        return bool((await connection.execute(once, [row])).rowcount != 0)


def in_queue(row: Mapping[str, Any]) -> bool:
    """Whether it has to do with a queue, where tickets have one: nobody has it, or it takes room of whoever got it there."""
    return bool(row["status"] == QUEUED and (not row["assignee"] or row["queued_at"]))


def requeued(before: Mapping[str, Any], after: Mapping[str, Any], author: str, now: float) -> Row:
    """The columns of its place in the queue after a change: a new place where it comes (back) into one."""
    given_back = bool(before["assignee"] and not after["assignee"])
    values: Row = {"spared": author if given_back and author == before["assignee"] else ""} if given_back else {}
    waits = not after["assignee"]
    if in_queue(after) and (not in_queue(before) or given_back or (waits and after["queue"] != before["queue"])):
        values |= {"rounds": before["rounds"] + 1, "holder": ""}
        if waits and before["queued_at"]:
            values["queued_at"] = now
    return values


def missing(number: str) -> NotFound:
    return NotFound(f"there is no ticket {number[:60]}")
