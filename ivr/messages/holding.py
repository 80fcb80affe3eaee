"""A thread's or a ticket's place in its queue, until the end: the same engine, and the same agents' room, as calls have."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ivr.acd.model import Channel, Contact, named, needs_of
from ivr.acd.place import Moved, Offered, Place, Refused, Withdrawn
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, IvrError, NotFound
from ivr.messages.model import Status
from ivr.messages.news import News

log = logging.getLogger(__name__)

Row = dict[str, Any]
OVERLAP = 15.0
"""Seconds for which what changed is read again: another node's clock may be behind."""
WHOLE_SECONDS = 60.0
"""Between looks at everything, whatever was told."""

Tell = Callable[[str, str, Mapping[str, Any]], Awaitable[None]]
"""(agent, kind, data) to the page of the agent, wherever it is."""


class Keeper(Protocol):
    """`ivr.acd.routing.Router`."""

    store: AcdStore

    def place(self, contact: Contact, most: int = 0) -> Place: ...


class Waiting(Protocol):
    """What waits, in SQL. A row has `id rounds status agent_id holder queue needs language queued_at updated_at asked_at`, and
    may have `priority` and `excluded`; `status` is `waiting`, `assigned`, or another where it needs no place."""

    clock: Callable[[], float]

    async def queued(self, since: float | None, names: Collection[str] = ()) -> Sequence[Row]:
        """What needs a place: all of it, or (whether it does or not) what changed since then, and these."""

    async def claim(self, name: str, rounds: int, holder: str, was: str) -> bool:
        """Hold its place on this node; False where another does, or it has moved on."""

    async def taken(self, name: str, agent_id: str) -> Row:
        """The queue found this agent. Raises Conflict where it is too late."""

    async def get(self, name: str) -> Row:
        """Raises NotFound."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How threads find their agents."""

    ask: bool = False
    """An agent is asked, and may decline; else whoever has room has it."""
    prefer: float = 120.0
    """Seconds for which a customer who writes again waits for the same agent alone, or one who was given to somebody for that
    one, where he is on duty."""
    idle: float = 600.0
    """Seconds after our answer without a word of the customer after which the agent's room is free again."""
    away: float = 30.0
    """Seconds for which an agent's page may be gone before others get his threads."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every thread on this node is given."""

    node: str
    store: Waiting
    router: Keeper
    news: News
    tell: Tell
    rules: Rules
    assigned: Callable[[Row], Awaitable[None]]
    """An agent has it now."""
    channel: Channel = Channel.MESSAGE
    key: str = "thread_id"
    """What pages call it."""


