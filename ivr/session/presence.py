"""Who is here, by what can be seen: pages that speak, phones that are registered. And the mending of what is stuck."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ivr.acd.duty import Duty
from ivr.acd.model import AgentState
from ivr.acd.store import AcdStore
from ivr.errors import IvrError

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
LEASE_SECONDS = 4.0
"""How long an agent counts as present when a node says nothing any more; the sweep that follows comes each second."""
DEVICE_SECONDS = 5.0
"""Between looks at agents with phones, and at which devices there are."""
AT_ONCE = 20
"""Agents that one script looks at: it must hold up no call."""
ROUND_SECONDS = 4.0
"""In which everybody is looked at once."""

WORDS = {
    "wrap_up": "the timer of the wrap-up was lost",
    "break": "the timer of the break was lost",
    "ring": "the timer of a ring was lost",
    "contact": "held a contact that was gone",
    "count": "offers and calls were miscounted",
    "state": "the state was not what follows from the rest",
    "page": "on duty without a page or phone",
}


class Presence:
    """Run `run` for as long as the node lives."""

    def __init__(self, store: AcdStore, duty: Duty, node: str) -> None:
        self._store, self._duty, self._node = store, duty, node
        self.pages: set[str] = set()
        """Agents whose page is here."""
        self.phones: set[str] = set()
        """Agents on duty at a phone."""
        self.seen: Callable[[], list[tuple[str, str, str]]] = list
        """What phones there are, registered or not; set by `Devices`."""
        self.mends: Callable[[], bool] = lambda: True
        """Whether this node looks for who is stuck: one is enough."""
        self.healed = 0
        self._todo: list[str] = []
        self._looked_at = 0.0

    async def run(self) -> None:
        """Beat, look and mend until cancelled. Redis away is logged and waited for."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self._duty.beat(self.pages | self.phones, LEASE_SECONDS)
                if loop.time() >= self._looked_at:
                    self._looked_at = loop.time() + min(DEVICE_SECONDS, 5 * BEAT_SECONDS)
                    await self.look()
                if self.mends():
                    await self.mend()
            except IvrError as error:
                log.warning("no heartbeat of agents: %s", error)
            await asyncio.sleep(BEAT_SECONDS)

    async def look(self) -> None:
        """Say which devices are here, and bring phones back on duty: nobody there could press "available"."""
        await self._duty.seen([*((one, "page", self._node) for one in self.pages), *self.seen()])
        _, agents = await self._store.read([], sorted(self.phones - self.pages))
        for agent in agents:
            away = agent.state in (AgentState.OFFLINE, AgentState.BREAK)
            if away and agent.by in ("", "system") and agent.until is None:
                await self._store.set_state(agent.id, AgentState.AVAILABLE, by="system")

    async def mend(self) -> None:
        """Look at some agents, so that all are looked at within `ROUND_SECONDS`; say what was wrong."""
        if not self._todo:
            self._todo = await self._store.agent_ids()
            self._slice = -(-len(self._todo) // max(1, round(ROUND_SECONDS / BEAT_SECONDS)))
        now, self._todo = self._todo[: self._slice], self._todo[self._slice :]
        for at in range(0, len(now), AT_ONCE):
            for one in await self._duty.heal(now[at : at + AT_ONCE]):
                self.healed += 1
                log.warning("agent %s was stuck and is not any more: %s", one.agent, WORDS.get(one.what, one.what))
