"""Everybody who waits and everybody who works, held in memory, and who gets whom. Pure: time and changes are handed in.

A decision looks at contacts and agents at once, not along one queue. First the contacts that can be served together are chosen,
the most urgent first: none is served in place of one before it, but agents are shifted so that both are served where that is
possible. Then, among all ways to serve these, the one that the strategies of their queues like best is taken.

Contacts of equal needs and language wait in one line, agents of equal skills and languages idle in one group, and only pairs of
lines and groups in which something changed are looked at again: the cost of a decision grows with what changed, not with how
many wait.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ivr.acd.matcher import skilled
from ivr.acd.model import ON_DUTY, Agent, AgentState, Contact, ContactState, Match, Need, Queue
from ivr.acd.pairing import Candidate, pair
from ivr.acd.strategies import WORDS, Cost, strategies

MOST = 64
"""Contacts that one decision looks at; more are served by the next one, which follows at once."""
_LineKey = tuple[tuple[Need, ...], str]


@dataclass(slots=True)
class Line:
    """Contacts that the same agents can take, in the order of service."""

    needs: tuple[Need, ...]
    language: str
    waiting: list[tuple[float, str]] = field(default_factory=list)
    """Order and id, sorted."""
    fits: dict[str, bool] = field(default_factory=dict)
    """By group."""
    changed: bool = True

    def takes(self, group: Group) -> bool:
        known = self.fits.get(group.key)
        if known is None:
            known = self.fits[group.key] = skilled(self.needs, self.language, group.like)
        return known


@dataclass(slots=True)
class Group:
    """Agents who can take the same contacts."""

    key: str
    like: Agent
    """One of them, for skills and languages."""
    members: set[str] = field(default_factory=set)
    free: set[str] = field(default_factory=set)
    staff: set[str] = field(default_factory=set)
    """On duty."""
    changed: bool = False
    """Somebody became free since the last decision."""


class Floor:
    """Keeps what it is told and decides on demand. `put_*` replaces what was known of the same id."""

    def __init__(self, costs: Mapping[str, Cost] | None = None) -> None:
        self._costs = strategies() if costs is None else costs
        self._queues: dict[str, Queue] = {}
        self._agents: dict[str, Agent] = {}
        self._groups: dict[str, Group] = {}
        self._group_of: dict[str, Group] = {}
        self._contacts: dict[str, Contact] = {}
        self._lines: dict[_LineKey, Line] = {}
        self._line_of: dict[str, _LineKey] = {}
        """Contacts in lines; who is not here is particular."""
        self._particular: set[str] = set()
        """Contacts for some agents and not for others of a group: preferred, excluded, refused."""
        self._looked: set[str] = set()
        """Particular ones that were looked at since an agent changed."""
        self._timers: list[tuple[float, str]] = []
        self.again = False
        """The last decision left something out: decide again at once."""

    # --- what is known

    @property
    def waiting(self) -> int:
        return len(self._contacts)

    def contact(self, contact_id: str) -> Contact | None:
        return self._contacts.get(contact_id)

    @property
    def agents(self) -> Mapping[str, Agent]:
        return self._agents

    def put_queues(self, queues: Iterable[Queue]) -> None:
        self._queues = {queue.name: queue for queue in queues}

    def put_agent(self, agent: Agent) -> None:
        before = self._agents.get(agent.id)
        self._agents[agent.id] = agent
        self._looked.clear()
        group = self._group_of.get(agent.id)
        if group is None or before is None or (before.skills, before.languages) != (agent.skills, agent.languages):
            if group is not None:
                self._leave_group(agent.id)
            group = self._join_group(agent)
        (group.staff.add if agent.state in ON_DUTY else group.staff.discard)(agent.id)
        if _room(agent):
            group.free.add(agent.id)
            group.changed = True
        else:
            group.free.discard(agent.id)

    def drop_agent(self, agent_id: str) -> None:
        if self._agents.pop(agent_id, None) is not None:
            self._leave_group(agent_id)
            self._looked.clear()

    def put_contact(self, contact: Contact, now: float) -> None:
        """Take a contact as it is now; one that does not wait (any more) is forgotten."""
        self.drop_contact(contact.id)
        if contact.state is not ContactState.WAITING:
            return
        self._contacts[contact.id] = contact
        self._stand(contact, now)
        moments = (
            *(contact.enqueued_at + step.after for step in contact.relax),
            contact.prefer_until,
            *contact.refused.values(),
        )
        for moment in moments:
            if moment > now:
                heapq.heappush(self._timers, (moment, contact.id))

    def drop_contact(self, contact_id: str) -> None:
        contact = self._contacts.pop(contact_id, None)
        if contact is not None:
            self._step_out(contact)

    def next_change(self) -> float | None:
        """Epoch seconds at which time alone may change a decision; None for never."""
        while self._timers and self._timers[0][1] not in self._contacts:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    # --- deciding

    def decide(self, now: float) -> list[Match]:
        """Who gets whom now. What is returned counts as decided only once it is put back as offered or reserved."""
        while (at := self.next_change()) is not None and at <= now:
            contact = self._contacts[heapq.heappop(self._timers)[1]]
            self._step_out(contact)
            self._stand(contact, now)
        free = [group for group in self._groups.values() if group.free]
        self.again = False
        if not free or not self._contacts:
            self._seen(free)
            return []
        found = sorted(self._urgent(free, now), key=lambda one: (one.order, one.contact))
        self.again = len(found) > MOST
        if not self.again:
            self._seen(free)
        slots = {one: self._agents[one].capacity - len(self._agents[one].held) for group in free for one in group.free}
        chosen = pair(found[:MOST], slots)
        return [Match(one.contact, agent, self._why(one, agent, now), one.considered) for one, agent in chosen]

    def _urgent(self, free: list[Group], now: float) -> Iterator[Candidate]:
        """Contacts, first in their lines, for whom somebody is free, where that is news."""
        for line in self._lines.values():
            if not line.changed and not any(group.changed and line.takes(group) for group in free):
                continue
            groups = [group for group in free if line.takes(group)]
            if not groups:
                continue
            able = [agent for group in groups for agent in group.free]
            room = sum(self._agents[one].capacity - len(self._agents[one].held) for one in able)
            for order, contact_id in line.waiting[: min(room, MOST + 1)]:
                yield self._candidate(self._contacts[contact_id], order, able, now)
        for contact_id in self._particular - self._looked:
            self._looked.add(contact_id)
            contact = self._contacts[contact_id]
            if able := self._able(contact, free, now):
                self._looked.discard(contact_id)
                yield self._candidate(contact, self._order(contact), able, now)

    def _candidate(self, contact: Contact, order: float, able: list[str], now: float) -> Candidate:
        """The contact with those who may take it, the best first by its queue's strategy."""
        queue = self._queues.get(contact.queue) or Queue(contact.queue)
        cost = self._costs.get(queue.strategy) or self._costs["longest_idle"]
        agents = self._agents
        ranked = sorted((cost(contact, agents[one], queue, now), agents[one].idle_since, one) for one in able)
        return Candidate(contact.id, order, tuple(one for _, _, one in ranked[: MOST + 1]), len(able))

    def _able(self, contact: Contact, free: list[Group], now: float) -> list[str]:
        """Free agents for one who is particular; the same as `matcher.candidates`."""
        line = self._line(contact, now)
        if now < contact.prefer_until:
            chosen = [one for one in contact.prefer if self._could(contact, line, one)]
            if chosen:
                chosen = [one for one in chosen if contact.refused.get(one, 0.0) <= now] or chosen
                return [one for one in chosen if _room(self._agents[one])]
        able = [one for group in free if line.takes(group) for one in group.free if _allowed(contact, one)]
        fresh = [one for one in able if contact.refused.get(one, 0.0) <= now]
        return fresh if len(fresh) == len(able) or self._others(contact, line, now) else able

    def _could(self, contact: Contact, line: Line, agent_id: str) -> bool:
        """Whether this agent is on duty and could take it, now or later."""
        agent = self._agents.get(agent_id)
        if agent is None or agent.state not in ON_DUTY or not _allowed(contact, agent_id):
            return False
        return line.takes(self._group_of[agent_id])

    def _others(self, contact: Contact, line: Line, now: float) -> bool:
        """Whether somebody on duty who did not refuse could take it, now or later."""
        return any(
            _allowed(contact, one) and contact.refused.get(one, 0.0) <= now
            for group in self._groups.values()
            if line.takes(group)
            for one in group.staff
        )

    def _why(self, one: Candidate, agent_id: str, now: float) -> str:
        contact, agent = self._contacts[one.contact], self._agents[agent_id]
        queue = self._queues.get(contact.queue) or Queue(contact.queue)
        words = [f"{need.skill} {agent.skills[need.skill]}" for need in contact.needs_at(now)]
        if agent_id in contact.only:
            words.append("asked for in person")
        elif now < contact.prefer_until and agent_id in contact.prefer:
            words.append("preferred")
        elif one.considered == 1:
            words.append("first to be free")
        else:
            words.append(WORDS.get(queue.strategy, queue.strategy))
        if step := contact.step_at(now):
            words.append(f"needs relaxed {step} of {len(contact.relax)}")
        return ", ".join(words)

    def _seen(self, free: list[Group]) -> None:
        for line in self._lines.values():
            line.changed = False
        for group in free:
            group.changed = False

    # --- lines and groups

    def _order(self, contact: Contact) -> float:
        queue = self._queues.get(contact.queue)
        return contact.order(queue.ageing) if queue is not None else contact.order()

    def _line(self, contact: Contact, now: float) -> Line:
        key = (contact.needs_at(now), contact.language)
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(*key)
        return line

    def _stand(self, contact: Contact, now: float) -> None:
        line = self._line(contact, now)
        particular = (
            contact.excluded
            or contact.only
            or now < contact.prefer_until
            or any(until > now for until in contact.refused.values())
        )
        if particular:
            self._particular.add(contact.id)
            self._looked.discard(contact.id)
            return
        insort(line.waiting, (self._order(contact), contact.id))
        line.changed = True
        self._line_of[contact.id] = (line.needs, line.language)

    def _step_out(self, contact: Contact) -> None:
        self._particular.discard(contact.id)
        self._looked.discard(contact.id)
        key = self._line_of.pop(contact.id, None)
        if key is None:
            return
        line = self._lines[key]
        place = (self._order(contact), contact.id)
        at = bisect_left(line.waiting, place)
        if at < len(line.waiting) and line.waiting[at] == place:
            del line.waiting[at]
        else:  # the queue's ageing was changed meanwhile
            line.waiting = [one for one in line.waiting if one[1] != contact.id]
        if not line.waiting:
            del self._lines[key]

    def _join_group(self, agent: Agent) -> Group:
        key = agent.profile
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(key, agent)
        group.members.add(agent.id)
        self._group_of[agent.id] = group
        return group

    def _leave_group(self, agent_id: str) -> None:
        group = self._group_of.pop(agent_id)
        for kept in (group.members, group.free, group.staff):
            kept.discard(agent_id)
        if not group.members:
            del self._groups[group.key]
            for line in self._lines.values():
                line.fits.pop(group.key, None)


def _room(agent: Agent) -> bool:
    return agent.state is AgentState.AVAILABLE and len(agent.held) < agent.capacity


def _allowed(contact: Contact, agent_id: str) -> bool:
    return agent_id not in contact.excluded and (not contact.only or agent_id in contact.only)
