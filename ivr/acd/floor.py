"""Everybody who waits and everybody who works, held in memory, and who gets whom. Pure: time and changes are handed in.

A decision looks at contacts and agents at once, not along one queue. First the contacts that can be served together are chosen,
the most urgent first: none is served in place of one before it, but agents are shifted so that both are served where that is
possible. Then, among all ways to serve these, the one that the strategies of their queues like best is taken.

Contacts of equal needs and language wait in one line, agents of equal skills and languages idle in one group, and only pairs of
lines and groups in which something changed are looked at again: the cost of a decision grows with what changed, not with how
many wait. Who is left then rings beside others for a contact of a queue that rings all.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from weakref import WeakValueDictionary

from ivr.acd.lines import Group, Line, LineKey, seat
from ivr.acd.model import ON_DUTY, Agent, Channel, Contact, ContactState, Match, Queue
from ivr.acd.pairing import Candidate, pair
from ivr.acd.strategies import OF_THE_LINE, WORDS, Cost, strategies

MOST = 64
"""Contacts that one decision looks at; more are served by the next one, which follows at once."""
AT_ONCE = 4000
"""Agents times lines that are ranked in some 3 ms."""
RING_ALL = "ring_all"


class Floor:
    """Keeps what it is told and decides on demand. `put_*` replaces what was known of the same id."""

    def __init__(self, costs: Mapping[str, Cost] | None = None) -> None:
        self._costs = strategies() if costs is None else costs
        self._queues: dict[str, Queue] = {}
        self._agents: dict[str, Agent] = {}
        self._groups: dict[str, Group] = {}
        self._group_of: dict[str, Group] = {}
        self._contacts: dict[str, Contact] = {}
        self._lines: WeakValueDictionary[LineKey, Line] = WeakValueDictionary()
        """Those that somebody stands in, or beside."""
        self._line_of: dict[str, Line] = {}
        """Contacts in lines; who is not here is particular."""
        self._particular: dict[str, Line] = {}
        """Contacts for some agents and not for others of a group (preferred, excluded, refused), and where they would stand."""
        self._looked: set[str] = set()
        """Particular ones that were looked at since an agent changed."""
        self._rung: dict[str, Contact] = {}
        """Contacts that ring, and may ring more."""
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
        if group is None or before is None or not before.like(agent):
            if group is not None:
                self._leave_group(agent.id)
            group = self._join_group(agent)
        group.put(agent, agent.state in ON_DUTY)

    def drop_agent(self, agent_id: str) -> None:
        if self._agents.pop(agent_id, None) is not None:
            self._leave_group(agent_id)
            self._looked.clear()

    def put_contact(self, contact: Contact, now: float) -> None:
        """Take a contact as it is now; one that does not wait (any more), and rings no more agents, is forgotten."""
        before = self._contacts.get(contact.id)
        self.drop_contact(contact.id)
        if contact.state is not ContactState.WAITING:
            if contact.state is ContactState.OFFERED and self._queue(contact).strategy == RING_ALL:
                self._rung[contact.id] = contact
            return
        self._contacts[contact.id] = contact
        self._stand(contact, now)
        moments = _moments(contact)
        if before is None or moments != _moments(before):
            for moment in moments:
                if moment > now:
                    heapq.heappush(self._timers, (moment, contact.id))

    def drop_contact(self, contact_id: str) -> None:
        contact = self._contacts.pop(contact_id, None)
        if contact is not None:
            self._step_out(contact)
        else:
            self._rung.pop(contact_id, None)

    def next_change(self) -> float | None:
        """Epoch seconds at which time alone may change a decision; None for never."""
        while self._timers and self._timers[0][1] not in self._contacts:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    # --- deciding

    @property
    def many(self) -> bool:
        """Whether a decision may hold an event loop for too long: many are free while many kinds of callers wait."""
        return sum(len(group.free) for group in self._groups.values()) * len(self._lines) > AT_ONCE

    def decide(self, now: float) -> list[Match]:
        """Who gets whom now. What is returned counts as decided only once it is put back as offered or reserved."""
        while (at := self.next_change()) is not None and at <= now:
            contact = self._contacts[heapq.heappop(self._timers)[1]]
            self._step_out(contact)
            self._stand(contact, now)
        free = [group for group in self._groups.values() if group.free]
        self.again = False
        if not free or not (self._contacts or self._rung):
            self._seen(free)
            return []
        found = sorted(self._urgent(free, now), key=lambda one: (one.order, one.contact))
        self.again = len(found) > MOST
        news = any(group.changed for group in free)
        if not self.again:
            self._seen(free)
        matches = [self._match(one, where, now) for one, where in pair(found[:MOST], self._slots(found[:MOST]))]
        if (news or matches) and not self.again:
            matches += self._together(matches, free, now, news)
        if any(self._kind(match) is not Channel.VOICE for match in matches):
            matches.sort(key=lambda match: self._kind(match) is Channel.VOICE)  # beside a call nothing new is offered
        return matches

    def _slots(self, found: list[Candidate]) -> dict[str, int]:
        """How many contacts each seat can take."""
        seats = {one for candidate in found for one in candidate.agents}
        slots = {}
        for one in seats:
            agent_id, _, kind = one.partition("|")
            slots[one] = self._agents[agent_id].room(Channel(kind) if kind else Channel.VOICE)
        return slots

    def _match(self, one: Candidate, where: str, now: float) -> Match:
        agent_id = where.partition("|")[0]
        together = self._queue(self._contacts[one.contact]).strategy == RING_ALL
        return Match(one.contact, agent_id, self._why(one, agent_id, now), one.considered, together)

    def _kind(self, match: Match) -> Channel:
        return (self._contacts.get(match.contact_id) or self._rung[match.contact_id]).channel.room

    def _together(self, matches: list[Match], free: list[Group], now: float, news: bool) -> list[Match]:
        """Who else rings for contacts of queues that ring all: of those who are left, the most urgent contact first."""
        chosen = {match.contact_id: match.agent_id for match in matches if match.together}
        ringing = [*(self._contacts[one] for one in chosen), *(self._rung.values() if news else ())]
        if not ringing:
            return []
        used = Counter(seat(match.agent_id, self._kind(match)) for match in matches)
        more: list[Match] = []
        for contact in sorted(ringing, key=lambda one: (self._order(one), one.id)):
            kind, first = contact.channel.room, chosen.get(contact.id, "")
            rung = {*contact.rung, *filter(None, (first,))}
            able = [
                one
                for one in self._able(contact, free, now)
                if one not in rung and self._agents[one].room(kind) > used[seat(one, kind)]
            ]
            able.sort(key=lambda one: (self._agents[one].idle_since, one))
            for one in able[: max(0, self._queue(contact).ring_most - len(rung))]:
                used[seat(one, kind)] += 1
                more.append(Match(contact.id, one, self._words(contact, one, len(able) + len(rung), now), len(able), True))
        return more

    def _urgent(self, free: list[Group], now: float) -> Iterator[Candidate]:
        """Contacts, first in their lines, for whom somebody is free, where that is news."""
        changed = [group for group in free if group.changed]
        for line in self._lines.values():
            if not line.changed and not line.takes_one_of(changed):
                continue
            able: list[str] = []
            roomy = False
            for group in free:
                if line.takes(group):
                    able += group.room[line.kind]
                    roomy = roomy or group.roomy
            room = sum(self._agents[one].room(line.kind) for one in able) if roomy else len(able)
            ranks: dict[str, tuple[str, ...]] = {}
            for order, contact_id in line.waiting[: min(room, MOST + 1)]:
                yield self._candidate(self._contacts[contact_id], order, able, now, ranks)
        for contact_id in self._particular.keys() - self._looked:
            self._looked.add(contact_id)
            contact = self._contacts[contact_id]
            if able := self._able(contact, free, now):
                self._looked.discard(contact_id)
                yield self._candidate(contact, self._order(contact), able, now, {})

    def _candidate(
        self, contact: Contact, order: float, able: list[str], now: float, ranks: dict[str, tuple[str, ...]]
    ) -> Candidate:
        """The contact with those who may take it, the best first by its queue's strategy.

        `ranks` keeps by queue what was found for others of the same line and the same agents, where one rank is everybody's.
        """
        queue = self._queue(contact)
        best = ranks.get(queue.name)
        if best is None:
            cost = self._costs.get(queue.strategy) or self._costs["longest_idle"]
            best = self._ranked(contact, queue, cost, able, now)
            if cost in OF_THE_LINE:
                ranks[queue.name] = best
        return Candidate(contact.id, order, best, len(able))

    def _ranked(self, contact: Contact, queue: Queue, cost: Cost, able: list[str], now: float) -> tuple[str, ...]:
        agents, kind = self._agents, contact.channel.room
        ranked = sorted((cost(contact, agents[one], queue, now), agents[one].idle_since, one) for one in able)
        best = tuple(one for _, _, one in ranked[: MOST + 1])
        return best if kind is Channel.VOICE else tuple(seat(one, kind) for one in best)

    def _able(self, contact: Contact, free: list[Group], now: float) -> list[str]:
        """Free agents for one who is particular; the same as `matcher.candidates`."""
        line = self._line(contact, now)
        if now < contact.prefer_until:
            fresh = (one for one in contact.prefer if contact.refused.get(one, 0.0) <= now)
            if chosen := [one for one in fresh if self._could(contact, line, one)]:
                return [one for one in chosen if self._agents[one].room(line.kind)]
        able = [one for group in free if line.takes(group) for one in group.room[line.kind] if _allowed(contact, one)]
        others = [one for one in able if contact.refused.get(one, 0.0) <= now]
        return others if len(others) == len(able) or self._others(contact, line, now) else able

    def _could(self, contact: Contact, line: Line, agent_id: str) -> bool:
        """Whether this agent is on duty and could take it, now or later."""
        agent = self._agents.get(agent_id)
        if agent is None or agent.state not in ON_DUTY or not _allowed(contact, agent_id):
            return False
        return line.takes(self._group_of[agent_id])

    def _others(self, contact: Contact, line: Line, now: float) -> bool:
        """Whether somebody on duty who did not refuse could take it, now or later, be it that less is needed then."""
        steps = contact.steps_until(max(contact.refused.values(), default=now), now)
        return any(
            _allowed(contact, one) and contact.refused.get(one, 0.0) <= now
            for able in (line, *(self._line(contact, moment) for moment in steps))
            for group in self._groups.values()
            if able.takes(group)
            for one in group.staff
        )

    def _why(self, one: Candidate, agent_id: str, now: float) -> str:
        return self._words(self._contacts[one.contact], agent_id, one.considered, now)

    def _words(self, contact: Contact, agent_id: str, considered: int, now: float) -> str:
        agent, queue, where = self._agents[agent_id], self._queue(contact), contact.where_at(now)
        words = [f"{need.skill} {agent.skills[need.skill]}" for need in contact.needs_at(now)]
        words += [f"team {agent.team}"] if where.teams else []
        words += [f"site {agent.site}"] if where.sites else []
        if agent_id in contact.only:
            words.append("asked for in person")
        elif now < contact.prefer_until and agent_id in contact.prefer:
            words.append("preferred")
        elif considered == 1:
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

    def _queue(self, contact: Contact) -> Queue:
        return self._queues.get(contact.queue) or Queue(contact.queue)

    def _order(self, contact: Contact) -> float:
        queue = self._queues.get(contact.queue)
        return contact.order(queue.ageing) if queue is not None else contact.order()

    def _line(self, contact: Contact, now: float) -> Line:
        key = (contact.needs_at(now), contact.where_at(now), contact.language, contact.channel.room)
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
            self._particular[contact.id] = line
            self._looked.discard(contact.id)
            return
        insort(line.waiting, (self._order(contact), contact.id))
        line.changed = True
        self._line_of[contact.id] = line

    def _step_out(self, contact: Contact) -> None:
        self._particular.pop(contact.id, None)
        self._looked.discard(contact.id)
        line = self._line_of.pop(contact.id, None)
        if line is None:
            return
        place = (self._order(contact), contact.id)
        at = bisect_left(line.waiting, place)
        if at < len(line.waiting) and line.waiting[at] == place:
            del line.waiting[at]
        else:  # the queue's ageing was changed meanwhile
            line.waiting = [one for one in line.waiting if one[1] != contact.id]

    def _join_group(self, agent: Agent) -> Group:
        key = agent.profile
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group.of(agent)
        group.members.add(agent.id)
        self._group_of[agent.id] = group
        return group

    def _leave_group(self, agent_id: str) -> None:
        group = self._group_of.pop(agent_id)
        group.drop(agent_id)
        if not group.members:
            del self._groups[group.key]
            for line in self._lines.values():
                line.fits.pop(group.key, None)


def _moments(contact: Contact) -> tuple[float, ...]:
    """When time alone may change who can take it."""
    relaxed = (contact.enqueued_at + step.after for step in contact.relax)
    return (*relaxed, contact.prefer_until, *contact.refused.values())


def _allowed(contact: Contact, agent_id: str) -> bool:
    return agent_id not in contact.excluded and (not contact.only or agent_id in contact.only)
