"""Who gets whom: the executable specification of `lua/core.lua`. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.acd.model import ON_DUTY, Agent, AgentState, Contact, ContactState


def fits(contact: Contact, agent: Agent) -> bool:
    """Tell whether `agent` could ever take `contact`, whatever either is doing now.

    Every needed skill held at its level or above; the contact's language spoken, unless the contact has none or the agent
    lists none; the agent not excluded.
    """
    if agent.id in contact.excluded:
        return False
    if contact.language and agent.languages and contact.language not in agent.languages:
        return False
    return all(agent.skills.get(need.skill, 0) >= need.level for need in contact.needs)


def spared(contact: Contact, agent: Agent, now: float) -> bool:
    """Tell whether `agent` refused `contact` so lately that others go first."""
    return contact.refused.get(agent.id, 0.0) > now


def best_agent(contact: Contact, agents: Iterable[Agent], now: float = 0.0) -> Agent | None:
    """Return the agent who idled longest among those able to take `contact`.

    Able: AVAILABLE, every required skill held at its level (1-10) or above, the language spoken, not excluded, and not
    spared after a refusal; an agent is spared only while somebody else on duty could take the contact.
    Ties break on id, so every node picks the same agent.
    """
    able = [agent for agent in agents if fits(contact, agent) and agent.state in ON_DUTY]
    fresh = [agent for agent in able if not spared(contact, agent, now)]
    free = (agent for agent in fresh or able if agent.state is AgentState.AVAILABLE)
    return min(free, key=lambda agent: (agent.idle_since, agent.id), default=None)


def best_contact(agent: Agent, contacts: Iterable[Contact], staff: Iterable[Agent] = (), now: float = 0.0) -> Contact | None:
    """Return the waiting contact that `agent` should get: highest priority, then oldest, then by id.

    `staff` is everybody who is defined: a refusal of `agent` counts only while one of them could take the contact instead.
    """
    if agent.state is not AgentState.AVAILABLE:
        return None
    others = [other for other in staff if other.id != agent.id]
    mine = (
        contact
        for contact in contacts
        if contact.state is ContactState.WAITING and best_agent(contact, [agent, *(_busy(o) for o in others)], now) is agent
    )
    return min(mine, key=lambda contact: (contact.order, contact.id), default=None)


def _busy(agent: Agent) -> Agent:
    """The same agent with hands full, so that only `agent`'s own right to a contact is asked for."""
    if agent.state is not AgentState.AVAILABLE:
        return agent
    return Agent(agent.id, skills=agent.skills, languages=agent.languages, state=AgentState.IN_CALL)
