"""The tables are what the migrations make, and a database that cannot be used says so."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection, MetaData, Table, create_engine, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ivr.accounts import tables as accounts
from ivr.errors import StoreUnavailable
from ivr.hooks import tables as hooks
from ivr.messages import tables as written
from ivr.publishing import tables
from ivr.quality import tables as judged
from ivr.records.database import open_database, sqlite_url
from ivr.records.indexing import INDEX
from ivr.records.schema import metadata
from ivr.wall.minutes import metadata as counted


async def test_migrations_lead_to_the_schema(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        whole = MetaData()
        for house in (metadata, tables.metadata, written.metadata, accounts.metadata, counted, hooks.metadata, judged.metadata):
            for table in house.tables.values():
                table.to_metadata(whole)
        named = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith(INDEX)}  # SQLite's own, of FTS5
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts=named), whole)
        )
        assert differences == []
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"


async def test_opening_again_changes_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    again = await open_database(sqlite_url(tmp_path))
    async with again.connect() as connection:
        newest = ScriptDirectory(str(files("ivr.records") / "migrations")).get_current_head()
        assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars().all() == [newest]
    await again.dispose()


async def test_a_folder_that_is_not_there_is_said() -> None:
    with pytest.raises(StoreUnavailable, match="unable to open"):
        await open_database("sqlite+aiosqlite:////nowhere/at/all.sqlite")


def tables_of(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


@pytest.fixture
def old(tmp_path: Path) -> str:
    """The URL of a database as it was before flows had versions, with one contact in it."""
    engine = create_engine(f"sqlite:///{tmp_path / 'records.sqlite'}")
    config = Config()
    config.set_main_option("script_location", str(files("ivr.records") / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        known = {column["name"]: column for column in inspect(connection).get_columns("contacts")}
        row = {name: _anything(column["type"]) for name, column in known.items() if not column["nullable"]} | {"id": "c1"}
        connection.execute(Table("contacts", MetaData(), autoload_with=connection).insert(), [row])
        said = {column["name"]: _anything(column["type"]) for column in inspect(connection).get_columns("turns")}
        said |= {"contact_id": "c1", "text": "我要退款"}
        connection.execute(Table("turns", MetaData(), autoload_with=connection).insert(), [said])
    engine.dispose()
    return sqlite_url(tmp_path)


def _anything(kind: Any) -> Any:
    return {} if isinstance(kind, JSON) else kind.python_type()


async def test_an_old_database_is_brought_along_with_what_is_in_it(old: str) -> None:
    engine = await open_database(old)
    async with engine.connect() as connection:
        rows = (await connection.execute(select(metadata.tables["contacts"]))).mappings().all()
        assert [(row["id"], row["handover"]) for row in rows] == [("c1", {})]
        assert {"flow_house", "tickets"} <= await connection.run_sync(tables_of)
        found = text(f"SELECT contact_id, words FROM turn_words WHERE id IN (SELECT rowid FROM {INDEX}('\"退 款\"'))")
        assert (await connection.execute(found)).all() == [("c1", "我 要 退 款")]
    await engine.dispose()


async def test_a_change_of_the_tables_that_breaks_off_leaves_nothing_half(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(op, "bulk_insert", full)
        with pytest.raises(StoreUnavailable, match="full"):
            await open_database(old)
    async with create_async_engine(old).connect() as connection:
        assert not {"flow_house", "tickets"} & await connection.run_sync(tables_of)
    engine = await open_database(old)
    await engine.dispose()
