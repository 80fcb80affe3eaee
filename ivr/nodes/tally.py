"""Where callers are and which way they go: counted in memory on each node, added up over all nodes in Redis.

A call costs a few additions; every `FLUSH_SECONDS` what was counted is sent in one pipeline. While Redis is away it is kept.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ivr.dialplan.events import CountEdge
from ivr.errors import StoreUnavailable

log = logging.getLogger(__name__)

FLUSH_SECONDS = 2.0
SILENT_SECONDS = 8.0
"""After this without news a node's callers are no longer counted."""
FORGOTTEN_SECONDS = 3600.0
"""After this a node that says nothing is taken from the list: in containers each start has another name."""
KEPT_SECONDS = 15 * 86400
MOST_PENDING = 50_000
"""Different things that are counted while Redis is away; what is new beyond that is not."""
NOW = "counts:now"
GIVING_UP = ("hangup", "no_input", "no_match")


class Tally:
    """What the calls of one node do. Without `run` it counts and tells nobody."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._pending: Counter[tuple[str, str, str]] = Counter()
        """(day, flow, field) to how often."""
        self._positions: dict[str, tuple[str, str]] = {}
        """Call to the flow and the state that it is in."""
        self._hour = (0.0, "", "")

    def began(self, call: str, flow: str, state: str) -> None:
        """A call entered a flow from outside."""
        day, hour = self._today()
        self._positions[call] = flow, state
        self._add(day, flow, f"h|{hour}|calls")
        self._add(day, flow, f"s|{state}")

    def saw(self, call: str, command: object, served: bool) -> None:
        """A call's flow gave a command; `served` where the caller was talking with a person."""
        if not isinstance(command, CountEdge):
            return
        day, hour = self._today()
        self._add(day, command.flow, f"e|{command.state} {command.edge}")
        if command.to and command.to != "end" and call in self._positions:
            self._positions[call] = command.flow, command.to
            self._add(day, command.flow, f"s|{command.to}")
        if command.edge in GIVING_UP and not served:
            self._add(day, command.flow, f"g|{command.state}|{command.edge}")
            self._add(day, command.flow, f"h|{hour}|gave_up")

    def over(self, call: str) -> None:
        self._positions.pop(call, None)

    def _add(self, day: str, flow: str, field: str) -> None:
        key = (day, flow, field)
        if key in self._pending or len(self._pending) < MOST_PENDING:
            self._pending[key] += 1

    def _today(self) -> tuple[str, str]:
        """The day and the hour by the machine's zone; worked out once a minute."""
        minute = self._clock() // 60
        if minute != self._hour[0]:
            local = time.localtime(minute * 60)
            self._hour = (minute, time.strftime("%Y-%m-%d", local), f"{local.tm_hour:02d}")
        return self._hour[1], self._hour[2]

    async def run(self, redis: Redis, node: str) -> None:
        """Tell Redis until cancelled."""
        away, tidy = False, False
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush(redis, node)
                tidy = tidy or await self.tidy(redis)
                away = False
            except RedisError as error:
                if not away:
                    log.warning("counts wait for Redis: %s", error)
                away = True

    async def tidy(self, redis: Redis) -> bool:
        """Take nodes from the list that are long gone. True, for having done so. Raises RedisError."""
        nodes = await redis.hgetall(NOW)
        gone = [node for node, told in nodes.items() if self._clock() - json.loads(told)["at"] > FORGOTTEN_SECONDS]
        if gone:
            await redis.hdel(NOW, *gone)
        return True

    async def flush(self, redis: Redis, node: str) -> None:
        """Send what was counted since. Raises RedisError, and nothing is lost then."""
        here: dict[str, Counter[str]] = {}
        for flow, state in self._positions.values():
            here.setdefault(flow, Counter())[state] += 1
        sent = dict(self._pending)
        async with redis.pipeline(transaction=False) as pipe:  # the keys of days may lie on other shards of a Cluster
            for (day, flow, field), number in sent.items():
                pipe.hincrby(_key(day, flow), field, number)
            for day, flow in {key[:2] for key in sent}:
                pipe.expire(_key(day, flow), KEPT_SECONDS)
            pipe.hset(NOW, node, json.dumps({"at": self._clock(), "flows": here}))
            await pipe.execute()
        self._pending.subtract(sent)
        self._pending = +self._pending


class Counts:
    """The counts of all nodes."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.time) -> None:
        self._redis, self._clock = redis, clock

    async def counts(self, flow: str, day: str = "") -> Mapping[str, Any]:
        """Of one flow on one day (`2026-01-31`, today without it), as docs/admin-api.md says. Raises StoreUnavailable."""
        now = self._clock()
        day = day or date.fromtimestamp(now).isoformat()  # noqa: DTZ012 - the day of the machine, as it is counted
        try:
            kept = await self._redis.hgetall(_key(day, flow))
            nodes = await self._redis.hgetall(NOW)
        except RedisError as error:
            raise StoreUnavailable("the counts cannot be read: Redis does not answer") from error
        here = self._here(flow, nodes, now)
        return {"flow": flow, "at": now, "day": day, "now": dict(here), **_sorted(kept, sum(here.values()))}

    def _here(self, flow: str, nodes: Mapping[Any, Any], now: float) -> Counter[str]:
        found: Counter[str] = Counter()
        for told in nodes.values():
            data = json.loads(told)
            if now - data["at"] <= SILENT_SECONDS:
                found.update(data["flows"].get(flow, {}))
        return found


def _sorted(kept: Mapping[Any, Any], now: int) -> dict[str, Any]:
    entered: dict[str, int] = {}
    edges: dict[str, int] = {}
    gave_up: dict[str, dict[str, int]] = {}
    hours: dict[int, dict[str, int]] = {}
    for name, text in kept.items():
        kind, _, rest = name.decode().partition("|")
        number = int(text)
        match kind:
            case "s":
                entered[rest] = number
            case "e":
                edges[rest] = number
            case "g":
                state, _, reason = rest.rpartition("|")
                gave_up.setdefault(state, {})[reason] = number
            case "h":
                hour, _, what = rest.partition("|")
                hours.setdefault(int(hour), {"calls": 0, "gave_up": 0})[what] = number
    calls = {"now": now, "today": sum(one["calls"] for one in hours.values())}
    rows = [{"hour": hour, **hours[hour]} for hour in sorted(hours)]
    return {"calls": calls, "entered": entered, "edges": edges, "gave_up": gave_up, "hours": rows}


def _key(day: str, flow: str) -> str:
    return f"counts:{day}:{flow}"
