"""The clocks of a ticket: when it must be answered and solved, and how it stands. Pure.

The clock runs from the opening, and stands still in states that pause it (`pending`: it is the customer's turn).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DONE = ("solved", "closed")


@dataclass(frozen=True, slots=True)
class Promise:
    """Seconds from the opening; 0 for no promise."""

    respond: float = 0.0
    """Until somebody has written or spoken to the customer."""
    resolve: float = 0.0
    """Until it is solved."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is promised, by priority."""

    promises: Mapping[str, Promise] = field(default_factory=dict)
    pausing: tuple[str, ...] = ("pending",)
    """States in which the clock stands still."""


def moved(policy: Policy, row: Mapping[str, Any], status: str, now: float) -> dict[str, Any]:
    """The columns that change with the status; empty where it is the same."""
    if status == row["status"]:
        return {}
    values: dict[str, Any] = {"status": status}
    pausing = set(policy.pausing).difference(DONE)  # what is done rests anyway
    was, will = row["status"] in pausing, status in pausing
    if was and not will and row["paused_at"] is not None:
        values |= {"paused_seconds": row["paused_seconds"] + max(0.0, now - row["paused_at"]), "paused_at": None}
    elif will and row["paused_at"] is None:
        values["paused_at"] = now
    if status in DONE and row["solved_at"] is None:
        values["solved_at"] = now
    elif status not in DONE and row["solved_at"] is not None:  # reopened: what it rested in between does not count
        rested = values.get("paused_seconds", row["paused_seconds"]) + max(0.0, now - row["solved_at"])
        values |= {"solved_at": None, "paused_seconds": rested}
    return values


def clocks(policy: Policy, row: Mapping[str, Any], now: float) -> dict[str, Any]:
    """`{respond, resolve}`, each `{due_at, left, state}` or None where nothing is promised.

    `state`: `running`, `paused`, `late`, `met`, or `missed` (done, but too late). `left` are seconds, below 0 where it is
    late. A date of the ticket's own (`due_at`) takes the place of the promise to solve it.
    """
    promise = policy.promises.get(row["priority"], Promise())
    paused = row["paused_seconds"]
    stopped = row["paused_at"] if row["solved_at"] is None else None
    standing = paused + (max(0.0, now - stopped) if stopped is not None else 0.0)
    respond = row["created_at"] + promise.respond + standing if promise.respond else None
    resolve = row["created_at"] + promise.resolve + standing if promise.resolve else None
    if row["due_at"] is not None:
        resolve = row["due_at"]
    return {
        "respond": _clock(respond, row["responded_at"] or row["solved_at"], stopped, now),
        "resolve": _clock(resolve, row["solved_at"], None if row["due_at"] is not None else stopped, now),
    }


def _clock(due: float | None, done: float | None, stopped: float | None, now: float) -> dict[str, Any] | None:
    if due is None:
        return None
    if done is not None:
        return {"due_at": due, "left": due - done, "state": "met" if done <= due else "missed"}
    left = due - now
    return {"due_at": due, "left": left, "state": "late" if left < 0 else "paused" if stopped is not None else "running"}


def urgency(found: Mapping[str, Any]) -> float:
    """Sorts tickets by what is due next: the seconds left of the nearest clock that runs; infinite where none does."""
    left = [
        one["left"] for one in (found["respond"], found["resolve"]) if one is not None and one["state"] in ("running", "late")
    ]
    return min(left, default=float("inf"))
