"""The queues as a call session sees them: a place that it holds, hears from, and cannot forget to give back."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from ivr.acd.estimating import Foretelling
from ivr.acd.feed import AcdEvent, EventFeed
from ivr.acd.matching import Matching
from ivr.acd.mending import Mending
from ivr.acd.model import Contact
from ivr.acd.place import Place
from ivr.acd.store import AcdStore
from ivr.errors import StoreUnavailable

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
NODE_LEASE = 3.5
"""Seconds without a heartbeat after which other nodes give up the contacts of this one."""
ENTER_SECONDS = 3.0
"""Until a caller who cannot be put into the queue (Redis is away) is told so; it is tried on."""
PATIENCE = 120.0
"""Seconds for which a caller is kept whom Redis has not taken yet."""
FIRST_LOOK = 0.2
"""Seconds that the one who decides gets before a caller is told a place."""


class Router:
    """Runs the queues on one node: follows the feed, keeps the node's lease, sweeps, and repairs.

    Start `run()` in the server's TaskGroup; `place` waits until it is up.
    """

    def __init__(self, store: AcdStore, node: str, *, sweep_seconds: float = SWEEP_SECONDS) -> None:
        self.store, self.node = store, node
        self._sweep_seconds = sweep_seconds
        self._feed = EventFeed(store.redis, store.prefix)
        self.matching = Matching(store, node)
        self._foretelling = Foretelling(store)
        self._up = asyncio.Event()
        self._places: dict[str, Place] = {}
        self.mending = Mending(store)
        self._changed: set[str] = set()
        self._looks: set[asyncio.Task[None]] = set()
        self._suspect = False
        """Redis was away, or the feed broke: events may be missing."""

    @property
    def waiting(self) -> int:
        """Contacts of this node that hold a place or talk."""
        return len(self._places)

    def place(self, contact: Contact, most: int = 0) -> Place:
        """Return the place for `async with`: entering it puts the contact into its queue.

        Entering raises NotFound without the queue, and QueueFull where `most` wait already. Events go on through re-offers; if
        Redis forgets the contact, it is put back with its old time.
        """
        return Place(self, contact, most)

    def talking(self, contact: Contact, agent_id: str) -> Place:
        """Return the place of somebody whom an agent dialled (`Engaging.dial`): the two are connected already.

        End it with `Place.left`, or `forget` it.
        """
        place = self._places[contact.id] = Place(self, contact)
        place.agent_id, place.connected = agent_id, True
        return place

    def forget(self, place: Place, outcome: str = "") -> None:
        """Nothing is to be told of this place any more; with an `outcome`, its end is, as soon as Redis can be reached."""
        self._places.pop(place.contact.id, None)
        if outcome:
            self.mending.owe_leave(place.contact.id, outcome)

    async def run(self) -> None:
        """Serve until cancelled. Redis away is logged and waited for."""
        await self._begin()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow())
                group.create_task(self._tick_for_ever())
                group.create_task(self.matching.run())
        finally:
            looks = tuple(self._looks)
            for look in looks:
                look.cancel()
            await asyncio.gather(*looks, return_exceptions=True)

    async def tick(self) -> None:
        """Do what `run` does each second. Raises StoreUnavailable."""
        await self.store.node_heartbeat(self.node, NODE_LEASE)
        await self.mending.pay()
        await self._mend()
        await self.store.sweep()
        await self._tell_positions()
        await self._foretelling.tell_all([p for p in self._places.values() if p.looked and not p.connected and not p.over])

    async def enter(self, place: Place) -> None:
        contact = place.contact
        self._places[contact.id] = place
        try:
            async with asyncio.timeout(ENTER_SECONDS):  # wait_for hides a cancellation that comes as it succeeds (bpo-42130)
                await self._up.wait()
                await self.mending.pay_leave(contact.id)  # of its place before, which must not end this one
                await self.store.enqueue(contact, most=place.most)
        except (TimeoutError, StoreUnavailable) as error:
            logger.warning("contact %s waits for Redis: %s", contact.id, error or "no answer")
            place.delay()
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
            stands = (await self.store.standings([(place.contact.id, place.contact.queue)])).get(place.contact.id)
            await self._foretelling.tell([place])
            if stands and not place.agent_id and not place.over:
                place.move(*stands)

    async def leave(self, place: Place, outcome: str) -> None:
        self._forget(place, outcome)
        await self.store.leave(place.contact.id, outcome)
        self.mending.left(place.contact.id)

    def _forget(self, place: Place, outcome: str) -> None:
        self._places.pop(place.contact.id, None)
        self.mending.owe_leave(place.contact.id, outcome)

    async def decline(self, place: Place, agent_id: str, reason: str) -> None:
        place.busy = True
        try:
            await self.store.decline(place.contact.id, agent_id, reason)
        except StoreUnavailable as error:
            logger.warning("contact %s: Redis hears later that %s %s it: %s", place.contact.id, agent_id, reason, error)
            if not place.over:
                self.mending.owe_decline(place.contact.id, agent_id, reason)
        finally:
            place.busy = False

    def doubt(self, place: Place) -> None:
        """Compare this place with what Redis believes, at the next tick."""
        self.mending.doubted.add(place.contact.id)

    async def _mend(self) -> None:
        """Put right what Redis and this node see differently; callers whom Redis has not taken yet are tried again."""
        late = [place for place in self._places.values() if place.delayed_since is not None and not place.over]
        for place in late:
            await self.mending.put_back(place)
            place.delayed_since = None
        doubted = self.mending.doubted
        await self.mending.compare(p for p in list(self._places.values()) if self._suspect or p.contact.id in doubted)
        self.mending.doubted &= self._places.keys()

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
                self._give_up_waiting()
            except Exception:  # a mistake about one contact must not end all queues
                logger.exception("queues are not swept")
            await asyncio.sleep(self._sweep_seconds)

    async def _tell_positions(self) -> None:
        changed, everything = self._changed, self._suspect
        self._changed, self._suspect = set(), False
        concerned = (p for p in self._places.values() if everything or p.contact.queue in changed)
        mine = [place for place in concerned if place.looked and not place.connected and not place.over]
        if not mine:
            return
        stands = await self.store.standings([(place.contact.id, place.contact.queue) for place in mine])
        for place in mine:
            if place.contact.id in stands:
                place.move(*stands[place.contact.id])
            else:
                await self.mending.put_back(place)

    def _give_up_waiting(self) -> None:
        """Let the flow decide about callers whom Redis could not take for too long."""
        now = asyncio.get_running_loop().time()
        for place in self._places.values():
            if place.delayed_since is not None and now - place.delayed_since > PATIENCE:
                place.delayed_since = None
                place.refuse("the queues are away")
