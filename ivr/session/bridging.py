"""A call joined with an outside number for a flow's `bridge` step."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from ivr.dialplan.events import BridgeEnded, BridgeTo
from telephony.errors import TelephonyError
from telephony.leg import Answered, CallLeg, EndCause, Ended, LegEvent, LegState, Party

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

OUTCOMES = {EndCause.BUSY: "busy", EndCause.DECLINED: "busy", EndCause.NO_ANSWER: "no_answer"}


async def bridge_out(session: CallSession, command: BridgeTo) -> BridgeEnded:
    """Dial, join, and wait until the far leg ends; returns how. Cancelled when the caller hangs up."""
    caller = Party(user=session.call.caller.number, display=session.call.caller.name)
    try:
        leg = session.services.dial(command.target, caller)
    except TelephonyError as error:
        log.warning("%s bridge: %s", session.call.correlation, error)
        return BridgeEnded("failed")
    try:
        return BridgeEnded(await _bridged(session, leg, command.ring_seconds))
    except TelephonyError as error:
        log.warning("%s bridge: %s", session.call.correlation, error)
        return BridgeEnded("failed")
    finally:
        leg.hang_up(EndCause.RELEASED if leg.state is LegState.UP else EndCause.CANCELLED)


async def _bridged(session: CallSession, leg: CallLeg, ring_seconds: float) -> str:
    events: asyncio.Queue[LegEvent] = asyncio.Queue()
    leg.subscribe(events.put_nowait)
    if leg.state is LegState.ENDED:
        return "failed"
    try:
        async with asyncio.timeout(ring_seconds):
            while not isinstance(event := await events.get(), Answered):
                if isinstance(event, Ended):
                    return OUTCOMES.get(event.cause, "failed")
    except TimeoutError:
        return "no_answer"
    session.leg.stop()
    bridge = session.services.bridge(session.leg, leg)
    try:
        while not isinstance(await events.get(), Ended):
            pass
    finally:
        bridge.close()
    return "done"
