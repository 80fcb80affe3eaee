"""The live picture of all nodes: follows the queues' events and those of the nodes, and reads again what they name.

No event is believed: whoever is named is read, and everything once in `AGAIN` seconds, so that what was missed heals.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, cast

from redis.asyncio import Redis

from ivr.acd.duty import Duty
from ivr.acd.feed import AcdEvent, EventFeed
from ivr.acd.model import Agent
from ivr.acd.scripts import redis_errors, text
from ivr.acd.store import AcdStore
from ivr.errors import IvrError
from ivr.wall.board import Board, Message
from ivr.wall.rows import MOST_SINCE, agent_row, house_now, queue_row
from ivr.wall.telling import PREFIX

log = logging.getLogger(__name__)

GATHER = 0.05
"""Seconds in which what happens is taken together."""
REST = 0.15
"""And then until the next news."""
AGAIN = 5.0
BEHIND = 10.0
"""Seconds without a look that pages are told of: Redis is away."""
PAUSE = 1.0
SILENT_SECONDS = 7.0
"""A node that says nothing for so long is shown as silent, and its calls are gone."""
FORGOTTEN_SECONDS = 900.0
SLICE = 50
MANY = 500
"""Entries of the stream that are read at once."""

Told = Callable[[Message], None]
Kind = Callable[[str], None]


class Live:
    """`run` it for as long as the node lives. What changed goes to `board`, and as a message to `told`."""

    def __init__(
        self,
        store: AcdStore,
        board: Board,
        within: Callable[[str], float],
        told: Told,
        prefix: str = PREFIX,
    ) -> None:
        """`within` gives the limit of a queue's service level in seconds."""
        self.board = board
        self._store, self._duty, self._within, self._told, self._prefix = store, Duty(store), within, told, prefix
        self._redis: Redis = store.redis
        self.agents: dict[str, Agent] = {}
        self.calls: dict[str, Mapping[str, Any]] = {}
        self.strain: dict[str, Mapping[str, Any]] = {}
        self._devices: dict[str, list[dict[str, str]]] = {}
        self._agents_due: set[str] = set()
        """To be read again."""
        self._rows_due: set[str] = set()
        """Agents whose rows may be others, though they are not."""
        self._calls_due: dict[str, Mapping[str, Any] | None] = {}
        self._due: set[str] = set()
        """Of `all queues nodes strain`."""
        self._wake = asyncio.Event()
        self._last = ""
        self._looked = (0.0, 0.0)
        """When everything was last seen: by the loop's clock, and epoch seconds."""
        self.heard: Kind = lambda kind: None
        """Told of other kinds of events in the stream: `minutes`, `alerts`."""
        self.ready = asyncio.Event()
        """Set once everything was read."""

    def now(self) -> float:
        return self._store.now()

    @property
    def house(self) -> dict[str, Any]:
        """`now` of the figures."""
        return house_now(self.board.rows("queues"), self.agents.values(), self.calls.values())

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._for_ever(self._follow_queues, EventFeed(self._redis, self._store.prefix)))
            group.create_task(self._for_ever(self._follow_nodes))
            group.create_task(self._for_ever(self._work))
            group.create_task(self._again())

    def show(self, message: Message | None) -> None:
        """Give a message of the board to the pages."""
        if message is not None:
            self._told(message)

    # --- following

    async def _for_ever(self, work: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
        while True:
            try:
                await work(*arguments)
            except IvrError as error:
                log.warning("the board hears no news: %s", error)
            except Exception:  # what one node told must not end the boards of all
                log.exception("the board stumbled, and reads everything anew")
            self._due.add("all")
            await asyncio.sleep(PAUSE)

    async def _again(self) -> None:
        while True:
            self._due.add("all")
            self._wake.set()
            await asyncio.sleep(AGAIN)
            loop_time, at = self._looked
            if self.ready.is_set() and asyncio.get_running_loop().time() - loop_time > BEHIND:
                self.show(self.board.stands_still(at, self.now()))

    async def _follow_queues(self, feed: EventFeed) -> None:
        async for event in feed:
            self._queue_event(event)

    def _queue_event(self, event: AcdEvent) -> None:
        if event.kind == "defined":
            self._due.add("all")
        elif event.kind == "agent":
            self._agents_due.add(event.data.get("agent", ""))
        else:
            self._due.add("queues")
        self._wake.set()

    async def _follow_nodes(self) -> None:
        stream = f"{self._prefix}:events"
        if not self._last:
            with redis_errors():
                newest: Any = await self._redis.xrevrange(stream, count=1)
            self._last = text(newest[0][0]) if newest else "0-0"
            self._due.add("all")
        while True:
            with redis_errors():
                answer: Any = await self._redis.xread({stream: self._last}, count=MANY, block=1000)
            for _, entries in answer or ():
                for number, fields in entries:
                    self._last = text(number)
                    self._node_event({text(name): text(value) for name, value in fields.items()})
                    await asyncio.sleep(0)

    def _node_event(self, fields: Mapping[str, str]) -> None:
        kind = fields.get("kind", "")
        if kind == "calls":
            self._calls_due.update({row["id"]: row for row in json.loads(fields["rows"])})
            self._calls_due.update(dict.fromkeys(json.loads(fields["gone"])))
        elif kind in ("node", "left"):
            self._due.add("nodes" if kind == "node" else "all")
        elif kind == "strain":
            self._due.add("strain")
        else:
            self.heard(kind)
        self._wake.set()

    # --- reading

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER)
            self._wake.clear()
            due, self._due = self._due, set()
            try:
                await self._look(due)
            except BaseException:
                self._due |= due
                raise
            self._looked = (asyncio.get_running_loop().time(), self.now())
            self.show(self.board.stands_still(None, self.now()))
            self.ready.set()
            await asyncio.sleep(REST)

    async def _look(self, due: set[str]) -> None:
        everything = "all" in due
        if everything or "nodes" in due:
            await self._nodes(everything)
        if everything or "strain" in due:
            await self._strained()
        calls, self._calls_due = self._calls_due, {}
        self._take_calls(calls)
        if everything:
            self._devices = await self._duty.devices()
            ids = await self._store.agent_ids()
            gone = self.agents.keys() - set(ids)
            await self._read_agents(ids)
            for one in gone:
                del self.agents[one]
            self._show_agents(self.agents, gone)
        else:
            named, self._agents_due = self._agents_due, set()
            await self._read_agents(named)
            rows, self._rows_due = self._rows_due, set()
            self._show_agents(named | rows)
        if everything or "queues" in due or calls:
            await self._queues()

    async def _nodes(self, everything: bool) -> None:
        with redis_errors():
            raw = await cast("Any", self._redis.hgetall(f"{self._prefix}:nodes"))
        told = {text(name): json.loads(value) for name, value in raw.items()}
        now = self.now()
        old = [name for name, one in told.items() if now - one["at"] > FORGOTTEN_SECONDS]
        if old:  # a node that stopped in order took itself away; one that died, maybe under a name of its own, could not
            with redis_errors():
                await cast("Any", self._redis.hdel(f"{self._prefix}:nodes", *old))
        rows, trunks = [], []
        for name, one in sorted(told.items()):
            if name in old:
                continue
            alive = now - one["at"] <= SILENT_SECONDS
            rows.append(
                {**{key: value for key, value in one.items() if key not in ("at", "trunks")}, "at": one["at"], "alive": alive}
            )
            label = (lambda trunk, node=name: f"{node}/{trunk}") if len(told) > 1 else (lambda trunk, node=name: trunk)
            trunks += [{**trunk, "name": label(trunk["name"]), "node": name} for trunk in one.get("trunks", ()) if alive]
        self.show(self.board.whole("nodes", [_calmly(row, self.board.rows("nodes")) for row in rows], now))
        self.show(self.board.whole("trunks", trunks, now))
        alive_nodes = {row["name"] for row in rows if row["alive"]}
        if everything:
            await self._read_calls(alive_nodes)
        for name, row in self.calls.items():
            if row["node"] not in alive_nodes and name not in self._calls_due:
                self._calls_due[name] = None

    async def _read_calls(self, nodes: Iterable[str]) -> None:
        """All calls of all nodes anew: those that are not among them are gone. What is told meanwhile is newer."""
        found: dict[str, Mapping[str, Any]] = {}
        self._calls_due = {}
        for node in nodes:
            with redis_errors():
                raw = await cast("Any", self._redis.hgetall(f"{self._prefix}:calls:{node}"))
            for number, value in enumerate(raw.values()):
                row = json.loads(value)
                found[row["id"]] = row
                if number % SLICE == SLICE - 1:
                    await asyncio.sleep(0)
        self._calls_due = {**dict.fromkeys(self.calls.keys() - found.keys()), **found, **self._calls_due}

    def _take_calls(self, calls: Mapping[str, Mapping[str, Any] | None]) -> None:
        for name, row in calls.items():
            before = self.calls.pop(name, None)
            if row is not None:
                self.calls[name] = row
            if before != row:
                self._rows_due |= {one["agent"] for one in (before, row) if one is not None and one["agent"]}
        gone = [name for name, row in calls.items() if row is None]
        self.show(self.board.changed("calls", [row for row in calls.values() if row is not None], self.now(), gone))

    async def _strained(self) -> None:
        with redis_errors():
            raw = await cast("Any", self._redis.hgetall(f"{self._prefix}:strain"))
        fresh = {text(name): json.loads(value) for name, value in raw.items()}
        self._rows_due |= {name for name in fresh.keys() | self.strain.keys() if fresh.get(name) != self.strain.get(name)}
        self.strain = fresh

    async def _read_agents(self, ids: Iterable[str]) -> None:
        listed = sorted(set(ids) - {""})
        for at in range(0, len(listed), SLICE):
            for agent in (await self._store.read((), listed[at : at + SLICE]))[1]:
                self.agents[agent.id] = agent

    def _show_agents(self, ids: Iterable[str], gone: Iterable[str] = ()) -> None:
        now = self.now()
        rows = [
            agent_row(agent, self.calls, self._devices.get(one, ()), self.strain.get(one), now)
            for one in list(ids)
            if (agent := self.agents.get(one)) is not None
        ]
        self.show(self.board.changed("agents", rows, now, gone))

    async def _queues(self) -> None:
        figures = await self._store.queue_figures()
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                for one in figures:
                    pipe.zrange(self._store.key(f"ages:{one['name']}"), 0, MOST_SINCE - 1, withscores=True)
                since = await pipe.execute()
        phases: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for call in self.calls.values():
            phases[call["queue"]][call["phase"]] += 1
        rows = [
            queue_row(one, [score for _, score in ages], phases[one["name"]], self._within(one["name"]))
            for one, ages in zip(figures, since, strict=True)
        ]
        self.show(self.board.whole("queues", rows, self.now()))


def _calmly(row: Mapping[str, Any], known: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The row as it was told where only time has passed: a node that lives is no news each 2 s."""
    before = next((one for one in known if one["name"] == row["name"]), None)
    if before is None or row["at"] - before["at"] >= AGAIN:
        return row
    steady = {name: value for name, value in row.items() if name not in ("at", "lag_ms")}
    return before if steady == {name: before[name] for name in before if name not in ("at", "lag_ms")} else row
