"""The talks of one stay with agents: joined, noted, and handed to a colleague who was asked, for as long as agents do that."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ivr.acd.desk import person_of
from ivr.acd.engaging import Engaging
from ivr.acd.place import Place
from ivr.call import Disposition
from ivr.errors import StoreUnavailable
from ivr.session.bridging import exchange_of, talk_on
from ivr.session.destination import Destination
from ivr.session.overhearing import overhear
from ivr.session.talk import Talk
from telephony.errors import TelephonyError
from telephony.leg import Bridge, CallLeg, EndCause, LegKind
from telephony.media.clip import Clip

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

LOST = "agent_lost"


class Serving:
    """`placed` is told each phase of the contact; `started` is when the caller began to wait, epoch seconds."""

    def __init__(self, session: CallSession, started: float, placed: Callable[[str], None]) -> None:
        self._session, self._started, self._placed = session, started, placed
        self._services = session.services
        self.talked = False
        self.sent: Destination | None = None
        """Where an agent sent the caller."""
        self.last_agent = ""
        self._seconds = 0.0
        """With every agent so far."""

    async def run(self, place: Place, agent_leg: CallLeg, music: Sequence[Clip]) -> str:
        """Until no agent has the caller any more: `served`, `sent`, or `agent_lost`, where `last_agent` vanished and the place
        is to be given back. Raises TelephonyError where the first two cannot be joined."""
        while True:
            talk, how = await self._talk(agent_leg, music)
            heir, agent_id = talk.heir, self._session.agent_id
            if how != "transferred" or heir is None or talk.partner is None:
                return await self._after(place, talk, how, agent_id)
            agent_leg = talk.partner
            try:
                heir.stay(await self._handed(place, agent_id, heir.agent_id))
            except BaseException:
                _part(talk)
                raise

    async def _talk(self, agent_leg: CallLeg, music: Sequence[Clip]) -> tuple[Talk, str]:
        session, services, agent_id = self._session, self._services, self._session.agent_id
        bridge = self._bridge(agent_leg, music)
        patience = services.reattach_seconds if agent_leg.kind is LegKind.WEBRTC else 0.0
        exchange = exchange_of(session, f"agent:{agent_id}")
        talk = Talk(session.leg, agent_leg, bridge, music, self._placed, exchange, session.voice.held, patience)
        connected_at = self._begun(talk, agent_id)
        ears = overhear(session, talk)
        how = "caller"
        try:
            how = await talk.finished
        finally:
            if ears is not None:
                ears.close()
            session.talk = None
            services.talks.remove(session.call.id)
            talk.close()
            if how == "caller":
                _part(talk)
            self._seconds += services.clock() - connected_at
            session.record(talk_seconds=self._seconds)
            if how != LOST:
                self._placed("wrap_up")
        return talk, how

    def _begun(self, talk: Talk, agent_id: str) -> float:
        """Note that a talk has begun; returns when."""
        session, services = self._session, self._services
        services.talks.add(session.call.id, agent_id, talk)
        session.talk = talk
        connected_at = services.clock()
        self.talked = True
        session.served_by = self.last_agent = agent_id
        session.disposition = Disposition.SERVED
        session.record(agent_id=agent_id, connected_at=connected_at, wait_seconds=connected_at - self._started - self._seconds)
        self._placed("connected")
        session.promise.talks(session)
        return connected_at

    async def _handed(self, place: Place, giver: str, taker: str) -> bool:
        """The colleague has the caller from now on; whether Redis knows it: where it is away, it hears of it later."""
        session = self._session
        session.guest, session.agent_id = None, taker
        if person_of(session.at_wall) != taker:
            session.at_wall = ""
        if session.placement is not None:
            session.placement = replace(session.placement, why="", taken_at=self._services.clock())
        place.agent_id = taker
        log.info("%s agent %s handed the caller to %s", session.call.correlation, giver, taker)
        try:
            if await Engaging(self._services.router.store).hand_over(session.call.id, giver, taker):
                return True
        except StoreUnavailable as error:
            log.warning("%s the queues hear later who has the caller: %s", session.call.correlation, error)
        self._services.router.doubt(place)
        return False

    async def _after(self, place: Place, talk: Talk, how: str, agent_id: str) -> str:
        """What follows a talk that the agent left: nothing, a talk with somebody else, or another place to go to."""
        session = self._session
        session.at_wall = ""
        if how == LOST:
            log.warning("%s agent %s vanished; the caller waits again", session.call.correlation, agent_id)
            return LOST
        session.promise.spent(self._services.clock())
        with suppress(StoreUnavailable):  # the router owes it then; the talk was served all the same
            await asyncio.shield(place.finished("served"))
        session.agent_id = ""
        if how == "transferred" and talk.partner is not None:
            try:
                await talk_on(session, talk.partner, f"agent:{agent_id}")
            except TelephonyError as error:
                log.warning("%s whom agent %s transferred to cannot be joined: %s", session.call.correlation, agent_id, error)
            finally:
                talk.partner.hang_up()
        elif how == "sent":
            self.sent = talk.destination
            return "sent"
        return "served"

    def _bridge(self, agent_leg: CallLeg, music: Sequence[Clip]) -> Bridge:
        """Join the two; an agent's leg that cannot be joined is not left alone."""
        self._session.leg.stop()
        try:
            return self._services.bridge(self._session.leg, agent_leg)
        except TelephonyError:
            agent_leg.hang_up(EndCause.FAILED)
            self._session.leg.play(music, repeat=True)
            raise


def _part(talk: Talk) -> None:
    """The caller went as he was being handed over: whoever was to have him is free."""
    if talk.partner is not None:
        talk.partner.hang_up()
    if talk.heir is not None:
        talk.heir.leave()
