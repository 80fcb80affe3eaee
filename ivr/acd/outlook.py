"""Follows contacts and agents, learns their pace, and says how the floor stands: what an estimate starts from. Pure.

It is told the same as the floor, and what has gone.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from ivr.acd.model import Agent, AgentState, Channel, Contact, ContactState, Need, Queue, Where
from ivr.acd.pace import Pace

KINDS = 200
"""Kinds of contacts that are known at most; the one that was not seen for the longest time is forgotten."""
ARRIVALS = 40
"""Arrivals of a kind from which their rate is taken."""
WINDOW = 1800.0
"""Seconds after which an arrival says nothing about the rate."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Contacts that wait alike: whoever came first is served first."""

    queue: str
    priority: int
    steps: tuple[tuple[float, tuple[Need, ...], Where], ...]
    """Seconds of waiting from which on these needs hold, and of which teams and sites."""
    language: str = ""
    only: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """The same on every node."""
        told = (self.queue, self.priority, self.steps, self.language, sorted(self.only))
        return blake2b(repr(told).encode(), digest_size=8).hexdigest()


def kind_of(contact: Contact) -> Kind:
    steps = ((0.0, contact.needs, contact.where), *((one.after, one.needs, one.where) for one in contact.relax))
    return Kind(contact.queue, contact.priority, steps, contact.language, contact.only)


@dataclass(slots=True)
class Seen:
    """Who of a kind waits, and when others came."""

    waiting: list[tuple[float, str]] = field(default_factory=list)
    """Time of arrival and id, sorted."""
    came: deque[float] = field(default_factory=lambda: deque(maxlen=ARRIVALS))
    """Times of arrival."""


@dataclass(frozen=True, slots=True)
class Held:
    queue: str
    since: float
    talks: bool
    came: float


class Outlook:
    """`put_*` and `drop_*` as for the floor; only calls count."""

    def __init__(self, pace: Pace | None = None, queues: Iterable[Queue] = ()) -> None:
        self.pace = pace or Pace()
        self.queues: Mapping[str, Queue] = {queue.name: queue for queue in queues}
        self.agents: dict[str, Agent] = {}
        self.kinds: dict[Kind, Seen] = {}
        self.held: dict[str, Held] = {}
        """Contacts that ring or talk."""
        self._places: dict[str, tuple[Kind, tuple[float, str]]] = {}
        """Contacts that wait."""
        self._wraps: dict[str, tuple[str, float]] = {}
        """Agents who wrap up: after a talk of which queue, and since when."""
        self._breaks: dict[str, float] = {}
        """Agents on a break, and since when."""

    @property
    def waiting(self) -> int:
        return len(self._places)

    def put_agent(self, agent: Agent, now: float) -> None:
        self.agents[agent.id] = agent
        if agent.state is AgentState.BREAK:
            self._breaks.setdefault(agent.id, agent.since)
        elif (since := self._breaks.pop(agent.id, None)) is not None and agent.state is not AgentState.OFFLINE:
            self.pace.rested(agent.since - since)
        wrapping = self._wraps.get(agent.id)
        if agent.state is AgentState.WRAP_UP:
            if wrapping is None and agent.last_queue:
                self._wraps[agent.id] = (agent.last_queue, agent.since)
        elif wrapping is not None:
            queue, began = self._wraps.pop(agent.id)
            self.pace.wrapped_up(queue, max(0.0, agent.since - began))

    def drop_agent(self, agent_id: str) -> None:
        self.agents.pop(agent_id, None)
        self._wraps.pop(agent_id, None)
        self._breaks.pop(agent_id, None)

    def put_contact(self, contact: Contact, now: float) -> None:
        """Take a contact as it is now."""
        if contact.channel.room is not Channel.VOICE:
            return
        if contact.state is ContactState.WAITING:
            again = self.held.pop(contact.id, None) is not None
            self._stand(contact, again)
            return
        self._step_out(contact.id)
        before = self.held.get(contact.id)
        talks = contact.state is ContactState.CONNECTED
        if before is None:
            self.held[contact.id] = Held(contact.queue, self._began(contact, now), talks, contact.enqueued_at)
        elif talks and not before.talks:
            self._connects(contact.id, before, now)

    def drop_contact(self, contact_id: str, now: float) -> None:
        """It is gone: a talk ended, or somebody gave up."""
        held = self.held.pop(contact_id, None)
        if held is not None and held.talks:
            self.pace.talked(held.queue, now - held.since)
        place = self._step_out(contact_id)
        if place is not None:
            self.pace.waited(place[0].queue, now - place[1], gave_up=True)

    def heard(self, kind: str, contact_id: str, now: float) -> None:
        """Something happened to a contact that is known: "offered", "connected" or "ended"."""
        place = self._places.get(contact_id)
        held = self.held.get(contact_id)
        match kind:
            case "offered" if place is not None:
                self._step_out(contact_id)
                self.held[contact_id] = Held(place[0].queue, now, talks=False, came=place[1][0])
            case "connected" if held is not None and not held.talks:
                self._connects(contact_id, held, now)
            case "ended":
                self.drop_contact(contact_id, now)

    def rate(self, kind: Kind, now: float) -> float:
        """Contacts of this kind that come in a second."""
        times = self.kinds[kind].came
        while times and times[0] < now - WINDOW:
            times.popleft()
        over = WINDOW if len(times) < ARRIVALS else max(30.0, now - times[0])
        return len(times) / over

    def ageing(self, queue: str) -> float:
        return (self.queues.get(queue) or Queue(queue)).ageing

    def ahead(self, kind: Kind) -> float:
        """Seconds by which its priority puts it before who came at the same time; below 0 behind."""
        return (kind.priority - 5) * self.ageing(kind.queue)

    def _connects(self, contact_id: str, held: Held, now: float) -> None:
        self.pace.rang(now - held.since)
        self.pace.waited(held.queue, now - held.came, gave_up=False)
        self.held[contact_id] = Held(held.queue, now, talks=True, came=held.came)

    def _stand(self, contact: Contact, again: bool) -> None:
        if contact.id in self._places:
            return
        kind = kind_of(contact)
        seen = self.kinds.pop(kind, None) or Seen()
        self.kinds[kind] = seen  # at the end: seen last
        place = (contact.enqueued_at, contact.id)
        insort(seen.waiting, place)
        self._places[contact.id] = (kind, place)
        if not again:
            seen.came.append(contact.enqueued_at)
        if len(self.kinds) > KINDS:
            idle = next((one for one, found in self.kinds.items() if not found.waiting), None)
            if idle is not None:
                del self.kinds[idle]

    def _step_out(self, contact_id: str) -> tuple[Kind, float] | None:
        kind, place = self._places.pop(contact_id, (None, None))
        if kind is None or place is None:
            return None
        waiting = self.kinds[kind].waiting
        del waiting[bisect_left(waiting, place)]
        return kind, place[0]

    def _began(self, contact: Contact, now: float) -> float:
        """When a ring or talk that is seen for the first time began, as far as its agent tells."""
        agent = self.agents.get(contact.agent)
        told = agent is not None and agent.capacity == 1 and agent.state in (AgentState.IN_CALL, AgentState.RESERVED)
        return agent.since if told and agent is not None else now
