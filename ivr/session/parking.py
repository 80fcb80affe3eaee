"""Callers who wait in numbered slots until somebody picks them up, from any phone of the house or from a desk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.errors import Conflict, NotFound
from telephony.leg import CallLeg

Published = Callable[[str, Mapping[str, Any] | None], None]
"""(slot, what stands in it, None for nothing): tells the other nodes and the API; never blocks."""


@dataclass(slots=True)
class Parked:
    """One caller in one slot. `picked` is set to the phone that takes the call, or to the agent whose desk does."""

    slot: str
    contact_id: str
    since: float
    """Epoch seconds."""
    by: str
    """Agent who parked it, "" for a flow."""
    picked: asyncio.Future[CallLeg | str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def give_up(self) -> None:
        """The caller is gone: a phone that took the call in that very moment is hung up."""
        if self.picked.done() and not self.picked.cancelled() and not isinstance(leg := self.picked.result(), str):
            leg.hang_up()

    def view(self) -> dict[str, Any]:
        return {"slot": self.slot, "contact": self.contact_id, "since": self.since, "by": self.by}


class ParkingLot:
    """The slots of this node. Another node's slots are elsewhere: the numbers in `slots` are this node's own."""

    def __init__(self, slots: Sequence[str] = (), published: Published | None = None) -> None:
        self.slots = tuple(slots)
        self._parked: dict[str, Parked] = {}
        self._published = published

    def park(self, contact_id: str, by: str, since: float, slot: str = "") -> Parked:
        """Put a caller into `slot`, or into the first free one. Raises Conflict where it is taken or all are."""
        free = [one for one in self.slots if one not in self._parked]
        if slot and slot not in self.slots:
            raise Conflict(f"there is no parking slot {slot}")
        if slot and slot not in free:
            raise Conflict(f"parking slot {slot} is taken")
        if not free:
            raise Conflict("every parking slot is taken" if self.slots else "there are no parking slots")
        parked = self._parked[slot or free[0]] = Parked(slot or free[0], contact_id, since, by)
        self._tell(parked.slot, parked.view())
        return parked

    def leave(self, parked: Parked) -> None:
        """Free the slot. Without effect where it is free already."""
        if self._parked.get(parked.slot) is parked:
            del self._parked[parked.slot]
            self._tell(parked.slot, None)

    def pick_up(self, slot: str, who: CallLeg | str) -> Parked:
        """Give the caller in `slot` to a phone that is UP, or to an agent's desk. Raises NotFound where nobody is there."""
        parked = self._parked.get(slot)
        if parked is None or parked.picked.done():
            raise NotFound(f"nobody is parked in {slot}")
        parked.picked.set_result(who)
        return parked

    def is_slot(self, number: str) -> bool:
        return number in self.slots

    def views(self) -> list[dict[str, Any]]:
        """What is parked now, by slot."""
        return [self._parked[slot].view() for slot in sorted(self._parked)]

    def _tell(self, slot: str, what: Mapping[str, Any] | None) -> None:
        if self._published is not None:
            self._published(slot, what)
