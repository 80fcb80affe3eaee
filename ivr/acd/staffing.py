"""Whether anybody on duty could ever take a contact: a look at all agents, shared by all who want to know on a node."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Hashable

from ivr.acd.matcher import fits
from ivr.acd.model import ON_DUTY, Agent, Contact
from ivr.acd.store import AcdStore
from ivr.errors import StoreUnavailable

logger = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks, while somebody wants to know."""
SLICE = 50
"""Agents that are read at once: the event loop is never held for longer than that takes."""


class Staffing:
    """Agents on duty as they were a moment ago. Nothing is read while nobody asks."""

    def __init__(self, store: AcdStore, every: float = EVERY) -> None:
        self._store, self._every = store, every
        self._staff: list[Agent] | None = None
        """On duty; None where nobody knows."""
        self._known: dict[Hashable, bool] = {}
        self._look: asyncio.Task[None] | None = None
        self._looked = -1e9

    async def missed(self, contact: Contact, grace: float) -> None:
        """Return when nobody on duty could take `contact`, now or once its needs relax, for `grace` seconds. Never raises."""
        loop = asyncio.get_running_loop()
        alone: float | None = None
        while True:
            await self._look_again()
            if self._staff is None or self.somebody(contact):
                alone = None
            elif alone is None:
                alone = loop.time()
            if alone is not None and loop.time() - alone >= grace:
                return

    def somebody(self, contact: Contact) -> bool:
        """Tell whether one who is on duty by the last look could take it, now or later."""
        now = self._store.now()
        later = [contact.enqueued_at + step.after for step in contact.relax if contact.enqueued_at + step.after > now]
        who = (contact.language, contact.only, contact.excluded, contact.channel)
        key = (contact.needs_at(now), contact.where_at(now), contact.relax, len(later), who)
        if key not in self._known:
            self._known[key] = any(fits(contact, agent, at) for at in (now, *later) for agent in self._staff or ())
        return self._known[key]

    async def _look_again(self) -> None:
        """Wait for the next look, which all who wait share."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._read())
        await asyncio.shield(self._look)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._looked + self._every - loop.time()))
        found: list[Agent] | None = []
        try:
            ids = await self._store.agent_ids()
            for at in range(0, len(ids), SLICE):
                staff = (await self._store.read((), ids[at : at + SLICE]))[1]
                found = [*(found or ()), *(agent for agent in staff if agent.state in ON_DUTY)]
        except StoreUnavailable as error:
            logger.debug("who is on duty cannot be read: %s", error)
            found = None
        self._staff, self._looked = found, loop.time()
        self._known.clear()
