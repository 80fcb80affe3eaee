"""What is counted of contacts and agents, minute by minute: sums that can be added up over minutes and queues. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
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
    outbound: int = 0
    """Calls that agents made; none of them is in what stands above but `duty` and `busy`."""
    reached: int = 0
    """Of these, answered."""
    outbound_talk: float = 0.0
    """With whom they reached, holds included."""
    talking: int = 0
    """Of those answered, who talk still: their `talk` and `wrap` are to come. In no record."""

    def __add__(self, other: Sums) -> Sums:
        return total((self, other))

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row of the records; what is missing or null is nothing."""
        return cls(**{name: row[name] for name in NAMES if row.get(name)})


NAMES = tuple(one.name for one in fields(Sums) if one.name != "talking")
"""Those that minutes are kept of."""
WHOLE = frozenset(one.name for one in fields(Sums) if one.type == "int")
_ALL = tuple(one.name for one in fields(Sums))
_values = attrgetter(*_ALL)


def total(parts: Iterable[Sums]) -> Sums:
    """All of them together."""
    columns = dict(zip(_ALL, zip(*map(_values, parts), strict=True), strict=False))
    added = {name: max(column) if name == "longest" else sum(column) for name, column in columns.items()}
    return Sums(**added)


def running(contacts: Iterable[tuple[float, float | None]], now: float, within: float) -> Sums:
    """What contacts that go on count already, each by when it was queued and when the talk began.

    Answered, in time or late, once the talk begins; until then the wait of each. Of a thousand in about a millisecond.
    """
    waits = [(max(0.0, (now if began is None else began) - queued), began is not None) for queued, began in contacts]
    talks = [waited for waited, talks in waits if talks]
    count, longest = len(talks), max((waited for waited, _ in waits), default=0.0)
    in_time = sum(waited <= within for waited in talks)
    return Sums(offered=count, answered=count, within=in_time, waited=sum(talks), longest=longest, talking=count)
