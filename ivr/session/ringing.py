"""The ring at one agent's device, or at several at once: the first who accepts has the caller, the others are quiet at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ivr.acd.desk import RingOutcome
from ivr.acd.place import Offered, Place, PlaceEvent, Refused, Withdrawn
from ivr.errors import StoreUnavailable
from ivr.session.moving import Order
from telephony.errors import TelephonyError

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

REASONS: Mapping[RingOutcome, str] = {
    RingOutcome.DECLINED: "declined",
    RingOutcome.NO_ANSWER: "missed",
    RingOutcome.GONE: "gone",
}


class Reads(Protocol):
    """What goes on at the place meanwhile: `ivr.session.waiting.Waiting`."""

    def read(self) -> asyncio.Task[PlaceEvent | None]:
        """The pending read of the place's events."""

    def taken(self) -> PlaceEvent | None:
        """What was read."""

    def heard(self, event: PlaceEvent) -> None:
        """An event that is no ring."""

    def moved(self) -> asyncio.Future[Order]:
        """Done once the caller is to be elsewhere: then nobody is rung any more."""

    async def accepted(self, place: Place, agent_id: str) -> bool:
        """The agent accepted; whether the caller is his now."""

    def show_offer(self, why: str) -> None:
        """What pages are told of the offer."""


class Ringing:
    """Rings whom the queue offers, until one accepts or all is quiet. `run` once."""

    def __init__(self, session: CallSession, place: Place, reads: Reads) -> None:
        self._session, self._place, self._reads = session, place, reads
        self._desk = session.services.desk
        self._rings: dict[str, asyncio.Task[RingOutcome]] = {}

    async def run(self, offer: Offered) -> str:
        """Who accepted and has the caller, "" where nobody does. Raises StoreUnavailable."""
        self._begin(offer)
        try:
            while self._rings:
                reading, moved = self._reads.read(), self._reads.moved()
                either: set[asyncio.Future[Any]] = {reading, moved, *self._rings.values()}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                for agent_id in [one for one, ring in self._rings.items() if ring.done()]:
                    if await self._ended(agent_id):
                        return agent_id
                if moved.done() or (reading.done() and not await self._heard(self._reads.taken())):
                    break
            return ""
        finally:
            await self._quiet(*self._rings)

    def _begin(self, offer: Offered) -> None:
        if offer.agent_id not in self._rings:
            self._session.ringing.add(offer.agent_id)
            self._session.agent_id = self._session.agent_id or offer.agent_id
            self._reads.show_offer(offer.why)
            self._rings[offer.agent_id] = asyncio.create_task(self._ring(offer))

    async def _ring(self, offer: Offered) -> RingOutcome:
        session = self._session
        session.summing.write(session)
        try:
            await self._desk.present(offer.agent_id, session.view())
            return await self._desk.ring(offer.agent_id, session.call.id, max(0.0, offer.until - session.services.clock()))
        except TelephonyError as error:
            log.warning("%s agent %s cannot be rung: %s", session.call.correlation, offer.agent_id, error)
            return RingOutcome.GONE

    async def _ended(self, agent_id: str) -> bool:
        """Whether this agent has the caller now; a ring that came to nothing is told to the queue."""
        outcome = self._rings.pop(agent_id).result()
        self._not_rung(agent_id)
        if outcome is not RingOutcome.ACCEPTED:
            await self._place.declined(REASONS[outcome], agent_id)
            return False
        if not await self._reads.accepted(self._place, agent_id):
            return False
        for other in self._rings:  # before the ring ends there: the caller has not left, as it would seem
            self._desk.push(other, "ring_stopped", {"contact_id": self._session.call.id, "reason": "taken"})
        return True

    async def _heard(self, event: PlaceEvent | None) -> bool:
        """Whether it goes on."""
        match event:
            case None:
                return False
            case Offered():
                self._begin(event)
            case Withdrawn(agent_id):
                if agent_id in self._rings:
                    await self._quiet(agent_id)
            case Refused(why):
                raise StoreUnavailable(why)
            case _:
                self._reads.heard(event)
        return True

    def _not_rung(self, *agents: str) -> None:
        session = self._session
        session.ringing.difference_update(agents)
        if session.agent_id in agents:
            session.agent_id = next(iter(session.ringing), "")

    async def _quiet(self, *agents: str) -> None:
        """End these rings."""
        rings = {self._rings.pop(agent_id) for agent_id in agents}
        self._not_rung(*agents)
        for ring in rings:
            ring.cancel()
        if rings:
            await asyncio.wait(rings)
