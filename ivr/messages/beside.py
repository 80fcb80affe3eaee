"""Conversations and tickets as what stands beside them on the desk takes them: like contacts, by the ids that they have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.errors import IvrError
from ivr.messages.addresses import plain
from ivr.messages.customers import Customers
from ivr.messages.model import Direction, Status
from ivr.messages.store import Row, ThreadStore
from ivr.messages.tickets import Tickets
from ivr.records.followups import TICKET, row_of

LAST = 8
"""Messages that say what a conversation is about now."""
_SPEAKERS = {Direction.IN: "caller", Direction.OUT: "agent"}


class Beside:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, store: ThreadStore, tickets: Tickets, customers: Customers) -> None:
        self._store, self._tickets, self._customers = store, tickets, customers

    @staticmethod
    def knows(name: str) -> bool:
        """Whether this is the id of a conversation or a ticket, be there such a one or not."""
        return name.startswith("m-") or row_of(TICKET, name) is not None

    async def has(self, agent_id: str, name: str) -> bool:
        """Whether the agent has it now."""
        try:
            if name.startswith("m-"):
                thread = await self._store.get(name)
                return bool(thread["agent_id"] == agent_id and thread["status"] in (Status.ASSIGNED, Status.PENDING))
            return bool((await self._tickets.brief(name))["assignee"] == agent_id)
        except IvrError:
            return False

    async def contact(self, name: str) -> Row:
        """As a contact: `{id, channel, queue, language, intent, caller_number, caller_name, turns, ...}`. Raises NotFound."""
        return await (self._of_thread(name) if name.startswith("m-") else self._of_ticket(name))

    async def _of_thread(self, name: str) -> Row:
        thread = await self._store.get(name)
        numbers = await self._customers.numbers(thread["customer"])
        said = await self._store.last_messages(name, most=LAST)
        number = numbers[0] if numbers else plain(thread["address"])
        about = {"caller_number": number, "caller_name": thread["name"], "customer": thread["customer"]}
        shared = {key: thread[key] for key in ("id", "queue", "language", "tags")}
        return {**_NOTHING, **shared, **about, "channel": "message", "turns": turns_of(said)}

    async def _of_ticket(self, name: str) -> Row:
        ticket = await self._tickets.brief(name)
        shared = {key: ticket[key] for key in ("id", "queue", "language", "tags", "caller_number", "caller_name", "customer")}
        turn = {"speaker": "caller", "text": f"{ticket['subject']}\n{ticket['body']}"}
        return {**_NOTHING, **shared, "channel": "ticket", "turns": [turn]}


_NOTHING: Mapping[str, Any] = {"intent": None, "profile": {}, "handover": {}, "recordings": [], "slots": {}}


def turns_of(messages: list[Row]) -> list[Row]:
    """What the two wrote each other, as turns of a talk."""
    return [
        {"speaker": _SPEAKERS[Direction(one["direction"])], "text": one["text"], "at": one["at"]}
        for one in messages
        if one["direction"] in _SPEAKERS
    ]
