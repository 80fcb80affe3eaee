"""How calls end, in the words of flows and of the wire."""

from __future__ import annotations

from ivr.call import Disposition
from telephony.leg import EndCause, Ended

OURS = frozenset({EndCause.FAILED, EndCause.SHUTDOWN})
"""Ends that are nobody's wish: a caller who had not been served counts as lost."""

CAUSES = {"normal": EndCause.RELEASED, "rejected": EndCause.DECLINED, "busy": EndCause.BUSY}
STATUS = {"normal": 480, "rejected": 603, "busy": 486}
"""Cause of a flow's `hangup` to what ends a leg: its cause, and the final response where it was not taken."""


def how_it_ended(ended: Ended | None, so_far: Disposition) -> tuple[str, Disposition]:
    """Cause and disposition for the record; None for a call that failed here."""
    if ended is None:
        return EndCause.FAILED.value, Disposition.LOST
    unserved = so_far in (Disposition.LEFT_FLOW, Disposition.ABANDONED, Disposition.OVERFLOWED)
    return ended.cause.value, Disposition.LOST if ended.cause in OURS and unserved else so_far


def ended_for(cause: str, so_far: Disposition) -> Disposition:
    """The disposition where a flow hangs up: its own end, or a refusal."""
    if so_far is not Disposition.LEFT_FLOW:
        return so_far
    return Disposition.SELF_SERVED if cause == "normal" else Disposition.REJECTED
