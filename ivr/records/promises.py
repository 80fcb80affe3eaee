"""Callbacks as a dialer moves them: every move is one statement that says from which states it may start.

    promised -> dialing -> done | promised (another try) | failed | cancelled
    promised -> done (the customer called, or a person did) | failed (the window is over) | cancelled
    failed, cancelled -> promised (by a person)

Whoever dials holds a lease; a row whose lease ran out is `lapsed`, and anybody may move it on. Of one number at most one row is
`dialing`: the database sees to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.elements import ColumnElement

from ivr.records.database import sql_errors
from ivr.records.schema import callbacks, turns

OPEN = ("promised", "waiting")
"""`waiting` is what a node of the version before writes."""
DIALING = "dialing"
OVER = ("done", "failed", "cancelled")
FROM: Mapping[str, tuple[str, ...]] = {
    "claim": OPEN,
    "again": (DIALING,),
    "serve": (*OPEN, DIALING),
    "fail": (*OPEN, DIALING),
    "cancel": (*OPEN, DIALING),
    "reschedule": (*OPEN, "failed", "cancelled"),
}
"""Move to the states from which it may be made."""
MOST_TRIES = 20
"""Tries that a row remembers."""
MOST_KNOWN = 5000
FREE: Mapping[str, Any] = {"holder": "", "lease_until": 0.0}
RENUMBERED = case((callbacks.c.status == DIALING, callbacks.c.callee), else_="")
"""`callee` of a row whose number is changed: compared anew, after the call that is being made to the one before."""

Row = dict[str, Any]


class Promises:
    """One a node. Every method raises StoreUnavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    # --- what there is

    async def due(self, now: float, most: int = 200) -> list[Row]:
        """Those that may be dialled now, the oldest places of each queue first: none that nobody serves hides the others.

        Those of which a number is still to be compared come later.
        """
        when = callbacks.c.status.in_(OPEN) & (callbacks.c.from_at <= now) & (callbacks.c.next_at <= now)
        order = (callbacks.c.at_once.desc(), callbacks.c.queued_at, callbacks.c.id)
        place = func.row_number().over(partition_by=callbacks.c.queue, order_by=order)
        query = select(callbacks).where(when, callbacks.c.until_at > now, callbacks.c.callee != "")
        return await self._rows(query.order_by(place, *order).limit(most))

    async def dialing(self) -> list[Row]:
        return await self._rows(select(callbacks).where(callbacks.c.status == DIALING))

    async def lapsed(self, now: float) -> list[Row]:
        """Those whose dialer is gone."""
        return await self._rows(select(callbacks).where(callbacks.c.status == DIALING, callbacks.c.lease_until < now))

    async def overdue(self, now: float, most: int = 50) -> list[Row]:
        """Those whose time is over."""
        late = callbacks.c.status.in_(OPEN) & (callbacks.c.until_at <= now)
        return await self._rows(select(callbacks).where(late).order_by(callbacks.c.id).limit(most))

    async def open_numbers(self) -> list[Row]:
        """`id callee number queue queued_at created_at reason contact_id` of what is promised or being dialled."""
        names = ("id", "callee", "number", "queue", "queued_at", "created_at", "reason", "contact_id")
        query = select(*(callbacks.c[name] for name in names)).where(callbacks.c.status.in_((*OPEN, DIALING)))
        return await self._rows(query.order_by(callbacks.c.id.desc()).limit(MOST_KNOWN))

    async def counts(self) -> dict[str, int]:
        """How many there are in each state."""
        query = select(callbacks.c.status, func.count().label("count")).group_by(callbacks.c.status)
        found = {row["status"]: int(row["count"]) for row in await self._rows(query)}
        waiting = found.pop("waiting", 0)
        return {**found, "promised": found.get("promised", 0) + waiting} if waiting else found

    async def get(self, row_id: int) -> Row | None:
        rows = await self._rows(select(callbacks).where(callbacks.c.id == row_id))
        return rows[0] if rows else None

    async def turns_of(self, contact_id: str, most: int = 400) -> list[Row]:
        """What was said in the call that made the promise, the last of it where that is much. Times are epoch seconds."""
        query = select(turns).where(turns.c.contact_id == contact_id).order_by(turns.c.index.desc()).limit(most)
        rows = await self._rows(query)
        return [{name: value for name, value in row.items() if name not in ("contact_id", "index")} for row in rows[::-1]]

    # --- what a dialer does

    async def make_comparable(self, same: Callable[[str], str]) -> int:
        """Give new rows the number by which two can be compared, and a place; returns how many had none."""
        fresh = callbacks.c.status.in_(OPEN) & (callbacks.c.callee == "")
        rows = await self._rows(select(callbacks).where(fresh).limit(200))
        for row in rows:
            values = {"callee": same(row["number"]) or row["number"], "queued_at": row["queued_at"] or row["created_at"]}
            await self._update(callbacks.c.id == row["id"], fresh, **values)
        return len(rows)

    async def claim(self, row_id: int, holder: str, now: float, lease: float) -> bool:
        """Take a row to dial it; `holder` names this claim and no other.

        False where another node has it, another call to the number goes on, or the row changed.
        """
        ready = callbacks.c.next_at <= now, callbacks.c.from_at <= now, callbacks.c.until_at > now
        taken = {"status": DIALING, "holder": holder, "lease_until": now + lease, "attempts": callbacks.c.attempts + 1}
        try:
            return await self._move("claim", row_id, *ready, **taken, at_once=False, updated_at=now)
        except IntegrityError:
            return False

    async def renew(self, holders: Sequence[str], until: float) -> set[str]:
        """Keep the leases of these; returns those whose row is still theirs."""
        mine = callbacks.c.holder.in_(holders) & (callbacks.c.status == DIALING)
        await self._update(mine, lease_until=until)
        return {row["holder"] for row in await self._rows(select(callbacks.c.holder).where(mine))}

    async def again(self, row: Row, tried: Mapping[str, Any], next_at: float, now: float) -> bool:
        """Another try at `next_at`: after a call of ours, or of a dialer that is gone. False where the row moved on.

        Its number is compared anew: somebody may have changed it during the call.
        """
        values = {"status": "promised", "next_at": next_at, "updated_at": now, "callee": "", **_tried(row, tried), **FREE}
        return await self._move("again", row["id"], *_as_it_was(row), **values)

    async def note(self, row_id: int, tried: Mapping[str, Any], now: float) -> None:
        """Remember how a try went, of a row that has moved on already."""
        if (row := await self.get(row_id)) is not None:
            await self._update(callbacks.c.id == row_id, updated_at=now, **_tried(row, tried))

    async def fail(self, row: Row, tried: Mapping[str, Any], now: float) -> bool:
        values = {"status": "failed", "updated_at": now, **_tried(row, tried), **FREE}
        return await self._move("fail", row["id"], *_as_it_was(row), **values)

    async def serve(self, row_id: int, contact_id: str, outcome: str, now: float) -> bool:
        """The customer talks to somebody: nobody dials any more. False where it was over."""
        return await self._move(
            "serve", row_id, status="done", served_by=contact_id[:64], outcome=outcome, updated_at=now, **FREE
        )

    async def hold(self, row_ids: Sequence[int], until: float) -> None:
        """Do not dial these before `until`: the customer is on the line."""
        those = callbacks.c.id.in_(row_ids), callbacks.c.status.in_(OPEN), callbacks.c.next_at < until
        await self._update(*those, next_at=until)

    # --- what people do

    async def cancel(self, row_id: int, outcome: str, now: float) -> bool:
        """Nobody is called. False where it was over; a call that is being made ends."""
        return await self._move("cancel", row_id, status="cancelled", outcome=outcome, updated_at=now, **FREE)

    async def reschedule(self, row_id: int, begin: float, end: float, now: float, *, at_once: bool = False) -> bool:
        """Call between these times, from the first try on; one that failed or was cancelled too.

        False where it is dialled or done. `at_once`: whether or not somebody is free.
        """
        values = {"status": "promised", "from_at": begin, "until_at": end, "next_at": 0.0, "attempts": 0, "outcome": ""}
        return await self._move("reschedule", row_id, **values, at_once=at_once, updated_at=now, **FREE)

    # --- SQL

    async def _move(self, move: str, row_id: int, *where: ColumnElement[bool], **values: Any) -> bool:
        start = callbacks.c.id == row_id, callbacks.c.status.in_(FROM[move])
        return await self._update(*start, *where, **values) == 1

    async def _update(self, *where: ColumnElement[bool], **values: Any) -> int:
        """Rows changed. Raises IntegrityError where a second call to one number would begin."""
        duplicate: IntegrityError | None = None
        with sql_errors():
            try:
                async with self._engine.begin() as connection:
                    return int((await connection.execute(update(callbacks).where(*where).values(**values))).rowcount)
            except IntegrityError as error:
                duplicate = error
        assert duplicate is not None
        raise duplicate

    async def _rows(self, query: Any) -> list[Row]:
        with sql_errors():
            async with self._engine.connect() as connection:
                return [dict(row) for row in (await connection.execute(query)).mappings()]


def _as_it_was(row: Row) -> Iterable[ColumnElement[bool]]:
    """Still held by that claim, or free as it was: what was done meanwhile stands."""
    yield callbacks.c.holder == row["holder"]


def _tried(row: Row, tried: Mapping[str, Any]) -> dict[str, Any]:
    kept = [*(row["tries"] or ()), dict(tried)][-MOST_TRIES:]
    return {"tries": kept, "outcome": str(tried.get("outcome", ""))[:32]}
