"""Queues and agents as the board shows them (docs/wall.md). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ivr.acd.model import ON_DUTY, Agent, AgentState
from ivr.settings_wall import BREATHING

MOST_SINCE = 60
"""Waiting callers of a queue that are told one by one."""
TENSE = 0.4
"""Level of a mood from which it is no calm one; the label says more where it is known."""

Row = dict[str, Any]


def queue_row(figures: Mapping[str, Any], since: Sequence[float], phases: Mapping[str, int], within: float) -> Row:
    """`figures` as `AcdStore.queue_figures` gives them; `phases`: how many of its calls, of all nodes, are in each."""
    name = figures["name"]
    return {
        "name": name,
        "waiting": figures["waiting"],
        "longest_since": figures["longest_since"],
        "estimated_wait": figures["estimated_wait"],
        "since": list(since[:MOST_SINCE]),
        "offered": phases.get("offered", 0),
        "talking": phases.get("connected", 0),
        "within": within,
    }


def agent_row(
    agent: Agent,
    calls: Mapping[str, Mapping[str, Any]],
    devices: Sequence[Mapping[str, str]],
    strain: Mapping[str, Any] | None,
    now: float,
) -> Row:
    """`strain` is `{strain, why}` or None where nobody worked it out yet."""
    held = sorted(agent.held)
    first = next((calls[one] for one in held if one in calls), {})
    there = agent.state is not AgentState.OFFLINE
    return {
        "id": agent.id,
        "name": agent.name or agent.id,
        "team": agent.team,
        "site": agent.site,
        "state": agent.state.value,
        "reason": agent.reason,
        "by": agent.by,
        "since": agent.since,
        "until": agent.until,
        "wanted": agent.wanted.value if agent.wanted is not None else "",
        "calls": held,
        "queue": first.get("queue", ""),
        "mood": first.get("mood", ""),
        "mood_level": first.get("mood_level"),
        "skills": dict(agent.skills),
        "languages": list(agent.languages),
        "served": agent.served,
        "missed": agent.missed,
        "duty_since": agent.duty_since if there else None,
        "busy": _busy(agent, now) if there else None,
        "strain": strain["strain"] if strain and there else None,
        "strain_why": list(strain["why"]) if strain and there else [],
        "breathing": agent.state is AgentState.BREAK and agent.reason == BREATHING,
        "devices": sorted({one["kind"] for one in devices}),
    }


def _busy(agent: Agent, now: float) -> float | None:
    """The share of talk since coming on duty, the talk that goes on included. Whole percents: it moves all the time."""
    length = now - agent.duty_since
    if length < 60:
        return None
    talk = now - agent.since if agent.state is AgentState.IN_CALL else 0.0
    return round(min(1.0, (agent.busy + talk) / length), 2)


def house_now(queues: Iterable[Mapping[str, Any]], agents: Iterable[Agent], calls: Iterable[Mapping[str, Any]]) -> Row:
    """`now` of the figures: everything together at this moment."""
    waiting = [row for row in queues if row["waiting"]]
    staff, live = list(agents), list(calls)
    levels = [call["mood_level"] for call in live if call["mood_level"] is not None]
    sure = [call["confidence"] for call in live if call["confidence"] is not None]
    return {
        "waiting": sum(row["waiting"] for row in waiting),
        "longest_since": min((row["longest_since"] for row in waiting if row["longest_since"]), default=None),
        "talking": sum(call["phase"] == "connected" for call in live),
        "bot": sum(call["phase"] == "bot" for call in live),
        "free": sum(agent.state is AgentState.AVAILABLE for agent in staff),
        "on_duty": sum(agent.state in ON_DUTY for agent in staff),
        "on_break": sum(agent.state is AgentState.BREAK and agent.reason != BREATHING for agent in staff),
        "mood_level": _mean(levels),
        "angry": _mean([float(call["mood"] == "angry") for call in live if call["mood_level"] is not None]),
        "confidence": _mean(sure),
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 2) if values else None
