"""Agents who call out from their desks: by the rules of `outbound`, charged to the agent, held by no queue meanwhile."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from ivr.acd.desk import RingOutcome
from ivr.acd.engaging import Engaging
from ivr.acd.model import Contact
from ivr.acd.place import Place
from ivr.acd.scripts import redis_errors, text
from ivr.call import Call, Caller
from ivr.errors import Conflict, StoreUnavailable
from ivr.session.destination import Kind, destination
from ivr.session.dialled import CHANNEL, DialledSession
from ivr.session.view import Placement, contact_view
from telephony.errors import TelephonyError
from telephony.leg import CallLeg, DialOptions, Ended, LegEvent, LegState, Party

if TYPE_CHECKING:
    from ivr.session.switchboard import Switchboard

log = logging.getLogger(__name__)

RING_SECONDS = 45.0
DEVICE_SECONDS = 20.0
"""For an agent's own phone to be answered, before the number is dialled."""
AT_ONCE = 0.3
"""Within this a refusal of ours comes."""
RECENT = 10
KEPT = 30 * 24 * 3600


async def _begun(leg: CallLeg, number: str) -> list[LegEvent]:
    """What the leg told at once. Raises Conflict where it was refused: by a rule, a budget, for want of a way there."""
    told: list[LegEvent] = []
    first: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def hear(event: LegEvent) -> None:
        told.append(event)
        if not first.done():
            first.set_result(None)

    leg.subscribe(hear)
    if leg.state is not LegState.ENDED:
        await asyncio.wait({first}, timeout=AT_ONCE)
    ended = next((one for one in told if isinstance(one, Ended)), None)
    if leg.state is LegState.ENDED and (ended is None or not ended.by_peer):
        detail = f": {ended.detail}" if ended is not None and ended.detail else ""
        raise Conflict(f"{number} cannot be called{detail}")
    return told


class Outgoing:
    """Of one node. Everything raises Conflict with words for the page."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard, self._services = switchboard, switchboard.services
        self._store = self._services.router.store
        self._engaging = Engaging(self._store)
        self._dialling: dict[str, DialledSession] = {}

    async def dial(self, agent_id: str, to: str, phone: bool) -> None:
        """Place the call; returns once it is. `phone` where the agent answers at one of his own, which is rung first."""
        target = destination(to)
        if target.kind is not Kind.NUMBER:
            raise Conflict("that is no number: to a colleague, a queue or a flow leads a transfer or a consultation")
        if not self._switchboard.open:
            raise Conflict("this node is about to stop; try again in a moment")
        contact, number = f"c-{uuid.uuid4().hex[:16]}", target.name
        place = await self._hold(agent_id, contact)
        call, agent_leg = self._call(contact, number), None
        try:
            placement = Placement(place.contact.queue, {}, call.started_at, "connecting")
            self._services.desk.push(agent_id, "contact", contact_view(call, placement))
            agent_leg = await self._voice(agent_id, contact, phone)
            options = DialOptions(payer=f"agent:{agent_id}", ring_timeout=RING_SECONDS)
            leg = self._services.dial(number, Party(agent_id), options=options)
            begun = await _begun(leg, number)
        except BaseException as error:
            if agent_leg is not None:
                agent_leg.hang_up()
            await self._let_go(place)
            self._services.desk.push(agent_id, "contact", {"id": contact, "phase": "ended"})
            if isinstance(error, TelephonyError):
                raise Conflict(f"{number} cannot be called: {error}") from error
            raise

        async def gone(answered: bool) -> None:
            self._dialling.pop(contact, None)
            if not answered:
                await self._let_go(place)
            elif not place.over:
                with suppress(StoreUnavailable):  # the router owes it then
                    await place.left("served")

        call = replace(call, correlation=leg.correlation)
        session = self._dialling[contact] = DialledSession(self._services, leg, call, agent_leg, place, gone)
        session.begun_with(begun)
        self._switchboard.run(session)
        await self._remember(agent_id, number)

    async def recent(self, agent_id: str) -> list[str]:
        """The numbers that this agent dialled last, the newest first."""
        with redis_errors():
            rows = await cast(Awaitable[list[Any]], self._store.redis.lrange(self._key(agent_id), 0, RECENT - 1))
        return [text(row) for row in rows]

    def cancel(self, agent_id: str, contact_id: str) -> bool:
        """Give up a call that nobody has answered yet; False where there is none."""
        session = self._dialling.get(contact_id)
        if session is None or session.agent_id != agent_id or session.talk is not None:
            return False
        session.cancel()
        return True

    # --- parts

    async def _hold(self, agent_id: str, contact_id: str) -> Place:
        """The agent is in a call from now on: nobody rings him."""
        queues = await self._store.queues()
        last = (await self._store.agent(agent_id)).last_queue
        queue = last if last in {one.name for one in queues} else (queues[0].name if queues else "none")
        contact = Contact(contact_id, queue, self._services.clock(), node=self._services.node)
        try:
            await self._engaging.dial(contact, agent_id)
        except (StoreUnavailable, asyncio.CancelledError):  # Redis may have done it although the answer got lost
            self._services.router.mending.owe_leave(contact.id, "served")
            raise
        return self._services.router.talking(contact, agent_id)

    async def _voice(self, agent_id: str, contact_id: str, phone: bool) -> CallLeg:
        desk = self._services.desk
        if phone and await desk.ring(agent_id, contact_id, DEVICE_SECONDS) is not RingOutcome.ACCEPTED:
            raise Conflict("your phone was not answered")
        try:
            return await desk.connect(agent_id, contact_id)
        except TelephonyError as error:
            raise Conflict("there is no audio at your desk; check the microphone, and try again") from error

    def _call(self, contact_id: str, number: str) -> Call:
        flows = self._switchboard.flows()
        routed = self._switchboard.route(number)
        return Call(
            id=contact_id,
            caller=Caller(number, "", CHANNEL),
            called=number,
            started_at=self._services.clock(),
            flow=routed if routed in flows else flows[0],
        )

    async def _let_go(self, place: Place) -> None:
        """As if nothing had been: no wrap-up."""
        place.over = True
        try:
            await self._engaging.release_dialled(place.contact.id)
            self._services.router.forget(place)
        except StoreUnavailable as error:
            log.warning("agent %s is held until the queues can be told: %s", place.agent_id, error)
            self._services.router.forget(place, "served")

    async def _remember(self, agent_id: str, number: str) -> None:
        key = self._key(agent_id)
        try:
            with redis_errors():
                async with self._store.redis.pipeline(transaction=True) as pipe:
                    pipe.lrem(key, 0, number)
                    pipe.lpush(key, number)
                    pipe.ltrim(key, 0, RECENT - 1)
                    pipe.expire(key, KEPT)
                    await pipe.execute()
        except StoreUnavailable as error:
            log.warning("agent %s: the number is not remembered: %s", agent_id, error)

    def _key(self, agent_id: str) -> str:
        return self._store.key(f"dialled:{agent_id}")
