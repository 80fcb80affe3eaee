"""From what happens to a call to what its leg tells: the events of the agent, one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from telephony.gateway.sip_leg import CAUSES, SipLeg
from telephony.leg import DECISION, EndCause, LegState, Replaced, TransferRequested
from telephony.sip.call import Call
from telephony.sip.events import (
    AgentEvent,
    ByeReceived,
    CallEstablished,
    CallFailed,
    CallLost,
    CallRinging,
    Cancelled,
    InfoDigit,
    ReferProgress,
    ReferReceived,
    ReOfferAnswered,
    ReOffered,
)


def tell(leg: SipLeg, event: AgentEvent, legs: Mapping[Call, SipLeg]) -> None:
    """Tell `leg` what has happened to its call; `legs` finds the other calls that an event names."""
    match event:
        case CallRinging(call=call, status=status, answer=answer):
            leg.ringing(status, answer if call is leg.call else b"")
        case CallEstablished(answer=answer):
            leg.established(answer)
        case CallFailed(status=status, reason=reason):
            leg.end(CAUSES.get(status, EndCause.FAILED), by_peer=True, detail=f"{status} {reason}")
        case Cancelled(detail=detail):
            leg.end(EndCause.CANCELLED, by_peer=True, detail=detail)
        case ByeReceived(call=call, detail=detail):
            leg.end(EndCause.TRANSFERRED if call.transferred else EndCause.HUNG_UP, by_peer=True, detail=detail)
        case CallLost(detail=detail):
            leg.end(EndCause.FAILED, by_peer=True, detail=detail)
        case ReOffered(offer=offer):
            leg.reoffered(offer)
        case ReOfferAnswered(answer=answer):
            leg.reanswered(answer)
        case InfoDigit(digit=digit):
            leg.key(digit, "info")
        case ReferReceived():
            leg.report(_request_of(event, legs))
        case ReferProgress(status=status):
            leg.transfer_goes_on(status)


def _request_of(event: ReferReceived, legs: Mapping[Call, SipLeg]) -> TransferRequested:
    other = legs.get(event.other) if event.other is not None else None
    at = asyncio.get_running_loop().time()
    return TransferRequested(at, str(event.target.uri), event.target.replaces, event.referred_by, other)


def offer_place(new: SipLeg, old: SipLeg | None) -> None:
    """Tell `old` that `new`, an OFFERED leg, is to take its place (RFC 3891); nobody else hears of `new`.

    `old` ends when `new` is answered; where nobody answers `new` in time, it is refused and `old` stays.
    """
    if old is None:
        new.hang_up(EndCause.FAILED, 481)
        return
    loop = asyncio.get_running_loop()
    new.replaces = old
    old.report(Replaced(loop.time(), new))
    loop.call_later(DECISION, _undecided, new)


def _undecided(new: SipLeg) -> None:
    if new.state is LegState.OFFERED:
        new.hang_up(EndCause.FAILED, 603)
