"""The floor as it stands, prepared for being played forward: who waits in which line, and who is taken for how long. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ivr.acd.matcher import skilled
from ivr.acd.model import Agent, AgentState, Queue
from ivr.acd.outlook import Kind, Outlook, Seen
from ivr.acd.pace import Handling

DEPTH = 2000
"""Contacts that are played; for those behind them it goes on at the same pace."""
FEW = 5
"""Of each kind at least."""
ASIDE = 60
"""Places that are looked at for whoever comes next."""
STEP = 50
"""Agents, or lines, after which the work can be interrupted."""


@dataclass(slots=True)
class Row:
    """A place in a line."""

    came: float
    queue: int
    """Whose handling counts; -1: looked at only, takes nobody's time."""
    waits: list[float] = field(default_factory=list)
    """Seconds of the plays that came so far."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Room for one call at an agent."""

    group: int
    """Of agents who can take the same."""
    queue: int
    """Of what is held; -1 for nothing."""
    phase: str
    """"free", "ring", "talk", "wrap", "break"; what ends at a known time is "until"."""
    age: float
    """Seconds of that so far; of "wrap" and "until" those to come."""
    rests: bool = False
    """Goes on a break after it."""


@dataclass(slots=True)
class Scene:
    now: float
    handling: list[Handling]
    resting: Handling
    kinds: list[Kind]
    ahead: list[float]
    """By kind: seconds by which its priority puts it before others."""
    rows: list[list[Row]]
    """By kind, in the order of service; the last of a kind is looked at only, for whoever comes next."""
    behind: list[int]
    """By kind: contacts that no row stands for."""
    seats: list[Seat]
    takes: list[list[tuple[int, float]]]
    """By group: the kinds, and the seconds of waiting from which on."""
    coming: list[tuple[int, float, int]]
    """Kind, contacts that come a second, and queue, the most first."""
    usual: dict[str, int]
    """Queue to the kind that comes most."""


_UNKNOWN = Queue("unknown")
"""Stands for a queue that is gone, or of which nobody knows."""


def scene_of(outlook: Outlook, now: float) -> Iterator[Scene | None]:
    """Yield None after each few agents and lines, so that others get their turn, and at last the scene."""
    names: dict[str, int] = {}
    queues: list[Handling] = []

    def queue_of(name: str) -> int:
        if name not in names:
            names[name] = len(queues)
            queues.append(outlook.pace.handling(name, outlook.queues.get(name, _UNKNOWN).wrap_up_seconds))
        return names[name]

    kinds = list(outlook.kinds)
    share = DEPTH / max(DEPTH, outlook.waiting)
    ahead = [outlook.ahead(kind) for kind in kinds]
    scene = Scene(now, queues, outlook.pace.resting, kinds, ahead, [], [], [], [], [], {})
    for number, kind in enumerate(kinds):
        seen, queue = outlook.kinds.get(kind, Seen()), queue_of(kind.queue)
        first = seen.waiting[: FEW + round(share * len(seen.waiting))]
        scene.behind.append(len(seen.waiting) - len(first))
        scene.rows.append([Row(came, queue) for came, _ in first])
        if kind in outlook.kinds and (rate := outlook.rate(kind, now)):
            scene.coming.append((number, rate, queue))
        yield None
    scene.coming.sort(key=lambda one: -one[1])
    for number, _, _ in scene.coming[:ASIDE]:  # where somebody who came now would stand
        if not scene.behind[number]:
            scene.rows[number].append(Row(now, -1))
        scene.usual.setdefault(kinds[number].queue, number)
    yield from _take_seats(scene, outlook, queue_of)
    yield scene


def _take_seats(scene: Scene, outlook: Outlook, queue_of: Callable[[str], int]) -> Iterator[None]:
    groups: dict[tuple[str, str], int] = {}
    named = {agent for kind in scene.kinds for agent in kind.only}
    for count, agent in enumerate(list(outlook.agents.values())):
        if count % STEP == STEP - 1:
            yield None
        found = list(_seats(agent, outlook, queue_of, scene.now))
        if not found:
            continue
        key = (agent.profile, agent.id if agent.id in named else "")
        if key not in groups:
            groups[key] = len(scene.takes)
            scene.takes.append([(n, after) for n, kind in enumerate(scene.kinds) if (after := _from(kind, agent)) is not None])
            yield None
        rests = agent.wanted is AgentState.BREAK
        scene.seats += [Seat(groups[key], queue, phase, age, rests) for queue, phase, age in found]


def _from(kind: Kind, agent: Agent) -> float | None:
    """Seconds of waiting from which on this agent may take this kind; None for never."""
    if kind.only and agent.id not in kind.only:
        return None
    for after, needs, where in kind.steps:
        if skilled(needs, kind.language, agent) and where.holds(agent):
            return after
    return None


def _seats(agent: Agent, outlook: Outlook, queue_of: Callable[[str], int], now: float) -> Iterator[tuple[int, str, float]]:
    """Queue, phase and age of each call that this agent holds or has room for, if he goes on working."""
    if agent.state is AgentState.OFFLINE or agent.wanted is AgentState.OFFLINE:
        return
    if agent.state is AgentState.BREAK:
        for _ in range(agent.capacity):
            known = agent.until is not None and agent.until > now
            yield -1, "until" if known else "break", (agent.until or 0.0) - now if known else now - agent.since
        return
    if agent.state is AgentState.WRAP_UP:
        yield queue_of(agent.last_queue), "wrap", max(0.0, (agent.until or now) - now)
        return
    calls = [one for one in agent.held if one not in agent.others][: agent.capacity]
    for one in calls:
        held = outlook.held.get(one)
        if held is None:
            yield queue_of(""), "talk", max(0.0, now - agent.since)
        else:
            yield queue_of(held.queue), "talk" if held.talks else "ring", max(0.0, now - held.since)
    for _ in range(agent.capacity - len(calls)):
        yield -1, "free", 0.0
