"""Figures over many reviews: by day or week, by agent, by question. Calibrations and drafts of people are in none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Integer, Text, and_, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.quality.model import Card
from ivr.quality.rights import SHOWN
from ivr.quality.sampling import MONDAY, WEEK
from ivr.quality.scoring import breakdown
from ivr.quality.sql import Row, rows
from ivr.quality.tables import AUTOMATIC, appeals, coaching
from ivr.quality.tables import reviews as table

DAY = 86400.0
STEPS: Mapping[str, tuple[float, float]] = {"day": (DAY, 0.0), "week": (WEEK, MONDAY)}
"""Step to its length and to the epoch second of one that began; UTC."""
MOST_POINTS = 400
MOST_REVIEWS = 3000
"""Of a breakdown by question: the newest."""

_JUDGED = and_(table.c.calibration == "", or_(table.c.evaluator == AUTOMATIC, table.c.state.in_(SHOWN)))


class Trends:
    """Every method raises StoreUnavailable where the database is away. `wanted` has any of `agent queue card evaluator`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def points(self, wanted: Mapping[str, str | None], start: float, end: float, step: str) -> list[Row]:
        """`Point` of docs/quality.md for each step from `start` to `end`, without gaps; 400 at most, the last ones."""
        length, zero = STEPS[step]
        number = cast(_floor((table.c.ended_at - zero) / length, self._engine.dialect.name), Integer).label("number")
        query = (
            select(number, *_counted())
            .where(_JUDGED, table.c.ended_at >= start, table.c.ended_at < end, *_wanted(wanted))
            .group_by(number)
        )
        found = {int(row["number"]): row for row in await rows(self._engine, query)}
        first, last = int((start - zero) // length), int((end - zero - 0.001) // length)
        return [_point(found.get(one), zero + one * length) for one in range(max(first, last - MOST_POINTS + 1), last + 1)]

    async def agents(self, start: float, end: float, queue: str | None) -> list[Row]:
        """A row for each agent, as docs/quality.md says but for names; who was scored lowest by people comes first."""
        during = (_JUDGED, table.c.ended_at >= start, table.c.ended_at < end, *_wanted({"queue": queue}))
        automatic = table.c.evaluator == AUTOMATIC
        query = (
            select(
                table.c.agent_id,
                automatic.label("automatic"),
                *_counted(),
                func.max(table.c.published_at).label("last_at"),
            )
            .where(*during)
            .group_by(table.c.agent_id, automatic)
        )
        found: dict[str, Row] = {}
        for row in await rows(self._engine, query):
            one = found.setdefault(row["agent_id"], {"agent_id": row["agent_id"], **_NOTHING})
            if row["automatic"]:
                one |= {"automatic_reviews": row["reviews"], "automatic_score": _mean(row)}
            else:
                one |= {"reviews": row["reviews"], "score": _mean(row), "last_at": row["last_at"]}
                one |= {"passed": int(row["passed"] or 0), "fatal": int(row["fatal"] or 0)}
        await self._beside(found, start, end)
        return sorted(found.values(), key=lambda one: (one["score"] is None, one["score"] or 0.0, one["agent_id"]))

    async def _beside(self, found: dict[str, Row], start: float, end: float) -> None:
        """Appeals opened within the time, those of them that changed something, and notes that nobody read yet."""
        granted = case((appeals.c.score_after != appeals.c.score_before, 1), else_=0)
        opened = (appeals.c.opened_at >= start, appeals.c.opened_at < end)
        asked = select(appeals.c.agent_id, func.count().label("appeals"), func.sum(granted).label("granted")).where(*opened)
        for row in await rows(self._engine, asked.group_by(appeals.c.agent_id)):
            if row["agent_id"] in found:
                found[row["agent_id"]] |= {"appeals": row["appeals"], "granted": int(row["granted"] or 0)}
        unread = select(coaching.c.agent_id, func.count().label("n")).where(coaching.c.acknowledged_at.is_(None))
        for row in await rows(self._engine, unread.group_by(coaching.c.agent_id)):
            if row["agent_id"] in found:
                found[row["agent_id"]]["coaching_open"] = row["n"]

    async def questions(self, card: Card, wanted: Mapping[str, str | None], start: float, end: float) -> list[Row]:
        """How each question of a card was answered; of 3,000 reviews at most, the newest."""
        during = (_JUDGED, table.c.card == card.name, table.c.ended_at >= start, table.c.ended_at < end, *_wanted(wanted))
        written = cast(table.c.answers, Text).label("written")  # read in the thread that counts
        query = select(written).where(*during).order_by(table.c.ended_at.desc()).limit(MOST_REVIEWS)
        listed = [row["written"] for row in await rows(self._engine, query)]
        return await asyncio.to_thread(lambda: breakdown(card, [json.loads(one) for one in listed]))


_NOTHING: Mapping[str, Any] = {
    "reviews": 0,
    "score": None,
    "automatic_reviews": 0,
    "automatic_score": None,
    "passed": 0,
    "fatal": 0,
    "appeals": 0,
    "granted": 0,
    "coaching_open": 0,
    "last_at": None,
}


def _counted() -> Sequence[Any]:
    failed = func.length(cast(table.c.fatal, Text)) > 2  # more than []
    return [
        func.count().label("reviews"),
        func.sum(table.c.score).label("sum"),
        func.count(table.c.score).label("scored"),
        func.sum(case((table.c.passed, 1), else_=0)).label("passed"),
        func.sum(case((failed, 1), else_=0)).label("fatal"),
    ]


def _mean(row: Mapping[str, Any]) -> float | None:
    return round(row["sum"] / row["scored"], 1) if row["scored"] else None


def _point(row: Mapping[str, Any] | None, at: float) -> Row:
    if row is None:
        return {"at": at, "score": None, "reviews": 0, "passed": 0, "fatal": 0}
    told = {"at": at, "score": _mean(row), "reviews": row["reviews"]}
    return {**told, "passed": int(row["passed"] or 0), "fatal": int(row["fatal"] or 0)}


def _wanted(wanted: Mapping[str, str | None]) -> list[Any]:
    columns = {"agent": table.c.agent_id, "queue": table.c.queue, "card": table.c.card}
    found = [columns[name] == value for name, value in wanted.items() if value is not None and name in columns]
    match wanted.get("evaluator"):
        case "people":
            found.append(table.c.evaluator != AUTOMATIC)
        case "automatic":
            found.append(table.c.evaluator == AUTOMATIC)
    return found


def _floor(value: Any, dialect: str) -> Any:
    """PostgreSQL rounds where it casts; SQLite cuts, and times are never below 0."""
    return func.floor(value) if dialect == "postgresql" else value
