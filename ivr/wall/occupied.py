"""How much of each minute agents were on duty, and how much of that they worked: from their states. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

MINUTE = 60
BUSY = frozenset({"reserved", "in_call", "wrap_up"})
DUTY = BUSY | {"available"}
"""Breaks, breathing space among them, are not on duty."""


def occupied(states: Iterable[Mapping[str, Any]], start: float, end: float) -> dict[int, tuple[float, float]]:
    """Minute to `(seconds on duty, seconds at work)` of all agents together, from `start` to `end` (epoch seconds).

    `states` are `agent_id state at` by time; of each agent the last before `start` as well, where there was one.
    """
    found: defaultdict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    last: dict[str, tuple[str, float]] = {}
    for row in states:
        state, since = last.get(row["agent_id"], ("offline", start))
        _spread(found, state, max(since, start), min(row["at"], end))
        last[row["agent_id"]] = row["state"], max(row["at"], start)
    for state, since in last.values():
        _spread(found, state, since, end)
    return {minute: (duty, busy) for minute, (duty, busy) in found.items()}


def _spread(found: defaultdict[int, list[float]], state: str, begin: float, end: float) -> None:
    if state not in DUTY:
        return
    while begin < end:
        minute = int(begin // MINUTE) * MINUTE
        until = min(end, minute + MINUTE)
        found[minute][0] += until - begin
        if state in BUSY:
            found[minute][1] += until - begin
        begin = until
