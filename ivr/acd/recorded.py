"""A day of the records as traffic: who came, for what, how long they would have waited and talked, and who was on duty. Pure.

What no record can tell is drawn: how long those would have waited who were served, and how long those would have talked who
were not. Both come from the callers of whom it is known, and a note says how many.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ivr.acd.model import ON_DUTY, Contact
from ivr.acd.rows import asked_of
from ivr.acd.traffic import Arrival, Shift, Traffic

Dice = Callable[[], float]
Row = Mapping[str, Any]
TALK = 240.0
"""Seconds of a talk, where nobody talked all day."""
PAUSE = 2700.0
"""Seconds without a call that are a break, where no states of agents are known."""
READY = 300.0
"""Seconds that an agent counts as on duty before the first call, and after the last."""
OUTSIDE = ("offline", "break")


def recorded_day(contacts: Sequence[Row], states: Sequence[Row], dice: Dice, hours: tuple[float, float], name: str) -> Traffic:
    """The day from `hours[0]` to `hours[1]`, epoch seconds.

    `contacts` are rows of the records by `queued_at`; `states` rows of the states of agents by time, from before the day on.
    """
    notes = []
    talks = [float(row["talk_seconds"]) for row in contacts if (row["talk_seconds"] or 0) >= 1]
    drawn = len(contacts) - len(talks)
    if drawn:
        notes.append(f"{drawn} of {len(contacts)} callers talked to nobody: how long they would have is drawn from the others")
    plain = sum(not row["queueing"] for row in contacts)
    if plain:
        notes.append(f"of {plain} callers the records do not say what they needed: any agent would do")
    giving_up = _giving_up(contacts)
    arrivals = [_arrival(row, talks, giving_up, dice) for row in contacts]
    if any(row["state"] in {one.value for one in ON_DUTY} for row in states):
        shifts = _by_states(states, hours)
    else:
        shifts = _by_calls(contacts)
        notes.append("when agents were on duty is not recorded: it is taken from their calls")
    return Traffic(tuple(arrivals), tuple(shifts), f"{len(arrivals)} callers of {name}", tuple(notes))


def _giving_up(contacts: Iterable[Row]) -> float:
    """Callers who give up, of each second that one waits."""
    waited = sum(max(0.0, float(row["wait_seconds"] or 0.0)) for row in contacts)
    gone = sum(row["disposition"] == "abandoned" for row in contacts)
    return float(gone / max(600.0, waited))


def _arrival(row: Row, talks: Sequence[float], giving_up: float, dice: Dice) -> Arrival:
    waited = max(0.0, row["wait_seconds"] or 0.0)
    more = -math.log(max(dice(), 1e-9)) / giving_up if giving_up else math.inf
    talk = float(row["talk_seconds"] or 0)
    if talk < 1:
        talk = talks[int(dice() * len(talks))] if talks else TALK
    wrap_up = None
    if row["wrap_up_ended_at"] and row["connected_at"] and row["talk_seconds"]:
        wrap_up = max(0.0, row["wrap_up_ended_at"] - row["connected_at"] - row["talk_seconds"])
    patience = waited if row["disposition"] == "abandoned" else waited + more
    leaves = waited if row["disposition"] == "overflowed" else math.inf
    return Arrival(contact_of_record(row), talk, patience, leaves, wrap_up)


def contact_of_record(row: Row) -> Contact:
    """What the caller asked for, as far as the record says."""
    asked = asked_of(row["id"], row["queue"], row["queued_at"], row["queueing"])
    return asked or Contact(row["id"], row["queue"], row["queued_at"])


def _by_states(states: Iterable[Row], hours: tuple[float, float]) -> list[Shift]:
    """On duty from one state to the next, within the day."""
    begin, end = hours
    since: dict[str, float] = {}
    shifts = []
    for row in states:
        agent, at = row["agent_id"], row["at"]
        if row["state"] in OUTSIDE:
            start = since.pop(agent, None)
            if start is not None and at > max(start, begin):
                shifts.append(Shift(agent, max(start, begin), min(at, end)))
        else:
            since.setdefault(agent, at)
    shifts += [Shift(agent, max(start, begin), end) for agent, start in since.items() if start < end]
    return [one for one in shifts if one.begins < one.ends]


def _by_calls(contacts: Iterable[Row]) -> list[Shift]:
    spans: dict[str, list[tuple[float, float]]] = {}
    for row in contacts:
        if row["agent_id"] and row["connected_at"]:
            ends = row["wrap_up_ended_at"] or row["connected_at"] + (row["talk_seconds"] or 0.0)
            spans.setdefault(row["agent_id"], []).append((row["connected_at"], ends))
    shifts = []
    for agent, calls in spans.items():
        calls.sort()
        begin, end = calls[0]
        for start, stop in calls[1:]:
            if start - end > PAUSE:
                shifts.append(Shift(agent, begin - READY, end + READY))
                begin = start
            end = max(end, stop)
        shifts.append(Shift(agent, begin - READY, end + READY))
    return shifts
