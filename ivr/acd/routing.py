"""The queues as a call session sees them: a place that it holds, hears from, and cannot forget to give back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ivr.acd.feed import AcdEvent, EventFeed
from ivr.acd.matching import Matching
from ivr.acd.model import Contact
from ivr.acd.store import AcdStore
from ivr.errors import NotFound, StoreUnavailable

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
NODE_LEASE = 10.0
"""Seconds without a heartbeat after which other nodes give up the contacts of this one."""
FIRST_LOOK = 0.2
"""Seconds that the one who decides gets before a caller is told a place."""
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


PlaceEvent = Offered | Withdrawn | Moved


class Place:
    """One contact's place in a queue, and then its call with an agent. Leaving the `async with` block gives it back."""

    def __init__(self, router: Router, contact: Contact) -> None:
        self.contact = contact
        self.agent_id = ""
        """Who is rung or talks; "" for nobody."""
        self.connected = False
        self.over = False
        self.position = 0
        self.looked = False
        """Who decides had time for a first look: the caller may be told the place."""
        self.dropped = 0
        """Positions that a slow session never heard."""
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

    async def accepted(self) -> bool:
        """The agent took it. False where the offer is gone: go on waiting for events. Raises StoreUnavailable."""
        if not self.agent_id:
            return False
        agent = self.agent_id
        self.connected = await self._router.store.accept(self.contact.id, agent)
        if self.connected:
            self.agent_id = agent
        return self.connected

    async def declined(self, reason: str = "declined") -> None:
        """The offer came to nothing: "declined", "missed", "gone", or "media" (accepted, but no audio): the contact has its old
        place again and events go on. Raises StoreUnavailable."""
        agent, self.agent_id, self.connected = self.agent_id, "", False
        if agent:
            await self._router.store.decline(self.contact.id, agent, reason)

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
            case "offered":
                self.agent_id = agent
                self._deliver(Offered(agent, float(event.data["until"]), event.data["why"]))
            case "withdrawn" | "ended" if self.agent_id and not self.connected:
                self.agent_id = ""
                self._deliver(Withdrawn(agent, event.data.get("reason", event.data.get("outcome", ""))))

    def move(self, position: int) -> None:
        if position != self.position:
            self.position = position
            self._deliver(Moved(position))

    def _deliver(self, event: PlaceEvent | None) -> None:
        if isinstance(event, Moved) and self._events.qsize() >= MOST_EVENTS:
            self.dropped += 1
            return
        while self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(event)


