"""What an agent sees of a call (`docs/desk-protocol.md`, "A contact"). Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ivr.call import SIGNALLING, Call, Caller, Intent, Turn
from ivr.dialplan.events import Phrase
from ivr.dialplan.model import Flow
from ivr.profile.likely import when

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a call stands between queue and agent. Times are epoch seconds."""

    queue: str
    needs: Mapping[str, int] = field(default_factory=dict)
    queued_at: float = 0.0
    phase: str = "offered"
    why: str = ""
    answered_at: float | None = None
    note: str = ""
    taken_at: float | None = None
    """When a colleague handed it to the agent who has it now; None where that agent answered it."""

    def at(self, phase: str, **changes: Any) -> Placement:
        return replace(self, phase=phase, **changes)


MOST_TEXT = 200_000
"""Characters of all turns together that a page is shown; of more the words of the oldest in the middle go."""
HEAD = 2


def contact_view(call: Call, placement: Placement, label: str = "", media: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The contact as the desk's page takes it; `label` is the wish in the flow's words, `media` the figures of the audio."""
    intent = None
    if call.intent is not None:
        intent = {"name": call.intent.name, "label": label or call.intent.name, "confidence": call.intent.confidence}
    whole = call.to_dict()
    return {
        "id": call.id,
        "phase": placement.phase,
        "queue": placement.queue,
        "channel": call.caller.channel,
        "caller": {key: whole["caller"][key] for key in ("number", "name", "authenticated")},
        "profile": _profile(whole["profile"]),
        "language": call.language,
        "intent": intent,
        "slots": whole["slots"],
        "tags": whole["tags"],
        "handover": whole["handover"],
        "needs": dict(placement.needs),
        "why": placement.why,
        "started_at": call.started_at,
        "queued_at": placement.queued_at,
        "answered_at": placement.answered_at,
        "yours_since": placement.taken_at or placement.answered_at,
        "held": placement.phase == "held",
        "note": placement.note,
        "turns": _bounded(whole["turns"]),
        "media": {name: value for name, value in (media or {}).items() if isinstance(value, str | int | float)},
        "signalling": {name: value for name, value in call.signalling.items() if value},
    }


def seen_by_agent(session: CallSession, placement: Placement) -> dict[str, Any]:
    """The contact of a running call, as it is now."""
    return contact_view(session.call, placement, label_of(session.call, session.machine.flow), session.leg.quality())


def view_of_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """The contact of a talk that is over, from its record (`WholeContacts.find`): what its agent saw, for the wrap-up. Why it
    came to this agent, the words for the wish and the figures of the audio are not in the record."""
    caller = Caller(row["caller_number"], row["caller_name"], channel=row["channel"])
    sure = 1.0 if row["intent_confidence"] is None else row["intent_confidence"]
    intent = Intent(row["intent"], sure) if row["intent"] else None
    said = ({name: value for name, value in turn.items() if name != "index"} for turn in row["turns"])
    turns = tuple(Turn.from_dict({**turn, "at": _seconds(turn["at"])}) for turn in said)
    kept = {name: row[name] for name in ("id", "called", "language", "slots", "profile", "handover")}
    call = Call(
        **kept,
        caller=caller,
        started_at=_seconds(row["started_at"]) or 0.0,
        intent=intent,
        turns=turns,
        tags=tuple(row["tags"]),
        **{name: value for name, value in row["signalling"].items() if name in SIGNALLING},
    )
    queued, answered = _seconds(row["queued_at"]) or 0.0, _seconds(row["connected_at"])
    return contact_view(
        call, Placement(row["queue"] or "", queued_at=queued, phase="wrap_up", answered_at=answered, note=row["note"])
    )


def _seconds(time: str | None) -> float | None:
    return None if time is None else datetime.fromisoformat(time).timestamp()


def _bounded(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All turns in their places; those that find no room are without words."""
    over = sum(len(turn["text"]) for turn in turns) - MOST_TEXT
    for turn in turns[HEAD:] if over > 0 else ():
        if over <= 0:
            break
        over -= len(turn["text"])
        turn["text"] = "…"
    return turns


def label_of(call: Call, flow: Flow) -> str:
    """The caller's wish in the words of the flow; "" where there is none, or no words for it."""
    intent = flow.intents.get(call.intent.name) if call.intent else None
    return intent.label.get(call.language, "") if intent else ""


def phrases_of(flow: Flow, language: str) -> tuple[Phrase, ...]:
    """Everything the flow knows how to hear in a language."""
    known = flow.intents.values()
    return tuple(Phrase(text, intent.name) for intent in known for text, _ in intent.examples.get(language, ()))


def _profile(profile: Mapping[str, Any]) -> dict[str, Any]:
    """The profile with calls as its history: a person wants to know when each was and how it went. Times are epoch seconds."""
    if "history" not in profile:
        return dict(profile)
    named = [{"topic": name} for name in profile["history"] if isinstance(name, str)]
    calls = profile.get("contacts") or [one for one in profile["history"] if isinstance(one, Mapping)] or named
    return {**profile, "history": [{"topic": "", "result": "", **one, "at": when(one, math.inf)} for one in calls]}
