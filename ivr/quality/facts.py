"""What the record of a contact says that rules ask for. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOODS = ("calm", "tense", "angry")
MOST_TURNS = 2000
"""Of one contact that are looked at: the first ones."""
HAN_SECONDS, WORD_SECONDS = 0.28, 0.45
"""About how long a Chinese character and a word take: a turn has the time of its end alone."""
_HAN = re.compile(r"[㐀-鿿]")
_WORD = re.compile(r"[A-Za-z0-9]+")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said while an agent had the caller."""

    at: float
    """Second of the playback, which begins with the contact."""
    since: float
    """Seconds since the talk began."""
    left: float
    """Seconds until it ended."""
    text: str
    language: str
    side: str
    """`agent` or `caller`."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one contact and its agent. What is not in here is not known."""

    measures: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, str | bool] = field(default_factory=dict)
    said: tuple[Utterance, ...] = ()
    heard: frozenset[str] = frozenset()
    """Sides of which something is known that they said: of others nothing can be said to be missing."""
    ticked: frozenset[str] = frozenset()
    """Lines that the agent ticked."""


def facts_of(row: Row, turns: Sequence[Row], ticked: Collection[str] = (), csat: float | None = None) -> Facts:
    """`row` and `turns` are as the tables have them, `ticked` names of lines, `csat` the last answer of a survey."""
    start, end = row.get("connected_at"), row.get("ended_at")
    said = () if start is None or end is None else _said(turns, float(start), float(end), float(row["started_at"]))
    moods = [str(turn.get("mood") or "") for turn in turns if turn.get("speaker") == "caller" and _during(turn, start)]
    talk = _talk(row)
    measures = {**_times(row), **_measured(talk), **_held(row), **_first_words(said)}
    handover = _mapping(row.get("handover"))
    for name, value in (("mood_level", handover.get("mood_level")), ("csat", csat), ("colleagues", _colleagues(row))):
        if isinstance(value, int | float) and not isinstance(value, bool):
            measures[name] = float(value)
    return Facts(
        measures,
        {**_moods([mood for mood in moods if mood in MOODS]), **_outcome(row)},
        said,
        frozenset(one.side for one in said),
        frozenset(ticked),
    )


def _during(turn: Row, start: float | None) -> bool:
    return start is not None and float(turn["at"]) >= float(start)


def _said(turns: Sequence[Row], start: float, end: float, zero: float) -> tuple[Utterance, ...]:
    found = []
    for turn in turns[:MOST_TURNS]:
        side, text = str(turn.get("speaker")), str(turn.get("text") or "")
        if side not in ("agent", "caller") or turn.get("medium") == "keys" or not text or float(turn["at"]) < start:
            continue
        began = max(start, float(turn["at"]) - spoken_seconds(text))
        found.append(
            Utterance(
                round(max(0.0, began - zero), 1), began - start, end - float(turn["at"]), text, str(turn.get("language")), side
            )
        )
    return tuple(found)


def spoken_seconds(text: str) -> float:
    """About how long it takes to say a text."""
    return len(_HAN.findall(text)) * HAN_SECONDS + len(_WORD.findall(text)) * WORD_SECONDS


def _times(row: Row) -> dict[str, float]:
    found = {name: float(row[name]) for name in ("wait_seconds", "talk_seconds") if row.get(name) is not None}
    wrapped, ended = row.get("wrap_up_ended_at"), row.get("ended_at")
    if wrapped is not None and ended is not None:
        found["wrap_up_seconds"] = max(0.0, float(wrapped) - float(ended))
        if "talk_seconds" in found:
            found["handle_seconds"] = found["talk_seconds"] + found["wrap_up_seconds"]
    return found


def _talks(row: Row) -> list[Mapping[str, Any]]:
    """What was measured of the talks, the last one last."""
    told = _mapping(_mapping(row.get("handover")).get("talk"))
    earlier = told.get("earlier")
    return [*(_mapping(one) for one in (earlier if isinstance(earlier, list) else [])), *([told] if told else [])]


def _talk(row: Row) -> Mapping[str, Any]:
    """What was measured of the last agent's talk."""
    mine = [one for one in _talks(row) if one.get("agent_id") in (None, "", row.get("agent_id"))]
    return mine[-1] if mine else {}


def _measured(talk: Mapping[str, Any]) -> dict[str, float]:
    names = {
        "hold_seconds": talk.get("held_seconds"),
        "silence_share": talk.get("silence"),
        "longest_silence": talk.get("longest_silence"),
        "talk_over_share": talk.get("talk_over"),
        "talk_overs": talk.get("talk_overs"),
        "agent_share": talk.get("agent_share"),
        "agent_rate": _mapping(talk.get("agent")).get("rate"),
    }
    return {name: float(value) for name, value in names.items() if isinstance(value, int | float)}


def _first_words(said: Sequence[Utterance]) -> dict[str, float]:
    first = [one.since for one in said if one.side == "agent"]
    return {"first_words": round(first[0], 1)} if first else {}


def _moments(row: Row) -> list[Row]:
    """What began when: `agent` (who), `hold`, `transfer`, `over`, `queue`; each lasts until the next."""
    listed = row.get("moments")
    found = [one for one in (listed if isinstance(listed, list) else []) if isinstance(one, Mapping)]
    return [one for one in found if isinstance(one.get("at"), int | float)]


def _held(row: Row) -> dict[str, float]:
    """Seconds on hold by the agent who is judged; nothing where the record does not tell of that agent."""
    moments, ended, held = _moments(row), row.get("ended_at"), 0.0
    if ended is None or not any(one.get("kind") == "agent" and one.get("who") == row.get("agent_id") for one in moments):
        return {}
    for one, following in zip(moments, [*(float(two["at"]) for two in moments[1:]), float(ended)], strict=True):
        if one.get("kind") == "hold" and one.get("who") == row.get("agent_id"):
            held += max(0.0, following - float(one["at"]))
    return {"hold_seconds": round(held, 1)}


def _colleagues(row: Row) -> int | None:
    """How many agents had the caller; None where nobody had."""
    if row.get("connected_at") is None or not row.get("agent_id"):
        return None
    told = {str(one.get("agent_id") or "") for one in _talks(row)}
    told |= {str(one.get("who") or "") for one in _moments(row) if one.get("kind") == "agent"}
    return len(told - {""} | {str(row["agent_id"])})


def _moods(moods: Sequence[str]) -> dict[str, str | bool]:
    if not moods:
        return {}
    worst = max(moods, key=MOODS.index)
    return {"mood_end": moods[-1], "mood_worst": worst, "recovered": worst != "calm" and moods[-1] == "calm"}


def _outcome(row: Row) -> dict[str, str | bool]:
    return {
        "transferred": row.get("end_cause") == "transferred" or any(one.get("kind") == "transfer" for one in _moments(row)),
        "note_written": bool(str(row.get("note") or "").strip()),
        "outcome": str(row.get("agent_disposition") or ""),
        "disposition": str(row.get("disposition") or ""),
        "end_cause": str(row.get("end_cause") or ""),
    }


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
