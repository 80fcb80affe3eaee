"""The one node that decides who gets whom: holds the floor in memory, follows what changes, and reserves.

Every node asks to lead; one does, for `LEASE` seconds at a time, and Redis refuses what another one reserves. A node that dies
is followed within the lease. The floor is never believed: an event only says whose truth is to be read again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

from ivr.acd.estimating import Estimating
from ivr.acd.feed import AcdEvent, EventFeed
from ivr.acd.floor import Floor
from ivr.acd.model import Offer
from ivr.acd.outlook import Outlook
from ivr.acd.pairing import warm
from ivr.acd.scripts import NotLeading
from ivr.acd.store import AcdStore
from ivr.errors import StoreUnavailable

logger = logging.getLogger(__name__)

LEASE = 1.5
"""Seconds for which a leader that says nothing is still believed."""
RENEW = 0.5
AGAIN = 0.4
"""Seconds after which a node that does not lead asks again."""
BATCH = 8
"""Reservations of one script: each is short, so that Redis is never held up."""
SLICE = 50
"""Contacts and agents that are read at once: the event loop is never held for longer than that takes."""
LOOK = 10
"""Contacts, or agents, that are read at once because it is their turn: nobody who was freed waits behind them."""
AGENTS_ROUND = 5.0
CONTACTS_ROUND = 60.0
"""Seconds in which all are read anew, whatever was heard. The stream loses no event: this is for what nobody thought of."""
PAGE = 500
"""Names of contacts that are listed at once."""
SOON = 1.0
"""Seconds between two looks where there are few."""


class Matching:
    """Decides while this node leads. `run` for ever, or `step` by hand."""

    def __init__(self, store: AcdStore, node: str) -> None:
        self._store = store
        self.who = f"{node}:{uuid4().hex[:8]}"
        """A life of a node, not its name: a node that comes back must not be taken for the one that hung."""
        self.leads = False
        self._floor: Floor | None = None
        self._silent: set[str] = set()
        """Nodes that say nothing: nobody is reserved for their callers, who keep their places."""
        self._feed = EventFeed(store.redis, store.prefix)
        self._audits = _audits(0.0)
        self._outlook = Outlook()
        self.estimating = Estimating(store, lambda: self._outlook)

    async def run(self) -> None:
        """Lead whenever nobody else does, until cancelled."""
        await asyncio.to_thread(warm)
        try:
            while True:
                try:
                    await self._term()
                except StoreUnavailable as error:
                    logger.warning("nobody decides here: %s", error)
                except Exception:  # the next term reads everything anew
                    logger.exception("%s could not decide", self.who)
                self.leads = False
                await asyncio.sleep(AGAIN)
        finally:
            if self.leads:
                self.leads = False
                with suppress(StoreUnavailable):
                    await asyncio.shield(self._store.resign(self.who))

    async def step(self, patience: float = 0.0) -> list[Offer]:
        """Wait up to `patience` seconds for something to change, read it, decide, reserve; returns what was offered.

        Raises StoreUnavailable, NotLeading.
        """
        if self._floor is None:
            await self._load()
        else:
            await self._feed.wait(patience)
            await self._hear()
        return await self._decide()

    async def _term(self) -> None:
        """Lead for as long as it goes well."""
        if not await self._store.lead(self.who, LEASE):
            return
        logger.info("%s decides who gets whom", self.who)
        self.leads, self._floor = True, None
        self._outlook = Outlook(await self.estimating.board.pace())
        renewing, estimating = asyncio.create_task(self._renew()), asyncio.create_task(self.estimating.run())
        try:
            while self.leads:
                await self.step(self._patience())
        except NotLeading:
            logger.warning("%s was too slow: another node decides", self.who)
        finally:
            for task in (renewing, estimating):
                task.cancel()
            await asyncio.gather(renewing, estimating, return_exceptions=True)  # a lease renewed late would outlive us

    async def _renew(self) -> None:
        """Keep the lease, whatever the decisions take."""
        with suppress(StoreUnavailable):
            while await self._store.lead(self.who, LEASE):  # noqa: ASYNC110  # it is Redis that is asked
                await asyncio.sleep(RENEW)
        self.leads = False

    def _patience(self) -> float:
        """Seconds until time alone changes something."""
        if self._floor is None or self._floor.again:
            return 0.0
        now = self._store.now()
        due = min(audit.due for audit in self._audits)
        due = min(due, self._floor.next_change() or due)
        return max(0.0, min(RENEW, due - now))

    async def _load(self) -> None:
        """Read everything; what happens meanwhile is in the feed, which is marked first."""
        self._feed.forget()
        await self._feed.start()
        self._floor = floor = Floor()
        queues = await self._store.queues()
        floor.put_queues(queues)
        self._outlook = Outlook(self._outlook.pace, queues)
        self._silent = await self._store.silent_nodes()
        await self._take((), await self._store.agent_ids())
        await self._take(await self._store.contact_ids(), ())
        self._audits = _audits(self._store.now() + SOON)

    async def _hear(self) -> None:
        assert self._floor is not None
        events = self._feed.take()
        for event in events:
            self._outlook.heard(event.kind, event.data.get("contact", ""), event.at)
        heard = _touched(events)
        if heard.defined:
            await self._load()
            return
        if heard.nodes or self._audits[1].begins(self._store.now()):
            heard.contacts.update(await self._look_at_nodes())
        for contact in heard.gone:
            self._floor.drop_contact(contact)
            self._outlook.drop_contact(contact, self._store.now())
        await self._take(sorted(heard.contacts | await self._due(0)), sorted(heard.agents | await self._due(1)))

    async def _look_at_nodes(self) -> set[str]:
        """Read anew which nodes say nothing; returns the contacts of those of which that is news."""
        before, self._silent = self._silent, await self._store.silent_nodes()
        return {contact for node in before ^ self._silent for contact in await self._store.contacts_of(node)}

    async def _due(self, which: int) -> set[str]:
        """The contacts (0) or agents (1) whose turn it is to be read, whatever was heard."""
        audit, now = self._audits[which], self._store.now()
        if now < audit.due:
            return set()
        assert self._floor is not None
        if not audit.left and which:
            audit.begin(await self._store.agent_ids(), len(self._floor.agents))
        elif not audit.left:
            audit.begin(await self._store.contact_ids(audit.at, PAGE), self._floor.waiting)
        return audit.next(now)

    async def _take(self, contact_ids: Sequence[str], agent_ids: Sequence[str]) -> None:
        """Read these anew and put them as they are; who does not exist goes.

        Agents are read first, and with them what they gave back: whoever is free by now, and declined a moment ago, must not be
        offered somebody else because the one whom he declined was read before that.
        """
        given_back: set[str] = set()
        for at in range(0, len(agent_ids), SLICE):
            given_back |= await self._take_agents(agent_ids[at : at + SLICE])
        contact_ids = [*contact_ids, *sorted(given_back.difference(contact_ids))]
        for at in range(0, len(contact_ids), SLICE):
            await self._take_contacts(contact_ids[at : at + SLICE])

    async def _take_agents(self, ids: Sequence[str]) -> set[str]:
        """Returns the contacts that these held when they were read last, and hold no longer."""
        assert self._floor is not None
        _, staff = await self._store.read((), ids)
        now = self._store.now()
        for left in set(ids) - {agent.id for agent in staff}:
            self._floor.drop_agent(left)
            self._outlook.drop_agent(left)
        given_back: set[str] = set()
        for agent in staff:
            if (before := self._floor.agents.get(agent.id)) is not None:
                given_back |= set(before.held) - set(agent.held)
            self._floor.put_agent(agent)
            self._outlook.put_agent(agent, now)
        return given_back

    async def _take_contacts(self, ids: Sequence[str]) -> None:
        assert self._floor is not None
        found, _ = await self._store.read(ids, ())
        now = self._store.now()
        for gone in set(ids) - {contact.id for contact in found}:
            self._floor.drop_contact(gone)
            self._outlook.drop_contact(gone, now)
        for contact in found:
            self._outlook.put_contact(contact, now)
            if contact.node in self._silent:
                self._floor.drop_contact(contact.id)
            else:
                self._floor.put_contact(contact, now)

    async def _decide(self) -> list[Offer]:
        assert self._floor is not None
        now, floor = self._store.now(), self._floor  # nobody else touches the floor meanwhile
        matches = await asyncio.to_thread(floor.decide, now) if floor.many else floor.decide(now)
        made: list[Offer] = []
        for at in range(0, len(matches), BATCH):
            made += await self._store.reserve(self.who, matches[at : at + BATCH])
        if matches:  # what was reserved, or could not be: the next decision must not do it again
            await self._take(sorted({one.contact_id for one in matches}), sorted({one.agent_id for one in matches}))
        return made


def _audits(due: float) -> tuple[Audit, Audit]:
    """Of contacts, and of agents."""
    return Audit(due, CONTACTS_ROUND), Audit(due, AGENTS_ROUND)


@dataclass(slots=True)
class Audit:
    """All are read anew once in a while, a few at a time: whatever was missed heals by itself."""

    due: float
    round: float
    left: list[str] = field(default_factory=list)
    at: int = 0
    """Where the next page begins."""
    pause: float = SOON

    def begins(self, now: float) -> bool:
        """Whether all were looked at, and it is time for the next round."""
        return not self.left and now >= self.due

    def begin(self, page: list[str], size: int) -> None:
        """Look at these, at a pace at which `size` take one round."""
        self.left = page
        self.at = self.at + PAGE if len(page) == PAGE else 0
        self.pause = min(SOON, self.round * LOOK / size) if size else SOON

    def next(self, now: float) -> set[str]:
        """Those whose turn it is."""
        self.due = now + self.pause
        mine, self.left = self.left[:LOOK], self.left[LOOK:]
        return set(mine)


@dataclass(slots=True)
class Touched:
    """What a few events say: whose truth is to be read again."""

    contacts: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    """Contacts that are no more."""
    agents: set[str] = field(default_factory=set)
    nodes: bool = False
    """One fell silent, or is heard again."""
    defined: bool = False
    """What exists was changed."""


def _touched(events: Iterable[AcdEvent]) -> Touched:
    """What the events touched; of several about a contact the last one counts."""
    heard = Touched()
    for event in events:
        heard.defined |= event.kind == "defined"
        heard.nodes |= event.kind == "node"
        if contact := event.data.get("contact"):
            heard.contacts.discard(contact)
            heard.gone.discard(contact)
            (heard.gone if event.kind == "ended" else heard.contacts).add(contact)
        if agent := event.data.get("agent"):
            heard.agents.add(agent)
    return heard
