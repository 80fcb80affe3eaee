"""A day of callers and agents on duty, recorded or made up, and rules to try on it. Pure values; times are epoch seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.acd.model import Agent, Contact, Queue


@dataclass(frozen=True, slots=True)
class Arrival:
    """A caller who comes to a queue, whatever the rules."""

    contact: Contact
    talk: float
    """Seconds that the talk will last."""
    patience: float = math.inf
    """Seconds of waiting after which the caller gives up."""
    leaves: float = math.inf
    """Seconds of waiting after which the flow sends the caller elsewhere."""
    wrap_up: float | None = None
    """Seconds the agent takes after the talk; None for what the queue allows. Never more than that."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A time in which an agent takes calls."""

    agent: str
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Traffic:
    arrivals: tuple[Arrival, ...]
    """By time."""
    shifts: tuple[Shift, ...]
    name: str = ""
    notes: tuple[str, ...] = ()
    """What had to be guessed."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may do what, and how calls are given: what a settings file says."""

    name: str
    agents: tuple[Agent, ...]
    queues: tuple[Queue, ...]
    most_waiting: Mapping[str, int] = field(default_factory=dict)
    """Queue to callers who may wait; more are sent elsewhere."""

    def lacks(self, traffic: Traffic) -> list[str]:
        """What the traffic names and these rules do not know: `queue billing`."""
        known = {queue.name for queue in self.queues}
        return [f"queue {name}" for name in sorted({one.contact.queue for one in traffic.arrivals} - known)]

    def idle(self, traffic: Traffic) -> tuple[list[str], list[str]]:
        """Agents who were on duty and are not in the rules, and those in the rules who were never on duty."""
        known, worked = {agent.id for agent in self.agents}, {shift.agent for shift in traffic.shifts}
        return sorted(worked - known), sorted(known - worked)
