"""What an agent's desk finds and dials: the directory, a number, the last one again. Part of `ivr.session.agents.Agents`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ivr.acd.desk import Desk
from ivr.acd.model import Agent
from ivr.acd.store import AcdStore
from ivr.errors import Conflict
from ivr.session.outgoing import Outgoing
from ivr.session.parking import ParkingLot
from ivr.understanding.names import fits

MOST_FOUND = 20
"""Of each kind."""
TURN = 50
"""Agents that are looked at before others get a turn."""


class CallingOut:
    """Everything raises Conflict with words for the page where it cannot be."""

    outgoing: Outgoing | None = None
    """Set by `ivr.app`, for calls and actions need each other."""
    flows: Callable[[], Sequence[str]] = staticmethod(lambda: ())
    """Names of the flows that a caller may be sent to."""
    _store: AcdStore
    phones: Mapping[str, str]
    parking: ParkingLot | None
    desk: Desk | None

    async def dial(self, agent_id: str, to: str) -> None:
        """Call a number; the contact is this agent's, as any other."""
        if self.outgoing is None:
            raise Conflict("nobody can be called from here")
        await self.outgoing.dial(agent_id, to, agent_id in self.phones)

    async def redial(self, agent_id: str) -> None:
        """The number that this agent dialled last."""
        recent = await self.outgoing.recent(agent_id) if self.outgoing is not None else []
        if not recent:
            raise Conflict("you have dialled no number yet")
        await self.dial(agent_id, recent[0])

    async def directory(self, agent_id: str, query: str) -> None:
        """Answer on the agent's page whom one may transfer to, ask or dial, as `directory`."""
        found = {
            "query": query,
            "agents": await self._colleagues(agent_id, query),
            "queues": [
                {"name": one["name"], "waiting": one["waiting"]}
                for one in await self._store.queue_figures()
                if fits(query, one["name"])
            ][:MOST_FOUND],
            "flows": [name for name in self.flows() if fits(query, name)][:MOST_FOUND],
            "slots": self._slots(query),
            "recent": await self.outgoing.recent(agent_id) if self.outgoing is not None else [],
        }
        if self.desk is not None:
            self.desk.push(agent_id, "directory", found)

    async def _colleagues(self, agent_id: str, query: str) -> list[dict[str, Any]]:
        agents = [one for one in await self._store.agents() if one.id != agent_id]
        found = list[Agent]()
        for number, one in enumerate(agents):
            if fits(query, one.id, one.name, one.team):
                found.append(one)
            if number % TURN == TURN - 1:
                await asyncio.sleep(0)
        free = sorted(found, key=lambda one: (one.state.value != "available", one.name or one.id))[:MOST_FOUND]
        return [{"id": one.id, "name": one.name or one.id, "state": one.state.value, "team": one.team} for one in free]

    def _slots(self, query: str) -> list[dict[str, Any]]:
        if self.parking is None:
            return []
        taken = {one["slot"]: one for one in self.parking.views()}
        slots = sorted(self.parking.slots, key=lambda slot: (slot not in taken, slot))
        return [taken.get(slot, {"slot": slot}) for slot in slots if fits(query, slot)][:MOST_FOUND]
