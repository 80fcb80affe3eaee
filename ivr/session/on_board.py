"""The calls of a node as the wallboard shows them (docs/wall.md, "A call")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ivr.call import Call, Medium, Speaker
from ivr.session.view import Placement, label_of

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

PHASES = {"waiting": "waiting", "offered": "offered", "connecting": "offered", "connected": "connected", "held": "connected"}
"""Where a call stands in the queues, to what the board calls it; anything else is with the flow."""
QUIET = 5.0
"""Seconds of silence that are told."""


class CallsOnBoard:
    """Rows of the running calls. What has not changed since the last look costs a comparison."""

    def __init__(self, running: Callable[[], Iterable[CallSession]], node: str, clock: Callable[[], float]) -> None:
        self._running, self._node, self._clock = running, node, clock
        self._known: dict[str, tuple[tuple[object, ...], dict[str, Any]]] = {}

    def rows(self) -> Iterator[dict[str, Any]]:
        """One after another, so that whoever asks can let others have a turn in between."""
        sessions = list(self._running())
        known, self._known = self._known, {}
        for session in sessions:
            mark = (session.call, session.placement, session.agent_id, _state(session), session.leg)
            before = known.get(session.call.id)
            same = before is not None and all(
                one is two or one == two for one, two in zip(before[0][1:], mark[1:], strict=True)
            )
            if before is not None and same and before[0][0] is mark[0]:
                row = before[1]
            else:
                row = call_row(session.call, session.placement, session.agent_id, _state(session), self._node)
                row["label"] = _label(session) or row["intent"]
            quiet = _quiet_since(session, self._clock())
            if row["quiet_since"] != quiet:
                row = {**row, "quiet_since": quiet}
            self._known[session.call.id] = mark, row
            yield row


def call_row(call: Call, placed: Placement | None, agent_id: str, state: str, node: str) -> dict[str, Any]:
    """`state` is the name of the flow's state, "" where it stands in none."""
    phase = PHASES.get(placed.phase, "bot") if placed is not None else "bot"
    heard = [turn.confidence for turn in call.turns if turn.speaker is Speaker.CALLER and turn.medium is Medium.SPEECH]
    sure = [one for one in heard if one is not None]
    return {
        "id": call.id,
        "phase": phase,
        "queue": placed.queue if placed is not None and phase != "bot" else "",
        "agent": agent_id if phase in ("offered", "connected") else "",
        "caller": {"name": call.caller.name, "number": call.caller.number},
        "channel": call.caller.channel,
        "language": call.language,
        "intent": call.intent.name if call.intent is not None else "",
        "label": "",
        "flow": call.flow,
        "state": state,
        "trunk": call.trunk,
        "node": node,
        "started_at": call.started_at,
        "queued_at": placed.queued_at if placed is not None and phase != "bot" else None,
        "connected_at": placed.answered_at if placed is not None and phase == "connected" else None,
        "mood": str(call.handover.get("mood") or ""),
        "mood_level": _level(call.handover.get("mood_level")),
        "mood_trend": str(call.handover.get("mood_trend") or ""),
        "confidence": round(sum(sure) / len(sure), 2) if sure else None,
        "quiet_since": None,
        "turns": len(call.turns),
    }


def _level(value: object) -> float | None:
    return round(float(value), 2) if isinstance(value, int | float) else None


def _state(session: CallSession) -> str:
    state = session.flow_state
    return state.state if state is not None else ""


def _label(session: CallSession) -> str:
    return label_of(session.call, session.machine.flow) if session.flow_state is not None else ""


def _quiet_since(session: CallSession, now: float) -> float | None:
    ears = session.talk.ears if session.talk is not None else None
    quiet = ears.quiet if ears is not None else 0.0
    return float(round(now - quiet)) if quiet >= QUIET else None