class Holding:
    """One thread on this node. `run` until it is answered, closed, or given elsewhere; `heard` tells it what happened to it."""

    def __init__(self, around: Surroundings, thread: Row) -> None:
        self._around, self.thread = around, thread
        self.rounds = int(thread["rounds"])
        self.agent_id = ""
        """Who has it."""
        self.position = 0
        self.offered: dict[str, float] = {}
        """Who is asked, and until when."""
        self._decisions: dict[str, asyncio.Future[bool]] = {}
        self._rings: dict[str, asyncio.Task[str]] = {}
        self._woken = asyncio.Event()
        self._over = False
        self._by_hand = ""

    @property
    def contact_id(self) -> str:
        """What the queue calls it: a new name each time it waits."""
        return f"{self.thread['id']}.{self.rounds}"

    def heard(self, kind: str, data: Mapping[str, Any]) -> None:
        """Take news of this thread."""
        agent = str(data.get("agent", ""))
        match kind:
            case "ended":
                self._over = True
                self._woken.set()
            case "taken":
                self._by_hand = agent
                self._woken.set()
            case "decided" if (decision := self._decisions.get(agent)) is not None and not decision.done():
                decision.set_result(bool(data.get("accept")))

    def contact(self) -> Contact:
        thread, rules = self.thread, self._around.rules
        before = named([thread["agent_id"]]) if thread["agent_id"] else ()
        return Contact(
            id=self.contact_id,
            queue=thread["queue"],
            enqueued_at=round(thread["queued_at"], 3),
            needs=needs_of({str(skill): int(level) for skill, level in thread["needs"].items()}),
            node=self._around.node,
            language=thread["language"].split("-")[0],
            prefer=before,
            prefer_until=thread["queued_at"] + rules.prefer if before else 0.0,
            channel=self._around.channel,
            priority=int(thread.get("priority", 5)),
            excluded=frozenset(named(thread.get("excluded", ()))),
        )

    async def run(self) -> None:
        """Raises StoreUnavailable, NotFound without the queue, ValueError for what no queue takes."""
        async with self._around.router.place(self.contact()) as place:
            try:
                await self._follow(place)
                await place.left("served")
            finally:
                for ring in self._rings.values():
                    ring.cancel()
                for agent_id in tuple(self.offered):
                    await self._not_offered(agent_id, "gone")

    async def _follow(self, place: Place) -> None:
        events = aiter(place)
        reading = asyncio.ensure_future(anext(events, None))
        waking = asyncio.ensure_future(self._woken.wait())
        try:
            while not self._over:
                await asyncio.wait({reading, waking, *self._rings.values()}, return_when=asyncio.FIRST_COMPLETED)
                if waking.done():
                    self._woken.clear()
                    waking = asyncio.ensure_future(self._woken.wait())
                    if self._by_hand and not self._over:
                        await self._resume(place)
                for agent_id in [one for one, ring in self._rings.items() if ring.done()]:
                    await self._answered(place, agent_id, self._rings.pop(agent_id).result())
                if reading.done():
                    if (event := reading.result()) is None:
                        return
                    reading = asyncio.ensure_future(anext(events, None))
                    await self._event(event)
        finally:
            reading.cancel()
            waking.cancel()

    async def _event(self, event: Any) -> None:
        match event:
            case Offered(agent_id, until, _) if not self.agent_id:  # else it was taken by hand meanwhile
                self._rings[agent_id] = asyncio.create_task(self._ring(agent_id, until))
            case Withdrawn(agent_id, reason):
                if ring := self._rings.pop(agent_id, None):
                    ring.cancel()
                    await self._not_offered(agent_id, reason)
            case Moved(position):
                self.position = position
                await self._around.news.tell("place", self.thread["id"], position=position)
            case Refused(why):
                raise NotFound(why)

    async def _ring(self, agent_id: str, until: float) -> str:
        """What becomes of the offer: `accepted`, `declined` or `missed`."""
        if not self._around.rules.ask:
            return "accepted"
        decision = self._decisions[agent_id] = asyncio.get_running_loop().create_future()
        self.offered[agent_id] = until
        await self._around.tell(agent_id, "inbox_offer", {self._around.key: self.thread["id"], "until": until})
        try:
            async with asyncio.timeout(max(0.0, until - self._around.store.clock())):
                return "accepted" if await decision else "declined"
        except TimeoutError:
            return "missed"
        finally:
            self._decisions.pop(agent_id, None)

    async def _answered(self, place: Place, agent_id: str, outcome: str) -> None:
        if outcome == "accepted" and await place.accepted(agent_id):
            await self._not_offered(agent_id, "accepted")
            await self._assign(agent_id)
        else:
            await self._not_offered(agent_id, outcome)
            if outcome != "accepted":
                await place.declined(outcome, agent_id)

    async def _not_offered(self, agent_id: str, reason: str) -> None:
        if self.offered.pop(agent_id, None) is not None:
            told = {self._around.key: self.thread["id"], "reason": reason}
            await self._around.tell(agent_id, "inbox_offer_ended", told)

    async def _assign(self, agent_id: str) -> None:
        if (self.thread["status"], self.thread["agent_id"]) == (Status.ASSIGNED, agent_id):  # after a new start
            self.agent_id = agent_id
            return
        try:
            thread = await self._around.store.taken(self.thread["id"], agent_id)
        except Conflict:  # closed in this very moment
            self._over = True
            return
        self.thread, self.agent_id = thread, agent_id
        await self._around.assigned(thread)

    async def _resume(self, place: Place) -> None:
        """Somebody took it by hand: it takes that one's room, however many he has."""
        agent_id, self._by_hand = self._by_hand, ""
        if agent_id == self.agent_id:
            return
        for ring in self._rings.values():
            ring.cancel()
        self._rings.clear()
        for one in tuple(self.offered):
            await self._not_offered(one, "taken")
        if await self._around.router.store.resume(place.contact, agent_id):
            place.connected, place.agent_id = True, agent_id
            self.agent_id = agent_id