class Router:
    """Runs the queues on one node: follows the feed, keeps the node's lease, sweeps, and repairs.

    Start `run()` in the server's TaskGroup; `place` waits until it is up.
    """

    def __init__(self, store: AcdStore, node: str, *, sweep_seconds: float = SWEEP_SECONDS) -> None:
        self.store = store
        self.node = node
        self._sweep_seconds = sweep_seconds
        self._feed = EventFeed(store.redis, store.prefix)
        self.matching = Matching(store, node)
        self._up = asyncio.Event()
        self._places: dict[str, Place] = {}
        self._owed: dict[str, str] = {}
        self._changed: set[str] = set()
        self._looks: set[asyncio.Task[None]] = set()
        self._suspect = False
        """Redis was away, or the feed broke: events may be missing."""

    @property
    def waiting(self) -> int:
        """Contacts of this node that hold a place or talk."""
        return len(self._places)

    def place(self, contact: Contact) -> Place:
        """Return the place for `async with`: entering it puts the contact into its queue.

        Entering raises StoreUnavailable, or NotFound without the queue. Events go on through re-offers; if Redis forgets the
        contact, it is put back with its old time.
        """
        return Place(self, contact)

    async def run(self) -> None:
        """Serve until cancelled. Redis away is logged and waited for."""
        await self._begin()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._tick_for_ever())
            group.create_task(self.matching.run())

    async def tick(self) -> None:
        """Do what `run` does each second. Raises StoreUnavailable."""
        await self.store.node_heartbeat(self.node, NODE_LEASE)
        for contact_id, outcome in list(self._owed.items()):
            await self.store.leave(contact_id, outcome)
            self._owed.pop(contact_id, None)
        await self.store.sweep()
        await self._tell_positions()

    async def enter(self, place: Place) -> None:
        try:
            async with asyncio.timeout(5.0):  # wait_for hides a cancellation that comes as it succeeds (bpo-42130)
                await self._up.wait()
        except TimeoutError as error:
            raise StoreUnavailable("the queues are not up") from error
        contact = place.contact
        self._places[contact.id] = place
        try:
            await self.store.enqueue(contact)
        except BaseException:
            # Redis may have done it although the answer got lost.
            place.over = True
            self._forget(place, "abandoned")
            raise

        look = asyncio.create_task(self._first_look(place))
        self._looks.add(look)
        look.add_done_callback(self._looks.discard)

    async def _first_look(self, place: Place) -> None:
        """Tell the place, unless an agent was free at once: then there is nothing to wait for."""
        await asyncio.sleep(FIRST_LOOK)
        place.looked = True
        self._changed.add(place.contact.queue)  # what happened meanwhile was not looked at
        if place.agent_id or place.over:
            return
        with suppress(StoreUnavailable):  # the next tick tells it
            contact = place.contact
            position = (await self.store.positions([(contact.id, contact.queue)])).get(contact.id)
            if position and not place.agent_id and not place.over:
                place.move(position)

    async def leave(self, place: Place, outcome: str) -> None:
        self._forget(place, outcome)
        await self.store.leave(place.contact.id, outcome)
        self._owed.pop(place.contact.id, None)

    def _forget(self, place: Place, outcome: str) -> None:
        self._places.pop(place.contact.id, None)
        self._owed[place.contact.id] = outcome

    async def _begin(self) -> None:
        while True:
            try:
                await self._feed.start()
                await self.store.release(self.node)
                await self.store.node_heartbeat(self.node, NODE_LEASE)
                self._up.set()
                return
            except StoreUnavailable as error:
                logger.warning("queues wait for Redis: %s", error)
                await asyncio.sleep(self._sweep_seconds)

    async def _follow(self) -> None:
        while True:
            try:
                async for event in self._feed:
                    self._hear(event)
            except StoreUnavailable as error:
                logger.warning("queue events are interrupted: %s", error)
            except Exception:  # an event that makes no sense must not end all queues: the tick mends what it cost
                logger.exception("a queue event is skipped")
            self._suspect = True
            await asyncio.sleep(self._sweep_seconds / 2)

    def _hear(self, event: AcdEvent) -> None:
        if event.kind in ("enqueued", "connected", "ended"):
            self._changed.add(event.data["queue"])
        place = self._places.get(event.data.get("contact", ""))
        if place is not None:
            place.hear(event)

    async def _tick_for_ever(self) -> None:
        while True:
            try:
                await self.tick()
            except StoreUnavailable as error:
                logger.warning("queues are not swept: %s", error)
                self._suspect = True
            await asyncio.sleep(self._sweep_seconds)

    async def _tell_positions(self) -> None:
        changed, everything = self._changed, self._suspect
        self._changed, self._suspect = set(), False
        concerned = (p for p in self._places.values() if everything or p.contact.queue in changed)
        mine = [place for place in concerned if place.looked and not place.connected and not place.over]
        if not mine:
            return
        places = await self.store.positions([(place.contact.id, place.contact.queue) for place in mine])
        for place in mine:
            if place.contact.id in places:
                place.move(places[place.contact.id])
            else:
                await self._put_back(place)

    async def _put_back(self, place: Place) -> None:
        """Redis forgot a caller who is still on the line (it lost data, or another node believed us dead)."""
        if place.connected or place.over:
            return
        try:
            await self.store.enqueue(place.contact)
        except NotFound as error:
            logger.error("a caller who waits cannot be put back: %s", error)
            return
        if place.over:
            await self.store.leave(place.contact.id)
