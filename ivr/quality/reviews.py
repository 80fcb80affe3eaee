"""Reviews in SQL: made once, kept as they are written, published, and never without their history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, Text, and_, cast, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.quality.rights import SHOWN
from ivr.quality.scoring import Score
from ivr.quality.sql import Clock, Row, Token, insert_of, rows
from ivr.quality.tables import AUTOMATIC, cards, history, work
from ivr.quality.tables import reviews as table
from ivr.records.database import sql_errors
from ivr.records.schema import contacts

MOST = 100
"""Rows of one answer."""
MOST_CHANGES = 200
"""Of the history of one review that are told."""

_SHORT = (
    *("started_at", "ended_at", "channel", "queue", "flow", "intent", "language", "agent_id", "caller_name", "caller_number"),
    *("talk_seconds", "disposition", "agent_disposition"),
)
CONTACT = (
    contacts.c.id.label("c_id"),
    *(contacts.c[name].label(f"c_{name}") for name in _SHORT),
    contacts.c.handover["mood"].as_string().label("c_mood"),
    (func.length(cast(contacts.c.recordings, Text)) > 2).label("c_recorded"),
)
"""A contact in short, beside whatever names it."""


def contact_of(row: Mapping[str, Any]) -> Row | None:
    """The contact of a row with `CONTACT`; None where it is gone."""
    if row["c_id"] is None:
        return None
    found = {name: row[f"c_{name}"] for name in ("id", *_SHORT, "mood")}
    return found | {"mood": found["mood"] or "", "recorded": bool(row["c_recorded"])}


def scored(found: Score) -> Row:
    """The columns of a score."""
    return {
        "score": found.score,
        "raw": found.raw,
        "passed": found.passed,
        "fatal": list(found.fatal),
        "covered": found.covered,
    }


class Reviews:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, clock: Clock, token: Token) -> None:
        self._engine, self._clock, self._token = engine, clock, token

    # --- reading

    async def get(self, review_id: str) -> Row:
        """Raises NotFound."""
        found = await rows(self._engine, _whole().where(table.c.id == review_id))
        if not found:
            raise NotFound(f"there is no review {review_id[:40]}")
        return found[0]

    async def several(self, review_ids: Sequence[str]) -> list[Row]:
        return await rows(self._engine, _whole().where(table.c.id.in_(review_ids))) if review_ids else []

    async def find(self, contact_id: str, evaluator: str, calibration: str = "") -> Row | None:
        where = and_(table.c.contact_id == contact_id, table.c.evaluator == evaluator, table.c.calibration == calibration)
        found = await rows(self._engine, _whole().where(where))
        return found[0] if found else None

    async def of_contact(self, contact_id: str) -> list[Row]:
        """All but those in calibrations, the oldest first."""
        query = _whole().where(table.c.contact_id == contact_id, table.c.calibration == "")
        return await rows(self._engine, query.order_by(table.c.created_at).limit(MOST))

    async def by_contact(self, contact_ids: Sequence[str], evaluators: Sequence[str]) -> dict[tuple[str, str], Row]:
        """(contact, evaluator) to the review; without calibrations."""
        where = (table.c.contact_id.in_(contact_ids), table.c.calibration == "", table.c.evaluator.in_(evaluators))
        found = await rows(self._engine, _whole().where(*where)) if contact_ids else []
        return {(row["contact_id"], row["evaluator"]): row for row in found}

    async def in_calibration(self, contact_id: str, calibration: str) -> list[Row]:
        where = and_(table.c.contact_id == contact_id, table.c.calibration == calibration)
        return await rows(self._engine, _whole().where(where).order_by(table.c.created_at))

    async def page(self, wanted: Mapping[str, Any], before: str | None, limit: int) -> list[Row]:
        """The newest first. `wanted` has any of `contact agent evaluator card state queue from to most shown_only`.

        Raises NotFound where `before` is no review.
        """
        query = _whole().where(table.c.calibration == "", *_filters(wanted))
        if before is not None:
            last = await self.get(before)
            at, name = last["created_at"], last["id"]
            query = query.where(or_(table.c.created_at < at, and_(table.c.created_at == at, table.c.id < name)))
        query = query.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(max(1, min(limit, MOST)))
        return await rows(self._engine, query)

    async def changes(self, review_id: str) -> list[Row]:
        """Its history, the oldest first."""
        query = select(history).where(history.c.review_id == review_id).order_by(history.c.id).limit(MOST_CHANGES)
        return await rows(self._engine, query)

    async def card(self, version: str) -> Row:
        """A card as it was. Raises NotFound."""
        found = await rows(self._engine, select(cards.c.body).where(cards.c.version == version))
        if not found:
            raise NotFound(f"there is no scorecard {version[:40]}")
        return dict(found[0]["body"])

    async def unseen(self, agent_id: str) -> int:
        where = (table.c.agent_id == agent_id, table.c.calibration == "", table.c.state.in_(SHOWN), table.c.seen_at.is_(None))
        found = await rows(self._engine, select(func.count().label("n")).select_from(table).where(*where))
        return int(found[0]["n"])

    async def by_people_since(self, since: float) -> dict[str, int]:
        """Agent to reviews by people that were published since."""
        where = (table.c.published_at >= since, table.c.calibration == "", table.c.evaluator != AUTOMATIC)
        query = select(table.c.agent_id, func.count().label("n")).where(*where).group_by(table.c.agent_id)
        return {row["agent_id"]: int(row["n"]) for row in await rows(self._engine, query)}

    # --- writing

    async def make(self, body: Mapping[str, Any], values: Row, answers: Mapping[str, Any], found: Score) -> str | None:
        """Write a review and return its id; None where this evaluator has one of the contact already.

        `values` are `contact_id agent_id queue mood ended_at evaluator calibration`; `body` is the card as it is kept.
        """
        now, review_id = self._clock(), self._token()
        row = {"id": review_id, "card": body["name"], "version": body["version"], "state": "draft", "rev": 1, "comment": ""}
        row |= {"created_at": now, "updated_at": now, "published_at": None, "seen_at": None}
        with sql_errors():
            async with self._engine.begin() as connection:
                await keep_card(connection, body, now)
                statement = insert_of(connection)(table).on_conflict_do_nothing(
                    index_elements=["contact_id", "calibration", "evaluator"]
                )
                made = await connection.execute(statement, {**row, **values, "answers": dict(answers), **scored(found)})
                if not made.rowcount:
                    return None
                if values["evaluator"] != AUTOMATIC:
                    await note(connection, review_id, now, values["evaluator"], "created", {"card": body["name"]})
        return review_id

    async def save(self, review_id: str, rev: int, answers: Mapping[str, Any], comment: str, found: Score) -> float:
        """Keep a draft; returns when. Raises Conflict where it is another one by now."""
        now = self._clock()
        values = {"answers": dict(answers), "comment": comment, "updated_at": now, "rev": rev + 1, **scored(found)}
        where = and_(table.c.id == review_id, table.c.rev == rev, table.c.state == "draft")
        with sql_errors():
            async with self._engine.begin() as connection:
                if not (await connection.execute(update(table).where(where).values(**values))).rowcount:
                    raise Conflict("this review was changed elsewhere; load it again")
        return now

    async def publish(self, review: Row, by: str) -> None:
        """Let the agent see it. Raises Conflict where it is another one by now."""
        now = self._clock()
        where = and_(table.c.id == review["id"], table.c.rev == review["rev"], table.c.state == "draft")
        values = {"state": "published", "published_at": now, "updated_at": now, "rev": review["rev"] + 1}
        with sql_errors():
            async with self._engine.begin() as connection:
                if not (await connection.execute(update(table).where(where).values(**values))).rowcount:
                    raise Conflict("this review was changed elsewhere; load it again")
                await note(connection, review["id"], now, by, "published", {"score": review["score"]})
                if not review["calibration"]:
                    done = and_(work.c.contact_id == review["contact_id"], work.c.state.in_(("open", "taken")))
                    values = {"state": "done", "assignee": by, "changed_at": now}
                    await connection.execute(update(work).where(done).values(**values))

    async def drop(self, review_id: str) -> None:
        """Remove a draft. Raises Conflict for what is published."""
        with sql_errors():
            async with self._engine.begin() as connection:
                where = and_(table.c.id == review_id, table.c.state == "draft")
                if not (await connection.execute(delete(table).where(where))).rowcount:
                    raise Conflict("what is published is not dropped")
                await connection.execute(delete(history).where(history.c.review_id == review_id))

    async def seen(self, review_id: str, by: str) -> None:
        """The agent has read it; the first time counts."""
        now = self._clock()
        with sql_errors():
            async with self._engine.begin() as connection:
                where = and_(table.c.id == review_id, table.c.seen_at.is_(None))
                if (await connection.execute(update(table).where(where).values(seen_at=now))).rowcount:
                    await note(connection, review_id, now, by, "acknowledged", {})


async def keep_card(connection: AsyncConnection, body: Mapping[str, Any], now: float) -> None:
    """Keep a card as it is, where that was not done before."""
    row = {"version": body["version"], "name": body["name"], "body": dict(body), "first_at": now}
    await connection.execute(insert_of(connection)(cards).on_conflict_do_nothing(index_elements=["version"]), row)


async def note(connection: AsyncConnection, review_id: str, at: float, by: str, what: str, detail: Mapping[str, Any]) -> None:
    """Write a line of its history."""
    row = {"review_id": review_id, "at": at, "by": by, "what": what, "detail": dict(detail)}
    await connection.execute(insert(history), row)


def _whole() -> Select[Any]:
    return select(*table.c, *CONTACT).select_from(table.outerjoin(contacts, contacts.c.id == table.c.contact_id))


def _filters(wanted: Mapping[str, Any]) -> Sequence[Any]:
    """The conditions of a list; what is None or missing asks for nothing."""
    c, found = table.c, []
    columns = {"contact": c.contact_id, "agent": c.agent_id, "card": c.card, "state": c.state, "queue": c.queue}
    for name, value in wanted.items():
        match name:
            case _ if value is None:
                continue
            case "evaluator" if value == "people":
                found.append(c.evaluator != AUTOMATIC)
            case "evaluator":
                found.append(c.evaluator == value)
            case "from":
                found.append(c.ended_at >= value)
            case "to":
                found.append(c.ended_at < value)
            case "most":
                found.append(c.score <= value)
            case "shown_only" if value:
                found.append(c.state.in_(SHOWN))
            case _ if name in columns:
                found.append(columns[name] == value)
    return found
