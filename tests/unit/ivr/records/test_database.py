"""The tables are what the migrations make, and a database that cannot be used says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import StoreUnavailable
from ivr.publishing import tables
from ivr.records.database import open_database, sqlite_url
from ivr.records.schema import metadata


async def test_migrations_lead_to_the_schema(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        whole = MetaData()
        for table in (*metadata.tables.values(), *tables.metadata.tables.values()):
            table.to_metadata(whole)
        differences = await connection.run_sync(lambda sync: compare_metadata(MigrationContext.configure(sync), whole))
        assert differences == []
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"


async def test_opening_again_changes_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    again = await open_database(sqlite_url(tmp_path))
    async with again.connect() as connection:
        assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars().all() == ["0006"]
    await again.dispose()


async def test_a_folder_that_is_not_there_is_said() -> None:
    with pytest.raises(StoreUnavailable, match="unable to open"):
        await open_database("sqlite+aiosqlite:////nowhere/at/all.sqlite")
