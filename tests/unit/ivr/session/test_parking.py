from __future__ import annotations

from typing import Any

import pytest

from ivr.errors import Conflict, NotFound
from ivr.session.parking import ParkingLot
from telephony.fake import FakeLeg


async def test_slots_are_given_in_order_and_given_back() -> None:
    told: list[tuple[str, Any]] = []
    lot = ParkingLot(("701", "702"), lambda slot, what: told.append((slot, what)))
    first, second = lot.park("c-1", "anna", 10.0), lot.park("c-2", "", 11.0)
    assert (first.slot, second.slot) == ("701", "702")
    assert lot.views() == [
        {"slot": "701", "contact": "c-1", "since": 10.0, "by": "anna"},
        {"slot": "702", "contact": "c-2", "since": 11.0, "by": ""},
    ]
    with pytest.raises(Conflict, match="every"):
        lot.park("c-3", "", 12.0)
    lot.leave(first)
    lot.leave(first)
    assert lot.park("c-3", "", 12.0, "701").slot == "701"
    assert [slot for slot, _ in told] == ["701", "702", "701", "701"] and told[2][1] is None


async def test_a_slot_that_is_taken_or_is_none_is_refused() -> None:
    lot = ParkingLot(("701",))
    lot.park("c-1", "", 1.0, "701")
    for slot, words in (("701", "taken"), ("9", "no parking slot")):
        with pytest.raises(Conflict, match=words):
            lot.park("c-2", "", 1.0, slot)
    with pytest.raises(Conflict, match="no parking slots"):
        ParkingLot().park("c-2", "", 1.0)


async def test_a_caller_is_picked_up_once() -> None:
    lot, phone = ParkingLot(("701",)), FakeLeg()
    parked = lot.park("c-1", "", 1.0)
    assert lot.pick_up("701", phone) is parked and parked.picked.result() is phone
    for slot in ("701", "702"):
        with pytest.raises(NotFound):
            lot.pick_up(slot, "anna")
    assert lot.is_slot("701") and not lot.is_slot("702")
