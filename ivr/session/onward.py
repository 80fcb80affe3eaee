"""Where a caller goes after somebody sent them on: another queue, one agent, a number, another flow, or a parking slot."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from ivr.dialplan.events import BridgeTo, ParkCaller, ParkEnded
from ivr.errors import Conflict
from ivr.session.bridging import bridge_out, talk_on
from ivr.session.destination import Destination, Kind
from telephony.leg import CallLeg

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

AGENT_SECONDS = 45.0
"""How long a caller who was sent to one agent waits for that one before anybody else may have them."""


async def send_on(session: CallSession, to: Destination, by: str) -> Destination | None:
    """Bring the caller to a place outside the queues, and stay until that is over.

    Returns None when it is, or the queue or agent that the caller is to wait for from now on. `by` is the agent who asked.
    """
    match to.kind:
        case Kind.NUMBER:
            ended = await bridge_out(session, BridgeTo(to.name), f"agent:{by}")
            return None if ended.outcome == "done" or not by else Destination(Kind.AGENT, by)
        case Kind.FLOW:
            session.divert(to.name)
            return None
        case Kind.PARK:
            return await park(session, ParkCaller(to.name), by)
    return to


async def park(session: CallSession, command: ParkCaller, by: str) -> Destination | None:
    """Wait in a slot with music; None when the talk with whoever picked up is over, else whom to wait for.

    Time out, and a lot that is full, bring the caller back to `by`.
    """
    services = session.services
    session.answer()
    try:
        parked = services.parking.park(session.call.id, by, services.clock(), command.slot)
    except Conflict as error:
        log.warning("%s parking: %s", session.call.correlation, error)
        return Destination(Kind.AGENT, by)
    session.record(tags=[*session.call.tags, f"parked:{parked.slot}"])
    session.leg.play(session.voice.music(command.music, session.call.language), repeat=True)
    who: CallLeg | str | None = None
    try:
        async with asyncio.timeout(command.seconds or None):
            who = await parked.picked
    except TimeoutError:
        return Destination(Kind.AGENT, by)
    finally:
        services.parking.leave(parked)
        session.leg.stop()
        if who is None:
            parked.give_up()
    if isinstance(who, str):
        return Destination(Kind.AGENT, who)
    await with_phone(session, who)
    return None


async def park_step(session: CallSession, command: ParkCaller) -> ParkEnded:
    """A flow's `park`: like `park`, with the outcome for the flow."""
    back = await park(session, command, "")
    if back is None:
        return ParkEnded("done")
    served = back.name and await session.wait_for(back.name) == "served"
    return ParkEnded("done" if served else "timeout")


async def with_phone(session: CallSession, leg: CallLeg) -> None:
    """Talk with the phone that picked the caller up."""
    try:
        await talk_on(session, leg, f"user:{leg.caller.user}")
    finally:
        leg.hang_up()
