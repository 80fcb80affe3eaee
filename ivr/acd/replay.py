"""A day played through the real floor on a clock of its own: what becomes of every caller under given rules. Pure.

Agents take what they are offered after `RING` seconds; whoever declined or missed a ring that day is not known. An estimate is
told to everybody who is not served at once, on entry and each `TOLD` seconds, from what was foreseen at most `FRESH` seconds
before: as in a running server.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

from ivr.acd.estimate import Dice, Estimates, estimate
from ivr.acd.floor import Floor
from ivr.acd.model import Agent, AgentState, Contact, ContactState, Queue
from ivr.acd.outlook import Outlook
from ivr.acd.traffic import Arrival, Rules, Traffic

RING = 5.0
"""Seconds in which agents take a call."""
TOLD = 30.0
LONGEST_BREAK = 7200.0
"""Seconds between two shifts of an agent that are a break, and not the end of the day."""
FRESH = 2.0
WORK = 400
"""Of `estimate`, each time: less than a running server does, for a day has thousands of times."""


@dataclass(slots=True)
class Fate:
    """What became of a caller."""

    arrival: Arrival
    outcome: str = "waiting"
    """"served", "abandoned", "overflowed", "full", and "waiting" at the end of the day."""
    waited: float = 0.0
    """Seconds until the talk, or until the caller left."""
    agent: str = ""
    turn: float | None = None
    """Seconds until the talk began, or would have begun, had the caller stayed; None where nobody ever came."""
    at_once: bool = False
    """Offered to an agent on arrival: nothing was told."""
    told: list[tuple[float, float | None]] = field(default_factory=list)
    """Seconds after arrival, and the estimate given then."""


@dataclass(slots=True)
class Work:
    """What an agent did, in seconds."""

    duty: float = 0.0
    talk: float = 0.0
    other: float = 0.0
    """Ringing and wrap-up."""
    calls: int = 0


@dataclass(slots=True)
class Day:
    """A day under one set of rules."""

    rules: Rules
    fates: list[Fate]
    work: dict[str, Work]


class Replay:
    """One day under one set of rules. `run` once."""

    def __init__(self, traffic: Traffic, rules: Rules, dice: Dice | None = None) -> None:
        """Without `dice` nothing is estimated, which is faster."""
        self._traffic, self._rules, self._dice = traffic, rules, dice
        self._floor, self._outlook = Floor(), Outlook(None, rules.queues)
        self._queues = {queue.name: queue for queue in rules.queues}
        self._agents = {agent.id: replace(agent, held={}, state=AgentState.OFFLINE) for agent in rules.agents}
        self._contacts: dict[str, Contact] = {}
        self._fates: dict[str, Fate] = {}
        self._work = {agent.id: Work() for agent in rules.agents}
        self._waiting = dict.fromkeys(self._queues, 0)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._known = Estimates(-math.inf)
        self._shadows: dict[str, Contact] = {}
        """Who left: their place is kept to see when their turn would have come; they take nobody's time."""
        self._fresh: list[str] = []
        """Who came at this moment."""
        self.now = 0.0

    def run(self, progress: Callable[[int], None] = lambda done: None) -> Day:
        """Play it to the end of the last talk; `progress` hears how many callers have come."""
        self._begin()
        came = 0
        while self._events:
            self.now = self._events[0][0]
            while self._events and self._events[0][0] <= self.now:
                heapq.heappop(self._events)[2]()
            self._decide()
            came += len(self._fresh)
            self._tell_fresh()
            progress(came)
        return Day(self._rules, list(self._fates.values()), self._work)

    # --- the day

    def _begin(self) -> None:
        self._floor.put_queues(self._rules.queues)
        later: dict[str, float] = {}
        for shift in sorted(self._traffic.shifts, key=lambda one: -one.begins):
            if shift.agent in self._agents:
                returns = later.get(shift.agent, math.inf) - shift.ends < LONGEST_BREAK
                state = AgentState.BREAK if returns else AgentState.OFFLINE
                later[shift.agent] = shift.begins
                self._at(shift.begins, lambda one=shift.agent: self._on_duty(one))  # type: ignore[misc]
                self._at(shift.ends, lambda one=shift.agent, then=state: self._off_duty(one, then))  # type: ignore[misc]
                self._work[shift.agent].duty += shift.ends - shift.begins
        for arrival in self._traffic.arrivals:
            self._at(arrival.contact.enqueued_at, lambda one=arrival: self._arrives(one))  # type: ignore[misc]

    def _at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._number), what))

    def _put(self, agent: Agent) -> None:
        self._agents[agent.id] = agent
        self._floor.put_agent(agent)
        if self._dice is not None:
            self._outlook.put_agent(agent, self.now)

    def _put_contact(self, contact: Contact) -> None:
        self._contacts[contact.id] = contact
        self._floor.put_contact(contact, self.now)
        if self._dice is not None:
            self._outlook.put_contact(contact, self.now)

    def _drop_contact(self, contact_id: str) -> None:
        del self._contacts[contact_id]
        self._floor.drop_contact(contact_id)
        if self._dice is not None:
            self._outlook.drop_contact(contact_id, self.now)

    # --- agents

    def _on_duty(self, name: str) -> None:
        agent = self._agents[name]
        if agent.state is AgentState.OFFLINE:
            agent = replace(agent, served=0, busy=0.0, duty_since=self.now)
        if agent.state in (AgentState.OFFLINE, AgentState.BREAK):
            self._put(replace(agent, state=AgentState.AVAILABLE, since=self.now, idle_since=self.now))
        else:
            self._put(replace(agent, wanted=None))

    def _off_duty(self, name: str, state: AgentState) -> None:
        agent = self._agents[name]
        if agent.held or agent.state is AgentState.WRAP_UP:
            self._put(replace(agent, wanted=state))
        else:
            self._put(replace(agent, state=state, since=self.now))

    def _settled(self, agent: Agent) -> None:
        """Put the agent into the state that follows from calls and wishes."""
        room = agent.capacity - len(agent.held)
        if not agent.held:
            state = agent.wanted or AgentState.AVAILABLE
        elif room > 0 and agent.wanted is None:
            state = AgentState.AVAILABLE
        else:
            state = AgentState.IN_CALL if ContactState.CONNECTED in agent.held.values() else AgentState.RESERVED
        wanted = None if state is agent.wanted else agent.wanted
        since = agent.since if state is agent.state else self.now
        self._put(replace(agent, state=state, since=since, idle_since=self.now, wanted=wanted, until=None))

    # --- callers

    def _arrives(self, arrival: Arrival) -> None:
        contact = arrival.contact
        fate = self._fates[contact.id] = Fate(arrival)
        most = self._rules.most_waiting.get(contact.queue, 0)
        if most and self._waiting[contact.queue] >= most:
            fate.outcome = "full"
            return
        self._waiting[contact.queue] += 1
        self._put_contact(contact)
        self._fresh.append(contact.id)
        for seconds, outcome in ((arrival.patience, "abandoned"), (arrival.leaves, "overflowed")):
            if seconds < math.inf:
                self._at(self.now + seconds, lambda how=outcome: self._leaves(contact.id, how))  # type: ignore[misc]
        for moment in (*(contact.enqueued_at + step.after for step in contact.relax), contact.prefer_until):
            if moment > self.now:
                self._at(moment, _nothing)

    def _leaves(self, contact_id: str, how: str) -> None:
        """The caller's own patience ends, or that of the flow; a ring is withdrawn."""
        fate, contact = self._fates[contact_id], self._contacts.get(contact_id)
        if contact is None or contact.state is ContactState.CONNECTED:
            return
        fate.outcome, fate.waited = how, self.now - contact.enqueued_at
        self._drop_contact(contact_id)
        self._waiting[contact.queue] -= 1
        self._shadow(contact, fate)
        if contact.agent:
            agent = self._agents[contact.agent]
            self._settled(replace(agent, held={one: state for one, state in agent.held.items() if one != contact_id}))

    def _shadow(self, contact: Contact, fate: Fate) -> None:
        """Keep the place of one who left, where an estimate is to be compared with what would have come."""
        if contact.agent:
            fate.turn = self.now - contact.enqueued_at
        elif self._dice is not None:
            self._shadows[contact.id] = contact
            self._floor.put_contact(contact, self.now)

    def _decide(self) -> None:
        while True:
            matches = self._floor.decide(self.now)
            for match in matches:
                if (shadow := self._shadows.pop(match.contact_id, None)) is not None:
                    self._fates[shadow.id].turn = self.now + RING - shadow.enqueued_at
                    self._floor.drop_contact(shadow.id)
                    self._floor.put_agent(self._agents[match.agent_id])  # is as free as before
                    continue
                contact = self._contacts.get(match.contact_id)  # None: a shadow that several would have been rung for
                if contact is None:
                    self._floor.put_agent(self._agents[match.agent_id])
                elif contact.state is ContactState.WAITING and self._agents[match.agent_id].state is AgentState.AVAILABLE:
                    self._offer(contact, self._agents[match.agent_id])
            if not matches:
                return

    def _offer(self, contact: Contact, agent: Agent) -> None:
        self._put_contact(replace(contact, state=ContactState.OFFERED, agent=agent.id))
        self._settled(replace(agent, held={**agent.held, contact.id: ContactState.OFFERED}, offered_at=self.now))
        self._at(self.now + RING, lambda: self._taken(contact.id, agent.id))

    def _taken(self, contact_id: str, agent_id: str) -> None:
        contact, agent = self._contacts.get(contact_id), self._agents[agent_id]
        if contact is None or contact.agent != agent_id or contact_id not in agent.held:
            return
        fate = self._fates[contact_id]
        fate.outcome, fate.agent, fate.waited = "served", agent_id, self.now - contact.enqueued_at
        fate.turn = fate.waited
        self._waiting[contact.queue] -= 1
        self._put_contact(replace(contact, state=ContactState.CONNECTED))
        held = {**agent.held, contact_id: ContactState.CONNECTED}
        self._settled(replace(agent, held=held, served=agent.served + 1))
        work = self._work[agent_id]
        work.calls += 1
        work.other += RING
        work.talk += fate.arrival.talk
        self._at(self.now + fate.arrival.talk, lambda: self._ends(contact_id, agent_id))

    def _ends(self, contact_id: str, agent_id: str) -> None:
        contact, agent, arrival = self._contacts[contact_id], self._agents[agent_id], self._fates[contact_id].arrival
        self._drop_contact(contact_id)
        held = {one: state for one, state in agent.held.items() if one != contact_id}
        done = replace(agent, held=held, busy=agent.busy + arrival.talk, last_contact=contact_id, last_queue=contact.queue)
        most = self._queues.get(contact.queue, Queue(contact.queue)).wrap_up_seconds
        wrap = most if arrival.wrap_up is None else min(most, arrival.wrap_up)
        if wrap > 0 and agent.capacity == 1:
            self._work[agent_id].other += wrap
            self._put(replace(done, state=AgentState.WRAP_UP, since=self.now, until=self.now + most))
            self._at(self.now + wrap, lambda: self._settled(self._agents[agent_id]))
        else:
            self._settled(done)

    # --- what callers are told

    def _tell_fresh(self) -> None:
        fresh, self._fresh = self._fresh, []
        for contact_id in fresh:
            contact = self._contacts.get(contact_id)
            if contact is None:
                continue
            if contact.state is ContactState.WAITING:
                self._tell(contact_id)
            else:
                self._fates[contact_id].at_once = True

    def _tell(self, contact_id: str) -> None:
        contact = self._contacts.get(contact_id)
        if contact is None or contact.state is not ContactState.WAITING or self._dice is None:
            return
        if self.now - self._known.at >= FRESH:
            for found in estimate(self._outlook, self.now, self._dice, work=WORK):
                self._known = found or self._known
        told = self._known.of(contact, self.now)
        self._fates[contact_id].told.append((self.now - contact.enqueued_at, told))
        self._at(self.now + TOLD, lambda: self._tell(contact_id))


def _nothing() -> None:
    """Time itself is what happens: a need relaxes."""
