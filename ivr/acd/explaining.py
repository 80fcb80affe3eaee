"""Answers about the live queues as JSON values: why a contact waits, why an agent gets no calls, everything at a glance."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ivr.acd.considering import why_agent, why_contact
from ivr.acd.duty import Duty, Plan
from ivr.acd.explain import agent_in_words, contact_in_words
from ivr.acd.model import ON_DUTY, Agent, Contact, Queue
from ivr.acd.scripts import redis_errors, text
from ivr.acd.store import AcdStore
from ivr.errors import NotFound

MOST_WAITING = 20
"""Contacts of a queue that are told one by one, the first in order."""
SLICE = 50
"""Rows that are read at once: the event loop is never held for longer than that takes."""


async def explain_contact(store: AcdStore, contact_id: str) -> dict[str, Any]:
    """`ContactWhy` as JSON, with `words`. Raises NotFound, StoreUnavailable."""
    contact = await store.contact(contact_id)
    place = (await store.positions([(contact.id, contact.queue)])).get(contact.id, 1)
    staff, queues, now = await agents_now(store), await _queues(store), store.now()
    found = await asyncio.to_thread(why_contact, contact, staff, queues, now, place - 1)
    return {**asdict(found), "words": await asyncio.to_thread(contact_in_words, contact, place - 1, staff, now)}


async def explain_agent(store: AcdStore, duty: Duty, agent_id: str) -> dict[str, Any]:
    """`AgentWhy` as JSON, with `words`, `devices` and the breaks to come. Raises NotFound, StoreUnavailable."""
    staff, queues = await agents_now(store), await _queues(store)
    agent = next((one for one in staff if one.id == agent_id), None)
    if agent is None:
        raise NotFound(f"there is no agent {agent_id}")
    contacts = [one for name in queues for one in await _first(store, name)]
    found = asdict(await asyncio.to_thread(why_agent, agent, contacts, staff, queues, store.now()))
    found["words"] = await asyncio.to_thread(agent_in_words, agent, contacts, staff, store.now())
    plans = [plan_view(one) for one in await duty.plans(agent_id)]
    return {**found, "at": store.now(), "devices": (await duty.devices()).get(agent_id, []), "breaks": plans}


async def overview(store: AcdStore, duty: Duty) -> dict[str, Any]:
    """Every queue with who waits in it, and why; every agent. Raises StoreUnavailable."""
    queues, staff, devices = await _queues(store), await agents_now(store), await duty.devices()
    told = []
    for figures in await store.queue_figures():
        contacts = await _first(store, str(figures["name"]))
        lines = await asyncio.to_thread(_contact_lines, contacts, staff, queues, store.now())
        strategy = queues[figures["name"]].strategy if figures["name"] in queues else ""
        told.append({**figures, "strategy": strategy, "contacts": lines})
    return {
        "at": store.now(),
        "queues": told,
        "agents": [agent_line(one, devices.get(one.id, [])) for one in staff],
        "totals": await store.totals(),
    }


def _contact_lines(
    contacts: Sequence[Contact], staff: Sequence[Agent], queues: Mapping[str, Queue], now: float
) -> list[dict[str, Any]]:
    found = []
    for before, contact in enumerate(contacts):
        line = asdict(why_contact(contact, staff, queues, now, before, most=0))
        del line["agents"]
        found.append({**line, "since": contact.enqueued_at})
    return found


def plan_view(plan: Plan) -> dict[str, Any]:
    return {"id": plan.id, "agent": plan.agent, "from": plan.begins, "until": plan.ends, "reason": plan.reason, "by": plan.by}


def agent_line(agent: Agent, devices: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """An agent as lists show him."""
    return {
        "id": agent.id,
        "name": agent.name or agent.id,
        "state": agent.state.value,
        "reason": agent.reason,
        "by": agent.by,
        "since": agent.since,
        "until": agent.until,
        "wanted": agent.wanted.value if agent.wanted is not None else "",
        "held": sorted(agent.held),
        "served": agent.served,
        "missed": agent.missed,
        "on_duty": agent.state in ON_DUTY,
        "devices": [dict(one) for one in devices],
        "team": agent.team,
        "site": agent.site,
    }


async def _queues(store: AcdStore) -> dict[str, Queue]:
    return {queue.name: queue for queue in await store.queues()}


async def agents_now(store: AcdStore) -> list[Agent]:
    """Everybody defined, by id."""
    ids = await store.agent_ids()
    found: list[Agent] = []
    for at in range(0, len(ids), SLICE):
        found += (await store.read((), ids[at : at + SLICE]))[1]
    return found


async def _first(store: AcdStore, queue: str) -> list[Contact]:
    """Who comes next in a queue, in order."""
    with redis_errors():
        ids: Any = await store.redis.zrange(store.key(f"queue:{queue}"), 0, MOST_WAITING - 1)
    return (await store.read([text(one) for one in ids], ()))[0]
