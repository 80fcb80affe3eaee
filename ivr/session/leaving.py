"""A flow's `transfer`: the caller goes to a number for good, by our own bridge or by asking their phone to call it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ivr.dialplan.events import BridgeTo, TransferEnded, TransferTo
from ivr.session.bridging import bridge_out
from ivr.session.handing import handed_by, target_with
from telephony.leg import LegState

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

OUTCOMES = {486: "busy", 600: "busy", 603: "busy", 408: "no_answer", 480: "no_answer", 487: "no_answer"}
"""Final status of a transfer to the flow's outcome; `failed` for any other."""


async def transfer_out(session: CallSession, command: TransferTo) -> TransferEnded:
    """Returns how it ended. With `how: refer` and a success the caller's leg ends by itself."""
    if command.how in ("refer", "auto"):
        outcome = await _refer(session, command)
        if command.how == "refer" or outcome != "failed":
            return TransferEnded(outcome)
    ended = await bridge_out(session, BridgeTo(command.target, command.ring_seconds, command.music, command.handover))
    return TransferEnded(ended.outcome)


async def _refer(session: CallSession, command: TransferTo) -> str:
    session.answer()
    if session.leg.state is not LegState.UP:
        return "failed"
    while not session.progress.empty():
        session.progress.get_nowait()
    session.leg.play(session.services.ringback, repeat=True)
    session.leg.transfer(target_with(command.target, handed_by(session, command.handover)))
    try:
        async with asyncio.timeout(command.ring_seconds):
            while not (told := await session.progress.get()).final:
                pass
    except TimeoutError:
        return "no_answer"
    finally:
        session.leg.stop()
    return "done" if told.status < 300 else OUTCOMES.get(told.status, "failed")
