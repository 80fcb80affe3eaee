"""Contacts with an agent, to browse: what rules said of them, and whether people judged them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import NotFound
from ivr.quality.reviews import CONTACT, MOST
from ivr.quality.sql import Row, rows
from ivr.quality.tables import AUTOMATIC, reviews
from ivr.records.schema import contacts

_JUDGED = ("score", "raw", "passed", "fatal", "covered", "answers")
_OTHER = reviews.alias("by_people")


class Browsing:
    """Raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(self, wanted: Mapping[str, Any], before: str | None, limit: int) -> list[Row]:
        """The newest first; rows with `CONTACT`, the automatic review's score under its names, and `n` reviews by people.

        `wanted` has any of `q agent queue from to mood most reviewed not_of`. Raises NotFound where `before` is no contact.
        """
        c = contacts.c
        mine = and_(reviews.c.contact_id == c.id, reviews.c.evaluator == AUTOMATIC, reviews.c.calibration == "")
        by_people = (
            select(func.count())
            .where(_OTHER.c.contact_id == c.id, _OTHER.c.evaluator != AUTOMATIC, _OTHER.c.calibration == "")
            .scalar_subquery()
        )
        query = (
            select(*CONTACT, *(reviews.c[name] for name in _JUDGED), reviews.c.id.label("automatic_id"), by_people.label("n"))
            .select_from(contacts.outerjoin(reviews, mine))
            .where(c.agent_id.is_not(None), c.agent_id != "", c.ended_at.is_not(None), *_filters(wanted, by_people))
        )
        if before is not None:
            found = await rows(self._engine, select(c.started_at).where(c.id == before))
            if not found:
                raise NotFound(f"there is no contact {before[:64]}")
            at = found[0]["started_at"]
            query = query.where(or_(c.started_at < at, and_(c.started_at == at, c.id < before)))
        query = query.order_by(c.started_at.desc(), c.id.desc()).limit(max(1, min(limit, MOST)))
        return await rows(self._engine, query)

    async def contact(self, contact_id: str) -> Row:
        """One in short. Raises NotFound."""
        found = await rows(self._engine, select(*CONTACT).where(contacts.c.id == contact_id))
        if not found:
            raise NotFound(f"there is no contact {contact_id[:64]} that is over")
        return found[0]


def _filters(wanted: Mapping[str, Any], by_people: Any) -> list[Any]:
    c, found = contacts.c, []
    for name, value in wanted.items():
        match name:
            case _ if value is None:
                continue
            case "q":
                found.append(or_(*(one.contains(value, autoescape=True) for one in (c.caller_number, c.caller_name, c.id))))
            case "agent":
                found.append(c.agent_id == value)
            case "not_of":
                found.append(c.agent_id != value)
            case "queue":
                found.append(c.queue == value)
            case "from":
                found.append(c.started_at >= value)
            case "to":
                found.append(c.started_at < value)
            case "mood":
                found.append(c.handover["mood"].as_string() == value)
            case "most":
                found.append(reviews.c.score <= value)
            case "reviewed":
                found.append(by_people > 0 if value else by_people == 0)
    return found
