"""What agents have other systems do: rows that wait are claimed by one node, sent, and marked. No two nodes send one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.records.database import sql_errors
from ivr.records.schema import desk_actions as table

MOST = 50
"""Of one contact."""
MOST_REASON = 300
HIDDEN = ("body", "hook", "next_at")


class Runs:
    """Every method raises StoreUnavailable where the database is away. Times are epoch seconds."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    async def add(self, row: Mapping[str, Any], lease: float) -> tuple[dict[str, Any], bool]:
        """Write one that is about to be sent; nobody else sends it for `lease` seconds. Returns the row and whether it is new.

        The same `id` again is the same one: nothing is written. Raises Conflict where the contact has had too many.
        """
        now = self._clock()
        stamps = {"status": "waiting", "attempts": 1, "reason": "", "answer": {}, "created_at": now, "updated_at": now}
        whole = {**stamps, **row, "next_at": now + lease}
        with sql_errors():
            async with self._engine.begin() as connection:
                ids = (await connection.execute(select(table.c.id).where(table.c.contact_id == row["contact_id"]))).scalars()
                known = list(ids)
                if row["id"] not in known and len(known) >= MOST:
                    raise Conflict(f"{MOST} actions of one contact are the most")
                insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
                added = await connection.execute(insert(table).on_conflict_do_nothing(index_elements=["id"]), [whole])
        return await self.get(row["id"]), bool(added.rowcount)

    async def get(self, run_id: str) -> dict[str, Any]:
        """Raises NotFound."""
        with sql_errors():
            async with self._engine.connect() as connection:
                row = (await connection.execute(select(table).where(table.c.id == run_id))).mappings().first()
        if row is None:
            raise NotFound("there is no such action")
        return dict(row)

    async def of(self, contact_id: str) -> list[dict[str, Any]]:
        """Those of a contact as its page takes them, the oldest first."""
        query = select(table).where(table.c.contact_id == contact_id).order_by(table.c.created_at, table.c.id).limit(MOST)
        with sql_errors():
            async with self._engine.connect() as connection:
                return [shown(dict(row)) for row in (await connection.execute(query)).mappings()]

    async def claim(self, lease: float, most: int = 20) -> list[dict[str, Any]]:
        """Take those that are due; for `lease` seconds no other node takes them. Their `attempts` count this one."""
        now, taken = self._clock(), list[dict[str, Any]]()
        due = (table.c.status == "waiting") & (table.c.next_at <= now)
        with sql_errors():
            async with self._engine.connect() as connection:  # most looks find nothing: no lock for those
                rows = (
                    (await connection.execute(select(table).where(due).order_by(table.c.next_at).limit(most))).mappings().all()
                )
            if not rows:
                return []
            async with self._engine.begin() as connection:
                for row in rows:
                    mine = (table.c.id == row["id"]) & (table.c.status == "waiting") & (table.c.next_at == row["next_at"])
                    change = update(table).where(mine).values(next_at=now + lease, attempts=row["attempts"] + 1)
                    if (await connection.execute(change)).rowcount:
                        taken.append({**row, "attempts": row["attempts"] + 1})
        return taken

    async def put(self, run_id: str, **values: Any) -> dict[str, Any]:
        """Set columns and return the row as it is then."""
        if "reason" in values:
            values["reason"] = values["reason"][:MOST_REASON]
        with sql_errors():
            async with self._engine.begin() as connection:
                change = update(table).where(table.c.id == run_id).values(updated_at=self._clock(), **values)
                await connection.execute(change)
        return await self.get(run_id)

    async def again(self, run_id: str, lease: float) -> dict[str, Any]:
        """Take one that failed for another round. Raises Conflict where it did not fail, NotFound."""
        await self.get(run_id)
        with sql_errors():
            async with self._engine.begin() as connection:
                failed = (table.c.id == run_id) & (table.c.status == "failed")
                values = {"status": "waiting", "attempts": 1, "next_at": self._clock() + lease, "reason": ""}
                if not (await connection.execute(update(table).where(failed).values(**values))).rowcount:
                    raise Conflict("only what failed can be sent again")
        return await self.get(run_id)


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """One as its page takes it."""
    return {name: value for name, value in row.items() if name not in HIDDEN}
