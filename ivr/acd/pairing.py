"""Contacts and agents brought together: who is served, and by whom. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

IMPOSSIBLE = 1e6
"""Cost of an agent who cannot take a contact; above any sum of ranks."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A contact with the agents who are free for it."""

    contact: str
    order: float
    agents: tuple[str, ...]
    """The best first, by the strategy of its queue."""
    considered: int = 1
    """How many were free; `agents` may have been cut."""


def pair(candidates: Sequence[Candidate], slots: Mapping[str, int]) -> list[tuple[Candidate, str]]:
    """Choose who is served and by whom, in the order of `candidates`, which is that of service.

    `slots` has how many contacts each agent can take. Served are the first contact that can be, the second that can beside it,
    and so on: as many as possible, and none at the cost of one before it. Of all ways to serve these, the one with the least
    sum of ranks in their lists is taken.
    """
    if len(candidates) == 1:
        return [(candidates[0], candidates[0].agents[0])] if candidates[0].agents else []
    served = _served(candidates, slots)
    if len(served) <= 1:
        return [(one, one.agents[0]) for one in served]
    return _assign(served, slots)


def _served(candidates: Sequence[Candidate], slots: Mapping[str, int]) -> list[Candidate]:
    """Contacts that can be served together, by augmenting paths in their order.

    Sets that can be served are the independent sets of a transversal matroid, so taking the next that fits is optimal.
    """
    takes: dict[str, list[int]] = {}
    """Agent to the contacts that he takes, by index."""

    def find(index: int, seen: set[str]) -> bool:
        for agent in candidates[index].agents:
            if agent in seen:
                continue
            seen.add(agent)
            mine = takes.setdefault(agent, [])
            if len(mine) < slots[agent]:
                mine.append(index)
                return True
            for at, other in enumerate(mine):
                if find(other, seen):
                    mine[at] = index
                    return True
        return False

    return [one for index, one in enumerate(candidates) if find(index, set())]


def _assign(served: Sequence[Candidate], slots: Mapping[str, int]) -> list[tuple[Candidate, str]]:
    seats = [
        agent for agent in dict.fromkeys(a for one in served for a in one.agents) for _ in range(min(slots[agent], len(served)))
    ]
    columns: dict[str, list[int]] = {}
    for number, agent in enumerate(seats):
        columns.setdefault(agent, []).append(number)
    from scipy.optimize import linear_sum_assignment  # half a second to load; `warm` does that before the first decision

    cost = np.full((len(served), len(seats)), IMPOSSIBLE)
    for row, one in enumerate(served):
        for rank, agent in enumerate(one.agents):
            cost[row, columns[agent]] = rank
    rows, chosen = linear_sum_assignment(cost)
    return [(served[row], seats[column]) for row, column in zip(rows, chosen, strict=True)]


def warm() -> None:
    """Load what the assignment is solved with, so that no decision waits for it. Half a second of CPU the first time."""
    from scipy.optimize import linear_sum_assignment

    linear_sum_assignment(np.zeros((1, 1)))
