"""A store whose node decides after every move: what it did can be looked at at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ivr.acd.matching import Matching
from ivr.acd.model import Agent, AgentState, Contact, Offer
from ivr.acd.store import AcdStore


class Matched:
    """The moves of `AcdStore`, each followed by a decision; returns what was offered."""

    def __init__(self, store: AcdStore) -> None:
        self.store = store
        self._matching = Matching(store, "judge")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def decide(self) -> list[Offer]:
        assert await self.store.lead(self._matching.who, 60)
        return await self._matching.step()

    async def enqueue(self, contact: Contact) -> Offer | None:
        made = await self.enqueue_all(contact)
        return made[0] if made else None

    async def enqueue_all(self, contact: Contact) -> list[Offer]:
        await self.store.enqueue(contact)
        return await self.decide()

    async def accept(self, contact_id: str, agent_id: str) -> bool:
        accepted = await self.store.accept(contact_id, agent_id)
        await self.decide()
        return accepted

    async def decline(self, contact_id: str, agent_id: str, reason: str = "declined") -> list[Offer]:
        await self.store.decline(contact_id, agent_id, reason)
        return await self.decide()

    async def leave(self, contact_id: str, outcome: str = "abandoned") -> list[Offer]:
        await self.store.leave(contact_id, outcome)
        return await self.decide()

    async def finish(self, contact_id: str) -> list[Offer]:
        await self.store.finish(contact_id)
        return await self.decide()

    async def set_state(self, agent_id: str, state: AgentState, reason: str = "") -> list[Offer]:
        await self.store.set_state(agent_id, state, reason)
        return await self.decide()

    async def end_wrap_up(self, agent_id: str) -> list[Offer]:
        await self.store.end_wrap_up(agent_id)
        return await self.decide()

    async def define_agents(self, agents: Iterable[Agent]) -> list[Offer]:
        await self.store.define_agents(agents)
        return await self.decide()

    async def sweep(self) -> list[Offer]:
        await self.store.sweep()
        return await self.decide()
