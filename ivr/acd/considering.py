"""Why things are as they are, as values: for a contact who was considered, for an agent why no call comes. Pure.

Words are made of the codes by whoever shows them: `ivr.acd.explain` in English, the pages in their own language.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.acd.matcher import candidates, fits, preferred, spared
from ivr.acd.model import ON_DUTY, Agent, AgentState, Contact, ContactState, Queue
from ivr.acd.strategies import Cost, strategies

MOST_CONSIDERED = 200
"""Agents told of a contact, and contacts of an agent: the nearest to a call first."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What is in the way of a contact and an agent."""

    code: str
    """`excluded only channel team site skill language preferred spared`, `state` (not free), or `free`: nothing is."""
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Considered:
    """An agent, as a contact sees him."""

    agent: str
    name: str
    state: str
    obstacle: Obstacle
    cost: float | None
    """By the strategy of the queue, the least is chosen; None for who could never take it."""
    rank: int | None
    """1 is who would get it now; None for who could not."""


@dataclass(frozen=True, slots=True)
class ContactWhy:
    """Why a contact waits."""

    contact: str
    queue: str
    channel: str
    state: str
    verdict: str
    """`offered connected nobody_defined nobody_fits nobody_on_duty preferred busy behind soon`."""
    agent: str
    """Who is rung or talks."""
    why: str
    waited: float
    """Seconds."""
    before: int
    """Contacts of the queue that come first."""
    priority: int
    needs: Mapping[str, int]
    language: str
    teams: tuple[str, ...]
    sites: tuple[str, ...]
    step: int
    """How often what is needed was relaxed, of `steps`."""
    steps: int
    next_step: float | None
    """Seconds until it is again."""
    preferred: tuple[str, ...]
    preferred_for: float
    """Seconds."""
    only: tuple[str, ...]
    strategy: str
    fitting: int
    """Agents who could take it, whatever they do; `on_duty` of them are, `free` could now."""
    on_duty: int
    free: int
    agents: tuple[Considered, ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """A contact that waits, as an agent sees it."""

    contact: str
    queue: str
    waited: float
    obstacle: Obstacle
    """`free`: this agent may get it; `behind`: another who is free comes first (`agent`)."""


@dataclass(frozen=True, slots=True)
class AgentWhy:
    """Why an agent gets no calls."""

    agent: str
    name: str
    state: str
    reason: str
    by: str
    since: float
    until: float | None
    wanted: str
    verdict: str
    """The state where it is the reason; else `nobody_waits`, `no_fit`, `behind`, `soon`."""
    waiting: int
    fitting: int
    """Of those who wait, how many this agent could take."""
    ahead: int
    """Agents who are free for longer."""
    missed: int
    declined: int
    served: int
    held: tuple[str, ...]
    contacts: tuple[Passed, ...]


def obstacle(contact: Contact, agent: Agent, now: float, chosen: Sequence[Agent] = ()) -> Obstacle:
    """What is in the way of these two first of all; `chosen` are preferred to everybody else."""
    if agent.id in contact.excluded:
        return Obstacle("excluded")
    if contact.only and agent.id not in contact.only:
        return Obstacle("only", {"agents": sorted(contact.only)})
    if contact.channel.room not in agent.channels:
        return Obstacle("channel", {"channel": contact.channel.value})
    where = contact.where_at(now)
    if where.teams and agent.team not in where.teams:
        return Obstacle("team", {"needed": list(where.teams), "has": agent.team})
    if where.sites and agent.site not in where.sites:
        return Obstacle("site", {"needed": list(where.sites), "has": agent.site})
    for need in contact.needs_at(now):
        level = agent.skills.get(need.skill, 0)
        if level < need.level:
            return Obstacle("skill", {"skill": need.skill, "needed": need.level, "has": level})
    if contact.language and agent.languages and contact.language not in agent.languages:
        return Obstacle("language", {"language": contact.language, "speaks": list(agent.languages)})
    if chosen and agent.id not in (names := [one.id for one in chosen]):
        return Obstacle("preferred", {"agents": names, "seconds": contact.prefer_until - now})
    if spared(contact, agent, now):
        return Obstacle("spared", {"seconds": contact.refused[agent.id] - now})
    if agent.room(contact.channel):
        return Obstacle("free")
    return Obstacle("state", {"state": agent.state.value, "reason": agent.reason, "seconds": max(0.0, now - agent.since)})


def why_contact(
    contact: Contact,
    staff: Iterable[Agent],
    queues: Mapping[str, Queue],
    now: float,
    before: int = 0,
    most: int = MOST_CONSIDERED,
) -> ContactWhy:
    """Why this one waits, with `before` others of its queue that come first; and who was considered, `most` at most."""
    everybody = list(staff)
    queue = queues.get(contact.queue) or Queue(contact.queue)
    able = [agent for agent in everybody if fits(contact, agent, now)]
    on_duty = [agent for agent in able if agent.state in ON_DUTY]
    chosen = preferred(contact, on_duty, now)
    now_free = candidates(contact, everybody, now) if contact.state is ContactState.WAITING else []
    cost = _cost(queue)
    ranked = sorted(now_free, key=lambda agent: (cost(contact, agent, queue, now), agent.idle_since, agent.id))
    place = {agent.id: rank for rank, agent in enumerate(ranked, 1)}
    fitting = {agent.id for agent in able}
    considered = _considered(contact, everybody, fitting, place, chosen, queue, now) if most else []
    where = contact.where_at(now)
    later = [step.after - (now - contact.enqueued_at) for step in contact.relax if step.after > now - contact.enqueued_at]
    return ContactWhy(
        contact=contact.id,
        queue=contact.queue,
        channel=contact.channel.value,
        state=contact.state.value,
        verdict=_contact_verdict(contact, everybody, able, on_duty, ranked, chosen, before),
        agent=contact.agent,
        why=contact.why,
        waited=max(0.0, now - contact.enqueued_at),
        before=before,
        priority=contact.priority,
        needs={need.skill: need.level for need in contact.needs_at(now)},
        language=contact.language,
        teams=tuple(where.teams),
        sites=tuple(where.sites),
        step=contact.step_at(now),
        steps=len(contact.relax),
        next_step=later[0] if later else None,
        preferred=contact.prefer if now < contact.prefer_until else (),
        preferred_for=max(0.0, contact.prefer_until - now),
        only=tuple(sorted(contact.only)),
        strategy=queue.strategy,
        fitting=len(able),
        on_duty=len(on_duty),
        free=len(ranked),
        agents=tuple(considered[:most]),
    )


def why_agent(
    agent: Agent, contacts: Iterable[Contact], staff: Iterable[Agent], queues: Mapping[str, Queue], now: float
) -> AgentWhy:
    """Why no call comes to this one; `contacts` are the first of each queue."""
    everybody = list(staff)
    waiting = [one for one in contacts if one.state is ContactState.WAITING]
    waiting.sort(key=lambda one: (one.order((queues.get(one.queue) or Queue(one.queue)).ageing), one.id))
    passed = [_passed(contact, agent, everybody, queues, now) for contact in waiting[:MOST_CONSIDERED]]
    fitting = [contact for contact in waiting if fits(contact, agent, now)]
    free = [one for one in everybody if one.state is AgentState.AVAILABLE and one.id != agent.id]
    return AgentWhy(
        agent=agent.id,
        name=agent.name or agent.id,
        state=agent.state.value,
        reason=agent.reason,
        by=agent.by,
        since=agent.since,
        until=agent.until,
        wanted=agent.wanted.value if agent.wanted is not None else "",
        verdict=_agent_verdict(agent, waiting, fitting, passed),
        waiting=len(waiting),
        fitting=len(fitting),
        ahead=sum(one.idle_since < agent.idle_since for one in free),
        missed=agent.missed,
        declined=agent.declined,
        served=agent.served,
        held=tuple(sorted(agent.held)),
        contacts=tuple(passed),
    )


def _considered(
    contact: Contact,
    everybody: Sequence[Agent],
    fitting: Container[str],
    place: Mapping[str, int],
    chosen: Sequence[Agent],
    queue: Queue,
    now: float,
) -> list[Considered]:
    """Everybody, the nearest to this contact first."""
    cost = _cost(queue)
    found = [
        Considered(
            agent.id,
            agent.name or agent.id,
            agent.state.value,
            obstacle(contact, agent, now, chosen),
            _finite(cost(contact, agent, queue, now)) if agent.id in fitting else None,
            place.get(agent.id),
        )
        for agent in everybody
    ]
    found.sort(key=lambda one: (one.rank or 1e9, one.agent not in fitting, one.state not in _NEAR, one.agent))
    return found


_NEAR = ("available", "wrap_up", "in_call", "reserved")


def _contact_verdict(
    contact: Contact,
    everybody: Sequence[Agent],
    able: Sequence[Agent],
    on_duty: Sequence[Agent],
    free: Sequence[Agent],
    chosen: Sequence[Agent],
    before: int,
) -> str:
    if contact.state is not ContactState.WAITING:
        return str(contact.state.value)
    if not everybody:
        return "nobody_defined"
    if not able:
        return "nobody_fits"
    if not on_duty:
        return "nobody_on_duty"
    if free:
        return "behind" if before else "soon"
    return "preferred" if chosen else "busy"


def _passed(contact: Contact, agent: Agent, staff: Sequence[Agent], queues: Mapping[str, Queue], now: float) -> Passed:
    on_duty = [one for one in staff if one.state in ON_DUTY and fits(contact, one, now)]
    found = obstacle(contact, agent, now, preferred(contact, on_duty, now))
    if found.code == "free":
        queue = queues.get(contact.queue) or Queue(contact.queue)
        cost = _cost(queue)
        free = candidates(contact, staff, now)
        first = min(free, key=lambda one: (cost(contact, one, queue, now), one.idle_since, one.id), default=agent)
        if first.id != agent.id:
            found = Obstacle("behind", {"agent": first.id, "strategy": queue.strategy})
    return Passed(contact.id, contact.queue, max(0.0, now - contact.enqueued_at), found)


def _agent_verdict(agent: Agent, waiting: Sequence[Contact], fitting: Sequence[Contact], passed: Sequence[Passed]) -> str:
    if agent.state is not AgentState.AVAILABLE:
        return str(agent.state.value)
    if not waiting:
        return "nobody_waits"
    if not fitting:
        return "no_fit"
    return "soon" if any(one.obstacle.code == "free" for one in passed) else "behind"


def _cost(queue: Queue) -> Cost:
    known = strategies()
    return known.get(queue.strategy) or known["longest_idle"]


def _finite(number: float) -> float | None:
    """JSON has no infinity."""
    return number if abs(number) < float("inf") else None
