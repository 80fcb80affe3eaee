"""Against a real SQLite file."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ivr.profile.answer import NotThere, SourceFailed, Unaskable
from ivr.profile.sql_source import SqlBackend, SqlQuestion, async_url, parameters_of

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n"
QUESTIONS = {
    "bill": SqlQuestion("SELECT amount, month FROM bills WHERE account = :account ORDER BY month DESC"),
    "bills": SqlQuestion("SELECT month FROM bills WHERE account = :account ORDER BY month;", rows=2),
    "sneaky": SqlQuestion("WITH gone AS (SELECT 1) SELECT load_extension(:account)"),
    "broken": SqlQuestion("SELECT nothing FROM nowhere"),
    "endless": SqlQuestion(ENDLESS),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "all bills.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bills (account TEXT, amount NUMERIC, month TEXT)")
        connection.executemany("INSERT INTO bills VALUES (?, ?, ?)", [("8861", 96.8, f"2026-{m:02}") for m in (8, 9, 10)])
    return path


@pytest.fixture
async def backend(path: Path) -> AsyncIterator[SqlBackend]:
    backend = SqlBackend(f"sqlite:///{path}", QUESTIONS, timeout=0.2, connections=2)
    yield backend
    await backend.close()


async def test_one_row_gives_its_columns_and_more_a_list(backend: SqlBackend) -> None:
    assert await backend.fetch("bill", {"account": "8861"}) == {"amount": 96.8, "month": "2026-10"}
    assert await backend.fetch("bills", {"account": "8861", "more": 1}) == [{"month": "2026-08"}, {"month": "2026-09"}]


@pytest.mark.parametrize("account", ["1", "' OR '1'='1", "8861' --", "8861; DROP TABLE bills", None, 8861.5])
async def test_an_argument_is_a_value_and_never_a_part_of_the_statement(backend: SqlBackend, path: Path, account: Any) -> None:
    with pytest.raises(NotThere):
        await backend.fetch("bill", {"account": account})
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM bills").fetchone() == (3,)


async def test_a_list_is_no_argument(backend: SqlBackend) -> None:
    with pytest.raises(Unaskable):
        await backend.fetch("bill", {"account": ["8861"]})


@pytest.mark.parametrize("operation", ["broken", "sneaky"])
async def test_a_statement_that_fails_tells_the_class_alone(backend: SqlBackend, operation: str) -> None:
    with pytest.raises(SourceFailed, match="OperationalError") as found:
        await backend.fetch(operation, {"account": "8861"})
    assert "8861" not in str(found.value) and found.value.alive


async def test_the_session_cannot_write(path: Path) -> None:
    question = SqlQuestion("SELECT 1")
    object.__setattr__(question, "statement", "DELETE FROM bills")  # as if the check had let it through
    backend = SqlBackend(f"sqlite:///{path}", {"x": question}, timeout=1, connections=1)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SourceFailed):
        patch.setattr("ivr.profile.sql_source.parameters_of", lambda statement: ())
        await backend.fetch("x", {})
    await backend.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM bills").fetchone() == (3,)


async def test_a_statement_without_end_is_ended_by_the_database(backend: SqlBackend) -> None:
    began = time.monotonic()
    with pytest.raises(SourceFailed):
        await backend.fetch("endless", {})
    assert time.monotonic() - began < 1.0
    assert await backend.fetch("bill", {"account": "8861"}), "the connection is well"


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM bills", "UPDATE bills SET a = 1", "SELECT 1; DELETE FROM bills", "PRAGMA x", "", "-- SELECT\nDROP TABLE x"],
)
def test_only_reading_is_accepted(statement: str) -> None:
    with pytest.raises(ValueError, match="only read"):
        parameters_of(statement)


def test_arguments_are_found_where_they_are_none_of_the_text() -> None:
    assert parameters_of("SELECT ':no' AS x, a::text FROM t WHERE b = :b AND c = :c AND d = :b -- :e") == ("b", "c")


def test_an_address_gets_its_driver_and_a_wrong_one_is_not_repeated() -> None:
    lite = async_url("sqlite:////a b.db")
    assert (lite.drivername, lite.database, dict(lite.query)) == (
        "sqlite+aiosqlite",
        "file:/a%20b.db",
        {"mode": "rw", "uri": "true"},
    )
    assert async_url("postgresql://u:p@h/n").drivername == "postgresql+asyncpg"
    for memory in ("sqlite://", "sqlite:///:memory:"):
        with pytest.raises(ValueError, match="path of a file"):
            async_url(memory)
    with pytest.raises(ValueError) as found:
        async_url("s3cret")
    assert "s3cret" not in str(found.value)


def test_a_driver_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="needs the package"):
        SqlBackend("mysql+aiomysql://x/y", {}, timeout=1, connections=1)


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    backend = SqlBackend(f"sqlite:///{tmp_path}/typo.db", {"x": SqlQuestion("SELECT 1")}, timeout=1, connections=1)
    with pytest.raises(SourceFailed):
        await backend.fetch("x", {})
    await backend.close()
    assert not (tmp_path / "typo.db").exists()


async def test_a_database_that_another_writes_to_is_read(path: Path) -> None:
    with sqlite3.connect(path) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("INSERT INTO bills VALUES ('1', 5, '2026-11')")
        writer.commit()
        backend = SqlBackend(f"sqlite:///{path}", QUESTIONS, timeout=1, connections=1)
        assert await backend.fetch("bill", {"account": "1"}) == {"amount": 5, "month": "2026-11"}
        await backend.close()
