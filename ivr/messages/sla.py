"""The clocks of a ticket: when it must be answered and solved, and how it stands. Pure.

A clock runs from the opening, in the hours of its calendar where it has one, and stands still in states that pause it
(`pending`: it is the customer's turn). A date of the ticket's own (`due_at`) is a date: no calendar and no pause moves it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.dialplan.calendar import Calendar, after_open, open_seconds

DONE = ("solved", "closed")
_NEVER_RECKONED = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """Seconds from the opening; 0 for no promise."""

    respond: float = 0.0
    """Until somebody has written or spoken to the customer."""
    resolve: float = 0.0
    """Until it is solved."""
    hours: Calendar | None = None
    """In whose open hours the seconds count; None: day and night."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is promised, by priority."""

    promises: Mapping[str, Promise] = field(default_factory=dict)
    pausing: tuple[str, ...] = ("pending",)
    """States in which the clock stands still."""
    version: str = field(init=False)
    """Another one for other promises: what was reckoned by those is reckoned anew."""

    def __post_init__(self) -> None:
        said = repr((sorted(self.promises.items()), self.pausing))
        object.__setattr__(self, "version", hashlib.sha256(said.encode()).hexdigest()[:16])

    def of(self, row: Mapping[str, Any]) -> Promise:
        return self.promises.get(row["priority"], Promise())


def moved(policy: Policy, row: Mapping[str, Any], status: str, now: float) -> dict[str, Any]:
    """The columns that change with the status; empty where it is the same."""
    if status == row["status"]:
        return {}
    hours = policy.of(row).hours
    values: dict[str, Any] = {"status": status}
    pausing = set(policy.pausing).difference(DONE)  # what is done rests anyway
    was, will = row["status"] in pausing, status in pausing
    if was and not will and row["paused_at"] is not None:
        values |= {"paused_seconds": row["paused_seconds"] + _between(hours, row["paused_at"], now), "paused_at": None}
    elif will and row["paused_at"] is None:
        values["paused_at"] = now
    if status in DONE and row["solved_at"] is None:
        values["solved_at"] = now
    elif status not in DONE and row["solved_at"] is not None:  # reopened: what it rested in between does not count
        rested = values.get("paused_seconds", row["paused_seconds"]) + _between(hours, row["solved_at"], now)
        values |= {"solved_at": None, "paused_seconds": rested}
    return values


def reckoned(policy: Policy, row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that say when each clock runs out, and which does first; `next_due` is None where none runs."""
    respond, resolve = _dues(policy, row)
    running = []
    if row["solved_at"] is None:
        stopped = row["paused_at"] is not None
        if respond is not None and row["responded_at"] is None and not stopped:
            running.append(respond)
        if resolve is not None and (row["due_at"] is not None or not stopped):
            running.append(resolve)
    next_due = min(running, default=None)
    return {"respond_due": respond, "resolve_due": resolve, "next_due": next_due, "clock": policy.version}


def _dues(policy: Policy, row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """When the two run out, if the clock did not stand still from now on."""
    if row.get("clock", _NEVER_RECKONED) == policy.version:
        return row["respond_due"], row["resolve_due"]
    promise, paused = policy.of(row), row["paused_seconds"]
    respond, resolve = (
        _after(promise.hours, row["created_at"], seconds + paused) if seconds else None
        for seconds in (promise.respond, promise.resolve)
    )
    return respond, row["due_at"] if row["due_at"] is not None else resolve


def clocks(policy: Policy, row: Mapping[str, Any], now: float) -> dict[str, Any]:
    """`{respond, resolve}`, each `{due_at, left, state}` or None where nothing is promised; `hours` is true of one that stands
    still while the house is closed.

    `state`: `running`, `resting` (closed now), `paused`, `late`, `met`, or `missed` (done, but too late). `left` are seconds
    of the clock; below 0, those since it ran out.
    """
    promise, (respond, resolve) = policy.of(row), _dues(policy, row)
    stopped = row["paused_at"] if row["solved_at"] is None else None
    own = row["due_at"] is not None
    hours = promise.hours
    return {
        "respond": _clock(hours, respond, row["responded_at"] or row["solved_at"], stopped, now),
        "resolve": _clock(None if own else hours, resolve, row["solved_at"], None if own else stopped, now),
    }


def _clock(
    hours: Calendar | None, due: float | None, done: float | None, stopped: float | None, now: float
) -> dict[str, Any] | None:
    if due is None:
        return None
    by_hours = {} if hours is None else {"hours": True}
    at = now if stopped is None else stopped
    end = at if done is None else done
    left = _between(hours, end, due) if end <= due else due - end
    if done is not None:
        return {"due_at": due, "left": left, "state": "met" if done <= due else "missed", **by_hours}
    if left < 0:
        return {"due_at": due, "left": left, "state": "late", **by_hours}
    if stopped is not None:
        return {"due_at": _after(hours, now, left) or due, "left": left, "state": "paused", **by_hours}
    rests = hours is not None and open_seconds(hours, now, now + 1) == 0
    return {"due_at": due, "left": left, "state": "resting" if rests else "running", **by_hours}


def _between(hours: Calendar | None, start: float, end: float) -> float:
    return max(0.0, end - start) if hours is None else open_seconds(hours, start, end)


def _after(hours: Calendar | None, start: float, seconds: float) -> float | None:
    return start + seconds if hours is None else after_open(hours, start, seconds)
