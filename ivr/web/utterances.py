"""Where in a call's recordings a turn was said. Pure.

A turn has the time at which it was known: what the bot says begins then, what a person says has just ended. How long it took
is not kept; it is reckoned from the words, and never reaches into the turn before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.playing.spans import seconds as seconds
from ivr.playing.spans import spoken_seconds as spoken_seconds

BEFORE, AFTER = 1.2, 0.4
LONGEST = 30.0


@dataclass(frozen=True, slots=True)
class Span:
    file: str
    start: float
    """Seconds from the beginning of the file."""
    end: float


def span_of(turns: Sequence[Mapping[str, Any]], index: int, recordings: Sequence[Mapping[str, Any]]) -> Span | None:
    """The part of a recording with a turn; None where that was not recorded, or nobody spoke."""
    if not 0 <= index < len(turns):
        return None
    turn = turns[index]
    at = seconds(turn.get("at"))
    if at is None or turn.get("medium") == "keys" or not turn.get("text"):
        return None
    long = min(LONGEST, spoken_seconds(str(turn["text"])))
    if turn.get("speaker") == "bot":
        begins, ends = at - 0.2, at + long + AFTER
        following = seconds(turns[index + 1].get("at")) if index + 1 < len(turns) else None
        ends = ends if following is None else min(ends, max(begins + 1.0, following))
    else:
        begins, ends = at - long - BEFORE, at + AFTER
        before = seconds(turns[index - 1].get("at")) if index else None
        begins = begins if before is None else max(begins, min(before, at - 1.0))
    for one in recordings:
        started = seconds(one.get("started_at"))
        length = one.get("seconds")
        if not one.get("file") or started is None or at < started:
            continue
        if isinstance(length, int | float) and begins - started >= length:
            continue
        return Span(str(one["file"]), max(0.0, begins - started), max(0.5, ends - started))
    return None
