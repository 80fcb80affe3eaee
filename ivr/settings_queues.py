"""Settings of queues and of the agents who serve them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ivr.accounts.roles import ROLES, unknown_roles
from ivr.errors import ConfigError
from ivr.settings_duty import STANDARD, BreakOptions, PlannedBreakOptions, check_planned


@dataclass(frozen=True, slots=True)
class QueueOptions:
    ring: float = 20.0
    """Seconds an agent is rung."""
    wrap_up: float = 30.0
    """Seconds after a call in which no other comes; 0 for none."""
    strategy: str = "longest_idle"
    """Which of those who could take a call gets it: `longest_idle`, `most_skilled`, `least_skilled`, `round_robin`,
    `fewest_calls`, `least_occupied`, `weighted_random`, `sequential`, `ring_all`, or one of a package."""
    ring_most: int = 10
    """Agents who ring at the same time for one call, for `ring_all`; 2 to 10."""
    order: tuple[str, ...] = ()
    """Agents, for `sequential`: the first who is free."""
    weights: Mapping[str, float | int] = field(default_factory=dict)
    """Agent to weight, for `weighted_random`; 1 where none is given. A plain number, which a lone `float` would not be."""
    ageing: float = 120.0
    """Seconds of waiting that a level of priority is worth; 0: priority counts for nothing."""
    wrap_up_extension: float = 30.0
    """Seconds by which an agent may lengthen the wrap-up; 0: not at all."""
    wrap_up_extensions: int = 2
    """How often."""
    missed_limit: int = 1
    """Rings missed in a row that put the agent on a break; 0: none does."""
    declined_limit: int = 0
    """Calls declined in a row that do; 0: none does."""
    pause: float = 0.0
    """Length of that break, `5m`; 0: until the agent ends it."""
    hours: str = ""
    """Name of a calendar of the environment (`hours.NAME`) outside of which nobody enters: callers take the edge `closed`."""
    max_waiting: int = 0
    """Callers who may wait at the same time, 0 for any number: whoever comes then takes the edge `full`."""
    music: str = ""
    """Recording that callers hear while waiting, where the flow names none; empty: `music`."""
    comfort: tuple[str, ...] = ()
    """Prompts that are told in turn over the music, where the flow has no `comfort` of its own."""
    comfort_every: float = 40.0
    """Seconds between two of them, `40s`; 10 or more."""


@dataclass(frozen=True, slots=True)
class CapacityOptions:
    """Contacts of each channel at the same time."""

    voice: int = 1
    """Calls; 0 for none."""
    message: int = 0
    """Conversations in writing."""
    ticket: int = 0
    blend: tuple[str, ...] = ()
    """Channels that go on coming during a call: `message`, `ticket`. Without it nothing new comes beside a call."""


@dataclass(frozen=True, slots=True)
class AgentOptions:
    id: str
    name: str = ""
    password: str = ""
    """`argon2:...` hash, `env:NAME`, or `random`: a new one at each start, printed there (for demonstrations)."""
    skills: Mapping[str, int] = field(default_factory=dict)
    """Skill to level, 1 to 10."""
    languages: tuple[str, ...] = ()
    team: str = ""
    """What `team:` in a flow's `need` asks for."""
    site: str = ""
    """What `site:` in a flow's `need` asks for."""
    capacity: int | CapacityOptions = 1
    """Calls at the same time, or how many contacts of each channel."""
    device: str = ""
    """Desk phone: a user of `sip.accounts`, a SIP URI, or a number as `tel:+49...`; empty: the browser page.

    A user is on duty while a phone of his is registered, the others always.
    """
    email: str = ""
    """Where reminders go while no page is open, by `notices.email`; empty: nowhere."""
    roles: tuple[str, ...] = ("agent",)
    """Of `agent senior supervisor admin quality field`."""
    breaks: tuple[PlannedBreakOptions, ...] = ()
    """Breaks of every day."""


def check_rules(queues: Mapping[str, QueueOptions], file: str) -> None:
    """Raises ConfigError with the file and the key."""
    for name, one in queues.items():
        for key, value in (
            ("wrap_up_extensions", one.wrap_up_extensions),
            ("missed_limit", one.missed_limit),
            ("declined_limit", one.declined_limit),
        ):
            if not 0 <= value <= 100:
                raise ConfigError(f"{file}: queues.{name}.{key}: {value} is not from 0 to 100")
        if one.ring <= 0:
            raise ConfigError(f"{file}: queues.{name}.ring: nobody can answer within {one.ring:g} s; such as 20s")
        if one.strategy == "sequential" and not one.order:
            raise ConfigError(f"{file}: queues.{name}.order: `sequential` needs the agents in their order: [anna, bob]")
        if not 2 <= one.ring_most <= 10:
            raise ConfigError(f"{file}: queues.{name}.ring_most: {one.ring_most} is not from 2 to 10")
        for agent, weight in one.weights.items():
            if isinstance(weight, bool) or not 0 < weight <= 1e6:
                raise ConfigError(
                    f"{file}: queues.{name}.weights.{agent}: {weight:g} is no weight; above 0, such as 2 for twice as often"
                )
        if one.max_waiting < 0:
            raise ConfigError(f"{file}: queues.{name}.max_waiting: {one.max_waiting} is below 0; 0 lets any number wait")
        if one.comfort_every < 10:
            raise ConfigError(f"{file}: queues.{name}.comfort_every: {one.comfort_every:g} s leaves no music; 10s or more")


def check_agents(agents: Sequence[AgentOptions], file: str, reasons: Sequence[BreakOptions] = STANDARD) -> None:
    """Raises ConfigError with the file and the key."""
    seen: set[str] = set()
    for agent in agents:
        if agent.id in seen:
            raise ConfigError(f"{file}: agents: '{agent.id}' stands there twice")
        seen.add(agent.id)
        for skill, level in agent.skills.items():
            if not 1 <= level <= 10:
                raise ConfigError(f"{file}: agents: {agent.id}: skill '{skill}' has level {level}; levels go from 1 to 10")
        if wrong := unknown_roles(agent.roles):
            raise ConfigError(f"{file}: agents: {agent.id}: roles: '{wrong[0]}' is no role; there are {', '.join(ROLES)}")
        _check_capacity(agent.capacity, f"{file}: agents: {agent.id}: capacity")
        check_planned(agent.breaks, reasons, f"{file}: agents: {agent.id}: breaks")


def _check_capacity(room: int | CapacityOptions, place: str) -> None:
    if not isinstance(room, CapacityOptions):
        if isinstance(room, bool) or room < 1:
            raise ConfigError(f"{place}: expected 1 or more calls at a time, found {room}; or {{ voice: 1, message: 3 }}")
        return
    if min(room.voice, room.message, room.ticket) < 0 or not any((room.voice, room.message, room.ticket)):
        raise ConfigError(f"{place}: one of voice, message and ticket must be 1 or more, and none below 0")
    for channel in room.blend:
        if channel not in ("message", "ticket"):
            raise ConfigError(f"{place}.blend: '{channel}' is neither message nor ticket")
