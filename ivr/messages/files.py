"""Files that come with messages, kept in the database: bounded, and never shown as what they only claim to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.messages.model import MOST_FILES, File
from ivr.messages.tables import files
from ivr.records.database import sql_errors

Row = dict[str, Any]

ANYTHING = "application/octet-stream"
MOST_TIMES = 20
"""Files of the largest size that fit into one conversation, where anybody may send them."""
_SHOWN = ("id", "name", "type", "size")
_BEGINNINGS: Sequence[tuple[bytes, int, str]] = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"%PDF-", 0, "application/pdf"),
)
"""What a file begins with, from where on, and what it is then. Of all others it matters only that no browser runs them."""
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def type_of(data: bytes) -> str:
    """By its first octets, whatever it is called."""
    found = (kind for octets, start, kind in _BEGINNINGS if data[start : start + len(octets)] == octets)
    return next(found, ANYTHING)


def name_of(text: str) -> str:
    """A name that any system takes: without folders, control characters, and what would turn its letters round."""
    name = _NOT_IN_NAMES.sub("", text.replace("\\", "/").rpartition("/")[2]).strip(" .")[:120]
    return name or "file"


async def put(
    connection: AsyncConnection, thread_id: str, message_id: str, given: Iterable[File], token: Callable[[], str]
) -> None:
    """Write down the files of a message, in the transaction that writes the message."""
    rows: list[Row] = []
    for one in list(given)[:MOST_FILES]:
        row = {"id": token(), "thread_id": thread_id, "message_id": message_id, "name": name_of(one.name)}
        rows.append({**row, "type": type_of(one.data), "size": len(one.data), "data": one.data})
    if rows:
        await connection.execute(files.insert(), rows)


class Files:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, most: int) -> None:
        """`most`: octets of one file; 0 where none are kept."""
        self._engine, self.most = engine, most

    @property
    def too_large(self) -> str:
        """What to say to whoever sends more than is kept."""
        return f"the file is larger than {self.most // 1_000_000} MB" if self.most else "this house keeps no files"

    def checked(self, name: str, data: bytes) -> File:
        """Raises Conflict with words for whoever sends it."""
        if len(data) > self.most:
            raise Conflict(self.too_large)
        if not data:
            raise Conflict("the file is empty")
        return File(name, data)

    async def room(self, thread_id: str, octets: int) -> None:
        """Raises Conflict where a customer's files of this conversation would be too much with so many octets more."""
        query = select(func.coalesce(func.sum(files.c.size), 0)).where(files.c.thread_id == thread_id)
        with sql_errors():
            async with self._engine.connect() as connection:
                kept = int((await connection.execute(query)).scalar_one())
        if kept + octets > MOST_TIMES * self.most:
            raise Conflict(f"this conversation has {kept // 1_000_000} MB of files already, and no room for this one")

    async def of(self, messages: Sequence[str]) -> dict[str, list[Row]]:
        """Message to its files as pages get them: `{id, name, type, size}`."""
        columns = (files.c[name] for name in ("id", "message_id", "name", "type", "size"))
        query = select(*columns).where(files.c.message_id.in_(list(messages))).order_by(files.c.id)
        found: dict[str, list[Row]] = {}
        with sql_errors():
            async with self._engine.connect() as connection:
                for row in (await connection.execute(query)).mappings():
                    found.setdefault(row["message_id"], []).append({name: row[name] for name in _SHOWN})
        return found

    async def get(self, thread_id: str, file_id: str) -> Row:
        """`{name, type, data}`. Raises NotFound, also for a file of another conversation."""
        mine = (files.c.id == file_id) & (files.c.thread_id == thread_id)
        with sql_errors():
            async with self._engine.connect() as connection:
                row = (await connection.execute(select(files).where(mine))).mappings().first()
        if row is None:
            raise NotFound("there is no such file")
        return dict(row)
