"""A call joined with an outside number for a flow's `bridge` step."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ivr.dialplan.events import BridgeEnded, BridgeTo
from telephony.leg import Answered, CallLeg, EndCause, Ended, LegEvent, LegState, Party

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

OUTCOMES = {EndCause.BUSY: "busy", EndCause.DECLINED: "busy", EndCause.NO_ANSWER: "no_answer"}


async def bridge_out(session: CallSession, command: BridgeTo) -> None:
    """Dial, join, and wait until the far leg ends; the flow hears how. Cancelled when the caller hangs up."""
    caller = Party(user=session.call.caller.number, display=session.call.caller.name)
    leg = session.services.dial(command.target, caller)
    outcome = "failed"
    try:
        outcome = await _bridged(session, leg, command.ring_seconds)
    finally:
        leg.hang_up(EndCause.RELEASED if leg.state is LegState.UP else EndCause.CANCELLED)
        session.emit(BridgeEnded(outcome))


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
