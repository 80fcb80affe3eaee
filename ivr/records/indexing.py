"""The words of turns, kept beside them in the same transaction: they say what the record says, and go with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.records.schema import turn_words
from ivr.records.words import spaced

FEW = 100
"""Turns whose words are made at once, within a millisecond; those of more in a thread."""
INDEX = "turn_index"
"""The FTS5 table over `turn_words` where the database is SQLite and has FTS5."""
CREATE = (
    f"CREATE VIRTUAL TABLE {INDEX} USING fts5(words, content='turn_words', content_rowid='id', columnsize=0, "
    "tokenize='unicode61 remove_diacritics 0')",
    f"CREATE TRIGGER turn_words_added AFTER INSERT ON turn_words BEGIN "
    f"INSERT INTO {INDEX}(rowid, words) VALUES (new.id, new.words); END",
    f"CREATE TRIGGER turn_words_gone AFTER DELETE ON turn_words BEGIN "
    f"INSERT INTO {INDEX}({INDEX}, rowid, words) VALUES ('delete', old.id, old.words); END",
    f"CREATE TRIGGER turn_words_changed AFTER UPDATE OF words ON turn_words BEGIN "
    f"INSERT INTO {INDEX}({INDEX}, rowid, words) VALUES ('delete', old.id, old.words); "
    f"INSERT INTO {INDEX}(rowid, words) VALUES (new.id, new.words); END",
)


def word_rows(said: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `turn_words` for rows of `turns`."""
    return [
        {"contact_id": one["contact_id"], "index": one["index"], "at": one["at"], "words": spaced(one["text"])} for one in said
    ]


async def index_turns(connection: AsyncConnection, said: Sequence[Mapping[str, Any]]) -> None:
    """Write the words of turns that were written in this transaction; the same again changes nothing."""
    rows = word_rows(said) if len(said) <= FEW else await asyncio.to_thread(word_rows, said)
    if rows:
        await connection.execute(_upsert(connection.dialect.name), rows)


@lru_cache(maxsize=2)
def _upsert(dialect: str) -> Any:
    insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(turn_words)
    fresh = {name: statement.excluded[name] for name in ("at", "words")}
    changed = turn_words.c.words != statement.excluded.words
    return statement.on_conflict_do_update(index_elements=["contact_id", "index"], set_=fresh, where=changed)
