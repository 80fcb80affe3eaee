"""A contact from its first second on: from the write-ahead log while it goes on, from SQL afterwards."""

from __future__ import annotations

from typing import Any

from ivr.errors import NotFound
from ivr.records.reader import ContactReader, iso
from ivr.records.schema import TIMES
from ivr.records.writer import ContactLog


class WholeContacts:
    """Reads single contacts, whichever node has the call. Raises StoreUnavailable where a store is away."""

    def __init__(self, log: ContactLog, reader: ContactReader) -> None:
        self._log, self._reader = log, reader

    async def get(self, contact_id: str) -> dict[str, Any]:
        """As `ContactReader.get`; of one that goes on `ended_at` is null and `disposition` empty. Raises NotFound."""
        row = await self._log.live(contact_id)
        if row is None:
            return await self._reader.get(contact_id)
        over = row["end_cause"] is not None
        times = {name: iso(row[name]) for name in TIMES}
        turns = [{**turn, "at": iso(turn["at"])} for turn in row["turns"]]
        return {**row, **times, "turns": turns} | ({} if over else {"ended_at": None, "disposition": ""})

    async def find(self, contact_id: str) -> dict[str, Any] | None:
        """As `get`; None where nothing was ever written of it."""
        try:
            return await self.get(contact_id)
        except NotFound:
            return None
