"""Who may get whom: the rules in their plainest form. Pure. `ivr.acd.floor` does the same for ten thousand at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ivr.acd.model import ON_DUTY, Agent, AgentState, Contact, ContactState, Need


def fits(contact: Contact, agent: Agent, now: float) -> bool:
    """Tell whether `agent` could take `contact` by now, whatever either is doing.

    The contact's channel one of the agent's; the agent in a team and at a site that are asked for by now. Every skill that is
    needed by now held at its level or above; the contact's language spoken, unless the contact has none or the agent lists
    none; the agent not excluded, and one of those it is for, where it is for some.
    """
    if agent.id in contact.excluded or (contact.only and agent.id not in contact.only):
        return False
    if contact.channel.room not in agent.channels or not contact.where_at(now).holds(agent):
        return False
    return skilled(contact.needs_at(now), contact.language, agent)


def skilled(needs: tuple[Need, ...], language: str, agent: Agent) -> bool:
    """Tell whether an agent has the skills and speaks the language."""
    if language and agent.languages and language not in agent.languages:
        return False
    return all(agent.skills.get(need.skill, 0) >= need.level for need in needs)


def spared(contact: Contact, agent: Agent, now: float) -> bool:
    """Tell whether `agent` refused `contact` so lately that others go first."""
    return contact.refused.get(agent.id, 0.0) > now


def preferred(contact: Contact, able: Iterable[Agent], now: float) -> list[Agent]:
    """Those of these, who are on duty and fit, who alone get `contact` for a while; none where nobody does."""
    if now >= contact.prefer_until:
        return []
    return [agent for agent in able if agent.id in contact.prefer and not spared(contact, agent, now)]


def candidates(contact: Contact, staff: Iterable[Agent], now: float) -> list[Agent]:
    """Who may take `contact` now: free, fitting, preferred where somebody is, not spared where others can.

    A preference holds until its time, and only while somebody who is preferred is on duty and not spared; a refusal counts only
    while somebody else on duty could take the contact now or later, be it that less is needed then.
    """
    staff = list(staff)
    able = [agent for agent in staff if agent.state in ON_DUTY and fits(contact, agent, now)]
    if chosen := preferred(contact, able, now):
        able = chosen
    else:
        fresh = [agent for agent in able if not spared(contact, agent, now)]
        able = fresh or ([] if _others_soon(contact, staff, now) else able)
    return [agent for agent in able if agent.room(contact.channel) and agent.id not in contact.rung]


def _others_soon(contact: Contact, staff: Iterable[Agent], now: float) -> bool:
    """Whether somebody on duty who did not refuse fits as soon as less is needed, before the refusals are forgotten."""
    steps = contact.steps_until(max(contact.refused.values(), default=now), now)
    others = [agent for agent in staff if agent.state in ON_DUTY and not spared(contact, agent, now)]
    return any(fits(contact, agent, moment) for moment in steps for agent in others)


def best_agent(contact: Contact, agents: Iterable[Agent], now: float = 0.0) -> Agent | None:
    """The one of `candidates` who idled longest; ties break on id."""
    return min(candidates(contact, agents, now), key=lambda agent: (agent.idle_since, agent.id), default=None)


def best_contact(agent: Agent, contacts: Iterable[Contact], staff: Iterable[Agent] = (), now: float = 0.0) -> Contact | None:
    """The waiting contact that `agent`, as the only one who is free, should get: first in order, then by id."""
    if agent.state is not AgentState.AVAILABLE:
        return None
    everybody: Collection[Agent] = [agent, *(_busy(other) for other in staff if other.id != agent.id)]
    mine = (one for one in contacts if one.state is ContactState.WAITING and agent in candidates(one, everybody, now))
    return min(mine, key=lambda contact: (contact.order(), contact.id), default=None)


def _busy(agent: Agent) -> Agent:
    """The same agent with hands full."""
    return replace(agent, state=AgentState.RESERVED) if agent.state in ON_DUTY else agent
