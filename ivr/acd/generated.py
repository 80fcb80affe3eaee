"""A day that never was, for trying rules: callers by the hour, skills, patience, talks and shifts, all from one seed. Pure.

What it is made of: two humps of arrivals between 8 and 20 o'clock, talks that spread as real ones do (lognormal), patience that
is short for some and long for others, a tenth of callers with priority, and needs that somebody in the rules can meet.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from ivr.acd.model import Agent, Contact, Need, Queue, Relaxed
from ivr.acd.traffic import Arrival, Rules, Shift, Traffic

HOUR = 3600.0
BY_HOUR = (0.3, 0.8, 1.0, 0.95, 0.75, 0.7, 0.85, 0.95, 0.9, 0.7, 0.5, 0.35)
"""Callers of each hour from 8 o'clock, to each other."""
OPENS = 8
TALK, SPREAD = 240.0, 0.8
"""Mean seconds of a talk, and its deviation as a share of that."""
BUSY = 0.85
"""Share of their duty that agents are to talk and wrap up, where the number of callers is not given."""
SKILLS = ("billing", "telecom", "technical")


class Dice(Protocol):
    """`random.Random`: the only chance there is."""

    def random(self) -> float: ...
    def gauss(self, mu: float, sigma: float) -> float: ...
    def choice(self, seq: Sequence[str], /) -> str: ...
    def randint(self, a: int, b: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Demand:
    """One sort of callers of a queue."""

    queue: str
    share: float
    needs: tuple[Need, ...]
    relax: tuple[Relaxed, ...]
    language: str
    talk: float


def made_up(dice: Dice, agents: int) -> Rules:
    """Agents and queues for a day without settings: three skills, two languages, some who know more than others."""
    staff = []
    for number in range(agents):
        main = SKILLS[number % 3]
        skills = {main: dice.randint(4, 9)}
        if dice.random() < 0.5:
            skills[dice.choice([one for one in SKILLS if one != main])] = dice.randint(2, 6)
        staff.append(Agent(f"agent{number + 1}", skills=skills, languages=("zh", "en") if dice.random() < 0.5 else ("zh",)))
    queues = (Queue("support", 20.0, 20.0), Queue("billing", 20.0, 15.0))
    return Rules("made up", tuple(staff), queues)


def generated_day(rules: Rules, dice: Dice, midnight: float, contacts: int = 0) -> Traffic:
    """A day from `midnight` for the agents and queues of these rules; as many callers as keep them busy where none is given."""
    shifts = tuple(shift for number, agent in enumerate(rules.agents) for shift in _shifts(agent.id, number, midnight))
    demands = [one for queue in rules.queues for one in _demands(queue, rules.agents, dice)]
    capacity = {agent.id: agent.capacity for agent in rules.agents}
    duty = sum((shift.ends - shift.begins) * capacity[shift.agent] for shift in shifts)
    whole = sum(one.share for one in demands)
    wrap = {queue.name: queue.wrap_up_seconds for queue in rules.queues}
    each = sum(one.share * (one.talk + wrap[one.queue] * 0.7 + 5.0) for one in demands) / whole
    number = contacts or max(1, round(BUSY * duty / each))
    at = sorted(_moment(dice, midnight) for _ in range(number))
    arrivals = tuple(_arrival(f"c{count}", when, demands, dice, wrap) for count, when in enumerate(at, 1))
    return Traffic(arrivals, shifts, f"a made-up day of {number} callers")


def _shifts(agent: str, number: int, midnight: float) -> list[Shift]:
    """Eight hours with a meal and two breaks, not all at the same time."""
    begin = midnight + (OPENS + (0, 1, 2, 4)[number % 4]) * HOUR
    breaks = [(1.8 + number % 5 * 0.2, 0.25), (3.6 + number % 7 * 0.2, 0.75), (6.2 + number % 4 * 0.25, 0.25)]
    found, since = [], begin
    for after, long in breaks:
        found.append(Shift(agent, since, begin + after * HOUR))
        since = begin + (after + long) * HOUR
    return [*found, Shift(agent, since, begin + 8 * HOUR)]


def _demands(queue: Queue, agents: Sequence[Agent], dice: Dice) -> list[Demand]:
    """Simple callers, such as need a skill that relaxes, and such as speak another language."""
    skills = sorted({skill for agent in agents for skill in agent.skills})
    languages = sorted({language for agent in agents for language in agent.languages}) or [""]
    talk = TALK * (0.8 + 0.4 * dice.random())
    found = [Demand(queue.name, 0.5, (), (), languages[-1], talk)]
    for skill in skills[:4]:
        levels = sorted(agent.skills[skill] for agent in agents if skill in agent.skills)
        high, low = levels[len(levels) // 2], levels[0]
        relax = (Relaxed(30.0, (Need(skill, low),)), Relaxed(120.0, ()))
        found.append(Demand(queue.name, 0.4 / len(skills[:4]), (Need(skill, high),), relax, languages[-1], talk * 1.2))
    if len(languages) > 1:
        found.append(Demand(queue.name, 0.1, (), (), languages[0], talk))
    return found


def _moment(dice: Dice, midnight: float) -> float:
    bounds = list(accumulate(BY_HOUR))
    lot = dice.random() * bounds[-1]
    hour = bisect_right(bounds, lot)
    return round(midnight + (OPENS + min(hour, len(bounds) - 1) + dice.random()) * HOUR, 3)


def _arrival(name: str, at: float, demands: Sequence[Demand], dice: Dice, wrap: dict[str, float]) -> Arrival:
    bounds = list(accumulate(one.share for one in demands))
    demand = demands[min(bisect_right(bounds, dice.random() * bounds[-1]), len(demands) - 1)]
    sigma = math.sqrt(math.log(1 + SPREAD**2))
    talk = demand.talk * math.exp(dice.gauss(-(sigma**2) / 2, sigma))
    mean = 90.0 if dice.random() < 0.25 else 600.0
    contact = Contact(
        name,
        demand.queue,
        at,
        demand.needs,
        7 if dice.random() < 0.1 else 5,
        language=demand.language,
        relax=demand.relax,
    )
    wrap_up = wrap[demand.queue] * (0.4 + 0.6 * dice.random())
    return Arrival(contact, max(10.0, talk), -math.log(max(1e-9, dice.random())) * mean, wrap_up=wrap_up)
