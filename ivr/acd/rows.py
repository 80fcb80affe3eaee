"""Contacts, agents and queues as rows of Redis, and back. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from ivr.acd.model import ANYWHERE, Agent, AgentState, Channel, Contact, ContactState, Need, Queue, Relaxed, Where

Row = Mapping[str, str]
_QUEUE_FIELDS = frozenset(one.name for one in fields(Queue)) - {"name"}


def _pairs(text: str) -> dict[str, float]:
    return {name: float(value) for name, _, value in (one.partition("=") for one in text.split(";") if one)}


def _names(text: str) -> list[str]:
    return [one for one in text.split(";") if one]


def _others(text: str, held: Row) -> dict[str, Channel]:
    pairs = (one.partition("=") for one in text.split(";") if one)
    return {contact: Channel(kind) for contact, _, kind in pairs if contact in held}


def details_of(contact: Contact) -> str:
    """The part of a contact that scripts do not look into."""
    told = {
        "needs": _needs_out(contact.needs),
        "relax": [[step.after, _needs_out(step.needs)] for step in contact.relax],
        "priority": contact.priority,
        "language": contact.language,
        "excluded": sorted(contact.excluded),
        "prefer": contact.prefer,
        "prefer_until": contact.prefer_until,
        "only": sorted(contact.only),
    }
    places = [contact.where, *(step.where for step in contact.relax)]
    if any(place != ANYWHERE for place in places):
        told["where"] = [[place.teams, place.sites] for place in places]
    return json.dumps(told, separators=(",", ":"))


def asked_of(contact_id: str, queue: str, at: float, asked: Mapping[str, Any]) -> Contact | None:
    """The contact that asked its queue for this (`details_of`, read again); None where that is empty or makes no sense."""
    if not asked:
        return None
    empty = dict.fromkeys(("node", "agent", "until", "why", "refused"), "")
    row = {**empty, "queue": queue, "enqueued_at": str(at), "state": "waiting", "details": json.dumps(asked)}
    try:
        return contact_of(contact_id, row)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _needs_out(needs: tuple[Need, ...]) -> list[list[str | int]]:
    return [[need.skill, need.level] for need in needs]


def _needs_in(listed: Iterable[Sequence[Any]]) -> tuple[Need, ...]:
    return tuple(Need(skill, int(level)) for skill, level in listed)


def queue_of(name: str, data: Mapping[str, Any]) -> Queue:
    known = {key: value for key, value in data.items() if key in _QUEUE_FIELDS}
    return Queue(name=name, **{**known, "order": tuple(data.get("order", ()))})


def contact_of(contact_id: str, data: Row) -> Contact:
    details = json.loads(data["details"])
    relax: list[list[Any]] = details["relax"]
    told: list[list[list[str]]] = details.get("where") or [[[], []]] * (len(relax) + 1)
    where = [Where(tuple(teams), tuple(sites)) if teams or sites else ANYWHERE for teams, sites in told]
    until, rung = float(data["until"]) if data["until"] else None, _pairs(data.get("rung", ""))
    if until is not None and not rung:
        rung = {data["agent"]: until}
    return Contact(
        id=contact_id,
        queue=data["queue"],
        enqueued_at=float(data["enqueued_at"]),
        needs=_needs_in(details["needs"]),
        relax=tuple(Relaxed(after, _needs_in(needs), place) for (after, needs), place in zip(relax, where[1:], strict=True)),
        priority=int(details["priority"]),
        prefer=tuple(details["prefer"]),
        prefer_until=float(details["prefer_until"]),
        only=frozenset(details["only"]),
        node=data["node"],
        language=details["language"],
        excluded=frozenset(details["excluded"]),
        channel=Channel(data.get("channel", "voice")),
        where=where[0],
        state=ContactState(data["state"]),
        agent=data["agent"],
        until=until,
        rung=rung,
        why=data["why"],
        refused=_pairs(data["refused"]),
    )


def agent_of(agent_id: str, data: Row, held: Row, lease: float | None) -> Agent:
    state, duty = AgentState(data["state"]), AgentState(data["duty"])
    busy = state in (AgentState.RESERVED, AgentState.IN_CALL, AgentState.WRAP_UP)
    return Agent(
        id=agent_id,
        name=data["name"],
        skills=json.loads(data["skills"]),
        languages=tuple(json.loads(data["languages"])),
        team=data.get("team", ""),
        site=data.get("site", ""),
        capacity=int(data["capacity"]),
        rooms={Channel(name): int(most) for name, most in _pairs(data.get("rooms", "")).items()},
        blend=frozenset(Channel(name) for name in _names(data.get("blend", ""))),
        state=state,
        since=float(data["since"]),
        reason=data["reason"],
        idle_since=float(data["idle_since"]),
        by=data.get("by", ""),
        until=_ends(data, state),
        extended=int(data.get("extended") or 0),
        missed=int(data.get("missed_row") or 0),
        declined=int(data.get("declined_row") or 0),
        last_queue=data.get("last_queue", ""),
        wanted=duty if busy and duty is not AgentState.AVAILABLE else None,
        held={contact: ContactState(value) for contact, value in held.items()},
        others=_others(data.get("others", ""), held),
        last_contact=data["last_contact"],
        offered_at=float(data["offered_at"]),
        served=int(data["served"]),
        busy=float(data["busy"]),
        duty_since=float(data["duty_since"]),
        lease_until=lease,
    )


def _ends(data: Row, state: AgentState) -> float | None:
    """When a wrap-up or a break is over by itself."""
    ends = {AgentState.WRAP_UP: data["wrap_until"], AgentState.BREAK: data.get("back_at", "")}.get(state)
    return float(ends) if ends else None


def queue_row(queue: Queue) -> str:
    """What `queue_of` reads."""
    told = {name: getattr(queue, name) for name in sorted(_QUEUE_FIELDS)}
    return json.dumps({**told, "weights": dict(queue.weights)}, separators=(",", ":"))


def agent_row(agent: Agent) -> dict[str, Any]:
    """The definition of an agent, without live state."""
    return {
        "id": agent.id,
        "profile": agent.profile,
        "name": agent.name,
        "skills": json.dumps(dict(agent.skills)),
        "languages": json.dumps(list(agent.languages)),
        "capacity": agent.capacity,
        "team": agent.team,
        "site": agent.site,
        "rooms": "".join(f"{channel}={agent.rooms[channel]};" for channel in sorted(agent.rooms)),
        "blend": "".join(f"{channel};" for channel in sorted(agent.blend)),
    }
