"""Contacts and agents by what they have in common: lines that the same agents can take, groups that can take the same. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr.acd.matcher import skilled
from ivr.acd.model import Agent, Channel, Need, Where

LineKey = tuple[tuple[Need, ...], Where, str, Channel]


@dataclass(slots=True, weakref_slot=True, eq=False)
class Line:
    """Contacts that the same agents can take, in the order of service."""

    needs: tuple[Need, ...]
    where: Where
    language: str
    kind: Channel
    """Whose room they take."""
    waiting: list[tuple[float, str]] = field(default_factory=list)
    """Order and id, sorted."""
    fits: dict[str, bool] = field(default_factory=dict)
    """By group."""
    changed: bool = True

    def takes(self, group: Group) -> bool:
        known = self.fits.get(group.key)
        if known is None:
            like = group.like
            fitting = self.kind in group.room and self.where.holds(like) and skilled(self.needs, self.language, like)
            known = self.fits[group.key] = fitting
        return known

    def takes_one_of(self, groups: list[Group]) -> bool:
        for group in groups:  # noqa: SIM110  # this is asked for every line at every decision
            if self.takes(group):
                return True
        return False


@dataclass(slots=True)
class Group:
    """Agents who can take the same contacts."""

    key: str
    like: Agent
    """One of them, for skills, languages, team and site."""
    room: dict[Channel, set[str]]
    """Of each of their channels: who has room for one more."""
    members: set[str] = field(default_factory=set)
    free: set[str] = field(default_factory=set)
    """Who has room for anything."""
    staff: set[str] = field(default_factory=set)
    """On duty."""
    roomy: bool = False
    """Somebody takes more than one contact at a time."""
    changed: bool = False
    """Somebody became free since the last decision."""

    @classmethod
    def of(cls, agent: Agent) -> Group:
        return cls(agent.profile, agent, {channel: set() for channel in sorted(agent.channels)})

    def put(self, agent: Agent, on_duty: bool) -> None:
        """Take a member as he is now."""
        (self.staff.add if on_duty else self.staff.discard)(agent.id)
        self.roomy = self.roomy or agent.capacity > 1 or bool(agent.rooms)
        free = False
        for channel, members in self.room.items():
            if agent.room(channel):
                members.add(agent.id)
                free = True
            else:
                members.discard(agent.id)
        if free:
            self.free.add(agent.id)
            self.changed = True
        else:
            self.free.discard(agent.id)

    def drop(self, agent_id: str) -> None:
        for kept in (self.members, self.free, self.staff, *self.room.values()):
            kept.discard(agent_id)


def seat(agent_id: str, kind: Channel) -> str:
    """Room for calls and for each other channel is filled apart: a name for each, by which agents are paired."""
    return agent_id if kind is Channel.VOICE else f"{agent_id}|{kind}"
