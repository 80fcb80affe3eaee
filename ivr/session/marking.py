"""When a call waited, who talked with it, and when it was held or sent on: a short list in its record, as `moments`.

Each is `{at, kind, who}`: `queue` (its name), `agent` (an account), `hold`, `transfer` (where to), `over` (no agent has it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

_KINDS = {"waiting": "queue", "connected": "agent", "held": "hold", "wrap_up": "over"}
"""Phase of a placement to what it is noted as; others are not."""


def mark(session: CallSession, kind: str, who: str = "") -> None:
    """Note that something began now, which lasts until the next."""
    session.record(moment={"at": round(session.services.clock(), 3), "kind": kind, "who": who})


def mark_phase(session: CallSession, phase: str) -> None:
    """Note the phase that the call's placement has from now on."""
    if (kind := _KINDS.get(phase)) is not None and session.placement is not None:
        mark(session, kind, session.placement.queue if kind == "queue" else "" if kind == "over" else session.agent_id)
