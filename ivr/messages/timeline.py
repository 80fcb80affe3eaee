"""Everything that one customer and this house had with each other: calls, messages, tickets and callbacks in one order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivr.messages.addresses import numbers_in
from ivr.messages.customers import Customers
from ivr.messages.tables import messages, threads, tickets
from ivr.records.database import sql_errors
from ivr.records.followups import CALLBACK, TICKET, number_of
from ivr.records.schema import callbacks, contacts, voicemails

Row = dict[str, Any]
MOST = 50


class Timeline:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, customers: Customers) -> None:
        self._engine, self._customers = engine, customers

    async def of(self, address: str = "", customer: str = "", before: float | None = None, most: int = MOST) -> Row:
        """`{customer, addresses, entries}`, the newest first; `before` is the `at` of the last one of the page before.

        Of somebody without a customer's record it is what has the number of `address`. What is found only by an address that
        the person stated is not `sure`.
        """
        customer = customer or (await self._customers.of(address) if address else "")
        known = await self._customers.addresses(customer) if customer else []
        if address and address not in {one["address"] for one in known}:
            known = [{"address": address, "verified": True}, *known]
        sure = set(numbers_in(one["address"] for one in known if one["verified"]))
        numbers = numbers_in(one["address"] for one in known)
        most = max(1, min(most, MOST))
        entries = await self._entries(numbers, customer, before, most)
        for entry in entries:
            number = entry.pop("number")
            entry["sure"] = not number or number in sure
        return {"customer": customer, "addresses": known, "entries": entries}

    async def _entries(self, numbers: Sequence[str], customer: str, before: float | None, most: int) -> list[Row]:
        found: list[Row] = []
        with sql_errors():
            async with self._engine.connect() as connection:
                for table, at, where, entry in _sources(numbers, customer):
                    query = select(table).where(where).order_by(at.desc()).limit(most)
                    if before is not None:
                        query = query.where(at < before)
                    found += [entry(dict(row)) for row in (await connection.execute(query)).mappings()]
                await _with_first_words(connection, [one for one in found if one["kind"] == "thread"])
        return sorted(found, key=lambda one: (one["at"], one["id"]), reverse=True)[:most]


async def _with_first_words(connection: AsyncConnection, entries: Sequence[Row]) -> None:
    """What a conversation began with says what it is about."""
    if not entries:
        return
    first = (messages.c.index == 0) & messages.c.thread_id.in_([one["id"] for one in entries])
    said = await connection.execute(select(messages.c.thread_id, messages.c.text).where(first))
    words = {str(row[0]): str(row[1])[:500] for row in said}
    for one in entries:
        one["text"] = words.get(one["id"], "")


def _sources(numbers: Sequence[str], customer: str) -> list[tuple[Any, ColumnElement[Any], ColumnElement[bool], Any]]:
    found: list[tuple[Any, ColumnElement[Any], ColumnElement[bool], Any]] = []
    if numbers:
        found += [
            (contacts, contacts.c.started_at, contacts.c.caller_number.in_(numbers), _call),
            (callbacks, callbacks.c.created_at, callbacks.c.caller_number.in_(numbers), _callback),
            (voicemails, voicemails.c.created_at, voicemails.c.caller_number.in_(numbers), _voicemail),
        ]
    if customer:
        found.append((threads, threads.c.created_at, threads.c.customer == customer, _thread))
    if numbers or customer:
        mine = or_(tickets.c.caller_number.in_(numbers), (tickets.c.customer == customer) & (tickets.c.customer != ""))
        found.append((tickets, tickets.c.created_at, mine, _ticket))
    return found


def _call(row: Row) -> Row:
    handed = row["handover"] if isinstance(row["handover"], dict) else {}
    return {
        "kind": "call",
        "id": row["id"],
        "at": row["started_at"],
        "channel": row["channel"],
        "title": row["intent"] or "",
        "text": str(row["note"] or handed.get("summary") or "")[:500],
        "status": row["agent_disposition"] or row["disposition"],
        "agent": row["agent_id"] or "",
        "queue": row["queue"] or "",
        "seconds": row["talk_seconds"],
        "number": row["caller_number"],
    }


def _thread(row: Row) -> Row:
    return {
        "kind": "thread",
        "id": row["id"],
        "at": row["created_at"],
        "channel": row["channel"],
        "title": row["subject"],
        "text": "",
        "status": row["status"],
        "agent": row["agent_id"],
        "queue": row["queue"],
        "seconds": None,
        "number": "",
    }


def _ticket(row: Row) -> Row:
    return {
        "kind": "ticket",
        "id": number_of(TICKET, row["id"]),
        "at": row["created_at"],
        "channel": "ticket",
        "title": row["subject"] or row["kind"],
        "text": row["body"][:500],
        "status": row["status"],
        "agent": row["assignee"],
        "queue": row["queue"],
        "seconds": None,
        "number": "" if row["customer"] else row["caller_number"],
    }


def _callback(row: Row) -> Row:
    return {
        "kind": "callback",
        "id": number_of(CALLBACK, row["id"]),
        "at": row["created_at"],
        "channel": "callback",
        "title": row["reason"],
        "text": row["note"][:500],
        "status": row["status"],
        "agent": "",
        "queue": row["queue"],
        "seconds": None,
        "number": row["caller_number"],
    }


def _voicemail(row: Row) -> Row:
    return {
        "kind": "voicemail",
        "id": row["id"],
        "at": row["created_at"],
        "channel": "voicemail",
        "title": row["box"],
        "text": row["transcript"][:500],
        "status": "heard" if row["heard"] else "new",
        "agent": "",
        "queue": "",
        "seconds": row["seconds"],
        "number": row["caller_number"],
    }
