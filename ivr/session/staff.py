"""What supervisors see of queues and agents, and what they may order: the `StaffDesk` of `ivr.web.parts`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ivr.acd.duty import Duty, Plan
from ivr.acd.explaining import agent_line, agents_now, explain_agent, explain_contact, overview, plan_view
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, NotFound
from ivr.session.agents import STATES

log = logging.getLogger(__name__)

LONGEST_BREAK = 12 * 3600.0


class StateHistory(Protocol):
    """`ivr.records.agent_states.AgentStates`."""

    async def list(self, agent_id: str, limit: int) -> list[dict[str, Any]]: ...


class Staff:
    """Everything raises NotFound for an agent that is none, Conflict with words for a person, and StoreUnavailable."""

    def __init__(self, store: AcdStore, history: StateHistory, breaks: Sequence[Mapping[str, str]]) -> None:
        """`breaks` are the reasons that there are: `{name, zh, en}` each."""
        self._store, self._history, self._breaks = store, history, breaks
        self._reasons = frozenset(one["name"] for one in breaks)
        self._duty = Duty(store)

    async def overview(self) -> Mapping[str, Any]:
        """Queues with who waits and why, agents with what they do, totals."""
        return {**await overview(self._store, self._duty), "reasons": [dict(one) for one in self._breaks]}

    async def agents(self) -> Sequence[Mapping[str, Any]]:
        devices = await self._duty.devices()
        return [agent_line(one, devices.get(one.id, [])) for one in await agents_now(self._store)]

    async def explain_agent(self, agent_id: str) -> Mapping[str, Any]:
        return await explain_agent(self._store, self._duty, agent_id)

    async def explain_contact(self, contact_id: str) -> Mapping[str, Any]:
        return await explain_contact(self._store, contact_id)

    async def force(self, agent_id: str, state: str, reason: str, seconds: float, by: str) -> Mapping[str, Any]:
        """Put an agent into a state, whatever the agent wants; a call goes on, and it comes after it."""
        if state not in STATES:
            raise Conflict(f"'{state[:40]}' is not available, break or offline")
        if state == "break" and reason and reason not in self._reasons:
            raise Conflict(f"'{reason[:40]}' is no reason for a break here: {', '.join(sorted(self._reasons))}")
        if not 0 <= seconds <= LONGEST_BREAK:
            raise Conflict("a break lasts 12 hours at most")
        agent = await self._store.agent(agent_id)
        if state != "offline" and agent.lease_until is None:
            raise Conflict(f"nobody is there: agent {agent_id} has neither a page open nor a phone that is registered")
        await self._store.set_state(agent_id, STATES[state], reason, by, seconds)
        log.info("agent %s: %s ordered by %s", agent_id, state, by)
        return agent_line(await self._store.agent(agent_id), (await self._duty.devices()).get(agent_id, []))

    async def breaks(self, agent_id: str) -> Sequence[Mapping[str, Any]]:
        await self._store.agent(agent_id)
        return [plan_view(one) for one in await self._duty.plans(agent_id)]

    async def plan_break(self, agent_id: str, begins: float, ends: float, reason: str, by: str) -> Mapping[str, Any]:
        """A break to come, taken after the call that runs then; it ends by itself."""
        if reason not in self._reasons:
            raise Conflict(f"'{reason[:40]}' is no reason for a break here: {', '.join(sorted(self._reasons))}")
        await self._store.agent(agent_id)
        plan = Plan(agent_id, round(begins, 3), round(ends, 3), reason, by)
        await self._duty.plan([plan])
        return plan_view(plan)

    async def cancel_break(self, agent_id: str, plan_id: str) -> None:
        if not plan_id.startswith(f"{agent_id}|"):
            raise NotFound(f"there is no planned break {plan_id[:80]}")
        await self._duty.cancel(plan_id)

    async def history(self, agent_id: str, limit: int) -> Sequence[Mapping[str, Any]]:
        await self._store.agent(agent_id)
        return await self._history.list(agent_id, limit)
