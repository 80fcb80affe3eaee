"""What one customer and the house had to do with each other: calls, tickets, callbacks, messages left, surveys. Read only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.database import sql_errors
from ivr.records.followups import CALLBACK, TICKET, number_of
from ivr.records.schema import callbacks, contacts, surveys, tickets, voicemails

MOST = 40
"""Of each kind, the newest."""
OPEN = {"ticket": ("open", "pending"), "callback": ("promised", "dialing", "waiting")}

_CONTACT = (
    "id",
    "channel",
    "started_at",
    "queue",
    "agent_id",
    "intent",
    "disposition",
    "agent_disposition",
    "note",
    "handover",
)


class Lifeline:
    """Reads by the numbers that a customer is known by."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of(self, numbers: Sequence[str], without: str = "") -> list[dict[str, Any]]:
        """`{kind id at title result agent open}` of each, the newest first; `at` is epoch seconds. Raises StoreUnavailable.

        `without` is the contact that goes on now. What a kind knows besides stands under its own names.
        """
        found: list[dict[str, Any]] = []
        with sql_errors():
            async with self._engine.connect() as connection:
                for table, columns, time, tell in _KINDS:
                    query = (
                        select(*(table.c[name] for name in columns))
                        .where(table.c.caller_number.in_(numbers))
                        .order_by(table.c[time].desc())
                        .limit(MOST)
                    )
                    found += [tell(dict(row)) for row in (await connection.execute(query)).mappings()]
        found = [one for one in found if not without or one["id"] != without]
        return sorted(found, key=lambda one: -float(one["at"]))


def _contact(row: Mapping[str, Any]) -> dict[str, Any]:
    handed = row["handover"] if isinstance(row["handover"], Mapping) else {}
    return {
        "kind": "call",
        "id": row["id"],
        "at": row["started_at"],
        "channel": row["channel"],
        "title": row["intent"] or "",
        "result": row["agent_disposition"] or row["disposition"] or "",
        "agent": row["agent_id"] or "",
        "queue": row["queue"] or "",
        "note": row["note"],
        "summary": str(handed.get("summary") or ""),
        "mood": str(handed.get("mood") or ""),
        "open": False,
    }


def _ticket(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": "ticket",
        "id": number_of(TICKET, row["id"]),
        "at": row["created_at"],
        "title": row["subject"] or row["kind"],
        "result": row["status"],
        "agent": row["assignee"],
        "contact_id": row["contact_id"],
        "due_at": row["due_at"],
        "priority": row["priority"],
        "open": row["status"] in OPEN["ticket"],
    }


def _callback(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": "callback",
        "id": number_of(CALLBACK, row["id"]),
        "at": row["created_at"],
        "title": row["reason"],
        "result": row["outcome"] or row["status"],
        "agent": "",
        "contact_id": row["contact_id"],
        "due_at": row["until_at"],
        "open": row["status"] in OPEN["callback"],
    }


def _voicemail(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": "voicemail",
        "id": row["id"],
        "at": row["created_at"],
        "title": row["transcript"][:300],
        "result": "",
        "agent": "",
        "contact_id": row["contact_id"],
        "open": not row["heard"],
    }


def _survey(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": "survey",
        "id": row["id"],
        "at": row["created_at"],
        "title": row["name"],
        "result": "" if row["score"] is None else f"{row['score']:g}",
        "agent": row["agent_id"],
        "contact_id": row["contact_id"],
        "open": False,
    }


_KINDS: tuple[tuple[Table, tuple[str, ...], str, Any], ...] = (
    (contacts, _CONTACT, "started_at", _contact),
    (
        tickets,
        ("id", "contact_id", "created_at", "kind", "subject", "status", "assignee", "due_at", "priority"),
        "created_at",
        _ticket,
    ),
    (callbacks, ("id", "contact_id", "created_at", "reason", "status", "outcome", "until_at"), "created_at", _callback),
    (voicemails, ("id", "contact_id", "created_at", "transcript", "heard"), "created_at", _voicemail),
    (surveys, ("id", "contact_id", "created_at", "name", "score", "agent_id"), "created_at", _survey),
)
