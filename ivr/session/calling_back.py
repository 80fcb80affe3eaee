"""A customer who was called back and answered: the call that the flow, the queue and the agent see."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ivr.call import Call, Caller, Disposition
from ivr.session.promised import UNWANTED, CalledBack
from telephony.leg import CallLeg

if TYPE_CHECKING:
    from ivr.session.switchboard import Switchboard

log = logging.getLogger(__name__)

CHANNEL = "callback"
"""Of the caller of such a call: `caller.channel` in flows, and in the record."""
MOST_SUMMARY = 2000
LEFT = (Disposition.ABANDONED, Disposition.LEFT_FLOW)
"""Dispositions of customers who hung up before anybody helped."""


async def converse(
    switchboard: Switchboard,
    leg: CallLeg,
    call: Call,
    row: Mapping[str, Any],
    turns: Sequence[Mapping[str, Any]],
    served: Callable[[], None],
) -> tuple[str, str]:
    """Let the flow of `call` have an answered leg; returns how it went, and a word more, when the call is over.

    `served` where an agent talked to the customer (it was called as that began), `unwanted` where no call is needed any more,
    `hung_up` before that, `unserved` where the queue could not help, `failed` by our fault, `shutdown` as this node stops.
    """
    talked: list[bool] = []

    def talks() -> None:
        if not talked:
            talked.append(True)
            served()

    session = switchboard.call_back(leg, call, CalledBack(row, turns, talks))
    if session is None:
        return "shutdown", "this node takes no calls"
    await asyncio.wait({session[1]})
    if talked:
        return "served", session[0].served_by
    if UNWANTED in session[0].call.tags:
        return "unwanted", ""
    how = session[0].disposition
    if how is Disposition.LOST:
        return "failed" if switchboard.open else "shutdown", "a fault of ours"
    return ("hung_up" if how in LEFT else "unserved"), how.value


def call_for(row: Mapping[str, Any], number: str, contact_id: str, flow: str, confirm: bool, now: float) -> Call:
    """The call as it begins: who is called, and in `handover.callback` what was promised and what the first call told."""
    told = row["handover"] if isinstance(row["handover"], Mapping) else {}
    kept = {name: told[name] for name in ("note", "facts") if told.get(name)}
    promise = {
        "number": number,
        "queue": row["queue"],
        "reason": row["reason"],
        "contact_id": row["contact_id"],
        "promised_at": row["created_at"],
        "queued_at": row["queued_at"],
        "attempt": row["attempts"],
        "origin": row["origin"],
        "summary": str(told.get("summary", ""))[:MOST_SUMMARY],
        "confirm": confirm,
    }
    for name in ("intent", "slots", "tags", "mood"):
        if told.get(name):
            promise[name] = told[name]
    return Call(
        id=contact_id,
        caller=Caller(row["number"], row["caller_name"], CHANNEL),
        called=row["called"],
        started_at=now,
        flow=flow,
        language=row["language"],
        handover={**kept, "callback": promise},
    )
