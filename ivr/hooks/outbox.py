"""What waits for a hook, what reached it, what is dead, and how it is brought back to life."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.hooks.catalogue import NAMES, wanted
from ivr.hooks.tables import deliveries, events
from ivr.records.database import sql_errors

MOST = 200
MOST_REASON = 300
MOST_REPLAYED = 10_000
"""Events of one replay."""
STATUS = ("waiting", "sent", "dead")


class HookOutbox:
    """Every method raises StoreUnavailable where the database is away. Times are epoch seconds."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    # --- the way there

    async def claim(self, hook: str, lease: float, most: int) -> list[dict[str, Any]]:
        """Take what is due, the oldest first; for `lease` seconds no other node takes it. Their `attempts` count this one."""
        now = self._clock()
        d = deliveries.c
        due = (d.hook == hook) & (d.status == "waiting") & (d.next_at <= now)
        query = select(deliveries, events.c.kind, events.c.at, events.c.data).join(events, d.event_id == events.c.id)
        taken: list[dict[str, Any]] = []
        with sql_errors():
            async with self._engine.begin() as connection:
                rows = (await connection.execute(query.where(due).order_by(d.next_at, d.id).limit(most))).mappings().all()
                for row in rows:
                    mine = (d.id == row["id"]) & (d.status == "waiting") & (d.next_at == row["next_at"])
                    change = update(deliveries).where(mine).values(next_at=now + lease, attempts=row["attempts"] + 1)
                    if (await connection.execute(change)).rowcount:
                        taken.append({**row, "attempts": row["attempts"] + 1})
        return taken

    async def sent(self, number: int, answered: int) -> None:
        await self._set(number, status="sent", sent_at=self._clock(), answered=answered, reason="")

    async def again(self, number: int, at: float, answered: int | None, reason: str) -> None:
        await self._set(number, next_at=at, answered=answered, reason=reason[:MOST_REASON])

    async def dead(self, number: int, answered: int | None, reason: str) -> None:
        """Given up; it stays until somebody asks for it again, or it is 14 days old."""
        await self._set(number, status="dead", answered=answered, reason=reason[:MOST_REASON])

    async def _set(self, number: int, **values: Any) -> None:
        with sql_errors():
            async with self._engine.begin() as connection:
                await connection.execute(update(deliveries).where(deliveries.c.id == number).values(**values))

    # --- looking

    async def figures(self) -> dict[str, dict[str, Any]]:
        """Hook to `{waiting, sent, dead, last_at}`."""
        d = deliveries.c
        query = select(d.hook, d.status, func.count(), func.max(d.sent_at)).group_by(d.hook, d.status)
        found: dict[str, dict[str, Any]] = {}
        with sql_errors():
            async with self._engine.connect() as connection:
                for hook, status, count, last in (await connection.execute(query)).all():
                    one = found.setdefault(hook, {**dict.fromkeys(STATUS, 0), "last_at": None})
                    one[status] = count
                    one["last_at"] = last if status == "sent" else one["last_at"]
        return found

    async def list(self, hook: str | None, status: str | None, before: int | None, limit: int) -> list[dict[str, Any]]:
        """Deliveries with their events, the newest first."""
        d = deliveries.c
        query = select(deliveries, events.c.kind, events.c.at, events.c.subject, events.c.data)
        query = query.join(events, d.event_id == events.c.id).order_by(d.id.desc()).limit(max(1, min(limit, MOST)))
        for column, value in ((d.hook, hook), (d.status, status)):
            if value is not None:
                query = query.where(column == value)
        if before is not None:
            query = query.where(d.id < before)
        with sql_errors():
            async with self._engine.connect() as connection:
                return [dict(row) for row in (await connection.execute(query)).mappings().all()]

    # --- once more

    async def retry(self, number: int) -> dict[str, Any]:
        """Send one once more, from the first try on. Raises NotFound, and Conflict where it waits anyway."""
        d = deliveries.c
        change = update(deliveries).where(d.id == number, d.status != "waiting")
        with sql_errors():
            async with self._engine.begin() as connection:
                done = (await connection.execute(change.values(**self._anew()))).rowcount
                row = (await connection.execute(select(deliveries).where(d.id == number))).mappings().first()
        if row is None:
            raise NotFound(f"there is no delivery {number}")
        if not done:
            raise Conflict("it waits to be sent already")
        return dict(row)

    async def revive(self, hook: str) -> int:
        """Send everything that is dead once more; how many."""
        d = deliveries.c
        change = update(deliveries).where(d.hook == hook, d.status == "dead").values(**self._anew())
        with sql_errors():
            async with self._engine.begin() as connection:
                return int((await connection.execute(change)).rowcount)

    async def replay(self, hook: str, patterns: Sequence[str], begin: float, end: float) -> int:
        """Send the events of a time, kept for 14 days, once more, whether they reached it or not; how many.

        Raises Conflict where they are more than `MOST_REPLAYED`.
        """
        e, d = events.c, deliveries.c
        kinds = [name for name in NAMES if wanted(patterns, name)]
        query = select(e.id).where(e.at >= begin, e.at < end, e.kind.in_(kinds)).order_by(e.at, e.id)
        with sql_errors():
            async with self._engine.begin() as connection:
                names = (await connection.execute(query.limit(MOST_REPLAYED + 1))).scalars().all()
                if len(names) > MOST_REPLAYED:
                    raise Conflict(f"these are more than {MOST_REPLAYED} events: ask for a shorter time, or for some kinds")
                insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
                for start in range(0, len(names), MOST):
                    some = names[start : start + MOST]
                    await connection.execute(
                        update(deliveries).where(d.hook == hook, d.event_id.in_(some)).values(**self._anew())
                    )
                    fresh = [{"hook": hook, "event_id": name, **self._anew()} for name in some]
                    await connection.execute(
                        insert(deliveries).on_conflict_do_nothing(index_elements=["hook", "event_id"]), fresh
                    )
        return len(names)

    def _anew(self) -> dict[str, Any]:
        return {"status": "waiting", "attempts": 0, "next_at": self._clock(), "reason": "", "answered": None}
