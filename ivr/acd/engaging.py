"""Agents held by something that no queue gave them: a colleague who asks them about a call, a number that they dial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.acd.model import AGEING, Contact
from ivr.acd.rows import details_of
from ivr.acd.scripts import Moves, text
from ivr.acd.store import NODE_LEASE, AcdStore
from ivr.errors import Conflict

BUSY: Mapping[str, str] = {
    "reserved": "is being rung",
    "in_call": "is in a call",
    "wrap_up": "is wrapping up a call",
    "break": "is on a break",
    "offline": "is not there",
}


def asking(contact_id: str, agent_id: str) -> str:
    """The name under which an agent is held who is asked about a contact."""
    return f"{contact_id}~{agent_id}"


class Engaging:
    """Works on the same keys as `AcdStore`. Every method raises StoreUnavailable where Redis cannot be reached."""

    def __init__(self, store: AcdStore) -> None:
        self._store = store
        self._moves = Moves(store.redis, store.prefix)

    async def ask(self, contact: Contact, agent_id: str, until: float) -> None:
        """Reserve an available agent, who is rung until `until` (epoch seconds) about somebody else's contact.

        Raises NotFound for an agent that is none, Conflict with words for a person where he has no time.
        """
        if why := await self._engage(contact, asking(contact.id, agent_id), agent_id, "consult", until):
            raise Conflict(f"{await self._name(agent_id)} {BUSY.get(why, 'is busy')}")

    async def accepted(self, contact: Contact, agent_id: str) -> bool:
        """The agent who was asked talks now. False where the ring is over."""
        return not await self._engage(contact, asking(contact.id, agent_id), agent_id, "consult", None)

    async def take(self, contact: Contact, agent_id: str) -> None:
        """Hold an agent, on duty or not, who takes somebody else's contact; `hand_over` follows. A wrap-up is over with it.

        Raises NotFound for an agent that is none, Conflict with words for a person who has a call.
        """
        if why := await self._engage(contact, asking(contact.id, agent_id), agent_id, "taken", None):
            raise Conflict(f"you cannot take the caller: {await self._name(agent_id)} {BUSY.get(why, 'is busy')}")

    async def release(self, contact_id: str, agent_id: str) -> None:
        """The agent who was asked is free, without a wrap-up. Without effect where he was not held."""
        await self._run("disengage", asking(contact_id, agent_id))

    async def hand_over(self, contact_id: str, giver: str, taker: str) -> bool:
        """The contact is the taker's, who was asked about it and talks; the giver wraps up. False where one of them is gone."""
        return bool(await self._run("hand_over", contact_id, giver, taker, asking(contact_id, taker)))

    async def dial(self, contact: Contact, agent_id: str) -> None:
        """An agent without a call talks to `contact`, whom no queue gave him; a wrap-up is over with it.

        From here on the contact is like any other: `AcdStore.leave` ends it, `decline` puts it into its queue. Raises as `ask`.
        """
        if why := await self._engage(contact, contact.id, agent_id, "dialled", None):
            raise Conflict(f"you cannot call: {await self._name(agent_id)} {BUSY.get(why, 'is busy')}")

    async def release_dialled(self, contact_id: str) -> None:
        """Nobody answered: the agent is what he was before, without a wrap-up."""
        await self._run("disengage", contact_id)

    async def _engage(self, contact: Contact, name: str, agent_id: str, kind: str, until: float | None) -> str:
        now = self._store.now()
        ends = "" if until is None else f"{until:.3f}"
        lease, order, since = f"{now + NODE_LEASE:.3f}", f"{contact.order(AGEING):.3f}", f"{contact.enqueued_at:.3f}"
        return text(
            await self._run(
                "engage", name, agent_id, contact.queue, contact.node, lease, order, since, details_of(contact), kind, ends
            )
        )

    async def _name(self, agent_id: str) -> str:
        return (await self._store.agent(agent_id)).name or agent_id

    async def _run(self, move: str, *arguments: str) -> Any:
        return await self._moves.run(move, f"{self._store.now():.3f}", *arguments)
