from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ivr.errors import StoreUnavailable
from ivr.profile.answer import NotThere, SourceFailed, Unaskable
from ivr.profile.records_source import OPERATION, RecordsBackend


class Records:
    def __init__(self, found: Mapping[str, Any] | Exception | None) -> None:
        self.found = found
        self.asked: list[Sequence[str]] = []

    async def of(self, numbers: Sequence[str]) -> Mapping[str, Any] | None:
        self.asked.append(numbers)
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


async def test_a_number_is_looked_for_in_every_form() -> None:
    records = Records({"calls": 3})
    assert await RecordsBackend(records).fetch(OPERATION, {"number": "8613800138000"}) == {"calls": 3}
    assert set(records.asked[0]) == {"8613800138000", "+8613800138000", "008613800138000"}


@pytest.mark.parametrize("number", ["", "anonymous", None, "Unknown"])
async def test_a_withheld_number_shares_no_history(number: object) -> None:
    records = Records({"calls": 3})
    with pytest.raises(Unaskable):
        await RecordsBackend(records).fetch(OPERATION, {"number": number})
    assert records.asked == []


async def test_nobody_and_no_store_are_different() -> None:
    with pytest.raises(NotThere):
        await RecordsBackend(Records(None)).fetch(OPERATION, {"number": "1"})
    with pytest.raises(SourceFailed) as found:
        await RecordsBackend(Records(StoreUnavailable("SQL is away"))).fetch(OPERATION, {"number": "1"})
    assert found.value.again
