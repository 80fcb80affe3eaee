"""A database with tables and without migrations; each test has a copy."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


def empty_file(folder: Path, tables: Iterable[MetaData]) -> Path:
    """A file with the tables: made once, for each statement waits for the disk."""
    file = folder / "empty.sqlite"
    engine = create_engine(f"sqlite:///{file}")
    for metadata in tables:
        metadata.create_all(engine)
    engine.dispose()
    return file


@asynccontextmanager
async def copy_of(empty: Path, folder: Path) -> AsyncIterator[AsyncEngine]:
    """A copy in `folder`, that waits for no disk."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{shutil.copy(empty, folder / 'records.sqlite')}")

    @event.listens_for(engine.sync_engine, "connect")
    def hurry(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")  # nothing here outlives the test

    yield engine
    await engine.dispose()
