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

from ivr.acd.feed import AcdEvent, EventFeed
from ivr.acd.floor import Floor
from ivr.acd.model import Offer
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
ROUND = 5.0
"""Seconds in which everybody is read anew, whatever was heard."""
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
        self._feed = EventFeed(store.redis, store.prefix)
        self._audit = Audit(0.0)

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
        renewing = asyncio.create_task(self._renew())
        try:
            while self.leads:
                await self.step(self._patience())
        except NotLeading:
            logger.warning("%s was too slow: another node decides", self.who)
        finally:
            renewing.cancel()

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
        due = min(self._audit.due, self._floor.next_change() or self._audit.due)
        return max(0.0, min(RENEW, due - now))

    async def _load(self) -> None:
        """Read everything; what happens meanwhile is in the feed, which is marked first."""
        self._feed.forget()
        await self._feed.start()
        self._floor = floor = Floor()
        floor.put_queues(await self._store.queues())
        await self._take((), await self._store.agent_ids())
        await self._take(await self._store.contact_ids(), ())
        self._audit = Audit(self._store.now() + SOON)

    async def _hear(self) -> None:
        contacts, agents, defined = _touched(self._feed.take())
        if defined:
            await self._load()
            return
        now = self._store.now()
        if now >= self._audit.due:
            if self._audit.over:
                self._audit.begin(await self._store.contact_ids(), await self._store.agent_ids())
            more = self._audit.next(now)
            contacts, agents = contacts | more[0], agents | more[1]
        await self._take(sorted(contacts), sorted(agents))

    async def _take(self, contact_ids: Sequence[str], agent_ids: Sequence[str]) -> None:
        """Read these anew and put them as they are; who does not exist goes."""
        assert self._floor is not None
        for at in range(0, max(len(contact_ids), len(agent_ids)), SLICE):
            contacts, agents = contact_ids[at : at + SLICE], agent_ids[at : at + SLICE]
            found, staff = await self._store.read(contacts, agents)
            now = self._store.now()
            for gone in set(contacts) - {contact.id for contact in found}:
                self._floor.drop_contact(gone)
            for contact in found:
                self._floor.put_contact(contact, now)
            for left in set(agents) - {agent.id for agent in staff}:
                self._floor.drop_agent(left)
            for agent in staff:
                self._floor.put_agent(agent)

    async def _decide(self) -> list[Offer]:
        assert self._floor is not None
        matches = self._floor.decide(self._store.now())
        made: list[Offer] = []
        for at in range(0, len(matches), BATCH):
            made += await self._store.reserve(self.who, matches[at : at + BATCH])
        if matches:  # what was reserved, or could not be: the next decision must not do it again
            await self._take([one.contact_id for one in matches], sorted({one.agent_id for one in matches}))
        return made


@dataclass(slots=True)
class Audit:
    """Everybody is read anew once in a while, a few at a time: whatever was missed heals by itself."""

    due: float
    contacts: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    pause: float = SOON

    @property
    def over(self) -> bool:
        return not self.contacts and not self.agents

    def begin(self, contacts: list[str], agents: list[str]) -> None:
        """Look at all of these, within `ROUND` seconds."""
        self.contacts, self.agents = contacts, agents
        slices = max(len(contacts), len(agents)) / SLICE
        self.pause = min(SOON, ROUND / slices) if slices else SOON

    def next(self, now: float) -> tuple[set[str], set[str]]:
        """The contacts and agents whose turn it is."""
        self.due = now + self.pause
        contacts, self.contacts = self.contacts[:SLICE], self.contacts[SLICE:]
        agents, self.agents = self.agents[:SLICE], self.agents[SLICE:]
        return set(contacts), set(agents)


def _touched(events: Iterable[AcdEvent]) -> tuple[set[str], set[str], bool]:
    """Contacts and agents whose truth is to be read again, and whether definitions changed."""
    contacts: set[str] = set()
    agents: set[str] = set()
    defined = False
    for event in events:
        defined |= event.kind == "defined"
        if contact := event.data.get("contact"):
            contacts.add(contact)
        if agent := event.data.get("agent"):
            agents.add(agent)
    return contacts, agents, defined
