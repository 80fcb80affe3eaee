"""Rows out of the database without holding the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivr.records.database import sql_errors

Row = dict[str, Any]
Clock = Callable[[], float]
Token = Callable[[], str]
SLICE = 50
"""Rows that are made before others get a turn."""


async def rows(engine: AsyncEngine, query: Any) -> list[Row]:
    """All rows of a query. Raises StoreUnavailable."""
    found: list[Row] = []
    with sql_errors():
        async with engine.connect() as connection:
            async for some in (await connection.stream(query)).mappings().partitions(SLICE):
                found += [dict(row) for row in some]
                await asyncio.sleep(0)
    return found


def insert_of(connection: AsyncConnection) -> Any:
    """The `insert` of its dialect, which knows what to do where a row is there."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
