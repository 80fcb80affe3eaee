"""What a node puts right as soon as it can: what it could not tell Redis, and where Redis and the calls here disagree.

The calls here are the truth: who talks does talk, and who waits on the line waits. Redis may have been away, have lost its last
second, or have been told that this node died.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

from ivr.acd.feed import AcdEvent
from ivr.acd.model import Contact, ContactState
from ivr.acd.store import AcdStore
from ivr.errors import NotFound

log = logging.getLogger(__name__)

SLICE = 50


class Held(Protocol):
    """A place as it is here: `ivr.acd.place.Place`."""

    contact: Contact
    agent_id: str
    rung: dict[str, float]
    """Who is rung, and until when."""
    connected: bool
    over: bool
    busy: bool
    """It is telling Redis something at this moment."""

    def hear(self, event: AcdEvent) -> None: ...

    def refuse(self, why: str) -> None: ...


class Mending:
    """One a node. Every method that is awaited raises StoreUnavailable; what was not done then stays owed."""

    def __init__(self, store: AcdStore) -> None:
        self._store = store
        self._leaves: dict[str, str] = {}
        self._declines: dict[tuple[str, str], str] = {}
        """Contact and agent to the reason: several may ring for one."""
        self.doubted: set[str] = set()
        """Contacts of which Redis may believe something else."""

    @property
    def owes(self) -> bool:
        """Whether there is something that Redis was not told yet."""
        return bool(self._leaves or self._declines)

    def owe_leave(self, contact_id: str, outcome: str) -> None:
        for owed in [owed for owed in self._declines if owed[0] == contact_id]:
            del self._declines[owed]
        self.doubted.discard(contact_id)
        self._leaves[contact_id] = outcome

    def left(self, contact_id: str) -> None:
        """It is done."""
        self._leaves.pop(contact_id, None)

    def owe_decline(self, contact_id: str, agent_id: str, reason: str) -> None:
        self._declines[contact_id, agent_id] = reason

    async def pay(self) -> None:
        """Tell Redis what it could not be told."""
        for contact_id in list(self._leaves):
            await self.pay_leave(contact_id)
        for (contact_id, agent_id), reason in list(self._declines.items()):
            await self._store.decline(contact_id, agent_id, reason)
            self._declines.pop((contact_id, agent_id), None)

    async def pay_leave(self, contact_id: str) -> None:
        """Tell Redis that this one left, where that is still owed."""
        if contact_id in self._leaves:
            await self._store.leave(contact_id, self._leaves[contact_id])
            self.left(contact_id)

    async def compare(self, places: Iterable[Held]) -> None:
        """Make Redis believe what is true here, and tell the places what they missed."""
        mine = [place for place in places if not place.over]
        for at in range(0, len(mine), SLICE):
            await self._compare(mine[at : at + SLICE])
            self.doubted.difference_update(place.contact.id for place in mine[at : at + SLICE])

    async def _compare(self, places: Sequence[Held]) -> None:
        before = {place.contact.id: (tuple(place.rung), place.connected) for place in places}
        contacts, _ = await self._store.read(list(before), ())
        known = {contact.id: contact for contact in contacts}
        for place in places:
            if not place.over and not place.busy and before[place.contact.id] == (tuple(place.rung), place.connected):
                await self._agree(place, known.get(place.contact.id))

    async def _agree(self, place: Held, known: Contact | None) -> None:
        if place.connected:
            if known is None or known.state is not ContactState.CONNECTED or known.agent != place.agent_id:
                log.warning("contact %s talks to %s, which Redis did not know", place.contact.id, place.agent_id)
                await self._resume(place)
        elif known is None:
            await self.put_back(place)
        elif known.state is ContactState.CONNECTED:
            await self._store.decline(known.id, known.agent, "lost")
        else:
            _catch_up(place, known)

    async def _resume(self, place: Held) -> None:
        try:
            await self._store.resume(place.contact, place.agent_id)
        except NotFound as error:
            log.error("a talk goes on that the queues cannot know: %s", error)

    async def put_back(self, place: Held) -> None:
        """Redis does not know a caller who is on the line: it was away, lost data, or another node believed us dead."""
        if place.connected or place.over:
            return
        try:
            await self._store.enqueue(place.contact)
        except NotFound as error:
            log.error("a caller who waits cannot be put back: %s", error)
            place.refuse(str(error))
            return
        if place.over:
            await self._store.leave(place.contact.id)


def _catch_up(place: Held, known: Contact) -> None:
    """Events that were lost, once more."""

    def event(kind: str, agent: str, **data: str) -> AcdEvent:
        return AcdEvent(kind, 0.0, {"contact": known.id, "queue": known.queue, "agent": agent, **data})

    for agent in place.rung.keys() - known.rung.keys():
        place.hear(event("withdrawn", agent, reason="gone"))
    for agent, until in known.rung.items():
        if agent not in place.rung:
            place.hear(event("offered", agent, until=f"{until:.3f}", why=known.why))
