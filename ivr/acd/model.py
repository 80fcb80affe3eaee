"""Contacts, agents and what may become of them. Pure values.

Times are seconds since the Unix epoch, kept to the millisecond, so that every node and Redis sort them alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum

_NAME = re.compile(r"[^\s;=|,{}]+")


class Channel(StrEnum):
    """How a contact reaches us: what it takes up of an agent's room."""

    VOICE = "voice"
    MESSAGE = "message"
    TICKET = "ticket"
    CALLBACK = "callback"
    """A call as well, that we make."""

    @property
    def room(self) -> Channel:
        """Whose room it takes: a callback is a call."""
        return Channel.VOICE if self is Channel.CALLBACK else self


class AgentState(Enum):
    OFFLINE = "offline"
    AVAILABLE = "available"
    """May be offered a contact: on duty and with room for one more."""
    RESERVED = "reserved"
    """Is being rung."""
    IN_CALL = "in_call"
    WRAP_UP = "wrap_up"
    BREAK = "break"


class ContactState(Enum):
    WAITING = "waiting"
    OFFERED = "offered"
    CONNECTED = "connected"
    ENDED = "ended"
    """The contact has left the store: a record has it now."""


_VOICE = frozenset({Channel.VOICE})
ON_DUTY = frozenset({AgentState.AVAILABLE, AgentState.RESERVED, AgentState.IN_CALL, AgentState.WRAP_UP})


