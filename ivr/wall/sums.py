"""What is counted of contacts and agents, minute by minute: sums that can be added up over minutes and queues. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Sums:
    """Of contacts that ended in a stretch of time, by queue; `duty`, `busy` are of agents, of all queues together.

    Seconds are sums of seconds. A contact counts with the last queue it was in, "" for one that was in none.
    """

    calls: int = 0
    """Everybody who reached us, the flow's own included."""
    offered: int = 0
    """Came to a queue."""
    answered: int = 0
    """Talked to an agent."""
    within: int = 0
    """Of these, as quickly as the service level asks."""
    abandoned: int = 0
    """Hung up while waiting."""
    short: int = 0
    """Of these, so early that nobody could have answered."""
    overflowed: int = 0
    """Was taken elsewhere by a rule or a key."""
    callbacks: int = 0
    """Promises to call back."""
    waited: float = 0.0
    """Of those who were answered, until the talk."""
    longest: float = 0.0
    """The longest wait of anybody."""
    talk: float = 0.0
    """With agents, holds included."""
    wrap: float = 0.0
    """Of agents, after the talk."""
    self_served: int = 0
    """The flow came to its own end."""
    left_flow: int = 0
    """Hung up in the flow before any queue."""
    known: int = 0
    """Served callers whose number is known."""
    again: int = 0
    """Of these, who had called about it within the week before."""
    csat: float = 0.0
    """Points of surveys, 1 to 5 each."""
    surveys: int = 0
    confidence: float = 0.0
    """Of what callers said, as recognised, 0 to 1 each."""
    recognised: int = 0
    mood: float = 0.0
    """How callers felt at the end, 0 to 1 each."""
    moods: int = 0
    angry: int = 0
    duty: float = 0.0
    """Agents on duty, breathing space left out."""
    busy: float = 0.0
    """Of it, ringing, talking or wrapping up."""
    talking: int = 0
    """Of those answered, who talk still: their `talk` and `wrap` are to come. In no record."""

    def __add__(self, other: Sums) -> Sums:
        added = {name: getattr(self, name) + getattr(other, name) for name in (*NAMES, "talking")}
        return Sums(**{**added, "longest": max(self.longest, other.longest)})

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row of the records; what is missing or null is nothing."""
        return cls(**{name: row[name] for name in NAMES if row.get(name)})


NAMES = tuple(one.name for one in fields(Sums) if one.name != "talking")
"""Those that minutes are kept of."""
WHOLE = frozenset(one.name for one in fields(Sums) if one.type == "int")


def total(parts: Iterable[Sums]) -> Sums:
    """All of them together."""
    found = Sums()
    for one in parts:
        found = found + one
    return found


def running(queued_at: float | None, connected_at: float | None, now: float, within: float) -> Sums:
    """What a contact that goes on counts already: answered, in time or late, once the talk begins; until then its wait."""
    if queued_at is None:
        return Sums()
    waited = max(0.0, (now if connected_at is None else connected_at) - queued_at)
    if connected_at is None:
        return Sums(longest=waited)
    return Sums(offered=1, answered=1, within=int(waited <= within), waited=waited, longest=waited, talking=1)
