"""Orders of supervisors that work on every node: move a caller, drain a queue, lend skills, tell the desks something."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from ivr.acd.draining import Draining
from ivr.acd.explaining import agents_now
from ivr.acd.lending import Lending
from ivr.acd.model import ContactState, checked_name
from ivr.acd.store import AcdStore
from ivr.call import Disposition
from ivr.errors import Conflict, IvrError, NotFound
from ivr.nodes.desks import PageMap
from ivr.nodes.link import NodeLink
from ivr.session.call_session import CallSession
from ivr.session.destination import Destination, Kind, destination
from ivr.session.moving import Order, Waits
from ivr.session.queue_rules import QueueHouse
from ivr.session.talks import Talks

log = logging.getLogger(__name__)

ASK_SECONDS = 5.0
TOGETHER = 20
"""Callers of a drained queue that are moved at the same time."""
MOST_MOVED = 500
LONGEST_TEXT = 500
"""Characters of what is told to desks."""
LEVELS = ("info", "attention")


class Pages(Protocol):
    """The pages of this node: `ivr.web.desk.DeskHub`."""

    def push(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None: ...


class MovesHere:
    """Moves the callers of this node, whichever node the order came to. Serves `staff.move` of the link."""

    def __init__(
        self,
        link: NodeLink,
        find: Callable[[str], CallSession | None],
        waits: Waits,
        talks: Talks,
        rules: QueueHouse,
        flows: Callable[[], Collection[str]],
    ) -> None:
        self._find, self._waits, self._talks, self._rules, self._flows = find, waits, talks, rules, flows
        link.serve("staff.move", self._asked)

    async def _asked(self, data: Mapping[str, Any]) -> None:
        priority = data["priority"]
        self.move(str(data["contact"]), destination(str(data["to"])), None if priority is None else int(priority))

    def move(self, contact_id: str, to: Destination, priority: int | None) -> None:
        """Send a caller elsewhere who waits, is being offered, or talks: then the agent wraps up. Raises Conflict."""
        session = self._find(contact_id)
        if session is None:
            raise Conflict("this call has ended")
        if to.kind is Kind.FLOW and to.name not in self._flows():
            raise Conflict(f"there is no flow {to.name}")
        now = session.services.clock()
        if to.kind is Kind.QUEUE and self._rules.of(to.name).closed(session.machine.environment, now):
            raise Conflict(f"queue {to.name} is closed at this hour")
        if self._talks.has(contact_id):
            self._talks.running(contact_id).send(to)
            return
        self._waits.find(contact_id).ask(Order(to, priority))
        if to.kind is Kind.FLOW and session.disposition is Disposition.ABANDONED:
            session.disposition = Disposition.OVERFLOWED


class StaffOrders:
    """The `StaffOrders` of `ivr.web.parts`. Everything raises NotFound, Conflict with words for a person, StoreUnavailable."""

    def __init__(self, store: AcdStore, link: NodeLink, here: MovesHere, where: PageMap, pages: Pages) -> None:
        self._store, self._link, self._here, self._where, self._pages = store, link, here, where, pages
        self._draining, self._lending = Draining(store), Lending(store)

    # --- callers

    async def move(self, contact_id: str, to: str, priority: int | None, by: str) -> Mapping[str, Any]:
        """Send a caller to `queue:NAME`, `agent:ID` or `flow:NAME`; the place in time stays."""
        place = destination(to)
        await self._checked(place, priority)
        await self._move(contact_id, place, priority)
        log.info("contact %s: moved to %s by %s", contact_id, place, by)
        return {"contact": contact_id, "to": str(place)}

    async def _checked(self, to: Destination, priority: int | None) -> None:
        if to.kind not in (Kind.QUEUE, Kind.AGENT, Kind.FLOW):
            raise Conflict("a caller can be moved to queue:NAME, agent:ID or flow:NAME")
        if priority is not None and not 0 <= priority <= 10:
            raise Conflict("the priority goes from 0 to 10")
        if to.kind is Kind.QUEUE and to.name not in {queue.name for queue in await self._store.queues()}:
            raise Conflict(f"there is no queue {to.name}")
        if to.kind is Kind.QUEUE and await self._draining.of(to.name) is not None:
            raise Conflict(f"queue {to.name} is drained: it takes nobody")
        if to.kind is Kind.AGENT and to.name not in await self._store.agent_ids():
            raise Conflict(f"there is no agent {to.name}")

    async def _move(self, contact_id: str, to: Destination, priority: int | None) -> None:
        contact = await self._store.contact(contact_id)
        if contact.node == self._link.node:
            self._here.move(contact_id, to, priority)
            return
        data = {"contact": contact_id, "to": str(to), "priority": priority}
        await self._link.ask(contact.node, "staff.move", data, ASK_SECONDS)

    # --- queues

    async def drained(self) -> Mapping[str, Any]:
        """Queue to `{to, by, at, until}` of those that take nobody."""
        return {name: one.view() for name, one in (await self._draining.all()).items()}

    async def drain(self, queue: str, to: str, seconds: float, move: bool, by: str) -> Mapping[str, Any]:
        """Let nobody into the queue for `seconds` (0: until it is opened): who comes waits in queue `to`, or takes the edge
        `closed`. With `move` those who wait go to `to` as well; `moved` and `failed` say how many did and could not.
        """
        if move and not to:
            raise Conflict("say which queue those who wait are to go to")
        drained = await self._draining.begin(queue, to, by, seconds)
        moved = await self._move_all(queue, Destination(Kind.QUEUE, to)) if move else []
        log.info("queue %s: drained by %s, %d moved", queue, by, sum(moved))
        return {"queue": queue, **drained.view(), "moved": sum(moved), "failed": len(moved) - sum(moved)}

    async def open(self, queue: str) -> None:
        await self._draining.end(queue)

    async def _move_all(self, queue: str, to: Destination) -> list[bool]:
        """Whether each who waits could be moved."""
        waiting = [one.id for one in await self._store.contacts(queue) if one.state is not ContactState.CONNECTED]
        turnstile = asyncio.Semaphore(TOGETHER)

        async def one(contact_id: str) -> bool:
            async with turnstile:
                try:
                    await self._move(contact_id, to, None)
                except IvrError as error:
                    log.warning("contact %s stays in queue %s: %s", contact_id, queue, error)
                    return False
                return True

        return list(await asyncio.gather(*(one(contact_id) for contact_id in waiting[:MOST_MOVED])))

    # --- agents

    async def lent(self) -> Mapping[str, Any]:
        """Agent to `{skills, by, at, until}` of those who have other skills for now."""
        return {agent: one.view() for agent, one in (await self._lending.all()).items()}

    async def lend(self, agent_id: str, skills: Mapping[str, int], seconds: float, by: str) -> Mapping[str, Any]:
        """Let an agent have these skills for now, 0 for none; returns the skills that count."""
        for skill in skills:
            try:
                checked_name(skill)
            except ValueError as error:
                raise Conflict(str(error)) from error
        agent = await self._lending.lend(agent_id, skills, seconds, by)
        return {"id": agent_id, "skills": dict(agent.skills), "lent": (await self.lent()).get(agent_id)}

    async def give_back(self, agent_id: str) -> Mapping[str, Any]:
        """The skills of the settings count again."""
        agent = await self._lending.give_back(agent_id)
        return {"id": agent_id, "skills": dict(agent.skills), "lent": None}

    # --- desks

    async def broadcast(self, text: str, level: str, agents: Sequence[str], teams: Sequence[str], by: str) -> Mapping[str, Any]:
        """Show a line on the desks that are open, of these agents and teams, or of everybody; returns whose those are."""
        text = " ".join(text.split())
        if not text or len(text) > LONGEST_TEXT:
            raise Conflict(f"write 1 to {LONGEST_TEXT} characters")
        if level not in LEVELS:
            raise Conflict(f"the level is {' or '.join(LEVELS)}")
        staff = await agents_now(self._store)
        if unknown := sorted(({*agents} - {one.id for one in staff}) | ({*teams} - {one.team for one in staff})):
            raise NotFound(f"there is no agent or team {unknown[0][:80]}")
        meant = [one.id for one in staff if not (agents or teams) or one.id in agents or one.team in teams]
        pages = await self._where.all()
        data = {"kind": "broadcast", "id": uuid.uuid4().hex[:12], "text": text, "level": level, "by": by}
        told = [agent_id for agent_id in meant if agent_id in pages]
        for agent_id in told:
            if pages[agent_id] == self._link.node:
                self._pages.push(agent_id, "told", data)
            else:
                self._link.tell(pages[agent_id], "desk.push", {"agent": agent_id, "kind": "told", "data": data})
        return {"id": data["id"], "told": told, "away": sorted({*meant} - {*told})}
