"""Calibrations in SQL: several people judge one contact, and see of each other only when all is handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.quality.reviews import CONTACT, MOST, keep_card
from ivr.quality.sql import Clock, Row, Token, rows
from ivr.quality.tables import calibrations as table
from ivr.quality.tables import history, reviews
from ivr.records.database import sql_errors
from ivr.records.schema import contacts


class Calibrations:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, clock: Clock, token: Token) -> None:
        self._engine, self._clock, self._token = engine, clock, token

    async def get(self, calibration_id: str) -> Row:
        """Raises NotFound."""
        found = await rows(self._engine, _whole().where(table.c.id == calibration_id))
        if not found:
            raise NotFound(f"there is no calibration {calibration_id[:40]}")
        return found[0]

    async def page(self, state: str | None) -> list[Row]:
        """The newest first, at most 100."""
        query = _whole() if state is None else _whole().where(table.c.state == state)
        return await rows(self._engine, query.order_by(table.c.created_at.desc()).limit(MOST))

    async def begin(
        self, contact_id: str, body: Mapping[str, Any], title: str, by: str, evaluators: Sequence[str], reference: str
    ) -> str:
        """Returns the id. `body` is the card as it is kept."""
        now, calibration_id = self._clock(), self._token()
        row: Row = {"id": calibration_id, "contact_id": contact_id, "card": body["name"], "version": body["version"]}
        row |= {"title": title, "by": by, "state": "open", "created_at": now, "closed_at": None, "reference": reference}
        with sql_errors():
            async with self._engine.begin() as connection:
                await keep_card(connection, body, now)
                await connection.execute(insert(table), {**row, "evaluators": list(evaluators), "result": None})
        return calibration_id

    async def close(self, row: Row, result: Mapping[str, Any]) -> None:
        """Keep what came of it; drafts that were not handed in are dropped. Raises Conflict where it is closed already."""
        mine = and_(table.c.id == row["id"], table.c.state == "open")
        own = and_(reviews.c.contact_id == row["contact_id"], reviews.c.calibration == row["id"])
        values = {"state": "closed", "closed_at": self._clock(), "result": dict(result)}
        with sql_errors():
            async with self._engine.begin() as connection:
                if not (await connection.execute(update(table).where(mine).values(**values))).rowcount:
                    raise Conflict("this calibration is closed already")
                drafts = select(reviews.c.id).where(own, reviews.c.state == "draft")
                await connection.execute(delete(history).where(history.c.review_id.in_(drafts)))
                await connection.execute(delete(reviews).where(own, reviews.c.state == "draft"))


def _whole() -> Any:
    return select(*table.c, *CONTACT).select_from(table.outerjoin(contacts, contacts.c.id == table.c.contact_id))
