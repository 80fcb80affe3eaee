"""What is known of a contact, for whoever has it next, in the form of `schema.json`. Pure.

Made of a contact as records give it, whether it goes on or is over. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

VERSION = 1
MEDIA_TYPE = "application/vnd.hotline.handover+json"
SCHEMA_PATH = "/api/v1/schemas/handover.json"
MOST_WISHES, MOST_PAST, MOST_FIELDS = 20, 5, 40
LONGEST = 4000
"""Characters of one text; a longer one is cut."""
DEEPEST = 4
_CONTACT = ("id", "channel", "called", "language", "flow", "flow_version", "queue", "agent_id")
_TIMES = ("started_at", "queued_at", "connected_at", "ended_at")
_TURN = ("speaker", "text", "language", "medium", "confidence", "state", "intent", "mood")
_PROFILE = (
    "id", "name", "language", "tier", "area", "vip", "blocked", "last_agent", "account_owner", "products", "open", "calls",
)  # fmt: skip

Document = dict[str, Any]


def document(record: Mapping[str, Any], link: str = "") -> Document:
    """Everything that is handed over of `record`: a contact of `ivr.records` with its `turns`. `link` leads to this again."""
    handover = _mapping(record.get("handover"))
    turns = [turn for turn in record.get("turns") or () if isinstance(turn, Mapping)]
    found: Document = {
        "version": VERSION,
        "contact": {name: _text(record.get(name)) for name in _CONTACT} | {name: iso(record.get(name)) for name in _TIMES},
        "caller": {"number": _text(record.get("caller_number")), "name": _text(record.get("caller_name"))},
        "intent": _wish(record.get("intent"), record.get("intent_confidence")),
        "intents": _wishes(turns),
        "confidence": _confidence(turns),
        "mood": _mood(handover),
        "summary": _text(handover.get("summary")),
        "summary_by": _text(handover.get("summary_by")),
        "note": _text(handover.get("note")),
        "agent_note": _text(record.get("note")),
        "reasons": plain(list(handover.get("why") or ())),
        "facts": _fields(handover.get("facts")),
        "slots": _fields(record.get("slots")),
        "tags": [_text(tag) for tag in list(record.get("tags") or ())[:MOST_FIELDS]],
        "profile": _digest(_mapping(record.get("profile"))),
        "media": _media(_mapping(record.get("quality"))),
        "signalling": _fields(record.get("signalling")),
        "triggers": plain(list(handover.get("triggers") or ())[-MOST_WISHES:]),
        "talk": _fields(handover.get("talk")),
        "turns": [_turn(index, turn) for index, turn in enumerate(turns)],
        "left_out": {"turns": 0, "cut": []},
    }
    return found | ({"link": link} if link else {})


@cache
def schema() -> Mapping[str, Any]:
    """The JSON schema of what `document` makes; not to be changed."""
    found: dict[str, Any] = json.loads(files("ivr.handover").joinpath("schema.json").read_text("utf-8"))
    return found


def packed(found: Mapping[str, Any]) -> bytes:
    """As JSON in UTF-8, as short as it goes."""
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def iso(at: Any) -> str | None:
    """Epoch seconds as `2026-09-21T14:13:20.000Z`; what is text already stays, None for nothing."""
    if isinstance(at, str):
        return at
    if not isinstance(at, int | float) or isinstance(at, bool) or not 0 <= at < 1e11:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(value: Any, depth: int = 0) -> Any:
    """`value` as JSON takes it, bounded in depth, members and length."""
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | int):
        return value if value is None or isinstance(value, bool) or abs(value) < 2**63 else str(value)[:LONGEST]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth >= DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {_text(str(name)): plain(one, depth + 1) for name, one in list(value.items())[:MOST_FIELDS]}
    if isinstance(value, Sequence | set | frozenset):
        return [plain(one, depth + 1) for one in list(value)[:MOST_FIELDS]]
    return _text(str(value))


def _turn(index: int, turn: Mapping[str, Any]) -> dict[str, Any]:
    return {"index": index, "at": iso(turn.get("at")), **{name: plain(turn.get(name)) for name in _TURN}}


def _wish(name: Any, confidence: Any) -> dict[str, Any] | None:
    return {"name": _text(name), "confidence": plain(confidence)} if name else None


def _wishes(turns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every wish that was heard, in the order in which it was; the last ones where there were many."""
    heard = [
        {"name": _text(turn["intent"]), "confidence": plain(turn.get("confidence")), "at": iso(turn.get("at"))}
        for turn in turns
        if turn.get("intent") and turn.get("speaker") == "caller"
    ]
    return heard[-MOST_WISHES:]


def _confidence(turns: Sequence[Mapping[str, Any]]) -> float | None:
    """How sure the recogniser was of the caller's words, on the average."""
    sure = [turn["confidence"] for turn in turns if turn.get("speaker") == "caller" and _is_share(turn.get("confidence"))]
    return round(sum(sure) / len(sure), 3) if sure else None


def _mood(handover: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "label": _text(handover.get("mood")),
        "level": plain(handover.get("mood_level")),
        "trend": _text(handover.get("mood_trend")),
        "why": plain(list(handover.get("mood_why") or ())),
    }


def _digest(profile: Mapping[str, Any]) -> dict[str, Any]:
    """What of a profile a person needs at once: who it is, what they have, and the last few times they called."""
    found = {name: plain(profile[name]) for name in _PROFILE if profile.get(name) is not None}
    past = profile.get("contacts") or profile.get("history")
    if isinstance(past, list) and past:
        found["history"] = [plain(one) if isinstance(one, Mapping) else {"topic": _text(one)} for one in past[:MOST_PAST]]
    return found


def _media(quality: Mapping[str, Any]) -> dict[str, Any]:
    """Codec, loss, jitter and the like: the figures that are one value."""
    return {name: plain(value) for name, value in list(quality.items())[:MOST_FIELDS] if not isinstance(value, Mapping | list)}


def _fields(values: Any) -> dict[str, Any]:
    found: dict[str, Any] = plain(_mapping(values))
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _text(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