def checked_name(name: str) -> str:
    """Return `name` where it can stand in a key and in a skill list; raises ValueError for blanks and any of `;=|,{}`."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is no name for a queue, skill, language, agent, node or contact: no blanks and none of ; = | , {{ }}"
        )
    return name


def named(agents: Iterable[str]) -> tuple[str, ...]:
    """Those of these texts that can be names of agents: what a customer system told may be anything."""
    return tuple(one for one in agents if _NAME.fullmatch(one))


@dataclass(frozen=True, slots=True)
class Need:
    skill: str
    level: int = 1
    """Least level, 1..10."""

    def __post_init__(self) -> None:
        checked_name(self.skill)
        if not 1 <= self.level <= 10:
            raise ValueError(f"level {self.level} of {self.skill} is outside 1..10")


def needs_of(levels: Mapping[str, int]) -> tuple[Need, ...]:
    """Return `{skill: level}` as needs, in the order of the names."""
    return tuple(Need(skill, levels[skill]) for skill in sorted(levels))


@dataclass(frozen=True, slots=True)
class Where:
    """Whose agents may take a contact; an empty part asks for nothing."""

    teams: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (*self.teams, *self.sites):
            checked_name(name)

    def holds(self, agent: Agent) -> bool:
        """Whether the agent is in one of the teams and at one of the sites."""
        return (not self.teams or agent.team in self.teams) and (not self.sites or agent.site in self.sites)


ANYWHERE = Where()


@dataclass(frozen=True, slots=True)
class Relaxed:
    """Less that will do after a time."""

    after: float
    """Seconds of waiting."""
    needs: tuple[Need, ...]
    where: Where = ANYWHERE


MOST_RUNG = 10
"""Agents who ring for one contact at most: one script frees them all, and must be short."""
AGEING = 120.0
"""Seconds of waiting that a level of priority is worth, where a queue says nothing."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who waits for, or talks to, an agent."""

    id: str
    queue: str
    enqueued_at: float
    """Keeps its place through every decline."""
    needs: tuple[Need, ...] = ()
    priority: int = 5
    """0..10; one level is worth the queue's `ageing` in seconds of waiting."""
    node: str = ""
    """The node that holds the caller's media."""
    language: str = ""
    """Must be spoken by the agent, where the agent lists languages; "" for any."""
    excluded: frozenset[str] = frozenset()
    """Agents who never get this contact."""
    relax: tuple[Relaxed, ...] = ()
    """What is needed instead after some time, in order of time."""
    prefer: tuple[str, ...] = ()
    """Agents who alone get it until `prefer_until`, where one of them is on duty: the last agent, the account's owner."""
    prefer_until: float = 0.0
    only: frozenset[str] = frozenset()
    """Where there are any, nobody else ever gets it: a call for one person."""
    channel: Channel = Channel.VOICE
    where: Where = ANYWHERE
    """Teams and sites, until a step of `relax` says something else."""
    state: ContactState = ContactState.WAITING
    agent: str = ""
    """Who is rung or talks; the first of those who ring."""
    until: float | None = None
    """End of the ring."""
    rung: Mapping[str, float] = field(default_factory=dict)
    """Everybody who rings, and until when: several in a queue that rings all."""
    why: str = ""
    refused: Mapping[str, float] = field(default_factory=dict)
    """Agents who declined or missed it, and until when they are spared."""

    def __post_init__(self) -> None:
        for name in (self.id, self.queue, *self.excluded, *self.prefer, *self.only):
            checked_name(name)
        if not 0 <= self.priority <= 10:
            raise ValueError(f"priority {self.priority} of contact {self.id} is outside 0..10")

    def needs_at(self, now: float) -> tuple[Need, ...]:
        """What an agent must have by now: it is asked for less the longer it waits."""
        return self.relax[step - 1].needs if self.relax and (step := self.step_at(now)) else self.needs

    def where_at(self, now: float) -> Where:
        """Whose agents may take it by now."""
        return self.relax[step - 1].where if self.relax and (step := self.step_at(now)) else self.where

    def step_at(self, now: float) -> int:
        """How often what it needs was relaxed by now; 0 for not yet."""
        return sum(now - self.enqueued_at >= step.after for step in self.relax)

    def steps_until(self, end: float, now: float) -> list[float]:
        """When less will do, after `now` and before `end`."""
        moments = [self.enqueued_at + step.after for step in self.relax]
        return [moment for moment in moments if now < moment < end]

    def order(self, ageing: float = AGEING) -> float:
        """Sorts contacts: whoever arrived first, where a level of priority counts as `ageing` seconds of waiting.

        All age alike, so the order of two never changes: nobody starves, for whoever comes later than the difference of
        their priorities allows comes after.
        """
        return round(self.enqueued_at - (self.priority - 5) * ageing, 3)


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who can be offered contacts; a device may hold many at once."""

    id: str
    name: str = ""
    skills: Mapping[str, int] = field(default_factory=dict)
    """Skill to level, 1..10."""
    languages: tuple[str, ...] = ()
    """Empty: any."""
    team: str = ""
    site: str = ""
    capacity: int = 1
    """Calls at the same time. Above one there is no wrap-up, and `available` means that there is room."""
    rooms: Mapping[Channel, int] = field(default_factory=dict)
    """Contacts of other channels at the same time; none of a channel that is not listed."""
    blend: frozenset[Channel] = frozenset()
    """Channels that go on coming during a call; of the others nothing new comes beside one."""
    state: AgentState = AgentState.OFFLINE
    since: float = 0.0
    """When this state began."""
    reason: str = ""
    """Why offline or on a break."""
    idle_since: float = 0.0
    """When the agent last became free, or last took or ended a call: the longest idle is served first."""
    by: str = ""
    """Who asked for it: "" the agent, `system`, `schedule`, or the id of a supervisor."""
    until: float | None = None
    """End of the wrap-up, or of a break that ends by itself."""
    extended: int = 0
    """How often the wrap-up was lengthened."""
    missed: int = 0
    """Rings missed in a row."""
    declined: int = 0
    """Offers declined in a row."""
    wanted: AgentState | None = None
    """What becomes of the agent after the call."""
    held: Mapping[str, ContactState] = field(default_factory=dict)
    """Contacts that ring here or talk here."""
    others: Mapping[str, Channel] = field(default_factory=dict)
    """Those of them that are no calls."""
    last_contact: str = ""
    last_queue: str = ""
    """Where that contact came from: its rules count for the wrap-up."""
    offered_at: float = 0.0
    """When a contact was offered last."""
    served: int = 0
    """Calls since the agent came on duty."""
    busy: float = 0.0
    """Seconds of talk in calls that ended since then."""
    duty_since: float = 0.0
    lease_until: float | None = None
    """When the page counts as gone, unless it is heard again; None for a device without heartbeat."""

    def __post_init__(self) -> None:
        for name in (self.id, *self.skills, *self.languages, *filter(None, (self.team, self.site))):
            checked_name(name)
        if self.capacity < (0 if self.rooms else 1) or any(most < 1 for most in self.rooms.values()):
            raise ValueError(f"agent {self.id}: capacity {self.capacity} is below 1")
        for skill, level in self.skills.items():
            if not 1 <= level <= 10:
                raise ValueError(f"agent {self.id}: level {level} of {skill} is outside 1..10")

    @property
    def profile(self) -> str:
        """Equal for agents who can take the same contacts: the class under which they idle."""
        skills = "".join(f"{skill}={self.skills[skill]};" for skill in sorted(self.skills))
        known = f";{skills}|;" + "".join(f"{language};" for language in sorted(set(self.languages)))
        if not (self.team or self.site or self.rooms or not self.capacity):
            return known
        return f"{known}|{self.team}|{self.site}|" + "".join(f"{one};" for one in sorted(self.channels))

    def like(self, other: Agent) -> bool:
        """Whether both can take the same contacts."""
        mine = (self.skills, self.languages, self.team, self.site, self.rooms.keys())
        theirs = (other.skills, other.languages, other.team, other.site, other.rooms.keys())
        return mine == theirs and (self.capacity > 0) is (other.capacity > 0)

    @property
    def channels(self) -> frozenset[Channel]:
        """Those of which this agent takes contacts at all."""
        return frozenset(self.rooms) | (_VOICE if self.capacity else frozenset())

    @property
    def calls(self) -> int:
        """Calls that ring or talk here."""
        return len(self.held) - len(self.others)

    def room(self, channel: Channel) -> int:
        """How many more of this channel may be offered now."""
        if self.state is not AgentState.AVAILABLE and (self.state is not AgentState.IN_CALL or self.wanted is not None):
            return 0
        kind = channel.room
        if kind is Channel.VOICE:
            return max(0, self.capacity - self.calls) if self.state is AgentState.AVAILABLE else 0
        if self.calls and kind not in self.blend:
            return 0
        return max(0, self.rooms.get(kind, 0) - sum(one is kind for one in self.others.values()))


@dataclass(frozen=True, slots=True)
class Queue:
    name: str
    ring_seconds: float = 20.0
    wrap_up_seconds: float = 30.0
    """0 for none."""
    strategy: str = "longest_idle"
    """Which of those who could take a contact gets it: a name in `ivr.acd.strategies`."""
    order: tuple[str, ...] = ()
    """Of the agents, for `sequential`."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Of agents, for `weighted_random`; 1 where none is given."""
    ageing: float = AGEING
    """Seconds of waiting that a level of priority is worth."""
    ring_most: int = 10
    """Agents who ring at the same time for one contact, where the strategy is `ring_all`."""
    extension_seconds: float = 30.0
    """By which an agent may lengthen a wrap-up."""
    extensions: int = 2
    """How often; 0 for never."""
    missed_limit: int = 1
    """Rings missed in a row that put an agent on a break; 0 for none."""
    declined_limit: int = 0
    """Offers declined in a row that do; 0 for none."""
    pause_seconds: float = 0.0
    """Length of that break; 0: until somebody ends it."""

    def __post_init__(self) -> None:
        checked_name(self.name)
        if not 2 <= self.ring_most <= MOST_RUNG:
            raise ValueError(f"queue {self.name}: ring_most {self.ring_most} is outside 2..{MOST_RUNG}")
        if self.ageing < 0:
            raise ValueError(f"queue {self.name}: ageing {self.ageing} is below 0")


@dataclass(frozen=True, slots=True)
class Offer:
    """An agent is reserved for a contact."""

    contact_id: str
    agent_id: str
    until: float
    """End of the ring."""
    why: str
    """Why this agent, in words: "telecom 5, idle longest"."""


@dataclass(frozen=True, slots=True)
class Match:
    """A contact and the agent who is to get it."""

    contact_id: str
    agent_id: str
    why: str
    considered: int = 1
    """Agents who were free and could have taken it."""
    together: bool = False
    """The contact may ring others at the same time."""
