"""A source that is our own records: what a number called about before, who talked to it, what is still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ivr.errors import StoreUnavailable
from ivr.profile.answer import NotThere, SourceFailed, Unaskable
from ivr.profile.asking import scalar, written
from ivr.profile.identity import forms, identifies

OPERATION = "profile"
"""What it can be asked: `number` to the fields of a profile."""


class CallerRecords(Protocol):
    """`ivr.records.callers.CallerReader`."""

    async def of(self, numbers: Sequence[str]) -> Mapping[str, Any] | None:
        """`history contacts calls last_agent mood open` of one caller; None for one who never called.

        Raises StoreUnavailable.
        """


class RecordsBackend:
    """Answers from the tables of record."""

    def __init__(self, records: CallerRecords) -> None:
        self._records = records

    async def fetch(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        """Raises NotThere, Unaskable, SourceFailed."""
        number = written(scalar("number", arguments.get("number")))
        if not identifies(number):
            raise Unaskable("no number to look for")
        try:
            found = await self._records.of(forms(number))
        except StoreUnavailable as error:
            raise SourceFailed("the records cannot be read", again=True) from error
        if found is None:
            raise NotThere("never called before")
        return found

    async def close(self) -> None:
        """The engine is another's."""
