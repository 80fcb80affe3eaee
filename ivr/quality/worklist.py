"""The work list of reviewers in SQL: a contact comes into it once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotAllowed, NotFound
from ivr.quality.reviews import CONTACT
from ivr.quality.sampling import WEEK, Candidate, Pick, fairest, week_of, week_start
from ivr.quality.sql import Clock, Row, insert_of, rows
from ivr.quality.tables import AUTOMATIC, reviews
from ivr.quality.tables import work as table
from ivr.records.database import sql_errors
from ivr.records.schema import contacts

MOST_OPEN = 1000
"""Waiting rows that are put in order."""
MOST_CANDIDATES = 20_000
"""Contacts of two weeks from which chance chooses."""


class WorkList:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    async def view(
        self, view: str, who: str, agent: str | None, reason: str | None, reviewed: Mapping[str, int], limit: int
    ) -> list[Row]:
        """`view` is `open`, fairest first, `mine`, or `done` by me."""
        query = select(*table.c, *CONTACT).select_from(table.outerjoin(contacts, contacts.c.id == table.c.contact_id))
        for column, wanted in ((table.c.agent_id, agent), (table.c.reason, reason)):
            if wanted is not None:
                query = query.where(column == wanted)
        match view:
            case "mine":
                query = query.where(table.c.state == "taken", table.c.assignee == who).order_by(table.c.changed_at)
            case "done":
                done = table.c.state.in_(("done", "skipped"))
                query = query.where(done, table.c.assignee == who).order_by(table.c.changed_at.desc())
            case _:  # nobody is put before contacts of his own
                query = query.where(table.c.state == "open", table.c.agent_id != who).order_by(table.c.picked_at)
                found = await rows(self._engine, query.limit(MOST_OPEN))
                return [dict(row) for row in fairest(found, reviewed)[:limit]]
        return await rows(self._engine, query.limit(limit))

    async def counts(self, who: str) -> dict[str, int]:
        """`open`, `mine`, and `done_week`: what I did since Monday."""
        week = week_start(week_of(self._clock()))
        cases = {
            "open": and_(table.c.state == "open", table.c.agent_id != who),
            "mine": and_(table.c.state == "taken", table.c.assignee == who),
            "done_week": and_(table.c.state == "done", table.c.assignee == who, table.c.changed_at >= week),
        }
        counted = {}
        for name, where in cases.items():
            found = await rows(self._engine, select(func.count().label("n")).select_from(table).where(where))
            counted[name] = int(found[0]["n"])
        return counted

    async def get(self, contact_id: str) -> Row | None:
        query = select(*table.c, *CONTACT).select_from(table.outerjoin(contacts, contacts.c.id == table.c.contact_id))
        found = await rows(self._engine, query.where(table.c.contact_id == contact_id))
        return found[0] if found else None

    async def move(self, contact_id: str, who: str, to: str, note: str = "") -> None:
        """`taken` by `who`, back to `open` by its taker, or `skipped`. Raises NotFound, NotAllowed and Conflict."""
        row = await self.get(contact_id)
        if row is None:
            raise NotFound("this contact is not in the work list")
        if row["agent_id"] == who:
            raise NotAllowed("this is your own contact; somebody else reviews it")
        if row["state"] == to and row["assignee"] == who:
            return
        if row["state"] == "taken" and row["assignee"] != who:
            raise Conflict("somebody else has taken it")
        if row["state"] not in ("open", "taken"):
            raise Conflict("this one is done")
        if to == "open" and row["state"] != "taken":
            raise Conflict("nobody has taken it")
        same = and_(table.c.contact_id == contact_id, table.c.state == row["state"], table.c.assignee == row["assignee"])
        values = {"state": to, "assignee": "" if to == "open" else who, "changed_at": self._clock(), "note": note[:500]}
        with sql_errors():
            async with self._engine.begin() as connection:
                if not (await connection.execute(update(table).where(same).values(**values))).rowcount:
                    raise Conflict("somebody else has taken it")

    # --- sampling

    async def candidates(self, since: float, reviewed: float = 0.0) -> list[Candidate]:
        """Contacts that ended `since`, were reviewed by rule since `reviewed`, and are in no list yet."""
        c = reviews.c
        there = select(table.c.contact_id).where(table.c.contact_id == c.contact_id).exists()
        by_hand = reviews.alias("by_hand")
        judged = select(by_hand.c.id).where(by_hand.c.contact_id == c.contact_id, by_hand.c.evaluator != AUTOMATIC).exists()
        query = (
            select(c.contact_id, c.agent_id, c.ended_at, c.score, c.covered, c.mood, c.card, contacts.c.tags, contacts.c.intent)
            .select_from(reviews.join(contacts, contacts.c.id == c.contact_id))
            .where(c.evaluator == AUTOMATIC, c.ended_at >= since, c.created_at >= reviewed, ~there, ~judged)
            .order_by(c.ended_at.desc())
            .limit(MOST_CANDIDATES)
        )
        return [_candidate(row) for row in await rows(self._engine, query)]

    async def picked(self, since: float) -> list[tuple[str, float, str]]:
        """(agent, end, reason) of those in the list from weeks since then."""
        query = select(table.c.agent_id, contacts.c.ended_at, table.c.reason).where(table.c.week >= week_of(since))
        found = await rows(self._engine, query.join(contacts, contacts.c.id == table.c.contact_id))
        return [(row["agent_id"], row["ended_at"], row["reason"]) for row in found]

    async def put(self, picks: Iterable[Pick], of: Mapping[str, Candidate]) -> int:
        """Put them into the list; how many are new."""
        now, count = self._clock(), 0
        with sql_errors():
            async with self._engine.begin() as connection:
                statement = insert_of(connection)(table).on_conflict_do_nothing(index_elements=["contact_id"])
                for pick in picks:
                    one = of[pick.contact_id]
                    row: Row = {"contact_id": pick.contact_id, "agent_id": one.agent_id, "reason": pick.reason}
                    row |= {"card": one.card, "week": week_of(one.ended_at), "picked_at": now}
                    row |= {"state": "open", "assignee": "", "changed_at": now, "note": ""}
                    count += (await connection.execute(statement, row)).rowcount
        return count


def _candidate(row: Row) -> Candidate:
    tags = frozenset(str(one) for one in row["tags"] or ()) | ({row["intent"]} if row["intent"] else frozenset())
    return Candidate(
        row["contact_id"], row["agent_id"], row["ended_at"], row["score"], row["covered"], row["mood"], tags, row["card"]
    )


SINCE = 2 * WEEK
"""How far back contacts are put into the list."""
