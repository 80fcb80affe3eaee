"""What the records tell of one caller: earlier calls, newest first, and what is still open. Read only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.database import sql_errors
from ivr.records.followups import CALLBACK, TICKET, number_of
from ivr.records.schema import callbacks, contacts, tickets

MOST = 30
"""Calls and open matters that are told."""
MOST_COUNTED = 1000
OPEN_TICKETS = ("open", "pending")
OPEN_CALLBACKS = ("promised", "dialing", "waiting")
"""`waiting` is what a node of the version before writes."""


class CallerReader:
    """Reads by the number that a call came from."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of(self, numbers: Sequence[str]) -> dict[str, Any] | None:
        """`calls contacts last_agent mood language open` of the caller with one of these numbers; None for nobody.

        Calls that go on are no rows yet. Raises StoreUnavailable.
        """
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = [dict(row) for row in (await connection.execute(_latest(numbers))).mappings()]
                count = len(rows)
                if count == MOST:
                    count = (await connection.execute(_counted(numbers))).scalar_one()
                opened = [_matter(dict(row)) for row in (await connection.execute(_open(numbers))).mappings()]
        if not rows and not opened:
            return None
        return {
            "calls": count,
            "contacts": [_contact(row) for row in rows],
            "last_agent": next((row["agent_id"] for row in rows if row["agent_id"]), None),
            "mood": _mood(rows[0]) if rows else None,
            "language": _usual(row["language"] for row in rows),
            "open": opened,
        }


_COLUMNS = [
    contacts.c[name]
    for name in ("started_at", "intent", "disposition", "agent_disposition", "agent_id", "queue", "language", "handover", "id")
]


def _latest(numbers: Sequence[str]) -> Any:
    """The newest calls. Those of each number are taken off its index: a switchboard with a million calls costs no more."""
    newest = [
        select(*_COLUMNS)
        .where(contacts.c.caller_number == number)
        .order_by(contacts.c.started_at.desc())
        .limit(MOST)
        .subquery()
        for number in numbers
    ]
    rows = union_all(*(select(one) for one in newest)).subquery()
    return select(rows).order_by(rows.c.started_at.desc(), rows.c.id.desc()).limit(MOST)


def _counted(numbers: Sequence[str]) -> Any:
    some = select(contacts.c.id).where(contacts.c.caller_number.in_(numbers)).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some)


def _open(numbers: Sequence[str]) -> Any:
    """Tickets first, the newest first."""
    mine = tickets.c.caller_number.in_(numbers) & tickets.c.status.in_(OPEN_TICKETS)
    ticket = select(literal(TICKET).label("prefix"), tickets.c.id, tickets.c.kind, tickets.c.subject, tickets.c.created_at)
    due = callbacks.c.caller_number.in_(numbers) & callbacks.c.status.in_(OPEN_CALLBACKS)
    again = select(literal(CALLBACK), callbacks.c.id, literal("callback"), callbacks.c.reason, callbacks.c.created_at)
    both = union_all(ticket.where(mine), again.where(due)).subquery()
    return select(both).order_by(both.c.prefix.desc(), both.c.created_at.desc(), both.c.id.desc()).limit(MOST)


def _contact(row: Mapping[str, Any]) -> dict[str, Any]:
    result = row["agent_disposition"] or row["disposition"]
    told = {"at": row["started_at"], "topic": row["intent"], "result": result, "agent": row["agent_id"], "queue": row["queue"]}
    return {name: value for name, value in told.items() if value}


def _matter(row: Mapping[str, Any]) -> dict[str, Any]:
    number = number_of(row["prefix"], row["id"])
    return {"kind": row["kind"], "id": number, "label": row["subject"], "at": row["created_at"]}


def _mood(row: Mapping[str, Any]) -> str | None:
    """Of the last call, where it was noted."""
    handed = row["handover"]
    return (str(handed.get("mood") or "") or None) if isinstance(handed, Mapping) else None


def _usual(languages: Any) -> str | None:
    """The language of most calls, the newest of equals."""
    counted = Counter(language for language in languages if language)
    return counted.most_common(1)[0][0] if counted else None
