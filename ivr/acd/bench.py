"""`ivr bench queue`: how soon a freed agent has the next caller, with many waiting, on this machine.

A real Redis, one process a node, and this one, which plays all callers and agents: it ends calls, lets callers arrive, and
takes every offer. `assignment` runs from the order to end a call until this process is told whom the agent gets next: two round
trips to Redis, the decision, and the news of it. `lua` is the time inside Redis alone.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ivr.acd.embedded import start_embedded
from ivr.acd.feed import EventFeed
from ivr.acd.matching import Matching
from ivr.acd.model import Agent, AgentState, Contact, Queue, needs_of
from ivr.acd.store import AcdStore

SKILLS = [f"s{number}" for number in range(20)]
QUICK = 20
"""Microseconds under which Redis does not report a script: it counts as that."""
SETTLE = 60.0
"""Seconds that everybody gets to be connected before anything is measured."""


async def node(url: str, name: str) -> None:
    """What a node does for the queues: decide where it leads, and sweep. Until killed."""
    store = AcdStore(Redis.from_url(url))
    async with asyncio.TaskGroup() as group:
        group.create_task(Matching(store, name).run())
        while True:
            await store.sweep()
            await asyncio.sleep(1.0)


class Floorful:
    """A thousand agents who all talk, ten thousand callers who wait, and what happens from one second to the next."""

    def __init__(self, store: AcdStore, args: argparse.Namespace, dice: random.Random) -> None:
        self.store, self.args, self.dice = store, args, dice
        self.freed: dict[str, float] = {}
        """Agent to when a call of theirs was ended."""
        self.assignment: list[float] = []
        self.calls: list[tuple[str, str]] = []
        """Contact and agent who talk."""
        self.made = 0
        self.unserved = 0
        self._feed = EventFeed(store.redis, store.prefix)
        self._taking: set[asyncio.Task[None]] = set()
        self._few = asyncio.Semaphore(16)

    def agent(self, number: int) -> Agent:
        dice = random.Random(number % self.args.profiles)
        return Agent(f"a{number}", skills={skill: dice.randint(1, 9) for skill in dice.sample(SKILLS, 8)})

    def caller(self) -> Contact:
        self.made += 1
        dice = random.Random(self.made % self.args.demands)
        needs = {skill: dice.randint(1, 4) for skill in dice.sample(SKILLS, 2)}
        return Contact(f"c{self.made}", "q", time.time(), needs_of(needs), priority=self.dice.randint(4, 6), node="bench")

    async def fill(self, progress: Progress) -> None:
        """Everybody at work, and so many more callers."""
        args = self.args
        task = progress.add_task("filling the queue", total=args.agents + args.contacts)
        await self.store.define_queues([Queue("q", 600, 0)])
        await self.store.define_agents(self.agent(number) for number in range(args.agents))
        await self._feed.start()
        await self.store.node_heartbeat("bench", 3600.0)
        for number in range(args.agents):
            await self.store.set_state(f"a{number}", AgentState.AVAILABLE)
        deadline = time.monotonic() + SETTLE
        while len(self.calls) < args.agents and time.monotonic() < deadline:
            for _ in range(20 if self.made < args.agents + args.contacts else 0):
                await self.store.enqueue(self.caller(), 120.0)
            await self._take_offers(0.005)
            progress.update(task, completed=len(self.calls))
        while await self.store.redis.zcard(self.store.key("queue:q")) < args.contacts:
            await self.store.enqueue(self.caller(), 120.0)
            progress.advance(task)

    async def run(self, progress: Progress) -> None:
        """Calls end and callers arrive at the rate that was asked for."""
        args = self.args
        task = progress.add_task("measuring", total=args.seconds)
        loop = asyncio.get_running_loop()
        begin = loop.time()
        listening = asyncio.create_task(self._listen())
        for number in range(round(args.rate * args.seconds)):
            await asyncio.sleep(begin + number / args.rate - loop.time())
            await self._one_ends()
            await self.store.enqueue(self.caller(), 120.0)
            progress.update(task, completed=loop.time() - begin)
        await asyncio.sleep(1.0)
        listening.cancel()
        await asyncio.gather(*self._taking)
        self.unserved = len(self.freed)

    async def _one_ends(self) -> None:
        if not self.calls:
            return
        contact, agent = self.calls.pop(self.dice.randrange(len(self.calls)))
        self.freed[agent] = time.perf_counter()
        await self.store.finish(contact)

    async def _listen(self) -> None:
        while True:
            await self._take_offers(1.0)

    async def _take_offers(self, seconds: float) -> None:
        await self._feed.wait(seconds)
        now = time.perf_counter()
        for event in self._feed.take():
            if event.kind == "offered":
                contact, agent = event.data["contact"], event.data["agent"]
                if agent in self.freed:
                    self.assignment.append((now - self.freed.pop(agent)) * 1000)
                taking = asyncio.create_task(self._take(contact, agent))
                self._taking.add(taking)
                taking.add_done_callback(self._taking.discard)

    async def _take(self, contact: str, agent: str) -> None:
        async with self._few:  # each takes a connection
            if await self.store.accept(contact, agent):
                self.calls.append((contact, agent))


async def measure(args: argparse.Namespace, command: Sequence[str]) -> dict[str, Any]:
    """The figures, in milliseconds and octets. `command` starts a node when an address of Redis and a name follow."""
    console = Console(stderr=True)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = await start_embedded(Path(folder))
        stack.push_async_callback(server.aclose)
        redis = Redis.from_url(server.url)
        stack.push_async_callback(redis.aclose)
        empty = int((await redis.info("memory"))["used_memory"])
        for number in range(args.nodes):
            child = await asyncio.create_subprocess_exec(*command, server.url, f"n{number + 1}")
            stack.callback(child.kill)
        floor = Floorful(AcdStore(redis), args, random.Random(7))
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            await floor.fill(progress)
            full = int((await redis.info("memory"))["used_memory"])
            held: int = await redis.zcard(floor.store.key("queue:q"))
            await redis.config_set("slowlog-max-len", 100_000)
            await redis.config_set("slowlog-log-slower-than", QUICK)
            await redis.slowlog_reset()
            scripts = await _calls(redis)
            gc.freeze()  # this process plays the callers: its own garbage is nobody's waiting
            await floor.run(progress)
        slow: Any = await redis.slowlog_get(100_000)
        lua = [one["duration"] / 1000 for one in slow if one["command"].upper().startswith(b"EVALSHA")]
        lua += [QUICK / 1000] * (await _calls(redis) - scripts - len(lua))
        totals = await floor.store.totals()
        waiting: int = await redis.zcard(floor.store.key("queue:q"))
        return {
            "contacts": args.contacts,
            "agents": args.agents,
            "rate": args.rate,
            "seconds": args.seconds,
            "nodes": args.nodes,
            "waiting": waiting,
            "assignment_ms": _spread(floor.assignment),
            "lua_ms": _spread(lua),
            "octets_per_waiting_contact": round((full - empty) / (held + args.agents)),
            "not_assigned": floor.unserved,
            "offered_twice": totals.get("offers", 0) - totals.get("answered", 0) - totals.get("withdrawn", 0),
        }


async def _calls(redis: Redis) -> int:
    stats: Any = await redis.info("commandstats")
    return int(stats.get("cmdstat_evalsha", {}).get("calls", 0))


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values) or [float("nan")]
    return {
        "n": len(values),
        "p50": round(ordered[len(ordered) // 2], 3),
        "p95": round(ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)], 3),
        "p99": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 3),
        "max": round(ordered[-1], 3),
    }


def run(args: argparse.Namespace, command: Sequence[str]) -> int:
    """Measure and print."""
    found = asyncio.run(measure(args, command))
    if args.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return 0
    table = Table(
        "", "n", "p50", "p95", "p99", "max", title=f"{found['waiting']} waiting, {args.agents} agents, {args.rate:g}/s"
    )
    for name in ("assignment_ms", "lua_ms"):
        table.add_row(name.replace("_ms", " (ms)"), *(f"{value:g}" for value in found[name].values()))
    console = Console()
    console.print(table)
    console.print(
        f"{found['octets_per_waiting_contact']} octets of Redis a contact; {found['not_assigned']} agents without a caller"
    )
    return 0
