"""What follows when a ticket changes: its place in the queue, and what pages show of it. The same on every node."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ivr.errors import Conflict
from ivr.messages.holding import Holdings, Tell
from ivr.messages.model import Status
from ivr.messages.news import News
from ivr.messages.tickets import Row, Tickets, in_queue
from ivr.records.followups import TICKET, number_of

log = logging.getLogger(__name__)


class TicketDesk:
    """One a node. `holdings` is None where tickets wait in no queue: then only pages hear."""

    def __init__(self, tickets: Tickets, tell: Tell, news: News, holdings: Holdings | None) -> None:
        self._tickets, self._tell, self._news, self._holdings = tickets, tell, news, holdings
        tickets.changed = self.changed
        if holdings is not None:
            holdings.absent = self._absent

    def offers(self, agent_id: str) -> list[dict[str, Any]]:
        """Tickets that the agent is asked to take: `{ticket_id, until}`."""
        held = self._holdings.held.values() if self._holdings is not None else ()
        return [{"ticket_id": one.thread["id"], "until": one.offered[agent_id]} for one in held if agent_id in one.offered]

    async def decide(self, agent_id: str, number: str, accept: bool) -> None:
        """Accept or decline what is offered; what came too late changes nothing."""
        await self._news.tell("decided", number.upper(), agent=agent_id, accept=accept)

    async def changed(self, before: Row, after: Row, author: str) -> None:
        """A person or a program changed it."""
        number, owner = number_of(TICKET, after["id"]), after["assignee"]
        was = before.get("assignee", "")
        if self._holdings is not None:
            await self._placed(number, before, after)
        if before and was == owner and author == owner:
            return  # his own page has the answer
        await self.told(number, {was, owner} - {""}, "assigned" if owner not in ("", was, author) else "")

    async def _placed(self, number: str, before: Row, after: Row) -> None:
        gone = not in_queue(after) or after["rounds"] != before.get("rounds", 0)
        if before and gone:
            await self._news.tell("ended", number)
        if not in_queue(after):
            return
        if after["assignee"] and after["assignee"] != before.get("assignee"):
            await self._news.tell("taken", number, agent=after["assignee"])
        await self._news.tell("queued", number)

    async def assigned(self, row: Row) -> None:
        """The queue found an agent."""
        await self.told(str(row["id"]), {row["agent_id"]}, "assigned")

    async def told(self, number: str, agents: set[str], what: str) -> None:
        """Pages show it as it is now; `what` is `assigned`, `soon` or `late` where it is news for who has it."""
        if agents:
            ticket = await self._tickets.brief(number)
            for agent_id in agents:
                news = what if agent_id == ticket["assignee"] else ""
                await self._tell(agent_id, "inbox_ticket", {"ticket": ticket, "what": news})

    async def _absent(self, row: Mapping[str, Any]) -> bool:
        """One that nobody has answered yet waits for another; what was begun stays with whom began it."""
        if row["status"] != Status.ASSIGNED:
            return False
        if row["responded_at"] is not None:
            return True
        with suppress(Conflict):  # somebody was faster
            await self._tickets.change(str(row["id"]), "", {"assignee": ""}, {"assignee": row["agent_id"]})
            log.info("ticket %s: agent %s is gone", row["id"], row["agent_id"])
        return False
