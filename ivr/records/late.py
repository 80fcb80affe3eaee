"""Rows that a call gives away without waiting: surveys, messages of a voice box, notifications, tasks of triggers.

They go into Redis first, one field of the hash `late:rows` each, and from there into SQL as soon as that can take them. Any
node may bring them over: a row has its own id, so bringing it twice gives one row.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Mapping
from typing import Any, cast

from redis.asyncio import Redis
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import StoreUnavailable
from ivr.records.database import redis_errors
from ivr.records.schema import callbacks, notifications, surveys, tickets, voicemails

log = logging.getLogger(__name__)

TABLES: Mapping[str, Table] = {table.name: table for table in (surveys, voicemails, notifications, tickets, callbacks)}
UNIQUE: Mapping[str, str] = {"tickets": "request", "callbacks": "request"}
"""Column that tells rows of a table apart, where it is not `id`: the database counts those itself."""
KEY = "late:rows"
LOOK_SECONDS = 5.0
"""Between looks for what another node left, or what SQL could not take."""
AT_ONCE = 200


class LateRows:
    """`add` from anywhere; `run` is the node's own task."""

    def __init__(self, redis: Redis, engine: AsyncEngine) -> None:
        self._redis, self._engine = redis, engine
        self._came = asyncio.Event()

    async def add(self, table: str, row: Mapping[str, Any]) -> None:
        """Keep a row of one of `TABLES`; its `id` is unique, or what `UNIQUE` names. Raises StoreUnavailable."""
        with redis_errors():
            field = f"{TABLES[table].name}:{row[UNIQUE.get(table, 'id')]}"
            await self._redis.hset(KEY, field, json.dumps(dict(row), ensure_ascii=False))
        self._came.set()

    async def run(self) -> None:
        """Bring rows over, for ever."""
        while True:
            self._came.clear()
            try:
                await self.drain()
            except StoreUnavailable as error:
                log.warning("surveys, messages and notifications wait in Redis: %s", error)
                await asyncio.sleep(LOOK_SECONDS)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._came.wait()
            except TimeoutError:
                continue

    async def drain(self) -> int:
        """Bring over everything that is there; returns how many rows. Raises StoreUnavailable."""
        count, cursor = 0, 0
        while True:
            with redis_errors():
                cursor, found = await cast(Awaitable[Any], self._redis.hscan(KEY, cursor, count=AT_ONCE))
            if found:
                count += await self._bring({_text(name): _text(value) for name, value in found.items()})
            if not cursor:
                return count

    async def _bring(self, found: Mapping[str, str]) -> int:
        by_table: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        for field, text in found.items():
            if (name := field.partition(":")[0]) in TABLES:  # else a newer version of the program left it, for its like
                by_table[name][field] = json.loads(text)
        for name, rows in by_table.items():
            await self._insert(TABLES[name], rows)
            with redis_errors():
                await self._redis.hdel(KEY, *rows)
        return sum(map(len, by_table.values()))

    async def _insert(self, table: Table, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """All of them in one transaction; where SQL refuses it, each alone, and a row that it refuses is given up."""
        try:
            await self._execute(table, list(rows.values()))
        except (InterfaceError, OperationalError, OSError) as error:
            raise StoreUnavailable(f"the database cannot be used: {error}") from error
        except SQLAlchemyError as error:
            if len(rows) > 1:
                for field, row in rows.items():
                    await self._insert(table, {field: row})
                return
            reason = error.orig if isinstance(error, DBAPIError) else error
            log.error("the database refuses a row of %s, it is given up: %s", table.name, reason)

    async def _execute(self, table: Table, rows: list[Mapping[str, Any]]) -> None:
        async with self._engine.begin() as connection:
            insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            unique = UNIQUE.get(table.name, "id")
            await connection.execute(insert(table).on_conflict_do_nothing(index_elements=[unique]), rows)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
