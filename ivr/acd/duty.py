"""When agents work: longer wrap-ups, planned breaks, and the healing of what should be impossible. All of it in Redis."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.acd.model import checked_name
from ivr.acd.scripts import Moves, redis_errors, text
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, NotFound

BACK_SECONDS = 120.0
"""For so long a page may have been believed gone, and its agent is on duty again as soon as it is heard."""
MOST_PLANS = 1000
LONGEST_PLAN = 12 * 3600.0
AHEAD = 400 * 24 * 3600.0
DEVICE_SECONDS = 15.0
"""For so long a device that was seen counts as there."""


@dataclass(frozen=True, slots=True)
class Healed:
    """Something was stuck, and is not any more."""

    agent: str
    what: str
    """`wrap_up break ring contact count state page`: what was wrong, see `lua/heal.lua`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A break to come: taken after the call that runs then, as long as it was meant to be."""

    agent: str
    begins: float
    """Epoch seconds."""
    ends: float
    reason: str
    by: str
    """`schedule`, or who planned it."""

    @property
    def id(self) -> str:
        return f"{self.agent}|{self.begins:.0f}|{self.by}"

    def row(self) -> str:
        """Equal for equal plans, so that every node may write the same one."""
        told = {"agent": self.agent, "from": self.begins, "until": self.ends, "reason": self.reason, "by": self.by}
        return json.dumps(told, separators=(",", ":"), sort_keys=True)

    @classmethod
    def of(cls, row: str) -> Plan:
        told = json.loads(row)
        return cls(told["agent"], float(told["from"]), float(told["until"]), told["reason"], told["by"])


class Duty:
    """Works on the same keys as `AcdStore`. Every method raises StoreUnavailable where Redis cannot be reached."""

    def __init__(self, store: AcdStore) -> None:
        self._store = store
        self._moves = Moves(store.redis, store.prefix)

    async def extend_wrap_up(self, agent_id: str) -> int:
        """Lengthen the wrap-up by what the queue gives; returns how often that is still possible.

        Raises NotFound, and Conflict outside a wrap-up or where it may not be lengthened (again).
        """
        left = int(await self._run("extend_wrap_up", agent_id))
        if left == -1:
            raise Conflict("there is no wrap-up to lengthen")
        if left < 0:
            raise Conflict("this wrap-up cannot be lengthened any more")
        return left

    async def come_back(self, agent_id: str) -> str:
        """Undo what a page that seemed gone cost its agent; returns the state that he has again, "" for no change."""
        return text(await self._run("come_back", agent_id, BACK_SECONDS))

    async def gone(self, agent_id: str) -> None:
        """The page says nothing any more: its agent is off duty, until it does (`come_back`). Raises NotFound."""
        with redis_errors():
            await self._store.redis.zadd(self._store.key("leases"), {agent_id: self._store.now()})
        await self._store.sweep()

    async def heal(self, agent_ids: Sequence[str], *, signs: bool = True) -> list[Healed]:
        """Mend what is wrong with these; with `signs`, whoever is on duty without a sign of life is not."""
        found = json.loads(await self._run("heal", json.dumps(list(agent_ids)), "1" if signs else ""))
        return [Healed(agent, what) for agent, what in found]

    # --- signs of life

    async def beat(self, agent_ids: Iterable[str], lease_seconds: float) -> None:
        """These are here; whoever is not heard again within the lease goes offline."""
        until = self._store.now() + lease_seconds
        leases = dict.fromkeys(agent_ids, until)
        if leases:
            with redis_errors():
                await self._store.redis.zadd(self._store.key("leases"), leases)

    async def seen(self, devices: Iterable[tuple[str, str, str]]) -> None:
        """`(agent, kind, where)` of what can be seen here: a `page` at a node, a `phone` that is registered, or is not."""
        now = self._store.now()
        found = {"|".join(one): now + DEVICE_SECONDS for one in devices}
        key = self._store.key("devices")
        with redis_errors():
            async with self._store.redis.pipeline(transaction=False) as pipe:
                pipe.zremrangebyscore(key, "-inf", now)
                if found:
                    pipe.zadd(key, found)
                await pipe.execute()

    async def devices(self) -> dict[str, list[dict[str, str]]]:
        """Agent to `{kind, where}` of each device that was seen lately."""
        with redis_errors():
            rows: Any = await self._store.redis.zrangebyscore(self._store.key("devices"), self._store.now(), "+inf")
        found: dict[str, list[dict[str, str]]] = {}
        for row in rows:
            agent, kind, where = text(row).split("|", 2)
            found.setdefault(agent, []).append({"kind": kind, "where": where})
        return found

    # --- breaks to come

    async def plan(self, plans: Iterable[Plan]) -> None:
        """Plan these breaks; one that is planned already stays. Raises Conflict for one that makes no sense."""
        now = self._store.now()
        rows: dict[str, float] = {}
        for one in plans:
            checked_name(one.agent)
            if not now < one.ends or not 60 <= one.ends - one.begins <= LONGEST_PLAN or one.begins > now + AHEAD:
                raise Conflict("a planned break lasts 1 minute to 12 hours and ends in the future, within 400 days")
            rows[one.row()] = one.begins
        key = self._store.key("plans")
        if not rows:
            return
        with redis_errors():
            if await self._store.redis.zcard(key) + len(rows) > MOST_PLANS * 10:
                raise Conflict("there are too many planned breaks; remove some")
            await self._store.redis.zadd(key, rows)

    async def plans(self, agent_id: str = "") -> list[Plan]:
        """What is planned, the next first; of one agent, or of all."""
        with redis_errors():
            rows: Any = await self._store.redis.zrange(self._store.key("plans"), 0, -1)
        return [plan for plan in (Plan.of(text(row)) for row in rows) if agent_id in ("", plan.agent)]

    async def cancel(self, plan_id: str) -> Plan:
        """Take a planned break back. Raises NotFound."""
        found = next((one for one in await self.plans() if one.id == plan_id), None)
        if found is None:
            raise NotFound(f"there is no planned break {plan_id}")
        await self.drop([found])
        return found

    async def drop(self, plans: Iterable[Plan]) -> None:
        rows = [one.row() for one in plans]
        if rows:
            with redis_errors():
                await self._store.redis.zrem(self._store.key("plans"), *rows)

    async def _run(self, move: str, *arguments: str | float) -> Any:
        return await self._moves.run(move, f"{self._store.now():.3f}", *arguments)
