"""A call joined with somebody who is no agent: an outside number, whoever picks it up, or whom it was transferred to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ivr.dialplan.events import BridgeEnded, BridgeTo
from ivr.session.exchange import Exchange
from ivr.session.handing import handed_by
from ivr.session.showing import tell_consult
from ivr.session.talk import Talk
from ivr.session.uniting import unite
from telephony.errors import TelephonyError
from telephony.leg import (
    Answered,
    Bridge,
    CallLeg,
    DialOptions,
    EarlyMedia,
    EndCause,
    Ended,
    LegEvent,
    LegState,
    Party,
    Ringing,
)
from telephony.media.clip import Clip

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

OUTCOMES = {EndCause.BUSY: "busy", EndCause.DECLINED: "busy", EndCause.NO_ANSWER: "no_answer"}


async def bridge_out(session: CallSession, command: BridgeTo, payer: str = "") -> BridgeEnded:
    """Dial, join, and wait until the far leg ends; returns how. Cancelled when the caller hangs up.

    `payer` is whose rules allow the call: the flow's unless told.
    """
    call = session.call
    caller = Party(user=call.caller.number, display=call.caller.name)
    handed = handed_by(session, command.handover)
    options = DialOptions(payer=payer or f"flow:{call.flow}", ring_timeout=command.ring_seconds, handed=handed)
    try:
        leg = session.services.dial(command.target, caller, options=options)
    except TelephonyError as error:
        log.warning("%s bridge: %s", call.correlation, error)
        return BridgeEnded("failed")
    try:
        music = session.voice.music(command.music, call.language) if command.music else session.services.ringback
        outcome = await _Outward(session, leg, music).answer(command.ring_seconds)
        if outcome == "done":
            await talk_on(session, leg, payer or f"flow:{call.flow}")
        return BridgeEnded(outcome)
    except TelephonyError as error:
        log.warning("%s bridge: %s", call.correlation, error)
        return BridgeEnded("failed")
    finally:
        leg.hang_up(EndCause.RELEASED if leg.state is LegState.UP else EndCause.CANCELLED)


async def talk_on(session: CallSession, partner: CallLeg, payer: str) -> str:
    """The caller and `partner` talk, and whoever takes the partner's place; returns how the last one ended: see `Talk`."""
    music = session.voice.music("music", session.call.language)
    while True:
        session.leg.stop()
        try:
            bridge = session.services.bridge(session.leg, partner)
        except TelephonyError:
            partner.hang_up(EndCause.FAILED)
            raise
        talk = Talk(session.leg, partner, bridge, music, lambda phase: None, exchange_of(session, payer))
        session.talk = talk
        try:
            how = await talk.finished
        finally:
            session.talk = None
            talk.close()
        if how != "transferred" or talk.partner is None:
            return how
        partner = talk.partner


def exchange_of(session: CallSession, payer: str) -> Exchange:
    """What a talk of this call may use."""
    services = session.services
    return Exchange(
        services.bridge,
        services.confer,
        services.dial,
        payer,
        services.ringback,
        lambda told: tell_consult(session, told),
        session.swap_leg,
        session.emit,
        lambda by_caller, other: unite(session, by_caller, other),
        lambda: handed_by(session),
        services.reattach_seconds,
    )


class _Outward:
    """What the caller hears until a dialled leg answers: its own early voice, or music or the ringing tone of ours."""

    def __init__(self, session: CallSession, leg: CallLeg, music: Sequence[Clip]) -> None:
        self._session, self._leg, self._music = session, leg, music
        self._events: asyncio.Queue[LegEvent] = asyncio.Queue()
        self._early: Bridge | None = None
        leg.subscribe(self._events.put_nowait)

    async def answer(self, seconds: float) -> str:
        """`done` once both legs are UP, else the outcome for the flow."""
        if self._leg.state is LegState.ENDED and self._events.empty():
            return "failed"
        if self._session.leg.state is LegState.UP:
            self._session.leg.play(self._music, repeat=True)
        try:
            async with asyncio.timeout(seconds):
                while not isinstance(event := await self._events.get(), Answered):
                    if isinstance(event, Ended):
                        return OUTCOMES.get(event.cause, "failed")
                    self._alerting(event)
        except TimeoutError:
            return "no_answer"
        finally:
            if self._early is not None:
                self._early.close()
            self._session.leg.stop()
        self._session.answer()
        return "done"

    def _alerting(self, event: LegEvent) -> None:
        leg = self._session.leg
        if isinstance(event, Ringing) and leg.state is LegState.OFFERED:
            leg.ring()
        elif isinstance(event, EarlyMedia) and self._early is None:
            leg.progress()
            leg.stop()
            self._early = self._session.services.bridge(leg, self._leg)