class Holdings:
    """All threads whose place this node holds. `run` for as long as it lives."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self.held: dict[str, Holding] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._away: dict[str, float] = {}
        self._refused: dict[str, float] = {}
        """Threads that no queue takes, and until when they are let alone."""
        self._again: set[str] = set()
        """Whose place here ended: they may need another."""
        self._missed, self._alive = True, set[str]()
        self._looked = self._looked_whole = 0.0
        self._kept: set[str] = set()
        """What stays with agents who are gone, until they are back."""
        self.absent: Callable[[Row], Awaitable[bool]] = self._nobody
        """What happens to a thread whose agent is gone, or who has nothing to do for it, and whether it stays his until he
        is back; set by `MessageDesk`."""
        around.news.listen(self._heard)

    async def run(self) -> None:
        """Until cancelled. What fails is tried again."""
        try:
            while True:
                self._woken.clear()
                try:
                    await self.look()
                    await self._tend()
                except IvrError as error:
                    log.warning("conversations wait: %s", error)
                try:
                    async with asyncio.timeout(2.0):
                        await self._woken.wait()
                except TimeoutError:
                    pass
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def look(self) -> None:
        """Give a place to everything that needs one, and end those that need none. Raises StoreUnavailable.

        What changed is read, and all of it where something may have been missed: at the start, after news were lost, when a
        node came or went, and now and then.
        """
        store, now = self._around.store, self._around.store.clock()
        alive = await self._around.router.store.alive_nodes()
        whole = self._missed or alive != self._alive or now - self._looked_whole >= WHOLE_SECONDS
        again = self._again | {one for one, until in self._refused.items() if until <= now}
        self._refused = {one: until for one, until in self._refused.items() if until > now}
        self._missed, self._again = False, set()
        try:
            rows = {str(row["id"]): row for row in await store.queued(None if whole else self._looked - OVERLAP, again)}
            if whole and (
                beyond := self.held.keys() - rows
            ):  # it reads so many and no more: these may have a place all the same
                rows |= {str(row["id"]): row for row in await store.queued(now, beyond)}
            self._end(rows, whole)
            await self._begin(rows, alive)
        except BaseException:
            self._missed = True
            raise
        self._alive, self._looked = alive, now
        self._looked_whole = now if whole else self._looked_whole

    def _end(self, rows: Mapping[str, Row], whole: bool) -> None:
        for name, holding in self.held.items():
            row = rows.get(name)
            if row is None and not whole:
                continue
            if row is None or not _live(row) or row["rounds"] != holding.rounds or row["holder"] != self._around.node:
                holding.heard("ended", {})
            elif row["status"] == Status.ASSIGNED and row["agent_id"] != holding.agent_id:  # the news of it were lost
                holding.heard("taken", {"agent": row["agent_id"]})

    async def _begin(self, rows: Mapping[str, Row], alive: Collection[str]) -> None:
        node = self._around.node
        if any(row["holder"] not in ("", node, *alive) for row in rows.values()):  # gone, or come since that was read
            alive = await self._around.router.store.alive_nodes()
        for name, row in rows.items():
            free = row["holder"] in ("", node) or row["holder"] not in alive
            if not _live(row) or not free or name in self._tasks or name in self._refused:
                continue
            if await self._around.store.claim(name, row["rounds"], node, row["holder"]):
                self._hold({**row, "holder": node})

    def _hold(self, row: Row) -> None:
        holding = self.held[row["id"]] = Holding(self._around, row)
        if row["status"] == Status.ASSIGNED:
            holding.heard("taken", {"agent": row["agent_id"]})
        task = self._tasks[row["id"]] = asyncio.create_task(self._run(holding))
        task.add_done_callback(lambda _: self._ended(row["id"]))

    async def _run(self, holding: Holding) -> None:
        try:
            await holding.run()
        except (IvrError, ValueError) as error:
            log.warning("conversation %s has no place in a queue: %s", holding.thread["id"], error)
            self._refused[holding.thread["id"]] = self._around.store.clock() + 10.0
        except Exception:
            log.exception("conversation %s: its place is lost, and taken anew", holding.thread["id"])
            self._refused[holding.thread["id"]] = self._around.store.clock() + 10.0

    def _ended(self, thread_id: str) -> None:
        self.held.pop(thread_id, None)
        self._tasks.pop(thread_id, None)
        self._again.add(thread_id)
        self._woken.set()

    def _heard(self, kind: str, thread_id: str, data: Mapping[str, Any]) -> None:
        if kind in ("", "queued"):
            self._missed = self._missed or not kind
            self._again.update(filter(None, (thread_id,)))
            self._woken.set()
        if (holding := self.held.get(thread_id)) is not None:
            holding.heard(kind, data)

    async def _tend(self) -> None:
        """Threads whose agent is gone for too long, and those that were answered and stay quiet."""
        store, rules, now = self._around.store, self._around.rules, self._around.store.clock()
        mine = {holding.agent_id for holding in self.held.values() if holding.agent_id}
        _, agents = await self._around.router.store.read([], sorted(mine))
        here = {one.id for one in agents if "offline" not in (one.state.value, one.wanted.value if one.wanted else "")}
        self._away = {one: self._away.get(one, now) for one in mine - here}
        self._kept &= {name for name, holding in self.held.items() if holding.agent_id in self._away}
        for name, holding in tuple(self.held.items()):
            if not holding.agent_id or name in self._kept:
                continue
            gone = holding.agent_id in self._away and now - self._away[holding.agent_id] >= rules.away
            quiet = now - rules.idle > holding.thread["updated_at"]
            if gone or quiet:
                row = holding.thread = await store.get(holding.thread["id"])
                if (gone or (row["asked_at"] is None and now - rules.idle > row["updated_at"])) and await self.absent(row):
                    self._kept.add(name)

    async def _nobody(self, row: Row) -> bool:
        """Nobody wants to know."""
        return False


def _live(row: Mapping[str, Any]) -> bool:
    return row["status"] in (Status.WAITING, Status.ASSIGNED)
