"""Looks after the agents: works out their strain from the records, and gives who had a hard call a breathing space."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from redis.asyncio import Redis
from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.model import AgentState
from ivr.acd.scripts import redis_errors, text
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, NotFound
from ivr.records.database import sql_errors
from ivr.records.schema import agent_states, contacts, turns
from ivr.settings_wall import BREATHING, BreathingOptions
from ivr.wall.live import Live
from ivr.wall.strain import EIGHT_HOURS, Breather, Busy, Rest, Talked, breathers, strain
from ivr.wall.telling import KEPT_EVENTS, PREFIX

log = logging.getLogger(__name__)

BACK_SECONDS = 3 * 3600.0
"""Calls of so long ago still count."""
OVERLAP = 90.0
"""Seconds that are read again each time: records come late."""
SLICE = 200
RESTING = frozenset({"break", "offline"})
BY = "system"


class Caring:
    """On the one node that watches. `look` works strain out anew, `breathe` orders; both raise StoreUnavailable."""

    def __init__(
        self,
        live: Live,
        store: AcdStore,
        engine: AsyncEngine,
        options: BreathingOptions,
        clock: Callable[[], float],
        prefix: str = PREFIX,
    ) -> None:
        self._live, self._store, self._engine, self._options, self._clock = live, store, engine, options, clock
        self._redis: Redis = store.redis
        self._prefix = prefix
        self._calls: dict[str, tuple[str, Talked]] = {}
        """Contact to its agent and how it was."""
        self._states: defaultdict[str, dict[str, tuple[float, str, str]]] = defaultdict(dict)
        """Agent to event to time, state, reason."""
        self._given: dict[str, list[float]] = {}
        """Agent to when breathing spaces began."""
        self._read = 0.0
        self._worst: dict[str, float] = {}
        """Call that goes on to the worst mood of its caller."""
        self._asked: set[str] = set()
        """Calls after which a breathing space was ordered."""

    def forget(self) -> None:
        """Another node looked after them meanwhile."""
        self._read = 0.0
        self._calls.clear()
        self._states.clear()
        self._given.clear()

    async def look(self) -> None:
        """Read what happened since the last time, and tell all boards whose strain changed."""
        now = self._clock()
        await self._read_more(now)
        rests, by_agent = await self._sift(now), self._by_agent()
        fresh: dict[str, str] = {}
        for agent in list(self._live.agents.values()):
            if agent.state is AgentState.OFFLINE:
                continue
            await asyncio.sleep(0)
            index, why = strain(now, agent.duty_since, by_agent.get(agent.id, ()), rests.get(agent.id, ()))
            told = {"strain": index, "why": [one.told() for one in why[:4]]}
            fresh[agent.id] = json.dumps(told, ensure_ascii=False, sort_keys=True)
        await self._tell(fresh)

    async def breathe(self) -> list[str]:
        """Order what the rule says; returns the agents. A space comes after the call and its wrap-up."""
        calls, now = self._live.calls, self._clock()
        self._worst = {
            name: max(self._worst.get(name, 0.0), row["mood_level"] or 0.0)
            for name, row in calls.items()
            if row["phase"] == "connected"
        }
        self._asked &= calls.keys()
        if not self._options.enabled:
            return []
        talking = []
        for agent in list(self._live.agents.values()):
            call = next((one for one in sorted(agent.held) if one in self._worst and calls[one]["agent"] == agent.id), None)
            if agent.state is AgentState.IN_CALL and agent.wanted is None and call is not None and call not in self._asked:
                index = (self._live.strain.get(agent.id) or {}).get("strain") or 0.0
                talking.append(Busy(agent.id, call, self._worst[call], index, self._given.get(agent.id, ())))
        waiting = sum(row["waiting"] for row in self._live.board.rows("queues"))
        breathing = sum(
            agent.reason == BREATHING and AgentState.BREAK in (agent.state, agent.wanted)
            for agent in self._live.agents.values()
        )
        o = self._options
        due = breathers(Breather(o.mood, o.strain, o.most, o.unless_waiting, o.at_once), talking, waiting, breathing, now)
        return [one.agent for one in due if await self._order(one)]

    async def _order(self, one: Busy) -> bool:
        self._asked.add(one.call)
        try:
            agent = await self._store.agent(one.agent)
            if agent.state is not AgentState.IN_CALL or agent.wanted is not None:
                return False
            await self._store.set_state(one.agent, AgentState.BREAK, BREATHING, BY, self._options.length)
        except (Conflict, NotFound) as error:
            log.warning("agent %s gets no breathing space: %s", one.agent, error)
            return False
        log.info("agent %s: a breathing space after this call", one.agent)
        return True

    # --- what the records say

    async def _read_more(self, now: float) -> None:
        begin = max(now - BACK_SECONDS, self._read - OVERLAP)
        angry = exists().where(turns.c.contact_id == contacts.c.id, turns.c.speaker == "caller", turns.c.mood == "angry")
        mood = contacts.c.handover["mood"].as_string().label("mood")
        talked = select(
            contacts.c.id, contacts.c.agent_id, contacts.c.ended_at, contacts.c.talk_seconds, mood, angry.label("angry")
        )
        talked = talked.where(and_(contacts.c.ended_at >= begin, contacts.c.agent_id.is_not(None), contacts.c.talk_seconds > 0))
        s = agent_states.c
        states = select(s.id, s.agent_id, s.at, s.state, s.reason).where(s.at >= max(now - EIGHT_HOURS, self._read - OVERLAP))
        for row in await self._rows(talked.order_by(contacts.c.ended_at, contacts.c.id)):
            felt = "angry" if row["angry"] else row["mood"] or ""
            self._calls[row["id"]] = row["agent_id"], Talked(row["ended_at"], row["talk_seconds"], felt)
        for row in await self._rows(states.order_by(s.at, s.id)):
            self._states[row["agent_id"]][row["id"]] = row["at"], row["state"], row["reason"]
        self._read = now
        self._calls = {name: one for name, one in self._calls.items() if one[1].ended_at >= now - BACK_SECONDS}

    async def _rows(self, query: Any) -> list[Mapping[str, Any]]:
        """In slices: rows are made on the event loop."""
        found: list[Mapping[str, Any]] = []
        with sql_errors():
            async with self._engine.connect() as connection:
                async for rows in (await connection.stream(query)).mappings().partitions(SLICE):
                    found += [dict(row) for row in rows]
        return found

    def _by_agent(self) -> Mapping[str, Sequence[Talked]]:
        found: defaultdict[str, list[Talked]] = defaultdict(list)
        for agent, one in self._calls.values():
            found[agent].append(one)
        return found

    async def _sift(self, now: float) -> Mapping[str, Sequence[Rest]]:
        """Forget what was long ago; the rests of each agent. One agent after another: others get turns between."""
        found: dict[str, list[Rest]] = {}
        self._given.clear()
        for agent in list(self._states):
            kept = {name: one for name, one in self._states.pop(agent).items() if one[0] >= now - EIGHT_HOURS}
            if kept:
                self._states[agent] = kept
                states = sorted(kept.values(), key=lambda one: one[0])
                found[agent] = _rests(states, now)
                self._given[agent] = [at for at, state, reason in states if (state, reason) == ("break", BREATHING)]
            await asyncio.sleep(0)
        return found

    async def _tell(self, fresh: Mapping[str, str]) -> None:
        key = f"{self._prefix}:strain"
        with redis_errors():
            raw = await cast("Any", self._redis.hgetall(key))
            known = {text(name): text(value) for name, value in raw.items()}
            changed: dict[Any, Any] = {name: value for name, value in fresh.items() if known.get(name) != value}
            gone = known.keys() - fresh.keys()
            if not changed and not gone:
                return
            async with self._redis.pipeline(transaction=False) as pipe:
                if changed:
                    pipe.hset(key, mapping=changed)
                if gone:
                    pipe.hdel(key, *gone)
                pipe.xadd(f"{self._prefix}:events", {"kind": "strain"}, maxlen=KEPT_EVENTS, approximate=True)
                await pipe.execute()


def _rests(states: Sequence[tuple[float, str, str]], now: float) -> list[Rest]:
    """Of one agent, from `(time, state, reason)` in order."""
    found, began = [], None
    for at, state, _ in states:
        if state in RESTING:
            began = at if began is None else began
        elif began is not None:
            found.append(Rest(began, at))
            began = None
    return found if began is None else [*found, Rest(began, now)]
