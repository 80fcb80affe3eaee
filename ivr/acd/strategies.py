"""Which of those who could take a contact gets it. Pure; more come by the entry point `hotline.strategies`.

A strategy is a function that gives an agent's cost for a contact: the least is chosen. Costs of one contact are compared with
each other alone, so their scale is the strategy's own affair. Ties break on the longest idle, then on the id.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import blake2b
from importlib.metadata import entry_points

from ivr.acd.model import Agent, Contact, Need, Queue

Cost = Callable[[Contact, Agent, Queue, float], float]
"""Contact, agent, queue and epoch seconds to a number; no clock, no dice, no I/O."""


def longest_idle(contact: Contact, agent: Agent, queue: Queue, now: float) -> float:
    """Who was free for the longest time."""
    return agent.idle_since


def most_skilled(contact: Contact, agent: Agent, queue: Queue, now: float) -> float:
    """Who has the highest levels of what the contact needs."""
    return -_levels(agent, contact.needs_at(now))


def least_skilled(contact: Contact, agent: Agent, queue: Queue, now: float) -> float:
    """Who can do least besides: experts are spared for what only they can do."""
    return float(sum(agent.skills.values()))


def round_robin(contact: Contact, agent: Agent, queue: Queue, now: float) -> float:
    """Who was offered nothing for the longest time, whether or not it was taken."""
    return agent.offered_at


def fewest_calls(contact: Contact, agent: Agent, queue: Queue, now: float) -> float:
    """Who took the fewest calls since coming on duty."""
    return float(agent.served)


def least_occupied(contact: Contact, agent: Agent, queue: Queue, now: float) -> float:
    """Who talked for the smallest share of the time on duty."""
    return agent.busy / max(1.0, now - agent.duty_since)


def weighted_random(contact: Contact, agent: Agent, queue: Queue, now: float) -> float:
    """A draw in which an agent of weight 2 wins twice as often as one of weight 1; the same call draws the same lots."""
    weight = max(1e-6, queue.weights.get(agent.id, 1.0))
    digest = blake2b(f"{contact.id}|{agent.id}|{len(contact.refused)}".encode(), digest_size=8).digest()
    lot = (int.from_bytes(digest) + 1) / 2**64
    return -math.log(lot) / weight


def sequential(contact: Contact, agent: Agent, queue: Queue, now: float) -> float:
    """Always the first of the queue's `order` who is free; who is not listed comes last."""
    return float(queue.order.index(agent.id)) if agent.id in queue.order else float(len(queue.order))


def ring_all(contact: Contact, agent: Agent, queue: Queue, now: float) -> float:
    """Everybody who could, up to the queue's `ring_most`: the first to accept has it. Of more, who idled longest."""
    return agent.idle_since


BUILT_IN: Mapping[str, Cost] = {
    one.__name__: one
    for one in (
        longest_idle,
        most_skilled,
        least_skilled,
        round_robin,
        fewest_calls,
        least_occupied,
        weighted_random,
        sequential,
        ring_all,
    )
}

OF_THE_LINE: frozenset[Cost] = frozenset(BUILT_IN.values()) - {weighted_random}
"""Those in which contacts of one queue with the same needs cost each agent the same: one rank serves them all."""

WORDS: Mapping[str, str] = {
    "longest_idle": "idle longest",
    "most_skilled": "most skilled",
    "least_skilled": "least skilled that fits",
    "round_robin": "next in turn",
    "fewest_calls": "fewest calls",
    "least_occupied": "least occupied",
    "weighted_random": "drawn by weight",
    "sequential": "first in order",
    "ring_all": "all are rung",
}


@cache
def strategies() -> Mapping[str, Cost]:
    """Every strategy by name, those of packages included. Raises what a broken package raises: at start, not during a call."""
    return {**BUILT_IN, **{point.name: point.load() for point in entry_points(group="hotline.strategies")}}


def _levels(agent: Agent, needs: tuple[Need, ...]) -> int:
    return sum(agent.skills.get(need.skill, 0) for need in needs)
