"""Tickets as people work on them: owner, state with its clock, tags, links, and the story of what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.messages.sla import DONE, Policy, clocks, moved, urgency
from ivr.messages.tables import ticket_events, ticket_links, tickets
from ivr.records.database import sql_errors
from ivr.records.followups import TICKET, number_of, row_of

Row = dict[str, Any]

VIEWS = ("mine", "open", "unassigned", "late", "all")
LINKS = ("contact", "thread", "ticket", "callback")
MOST = 200
MOST_SORTED = 1000
"""Open tickets among which those are found that are due next."""
TOLD = ("assignee", "priority", "subject", "queue", "due_at")
"""Changes that the story tells."""


class Tickets:
    """Every method raises StoreUnavailable, and NotFound for a number that there is not."""

    def __init__(self, engine: AsyncEngine, policy: Policy, clock: Callable[[], float], token: Callable[[], str]) -> None:
        self._engine, self.policy, self._clock, self._token = engine, policy, clock, token

    # --- opening and changing

    async def open(self, author: str, values: Mapping[str, Any], links: Sequence[tuple[str, str]] = (), key: str = "") -> Row:
        """Open a ticket with these columns; the same `key` again gives the same one."""
        now, request = self._clock(), f"desk:{key or self._token()}"[:160]
        words = dict.fromkeys(("kind", "body", "contact_id", "caller_number", "caller_name", "language", "flow", "note"), "")
        stamps = {"created_at": now, "updated_at": now, "status": "open", "priority": "normal", "assignee": "", "subject": ""}
        row: Row = {**words, **stamps, "fields": {}, "due_at": None, "customer": "", "queue": "", "tags": [], **values}
        row |= {"paused_seconds": 0.0, "request": request}
        with sql_errors():
            async with self._engine.begin() as connection:
                insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
                made = await connection.execute(insert(tickets).on_conflict_do_nothing(index_elements=["request"]), [row])
                where = tickets.c.request == request
                row_id = int((await connection.execute(select(tickets.c.id).where(where))).scalar_one())
                if made.rowcount != 0:
                    await self._tell(connection, row_id, author, "opened", "", {})
                    for kind, ref in links:
                        await self._link(connection, row_id, kind, ref)
        return await self.get(number_of(TICKET, row_id))

    async def change(self, number: str, author: str, values: Mapping[str, Any]) -> Row:
        """Set columns; the clock follows the status, and the story tells what changed."""
        now = self._clock()
        with sql_errors():
            async with self._engine.begin() as connection:
                row = await self._locked(connection, number)
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
                    mine = tickets.c.id == row["id"]
                    await connection.execute(update(tickets).where(mine).values(**wanted, updated_at=now))
        return await self.get(number)

    async def comment(self, number: str, author: str, text: str, kind: str = "comment", **data: Any) -> Row:
        """Write into its story; a `call` or an `answer` counts as the first response."""
        now = self._clock()
        with sql_errors():
            async with self._engine.begin() as connection:
                row = await self._locked(connection, number)
                await self._tell(connection, row["id"], author, kind, text, data)
                values: Row = {"updated_at": now}
                if kind in ("call", "answer") and row["responded_at"] is None:
                    values["responded_at"] = now
                await connection.execute(update(tickets).where(tickets.c.id == row["id"]).values(**values))
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
            async with self._engine.begin() as connection:
                await connection.execute(update(tickets).where(mine).values(responded_at=self._clock()))

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

    async def view(self, view: str, agent_id: str, most: int = 100) -> list[Row]:
        """The open ones by what is due next; of `all` the latest first. Raises Conflict for a view that there is not."""
        if view not in VIEWS:
            raise Conflict(f"view: one of {', '.join(VIEWS)}")
        where: list[ColumnElement[bool]] = [] if view == "all" else [tickets.c.status.notin_(DONE)]
        if view in ("mine", "unassigned"):
            where.append(tickets.c.assignee == (agent_id if view == "mine" else ""))
        query = select(tickets).where(*where).order_by(tickets.c.created_at.desc(), tickets.c.id.desc()).limit(MOST_SORTED)
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = [self._shown(dict(row)) for row in (await connection.execute(query)).mappings()]
        if view == "late":
            rows = [row for row in rows if urgency(row["clocks"]) < 0]
        if view != "all":
            rows.sort(key=lambda row: urgency(row["clocks"]))
        return rows[: min(most, MOST)]

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

    def _shown(self, row: Row) -> Row:
        hidden = ("request", "paused_seconds", "paused_at")
        shown = {name: value for name, value in row.items() if name not in hidden}
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


def missing(number: str) -> NotFound:
    return NotFound(f"there is no ticket {number[:60]}")
