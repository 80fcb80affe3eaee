"""What an agent's buttons do, and what an agent's page is told about its owner and the queues."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ivr.acd.desk import Desk
from ivr.acd.feed import EventFeed
from ivr.acd.model import Agent, AgentState
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, IvrError, NotAllowed, StoreUnavailable
from ivr.nodes.desks import PageMap
from ivr.records.writer import ContactLog
from ivr.session.call_actions import CallActions
from ivr.session.talks import Talks

log = logging.getLogger(__name__)

LEASE_SECONDS = 15.0
"""How long an agent counts as present without a sign of life."""
BEAT_SECONDS = 5.0
PAUSE_SECONDS = 1.0
"""Before listening to the queues again after a failure."""
NEWS_SECONDS = 0.25
"""Queue figures are pushed at most this often."""
LONGEST_NOTE = 10_000
"""Characters."""

STATES = {"available": AgentState.AVAILABLE, "break": AgentState.BREAK, "offline": AgentState.OFFLINE}


class Agents(CallActions):
    """The `AgentActions` of `ivr.web.parts`, and the two tasks behind them: `beat` and `follow`."""

    def __init__(
        self, store: AcdStore, contact_log: ContactLog, talks: Talks, clock: Callable[[], float], where: PageMap | None = None
    ) -> None:
        """`where` tells other nodes which pages are here."""
        super().__init__(talks)
        self._store, self._log, self._clock, self._where = store, contact_log, clock, where
        self._present: set[str] = set()
        self._devices: set[str] = set()
        self.desk: Desk | None = None
        """Where news go; set by `ivr.app`, for desk and actions need each other."""

    # --- buttons

    async def page_opened(self, agent_id: str) -> Mapping[str, Any]:
        self._present.add(agent_id)
        await self._store.heartbeat(agent_id, LEASE_SECONDS)
        if self._where is not None:
            await self._where.opened(agent_id)
        return {"agent": agent_view(await self._store.agent(agent_id)), "queues": await self._store.queue_figures()}

    async def page_closed(self, agent_id: str) -> None:
        self._present.discard(agent_id)
        if self._where is not None:
            await self._where.closed(agent_id)
        await self._store.set_state(agent_id, AgentState.OFFLINE, "page closed")

    async def set_state(self, agent_id: str, state: str, reason: str) -> None:
        if state not in STATES:
            raise Conflict(f"'{state}' is not available, break or offline")
        await self._store.set_state(agent_id, STATES[state], reason[:80])

    async def hold(self, agent_id: str, contact_id: str) -> None:
        self._talk(agent_id, contact_id).hold()

    async def resume_call(self, agent_id: str, contact_id: str) -> None:
        self._talk(agent_id, contact_id).resume()

    async def hang_up(self, agent_id: str, contact_id: str) -> None:
        self._talk(agent_id, contact_id).hang_up()

    async def dtmf(self, agent_id: str, contact_id: str, digits: str) -> None:
        self._talk(agent_id, contact_id).send_digits(digits)

    async def note(self, agent_id: str, contact_id: str, text: str) -> None:
        await self._own(agent_id, contact_id)
        await self._log.update(contact_id, note=text[:LONGEST_NOTE])

    async def wrap_up(self, agent_id: str, contact_id: str, disposition: str, note: str) -> None:
        """Save what the agent says of the contact; the next one may come."""
        await self._own(agent_id, contact_id)
        fields = {"agent_disposition": disposition[:120], "note": note[:LONGEST_NOTE], "wrap_up_ended_at": self._clock()}
        await self._log.update(contact_id, **fields)
        if (await self._store.agent(agent_id)).state is AgentState.WRAP_UP:
            await self._store.end_wrap_up(agent_id)

    async def _own(self, agent_id: str, contact_id: str) -> None:
        """Raises NotAllowed where the contact is not, and was not last, this agent's."""
        agent = await self._store.agent(agent_id)
        if contact_id not in agent.held and contact_id != agent.last_contact:
            raise NotAllowed("this contact is not yours")

    # --- tasks

    async def on_duty(self, agent_ids: Sequence[str]) -> None:
        """Devices that can be rung: available from now on, until `off_duty` or for as long as this node lives."""
        self._devices.update(agent_ids)
        for agent_id in agent_ids:
            self._present.add(agent_id)
            await self._store.heartbeat(agent_id, LEASE_SECONDS)
            await self._store.set_state(agent_id, AgentState.AVAILABLE)

    async def off_duty(self, agent_id: str, reason: str) -> None:
        """A device that cannot be rung is offered nothing; a call that it has goes on."""
        self._devices.discard(agent_id)
        self._present.discard(agent_id)
        await self._store.set_state(agent_id, AgentState.OFFLINE, reason)

    async def beat(self) -> None:
        """Keep the lease of everybody whose page or phone is here; runs until cancelled."""
        while True:
            for agent_id in tuple(self._present):
                try:
                    await self._store.heartbeat(agent_id, LEASE_SECONDS)
                    if agent_id in self._devices:
                        await self._back_on_duty(agent_id)
                except IvrError as error:
                    log.warning("agent %s: no heartbeat: %s", agent_id, error)
            await asyncio.sleep(BEAT_SECONDS)

    async def _back_on_duty(self, agent_id: str) -> None:
        """A phone that missed a call or could not be reached has nobody who could press "available"."""
        if (await self._store.agent(agent_id)).state in (AgentState.OFFLINE, AgentState.BREAK):
            await self._store.set_state(agent_id, AgentState.AVAILABLE)

    async def follow(self, feed: EventFeed) -> None:
        """Push what the queues do to the pages concerned; runs until cancelled."""
        changed = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._push_queues(changed))
            while True:
                try:
                    async for event in feed:
                        changed.set()
                        if event.kind == "agent" and event.data.get("agent") in self._present:
                            await self._push_agent(event.data["agent"])
                except IvrError as error:
                    log.warning("desks hear no news: %s", error)
                    await asyncio.sleep(PAUSE_SECONDS)

    async def _push_agent(self, agent_id: str) -> None:
        if self.desk is not None:
            self.desk.push(agent_id, "agent", agent_view(await self._store.agent(agent_id)))

    async def _push_queues(self, changed: asyncio.Event) -> None:
        while True:
            await changed.wait()
            changed.clear()
            try:
                figures = await self._store.queue_figures()
            except StoreUnavailable:
                await asyncio.sleep(NEWS_SECONDS)
                continue
            for agent_id in tuple(self._present):
                if self.desk is not None:
                    self.desk.push(agent_id, "queues", {"queues": figures})
            await asyncio.sleep(NEWS_SECONDS)


def agent_view(agent: Agent) -> dict[str, Any]:
    """The agent as the page takes it."""
    return {
        "id": agent.id,
        "name": agent.name or agent.id,
        "state": agent.state.value,
        "reason": agent.reason,
        "since": agent.since,
        "until": agent.until,
        "skills": dict(agent.skills),
        "languages": list(agent.languages),
    }
