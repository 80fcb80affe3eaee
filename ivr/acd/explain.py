"""Why things are as they are, in words for a person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ivr.acd.considering import obstacle
from ivr.acd.matcher import best_contact, fits
from ivr.acd.model import ON_DUTY, Agent, AgentState, Contact, ContactState


def agent_in_words(agent: Agent, contacts: Sequence[Contact], staff: Iterable[Agent], now: float) -> str:
    """Answer "why am I not getting calls?"."""
    state = _state_in_words(agent, now)
    if agent.state is not AgentState.AVAILABLE:
        return state
    waiting = [contact for contact in contacts if contact.state is ContactState.WAITING]
    if not waiting:
        return f"{state}; nobody is waiting"
    if best_contact(agent, waiting, staff, now):
        return f"{state}; a matching contact is about to be offered"
    reasons = "; ".join(f"{contact.id}: {_obstacle(contact, agent, now)}" for contact in waiting[:5])
    more = f"; and {len(waiting) - 5} more" if len(waiting) > 5 else ""
    return f"{state}; of {len(waiting)} waiting none fits: {reasons}{more}"


def contact_in_words(contact: Contact, before: int, staff: Iterable[Agent], now: float) -> str:
    """Answer "why does this one wait?", with `before` others of its queue that come first."""
    if contact.state is ContactState.OFFERED:
        return f"offered to {contact.agent}: {contact.why}"
    if contact.state is not ContactState.WAITING:
        return f"{contact.state.value}{f' with {contact.agent}' if contact.agent else ''}"
    everybody = list(staff)
    able = [agent for agent in everybody if fits(contact, agent, now)]
    waited = max(0.0, now - contact.enqueued_at)
    head = f"waiting {waited:.0f} s, {before} before it in {contact.queue}, priority {contact.priority}"
    head += _patience(contact, now)
    if not everybody:
        return f"{head}; no agents are defined"
    if not able:
        nearest = "; ".join(f"{agent.id}: {_obstacle(contact, agent, now)}" for agent in everybody[:5])
        return f"{head}; no agent has what it needs ({_needs(contact, now)}): {nearest}"
    if not any(agent.state in ON_DUTY for agent in able):
        return f"{head}; the {len(able)} who could take it are not on duty"
    states = "; ".join(f"{agent.id}: {_obstacle(contact, agent, now)}" for agent in able[:10])
    return f"{head}; who could take it: {states}"


def _patience(contact: Contact, now: float) -> str:
    """What time has changed of what it needs, and what it will."""
    words = ""
    if step := contact.step_at(now):
        words += f", needs relaxed {step} of {len(contact.relax)}"
    later = [one.after for one in contact.relax if one.after > now - contact.enqueued_at]
    if later:
        words += f", again in {later[0] - (now - contact.enqueued_at):.0f} s"
    if contact.prefer and now < contact.prefer_until:
        words += f", {' or '.join(contact.prefer)} preferred for {contact.prefer_until - now:.0f} s more"
    if contact.only:
        words += f", for {' or '.join(sorted(contact.only))} alone"
    return words


def _needs(contact: Contact, now: float) -> str:
    words = [f"{need.skill} {need.level}" for need in contact.needs_at(now)]
    if contact.language:
        words.append(f"language {contact.language}")
    return ", ".join(words) or "nothing special"


def _obstacle(contact: Contact, agent: Agent, now: float) -> str:
    """What is in the way of these two, in words."""
    found = obstacle(contact, agent, now)
    told = found.values
    match found.code:
        case "excluded":
            return "excluded for this contact"
        case "only":
            return "asked for somebody else"
        case "channel":
            return f"takes no {told['channel']}"
        case "team" | "site":
            return f"{found.code} {' or '.join(told['needed'])} needed, is {told['has'] or 'in none'}"
        case "skill":
            return f"{told['skill']} {told['needed']} needed, has {told['has'] or 'none'}"
        case "language":
            return f"{told['language']} needed, speaks {', '.join(told['speaks'])}"
        case "preferred":
            return f"{' or '.join(told['agents'])} preferred for {told['seconds']:.0f} s more"
        case "spared":
            return f"refused it, others go first for {told['seconds']:.0f} s"
    return _state_in_words(agent, now)


def _state_in_words(agent: Agent, now: float) -> str:
    words = f"{agent.state.value} for {max(0.0, now - agent.since):.0f} s"
    if agent.reason and agent.state in (AgentState.BREAK, AgentState.OFFLINE):
        words += f" ({agent.reason})"
    if agent.state is AgentState.WRAP_UP and agent.until is not None:
        words += f", {max(0.0, agent.until - now):.0f} s left"
    if agent.held and agent.capacity > 1:
        words += f", {len(agent.held)} of {agent.capacity} calls"
    elif agent.held:
        words += f" with {', '.join(sorted(agent.held))}"
    if agent.wanted is not None:
        words += f", then {agent.wanted.value}"
    return words
