"""Appeals of agents: one a review, within its time, decided by somebody else, and the answers changed accordingly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.quality.reviews import MOST, note, scored
from ivr.quality.scoring import Score
from ivr.quality.sql import Clock, Row, Token, rows
from ivr.quality.tables import appeals as table
from ivr.quality.tables import reviews
from ivr.records.database import sql_errors


class Appeals:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, clock: Clock, token: Token) -> None:
        self._engine, self._clock, self._token = engine, clock, token

    async def of(self, review_ids: list[str]) -> dict[str, Row]:
        """Review to its appeal."""
        found = await rows(self._engine, select(table).where(table.c.review_id.in_(review_ids))) if review_ids else []
        return {row["review_id"]: row for row in found}

    async def page(self, state: str | None, agent: str | None, before: str | None, limit: int) -> list[Row]:
        """Those open: the oldest first; else the newest first. Raises NotFound where `before` is no appeal."""
        oldest, at, name = state == "open", table.c.opened_at, table.c.id
        query = select(table)
        for column, wanted in ((table.c.state, state), (table.c.agent_id, agent)):
            if wanted is not None:
                query = query.where(column == wanted)
        if before is not None:
            found = await rows(self._engine, select(at, name).where(name == before))
            if not found:
                raise NotFound(f"there is no appeal {before[:40]}")
            last, last_id = found[0]["opened_at"], found[0]["id"]
            after = at > last if oldest else at < last
            further = name > last_id if oldest else name < last_id
            query = query.where(or_(after, and_(at == last, further)))
        order = (at, name) if oldest else (at.desc(), name.desc())
        return await rows(self._engine, query.order_by(*order).limit(max(1, min(limit, MOST))))

    async def open_of(self, agent_id: str) -> int:
        query = select(func.count().label("n")).select_from(table).where(table.c.agent_id == agent_id, table.c.state == "open")
        return int((await rows(self._engine, query))[0]["n"])

    async def open(self, review: Mapping[str, Any], reasons: Mapping[str, str], comment: str, until: float) -> str:
        """The agent of `review` disagrees; returns the id. Raises Conflict where that was said before."""
        now, appeal_id = self._clock(), self._token()
        row: Row = {"id": appeal_id, "review_id": review["id"], "contact_id": review["contact_id"], "state": "open"}
        row |= {"agent_id": review["agent_id"], "opened_at": now, "updated_at": now, "until": until, "comment": comment}
        row |= {"reasons": dict(reasons), "decided_at": None, "decided_by": "", "decisions": {}, "answer": ""}
        row |= {"score_before": review["score"], "score_after": None}
        mine = and_(reviews.c.id == review["id"], reviews.c.state == "published")
        values = {"state": "appealed", "updated_at": now, "seen_at": review["seen_at"] or now}
        with sql_errors():
            async with self._engine.begin() as connection:
                if not (await connection.execute(update(reviews).where(mine).values(**values))).rowcount:
                    raise Conflict("only what is published and was not appealed before can be")
                await connection.execute(insert(table), row)
                await note(connection, review["id"], now, review["agent_id"], "appealed", {"questions": sorted(reasons)})
        return appeal_id

    async def decide(
        self,
        review: Mapping[str, Any],
        by: str,
        decisions: Mapping[str, Any],
        answer: str,
        answers: Mapping[str, Any],
        found: Score,
    ) -> None:
        """Settle it with these answers. Raises Conflict where somebody else did."""
        now = self._clock()
        mine = and_(table.c.review_id == review["id"], table.c.state == "open")
        decided = {"state": "decided", "updated_at": now, "decided_at": now, "decided_by": by, "answer": answer}
        decided |= {"decisions": dict(decisions), "score_after": found.score}
        settled = {"state": "settled", "updated_at": now, "answers": dict(answers), **scored(found), "seen_at": None}
        detail = {
            "before": review["score"],
            "after": found.score,
            "granted": [q for q, one in decisions.items() if one["granted"]],
        }
        with sql_errors():
            async with self._engine.begin() as connection:
                if not (await connection.execute(update(table).where(mine).values(**decided))).rowcount:
                    raise Conflict("this appeal is decided already")
                change = update(reviews).where(reviews.c.id == review["id"])
                await connection.execute(change.values(**settled, rev=reviews.c.rev + 1))
                await note(connection, review["id"], now, by, "decided", detail)
