"""What the settings say of a queue beyond who gets whom: its hours, how many may wait, and what is heard meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ivr.acd.model import Contact
from ivr.acd.staffing import Staffing
from ivr.dialplan.calendar import outlook
from ivr.dialplan.environment import Environment

MUSIC = "music"


@dataclass(frozen=True, slots=True)
class QueueRules:
    hours: str = ""
    """Name of a calendar of the environment outside of which nobody enters; "" for always open."""
    max_waiting: int = 0
    """Callers who may wait at the same time; 0 for any number."""
    music: str = MUSIC
    """What is heard where the flow names nothing else."""
    comfort: tuple[str, ...] = ()
    """Prompts that are told in turn, where the flow has none of its own."""
    comfort_every: float = 40.0
    """Seconds."""

    def closed(self, environment: Environment, now: float) -> bool:
        """Whether nobody may enter now. A calendar that the environment lacks closes nothing."""
        calendar = environment.hours.get(self.hours) if self.hours else None
        return calendar is not None and not outlook(calendar, now, "")["open"]


ANY = QueueRules()


@dataclass(frozen=True, slots=True)
class QueueHouse:
    """What waiting callers of a node need to know of the queues."""

    rules: Mapping[str, QueueRules] = field(default_factory=dict)
    staffing: Staffing | None = None
    """None where nobody looks whether somebody is on duty: then callers wait."""

    @asynccontextmanager
    async def watched(self, contact: Contact, grace: float | None) -> AsyncIterator[asyncio.Future[None]]:
        """What is done once nobody on duty could ever take `contact` for `grace` seconds; never where that is None."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[None] = loop.create_future()
        if self.staffing is not None and grace is not None:
            found = loop.create_task(self.staffing.missed(contact, grace))
        try:
            yield found
        finally:
            found.cancel()

    def of(self, queue: str) -> QueueRules:
        return self.rules.get(queue, ANY)
