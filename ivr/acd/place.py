"""A place in a queue as a call session holds it: what happens to the contact, and what the session answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from ivr.acd.estimate import Foretold
from ivr.acd.feed import AcdEvent
from ivr.acd.model import Contact
from ivr.acd.outlook import kind_of
from ivr.acd.store import AcdStore
from ivr.errors import StoreUnavailable

LATE_ACCEPT = 3.0
"""Seconds after a ring in which an agent's word counts although Redis cannot be asked."""
MOST_EVENTS = 64
"""Events that wait for a session at most; a position that finds no room is dropped, for a newer one follows."""


@dataclass(frozen=True, slots=True)
class Offered:
    """This agent is reserved: show the contact, ring, and answer with `accepted` or `declined`."""

    agent_id: str
    until: float
    """End of the ring, epoch seconds."""
    why: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The offer is gone without our doing (page gone, agent signed out, ring ran out): stop the ring; another may follow."""

    agent_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The place in the queue; 1 is next."""

    position: int
    estimate: float | None = None
    """Seconds still to wait, as far as anybody can tell; None where nobody can."""


@dataclass(frozen=True, slots=True)
class Delayed:
    """The queues cannot be reached: the caller keeps the time of arrival and is put in as soon as they can."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The place is no more: there is no such queue (any more), or the queues were away for too long."""

    why: str


PlaceEvent = Offered | Withdrawn | Moved | Delayed | Refused


class Keeper(Protocol):
    """What a place asks of `ivr.acd.routing.Router`."""

    store: AcdStore

    async def enter(self, place: Place) -> None: ...

    async def leave(self, place: Place, outcome: str) -> None: ...

    async def decline(self, place: Place, agent_id: str, reason: str) -> None: ...

    def doubt(self, place: Place) -> None: ...


class Place:
    """One contact's place in a queue, and then its call with an agent. Leaving the `async with` block gives it back."""

    def __init__(self, router: Keeper, contact: Contact, most: int = 0) -> None:
        self.contact = contact
        self.most = most
        """Contacts that may wait in the queue; 0 for any number. Who is put back later comes in all the same."""
        self.agent_id = ""
        """Who is rung or talks, the first of those who ring; "" for nobody."""
        self.rung: dict[str, float] = {}
        """Everybody who rings, and until when."""
        self.connected = False
        self.over = False
        self.position = self.size = 0
        """Where it stands, and how many wait in its queue; 0 where that is not known yet."""
        self.kind, self._foretold = kind_of(contact).key, Foretold()
        self.looked = False
        """Who decides had time for a first look: the caller may be told the place."""
        self.dropped = 0
        """Positions that a slow session never heard."""
        self.busy = False
        """It is telling Redis something at this moment."""
        self.delayed_since: float | None = None
        """Since when Redis could not take it, on the loop's clock."""
        self._router = router
        self._events: asyncio.Queue[PlaceEvent | None] = asyncio.Queue(MOST_EVENTS + 4)

    async def __aenter__(self) -> Self:
        await self._router.enter(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # What cannot be done now (Redis away, cancelled once more) the router's tick does: the contact is owed until then.
        with suppress(StoreUnavailable):
            await self.left()

    async def __aiter__(self) -> AsyncIterator[PlaceEvent]:
        """What happens to this contact, in order, until it has left. One consumer."""
        while not self.over:
            event = await self._events.get()
            if event is None:
                return
            yield event

    async def accepted(self, agent_id: str = "") -> bool:
        """The agent took it; whoever else is rung is free. False where the offer is gone: go on waiting for events.

        Where Redis is away the two talk all the same: the agent was reserved, and Redis is told later.
        """
        agent, store = agent_id or self.agent_id, self._router.store
        if agent not in self.rung:
            return False
        self.busy = True
        try:
            self.connected = await store.accept(self.contact.id, agent)
        except StoreUnavailable:
            self.connected = store.now() <= self.rung.get(agent, 0.0) + LATE_ACCEPT
            self._router.doubt(self)
        finally:
            self.busy = False
        if self.connected:
            self.agent_id, self.rung = agent, {}
        return self.connected

    async def declined(self, reason: str = "declined", agent_id: str = "") -> None:
        """The offer came to nothing: "declined", "missed", "gone", or "media" (accepted, but no audio): the contact has its old
        place again and events go on. Where Redis is away it is told later."""
        agent, self.connected = agent_id or self.agent_id, False
        self._silenced(agent)
        if agent:
            await self._router.decline(self, agent, reason)

    async def left(self, outcome: str = "abandoned") -> None:
        """The caller left, or the call is over: an agent who rang is free, one who talked wraps up. Once is enough.

        Raises StoreUnavailable; the router then does it as soon as it can.
        """
        if not self.over:
            self.over = True
            self._deliver(None)
            await self._router.leave(self, outcome)

    finished = left

    def hear(self, event: AcdEvent) -> None:
        """Take an event of the feed that concerns this contact."""
        agent = event.data.get("agent", "")
        match event.kind:
            case "ended" if self.connected and event.data.get("outcome") == "lost":
                self._router.doubt(self)  # this node was taken for dead
            case "offered":
                if agent not in self.rung:
                    self.rung[agent] = float(event.data["until"])
                    self.agent_id = self.agent_id or agent
                    self._deliver(Offered(agent, self.rung[agent], event.data["why"]))
            case "withdrawn" if agent in self.rung and not self.connected:
                self._silenced(agent)
                self._deliver(Withdrawn(agent, event.data.get("reason", "")))
            case "ended" if not self.connected:
                for one in tuple(self.rung):
                    self._silenced(one)
                    self._deliver(Withdrawn(one, event.data.get("outcome", "")))

    def _silenced(self, agent_id: str) -> None:
        """This agent is not rung any more, and does not talk."""
        self.rung.pop(agent_id, None)
        if self.agent_id == agent_id:
            self.agent_id = next(iter(self.rung), "")

    def move(self, position: int, size: int = 0) -> None:
        self.size = max(size, position)
        if position != self.position:
            self.position = position
            self._deliver(Moved(position, self._foretold.left(self._router.store.now())))

    def foresee(self, seconds: float | None) -> None:
        """Take what is expected of the wait by now; it is told with the place, and where it is news."""
        if self._foretold.wrong(seconds, now := self._router.store.now()):
            self._foretold = Foretold(seconds, now)
            if self.position and not self.agent_id and not self.over:
                self._deliver(Moved(self.position, seconds))

    def delay(self) -> None:
        """Redis cannot take it now."""
        self.delayed_since = asyncio.get_running_loop().time()
        self._deliver(Delayed())

    def refuse(self, why: str) -> None:
        """Redis will not take it."""
        self._deliver(Refused(why))

    def _deliver(self, event: PlaceEvent | None) -> None:
        if isinstance(event, Moved) and self._events.qsize() >= MOST_EVENTS:
            self.dropped += 1
            return
        while self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(event)
