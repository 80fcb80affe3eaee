"""The SQL engine: SQLite by default, any SQLAlchemy asyncio URL by choice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ivr.errors import StoreUnavailable

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}

_ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(718281828)"}
"""Before the tables are changed: workers start together, and only one may. SQLite's driver begins no transaction for a
CREATE by itself, so that a crash would leave half of a change."""


def sqlite_url(data_dir: Path) -> str:
    """Return the URL of the default database in the data folder."""
    return f"sqlite+aiosqlite:///{data_dir.resolve() / 'records.sqlite'}"


@contextmanager
def sql_errors() -> Iterator[None]:
    """Turn what SQLAlchemy raises into StoreUnavailable, in one line."""
    try:
        yield
    except DBAPIError as error:
        raise StoreUnavailable(f"the database refused: {error.orig}") from error
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(f"the database cannot be used: {error}") from error


@contextmanager
def redis_errors() -> Iterator[None]:
    """Turn what redis-py raises into StoreUnavailable.

    A cancellation that got lost inside is raised here: `asyncio.wait_for` before Python 3.12, in which redis-py sends, hides
    one that comes in the very moment of success (bpo-42130).
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis cannot be used: {error}") from error
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError


@asynccontextmanager
async def turn(redis: Redis, key: str, milliseconds: int) -> AsyncIterator[bool]:
    """Whether it is this node's turn at what one node at a time does. Raises StoreUnavailable.

    The turn ends with the block, and by itself after `milliseconds`, since a node may die.
    """
    with redis_errors():
        mine = bool(await redis.set(key, "1", nx=True, px=milliseconds))
    try:
        yield mine
    finally:
        if mine:
            with suppress(StoreUnavailable), redis_errors():  # raised here it would take the place of a cancellation
                await redis.delete(key)


async def open_database(url: str) -> AsyncEngine:
    """Open the database and bring its tables to the present shape. Dispose of the engine at the end.

    Raises StoreUnavailable. Statements run in a thread (SQLite) or on a socket: never on the event loop.
    """
    with sql_errors():
        parsed = make_url(url)
        parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
        try:
            engine = create_async_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
        except ModuleNotFoundError as error:
            raise StoreUnavailable(f"the database needs the package {error.name}: install it") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _tune)
    try:
        with sql_errors():
            async with engine.begin() as connection:
                await connection.execute(text(_ALONE.get(engine.dialect.name, "SELECT 1")))
                await connection.run_sync(_migrate)
    except BaseException:
        await engine.dispose()
        raise
    return engine


def _tune(connection: Any, _record: object) -> None:
    """WAL lets readers read while one writes; FULL, because what was committed is deleted from Redis right after."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("ivr.records") / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
