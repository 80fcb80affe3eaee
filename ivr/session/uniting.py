"""A phone in two calls of this node leaves both: those it talked with are joined, and nobody is dialled (RFC 5589 §7)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from telephony.leg import CallLeg, EndCause, Ended, HeldByPeer, LegState, Replaced, ResumedByPeer, TransferRequested

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

FAREWELL_SECONDS = 2.0
"""The phone hangs up both of its legs by itself; after this we do."""


def asked(session: CallSession, event: TransferRequested | Replaced | HeldByPeer | ResumedByPeer) -> None:
    """The caller's phone wants to leave, to hold, or another takes its place: a talk knows how, a flow only swaps."""
    if isinstance(event, HeldByPeer | ResumedByPeer):
        session.voice.held = isinstance(event, HeldByPeer)
    if session.talk is not None:
        session.talk.caller_event(event)
    elif isinstance(event, Replaced):
        event.by.answer()
        if event.by.state is LegState.UP:  # else it was given up meanwhile
            session.swap_leg(event.by)
    elif isinstance(event, TransferRequested):
        session.leg.report_transfer(603)


def unite(session: CallSession, by_caller: bool, other: CallLeg) -> bool:
    """Join who is left of the talk of `session` with who is left of the call that `other` belongs to.

    `by_caller` tells that the phone is the caller of `session`, not its agent. Where it is the caller of one, the caller of the
    other takes its place there, with that call's record; where it is the agent of both, the callers talk in `session`.
    False where no call has `other`, and where two agents would be left.
    """
    found = next((one for one in session.services.running if one is not session and _has(one, other)), None)
    if found is None or session.talk is None or session.leg.state is not LegState.UP or found.leg.state is not LegState.UP:
        return False
    calls_there = found.leg is other
    if calls_there and not by_caller:
        _move_caller(session, found)
    elif by_caller and not calls_there:
        _move_caller(found, session)
    elif not by_caller and found.talk is not None:
        found.talk.depart()
        session.talk.depart(_part(found, other))
    else:
        return False
    return True


def _has(session: CallSession, leg: CallLeg) -> bool:
    in_talk = session.talk is not None and session.talk.consult is None and session.talk.in_agents_place(leg)
    return session.leg is leg or in_talk


def _move_caller(giver: CallSession, taker: CallSession) -> None:
    """The phone is the agent of `giver` and the caller of `taker`."""
    assert giver.talk is not None
    phone = taker.leg
    giver.talk.depart()
    taker.page = giver.page
    caller = _part(giver, phone)
    if taker.talk is not None:
        taker.talk.replace_caller(caller)
    else:
        taker.swap_leg(caller)
    asyncio.get_running_loop().call_later(FAREWELL_SECONDS, phone.hang_up)


def _part(session: CallSession, stand_in: CallLeg) -> CallLeg:
    """Take the caller's leg out of its call, which ends; `stand_in` is a leg that is about to end."""
    caller = session.leg
    session.recordings.stop()
    session.voice.pause()
    session.voice.move(stand_in)
    session.leg, session.page = stand_in, None
    session.emit(Ended(asyncio.get_running_loop().time(), EndCause.TRANSFERRED, False, "goes on in another call"))
    return caller
