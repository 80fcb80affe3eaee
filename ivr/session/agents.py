"""What an agent's buttons do, and what an agent's page is told about its owner and the queues."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ivr.acd.desk import Desk
from ivr.acd.duty import Duty
from ivr.acd.explaining import explain_agent
from ivr.acd.feed import AcdEvent, EventFeed
from ivr.acd.model import Agent, AgentState, Queue
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, IvrError, NotAllowed, StoreUnavailable
from ivr.nodes.desks import PageMap
from ivr.records.writer import ContactLog
from ivr.session.call_actions import CallActions
from ivr.session.calling_out import CallingOut
from ivr.session.presence import LEASE_SECONDS, Presence
from ivr.session.talks import Talks
from ivr.session.view import view_of_record
from ivr.session.wrapping import WrapUps

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
"""Before listening to the queues again after a failure."""
NEWS_SECONDS = 0.25
"""Queue figures are pushed at most this often."""
TOGETHER = 25
"""Pages that are told something before others have a turn, and agents that are read at one go."""
LONGEST_NOTE = 10_000
"""Characters."""

STATES = {"available": AgentState.AVAILABLE, "break": AgentState.BREAK, "offline": AgentState.OFFLINE}


class Agents(CallActions, CallingOut):
    """The `AgentActions` of `ivr.web.parts`, and the two tasks behind them: `beat` and `follow`."""

    def __init__(
        self,
        store: AcdStore,
        contact_log: ContactLog,
        talks: Talks,
        clock: Callable[[], float],
        where: PageMap | None = None,
        reasons: Collection[str] = (),
    ) -> None:
        """`where` tells other nodes which pages are here; a break's reason is one of `reasons`, or any where there are none."""
        super().__init__(talks)
        self._store, self._log, self._clock, self._where = store, contact_log, clock, where
        self._reasons = frozenset(reasons)
        self._duty = Duty(store)
        self.presence = Presence(store, self._duty, where.node if where is not None else "")
        self._rules: dict[str, Queue] = {}
        self._stale, self._moved = set[str](), asyncio.Event()
        """Agents whose pages show what was; set while there are some."""
        self.desk: Desk | None = None
        """Where news go; set by `ivr.app`, for desk and actions need each other."""
        self.wrapping = WrapUps()
        """Which outcomes there are, and what a follow-up leaves."""
        self.page_moved: Callable[[str, str], None] = lambda agent_id, before: None
        """Hears of a page that was at another node before; set by `ivr.joining`."""
        self.phone_gone: Callable[[str], str] = lambda agent_id: ""
        """The phone of an agent that is not registered, "" where it is, or he has none; set by `Devices`."""

    # --- buttons

    async def page_opened(self, agent_id: str) -> Mapping[str, Any]:
        self.presence.pages.add(agent_id)
        await self._duty.beat([agent_id], LEASE_SECONDS)
        before = await self._where.opened(agent_id) if self._where is not None else ""
        if before:
            self.page_moved(agent_id, before)
        if was := await self._duty.come_back(agent_id):
            log.info("agent %s: the page is there again: %s", agent_id, was)
        agent = await self._store.agent(agent_id)
        held = [contact.partition("~")[0] for contact in agent.held if contact not in agent.others]  # "~": asked about it
        held += [agent.last_contact] if agent.state is AgentState.WRAP_UP and agent.last_contact else []
        view = await self._view(agent)
        return {"agent": view, "queues": await self._store.queue_figures(), "held": held, "moved": bool(before)}

    async def page_closed(self, agent_id: str, reason: str = "page closed") -> None:
        self.presence.pages.discard(agent_id)
        if self._where is not None and not await self._where.closed(agent_id):
            return
        if agent_id in self.presence.phones:
            return  # the phone still rings
        if reason == "page gone" or (await self._store.agent(agent_id)).held:  # a caller who waits for his page to be back
            await self._duty.gone(agent_id)
        else:
            await self._store.set_state(agent_id, AgentState.OFFLINE, reason)

    async def show(self, agent_id: str, contact_id: str) -> None:
        """Of a talk what its node knows; of one that is over, and wrapped up, what its record has."""
        _, agents = await self._store.read((), [agent_id])  # a supervisor at the wall may be no agent
        wraps_up = any(one.state is AgentState.WRAP_UP and one.last_contact == contact_id for one in agents)
        if not wraps_up or self.wrapping.find is None:
            await super().show(agent_id, contact_id)
        elif self.desk is not None and (row := await self.wrapping.find(contact_id)) is not None:
            await self.desk.look_for(agent_id)
            self.desk.push(agent_id, "contact", view_of_record(row))

    async def listener(self, name: str, there: bool) -> None:
        if self._where is not None:
            await (self._where.opened(name) if there else self._where.closed(name))

    async def set_state(self, agent_id: str, state: str, reason: str) -> None:
        if state not in STATES:
            raise Conflict(f"'{state}' is not available, break or offline")
        if state == "break" and reason and self._reasons and reason not in self._reasons:
            raise Conflict(f"'{reason[:40]}' is no reason for a break here: {', '.join(sorted(self._reasons))}")
        if state == "available" and (phone := self.phone_gone(agent_id)):
            raise Conflict(f"your phone {phone} is not registered: nothing could ring")
        await self._store.set_state(agent_id, STATES[state], reason[:80])

    async def extend_wrap_up(self, agent_id: str) -> None:
        """A little longer for notes, as often as the queue gives it."""
        left = await self._duty.extend_wrap_up(agent_id)
        log.info("agent %s: wrap-up lengthened, %d more", agent_id, left)

    async def why_no_calls(self, agent_id: str) -> None:
        """Answer "why am I not getting calls?" on the agent's page, as `explained`."""
        found = await explain_agent(self._store, self._duty, agent_id)
        if self.desk is not None:
            self.desk.push(agent_id, "explained", found)

    async def hold(self, agent_id: str, contact_id: str) -> None:
        self._talk(agent_id, contact_id).hold()

    async def resume_call(self, agent_id: str, contact_id: str) -> None:
        self._talk(agent_id, contact_id).resume()

    async def hang_up(self, agent_id: str, contact_id: str) -> None:
        if self.outgoing is not None and self.outgoing.cancel(agent_id, contact_id):
            return
        if (asked := self._talks.asked(contact_id, agent_id)) is not None:
            asked.leave()
        else:
            self._talk(agent_id, contact_id).hang_up()

    async def dtmf(self, agent_id: str, contact_id: str, digits: str) -> None:
        self._talk(agent_id, contact_id).send_digits(digits)

    async def note(self, agent_id: str, contact_id: str, text: str) -> None:
        await self._own(agent_id, contact_id)
        await self._log.update(contact_id, note=text[:LONGEST_NOTE])
        call = self.find(contact_id)
        if call is not None and call.placement is not None:  # for whoever has the caller next
            call.placement = call.placement.at(call.placement.phase, note=text[:LONGEST_NOTE])

    async def wrap_up(self, agent_id: str, contact_id: str, disposition: str, note: str, follow_up: str = "") -> None:
        """Save what the agent says of the contact, and when to follow up; the next one may come."""
        await self._own(agent_id, contact_id)
        wrapped = self.wrapping.check(disposition, follow_up, self._clock())
        ticket = await self.wrapping.follow_up(agent_id, contact_id, wrapped, note[:LONGEST_NOTE])
        if ticket and self.desk is not None:
            self.desk.push(agent_id, "told", {"kind": "follow_up", "ticket": ticket, "due_at": wrapped.due_at})
        fields = {"agent_disposition": wrapped.outcome, "note": note[:LONGEST_NOTE], "wrap_up_ended_at": self._clock()}
        await self._log.update(contact_id, **fields)
        agent = await self._store.agent(agent_id)
        if agent.state is AgentState.WRAP_UP and agent.last_contact == contact_id:  # not that of a call they had since
            await self._store.end_wrap_up(agent_id)

    async def _own(self, agent_id: str, contact_id: str) -> None:
        """Raises NotAllowed where the contact is not, and was not last, this agent's; by the record where the queues have had
        another one of theirs since: a note may have waited in a page that had no network."""
        agent = await self._store.agent(agent_id)
        if contact_id in agent.held or contact_id == agent.last_contact:
            return
        found = await self.wrapping.find(contact_id) if self.wrapping.find is not None else None
        if found is None or found.get("agent_id") != agent_id:
            raise NotAllowed("this contact is not yours")

    # --- tasks

    async def on_duty(self, agent_ids: Sequence[str]) -> None:
        """Devices that can be rung: available from now on, until `off_duty` or for as long as this node lives."""
        self.presence.phones.update(agent_ids)
        await self._duty.beat(agent_ids, LEASE_SECONDS)
        for agent_id in agent_ids:
            await self._store.set_state(agent_id, AgentState.AVAILABLE)

    async def off_duty(self, agent_id: str, reason: str) -> None:
        """A device that cannot be rung is offered nothing; a call that it has goes on."""
        self.presence.phones.discard(agent_id)
        await self._store.set_state(agent_id, AgentState.OFFLINE, reason, "system")

    async def beat(self) -> None:
        """Keep the lease of everybody whose page or phone is here, and mend who is stuck; runs until cancelled."""
        await self.presence.run()

    async def follow(self, feed: EventFeed) -> None:
        """Push what the queues do to the pages concerned; runs until cancelled."""
        changed = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._push_queues(changed))
            group.create_task(self._push_agents())
            while True:
                try:
                    async for event in feed:
                        changed.set()
                        await self._hear(event)
                except IvrError as error:
                    log.warning("desks hear no news: %s", error)
                    await asyncio.sleep(PAUSE_SECONDS)

    async def _hear(self, event: AcdEvent) -> None:
        """What concerns a page that is here."""
        agent_id = event.data.get("agent", "")
        if event.kind == "defined":
            self._rules.clear()
        elif agent_id not in self.presence.pages:
            return
        elif event.kind == "healed" and self.desk is not None:
            self.desk.push(agent_id, "told", {"kind": "healed", "what": event.data.get("what", "")})
            if "contact" in event.data:  # the node that held the call died with it
                self.desk.push(agent_id, "contact", {"id": event.data["contact"], "phase": "ended"})
        elif event.kind == "agent":
            if event.data.get("state") == "offline" and event.data.get("reason") == "page gone":
                log.warning("agent %s: believed gone, but the page is here", agent_id)
                await self._duty.come_back(agent_id)
            self._stale.add(agent_id)
            self._moved.set()

    async def _push_agents(self) -> None:
        """Agents as they are now, however much was heard of each meanwhile: a shift that begins must not wait in line."""
        while True:
            await self._moved.wait()
            stale = [self._stale.pop() for _ in range(min(len(self._stale), TOGETHER))]
            if not self._stale:
                self._moved.clear()
            try:
                _, agents = await self._store.read((), stale)
                for agent in agents:
                    if self.desk is not None:
                        self.desk.push(agent.id, "agent", await self._view(agent))
            except IvrError as error:
                log.warning("desks hear of their agents later: %s", error)
                self._stale.update(stale)
                self._moved.set()
                await asyncio.sleep(PAUSE_SECONDS)

    async def _view(self, agent: Agent) -> dict[str, Any]:
        left = 0
        if agent.state is AgentState.WRAP_UP:
            if not self._rules:
                self._rules = {queue.name: queue for queue in await self._store.queues()}
            rules = self._rules.get(agent.last_queue)
            left = max(0, rules.extensions - agent.extended) if rules is not None and rules.extension_seconds > 0 else 0
        return {**agent_view(agent), "extensions": left}

    async def _push_queues(self, changed: asyncio.Event) -> None:
        while True:
            await changed.wait()
            changed.clear()
            try:
                figures = await self._store.queue_figures()
            except StoreUnavailable:
                await asyncio.sleep(NEWS_SECONDS)
                continue
            for told, agent_id in enumerate(tuple(self.presence.pages), 1):
                if self.desk is not None:
                    self.desk.push(agent_id, "queues", {"queues": figures})
                if told % TOGETHER == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(NEWS_SECONDS)


def agent_view(agent: Agent) -> dict[str, Any]:
    """The agent as the page takes it."""
    return {
        "id": agent.id,
        "name": agent.name or agent.id,
        "state": agent.state.value,
        "reason": agent.reason,
        "by": agent.by,
        "since": agent.since,
        "until": agent.until,
        "skills": dict(agent.skills),
        "languages": list(agent.languages),
    }
