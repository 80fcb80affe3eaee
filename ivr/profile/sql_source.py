"""A source that is a database: read-only statements, every argument bound, never written into the text.

Read-only is made sure of twice: a statement is one SELECT or WITH, and the session itself refuses to write (SQLite
`query_only`, PostgreSQL and MySQL a read-only transaction); nothing is ever committed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ivr.profile.answer import NotThere, SourceFailed
from ivr.profile.asking import scalar

MAX_ROWS = 200
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_READS = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_BOUND = re.compile(r"(?<![:\w\\]):([A-Za-z_]\w*)(?!:)")
_STEPS = 2000
"""Instructions of SQLite between looks at the clock."""


@dataclass(frozen=True, slots=True)
class SqlQuestion:
    """How one operation is asked."""

    statement: str
    """With `:arguments`; see `parameters_of`."""
    rows: int = 1
    """1 gives the columns of the first row; more gives at most so many, as a list."""


def parameters_of(statement: str) -> tuple[str, ...]:
    """The arguments of a statement. Raises ValueError for one that might do more than read."""
    bare = _QUOTED.sub("''", statement).strip().removesuffix(";")
    if not _READS.match(bare) or ";" in bare:
        raise ValueError("expected one SELECT (or WITH ... SELECT) statement; sources are only read")
    return tuple(dict.fromkeys(_BOUND.findall(bare)))


def async_url(address: str) -> URL:
    """The URL with its asyncio driver; a file of SQLite is never made. Raises ValueError, with no password in the text."""
    try:
        parsed = make_url(address)
    except SQLAlchemyError:
        raise ValueError("expected a database URL such as sqlite:///billing.db or postgresql://HOST/NAME") from None
    parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database.startswith((":", "file:")):
            raise ValueError("expected the path of a file: sqlite:///billing.db")
        # Not `mode=ro`: a database in WAL mode that nobody has open cannot be opened so. The session only reads anyway.
        parsed = parsed.set(database=f"file:{quote(parsed.database)}", query={"mode": "rw", "uri": "true"})
    return parsed


class SqlBackend:
    """A small pool of connections, opened when they are needed."""

    def __init__(self, url: str, questions: Mapping[str, SqlQuestion], *, timeout: float, connections: int) -> None:
        """Raises ValueError where the driver of the database is not installed."""
        self._questions, self._timeout = questions, timeout
        options: dict[str, Any] = {"pool_size": connections, "max_overflow": 0, "pool_timeout": timeout}
        try:
            self._engine: AsyncEngine = create_async_engine(async_url(url), **options)
        except ModuleNotFoundError as error:
            raise ValueError(f"the database needs the package {error.name}: install it") from error
        self._lite = self._engine.dialect.name == "sqlite"
        if self._lite:
            event.listen(self._engine.sync_engine, "connect", _tame)

    async def fetch(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        """Raises NotThere for no row, Unaskable, SourceFailed."""
        question = self._questions[operation]
        names = parameters_of(question.statement)
        bound = {name: scalar(name, arguments.get(name)) for name in names}
        try:
            async with self._engine.connect() as connection:
                await self._only_read(connection)
                result = await connection.stream(text(question.statement), bound)
                rows = [dict(row) for row in (await result.mappings().fetchmany(min(question.rows, MAX_ROWS)))]
                await result.close()
        except (DBAPIError, SQLAlchemyError, OSError) as error:
            raise SourceFailed(f"the database refuses: {_words(error)}", again=_lost(error), alive=not _lost(error)) from error
        if not rows:
            raise NotThere("no row")
        return rows[0] if question.rows == 1 else rows

    async def _only_read(self, connection: AsyncConnection) -> None:
        """Bound what comes: by the clock, and to reading."""
        if self._lite:
            raw = await connection.get_raw_connection()
            raw.info["until"][0] = time.monotonic() + self._timeout
            return
        name = self._engine.dialect.name
        if name == "postgresql":
            await connection.execute(text("SET TRANSACTION READ ONLY"))
            await connection.execute(text(f"SET LOCAL statement_timeout = {max(1, round(self._timeout * 1000))}"))
        elif name in ("mysql", "mariadb"):
            await connection.rollback()
            await connection.execute(text("START TRANSACTION READ ONLY"))

    async def close(self) -> None:
        await self._engine.dispose()


def _tame(connection: Any, record: Any) -> None:
    """A statement of SQLite runs in a thread that nobody can stop but SQLite itself, when the time is over."""
    until = record.info["until"] = [float("inf")]
    connection.run_async(lambda raw: raw.set_progress_handler(lambda: time.monotonic() > until[0], _STEPS))
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _lost(error: Exception) -> bool:
    """The connection is at fault, not the statement."""
    return not isinstance(error, DBAPIError) or error.connection_invalidated


def _words(error: Exception) -> str:
    """The class alone: the text may hold arguments."""
    inner = getattr(error, "orig", None) or error
    return type(inner).__name__
