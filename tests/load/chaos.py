"""Queues under kill -9: nodes and Redis die at random instants, and afterwards the store is empty and the sums are right.

    python -m tests.load.chaos --contacts 10000 --nodes 3 --seed 1

Real processes: Redis (append-only, restarted when it dies), and nodes with the real store, router and matching, whose
callers and agents are scripted (`chaos_node`). Each node writes what its callers saw to a ledger. At the end

- nothing is left in Redis but definitions, no agent is stranded;
- of callers: offered = answered + missed + abandoned + overflowed, where `missed` are those whose node died under them;
- of the store's own totals: `enqueued + requeued = answered + abandoned + overflowed + lost` and `answered = ended + requeued`;
- every caller has one end: the ledger's or, of a node that was killed, the store's; nobody is called back whose call went on.

`called_back` are the lost that the store kept for a callback; `unknown` those whom it never knew: their node died before Redis,
which was away or about to answer, could be told.

Prints JSON; the exit code is 0 where all of that holds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from ivr.acd.embedded import start_embedded
from ivr.acd.lost import LostContacts
from ivr.acd.model import Agent, AgentState, Queue
from ivr.acd.store import AcdStore
from ivr.errors import IvrError, StoreUnavailable
from ivr.nodes.redis_client import redis_client
from tests.load.chaos_node import QUEUES

ENDS = ("answered", "abandoned", "overflowed")
DEFINITIONS = {"agents", "queues", "events", "totals", "swept", "pace"}
DEAD_FOR = (0.0, 6.0)
"""Seconds until a killed node starts again: at once, or after others gave up what it held."""


@dataclass
class Life:
    """A node from its start to its end."""

    name: str
    number: int
    process: asyncio.subprocess.Process
    killed: bool = False


@dataclass
class Chaos:
    """One run."""

    folder: Path
    contacts: int
    seed: int
    nodes: int = 3
    pause: tuple[float, float] = (1.0, 5.0)
    """Seconds between two kills."""
    kills: int = 1_000_000
    """At most."""
    agents: int = 40
    lives: list[Life] = field(default_factory=list)
    redis_kills: int = 0
    called_back: Counter[str] = field(default_factory=Counter)

    async def run(self, progress: Progress) -> dict[str, Any]:
        """Returns what docs/queues.md shows; `wrong` is [] where all is right."""
        began = time.monotonic()
        self._dice = random.Random(self.seed)
        self._server = await start_embedded(self.folder)
        self._redis = redis_client(self._server.url)
        self._store = AcdStore(self._redis)
        self._all = [Agent(f"agent-{n}", skills={"a": 1 + n % 5, "b": 5 - n % 5}) for n in range(self.agents)]
        await self._store.define_queues([Queue(name, 2.0, wrap) for name, wrap in zip(QUEUES, (0, 0.2, 0.5), strict=True)])
        await self._store.define_agents(self._all)
        staff = asyncio.create_task(self._staff())
        killing = asyncio.create_task(self._kill_now_and_then())
        task = progress.add_task("callers", total=self.contacts)
        keepers = [asyncio.create_task(self._keep(f"n{n + 1}", self._share(n))) for n in range(self.nodes)]
        watching = asyncio.create_task(self._watch(progress, task))
        try:
            await asyncio.gather(*keepers)
            for one in (killing, watching):
                one.cancel()
            progress.update(task, completed=self.contacts)
            wrong = await self._settle(staff)
            return {**await self._result(wrong), "seconds": round(time.monotonic() - began, 1)}
        finally:
            for one in (*keepers, staff, killing, watching):
                one.cancel()
            for life in self.lives:
                if life.process.returncode is None:
                    life.process.kill()
                    await life.process.wait()
            await self._redis.aclose()
            await self._server.aclose()

    def _share(self, number: int) -> int:
        return self.contacts // self.nodes + (number < self.contacts % self.nodes)

    # --- who lives and who dies

    async def _keep(self, name: str, contacts: int) -> None:
        """Start the node again until all its callers came."""
        life = 0
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.load.chaos_node",
                *(f"--name={name}", f"--redis={self._server.url}", f"--ledger={self._ledger(name, life)}"),
                *(f"--seed={self.seed}", f"--life={life}", f"--contacts={contacts}"),
            )
            one = Life(name, life, process)
            self.lives.append(one)
            code = await process.wait()
            contacts -= sum(what == "enter" for what, _ in self._read(one))
            if not one.killed and code != 0:
                raise RuntimeError(f"node {name} ended with code {code}")
            if contacts <= 0 and not one.killed:
                return
            await asyncio.sleep(self._dice.choice(DEAD_FOR))
            life += 1

    async def _kill_now_and_then(self) -> None:
        for _ in range(self.kills):
            await asyncio.sleep(self._dice.uniform(*self.pause))
            alive = [life for life in self.lives if life.process.returncode is None and not life.killed]
            victim = self._dice.choice([None, *alive])
            if victim is None:
                self.redis_kills += 1
                os.kill(self._server.pid, signal.SIGKILL)
            else:
                victim.killed = True
                with suppress(ProcessLookupError):
                    victim.process.kill()

    async def _staff(self) -> None:
        """Agents are there, and come back from every break."""
        while True:
            with suppress(IvrError):
                for agent in await self._store.agents():
                    await self._store.heartbeat(agent.id, 15.0)
                    if agent.state in (AgentState.OFFLINE, AgentState.BREAK):
                        await self._store.set_state(agent.id, AgentState.AVAILABLE)
                await self._call_back(self._store.now() - 5.0)
            await asyncio.sleep(0.2)

    async def _call_back(self, before: float) -> None:
        """Stands for the dialer of callbacks: takes each lost caller once."""
        lost = LostContacts(self._redis)
        for one in await lost.before(before):
            await lost.forget([one.id])
            self.called_back[one.id] += 1

    # --- the proof

    async def _settle(self, staff: asyncio.Task[None]) -> list[str]:
        """Let time heal what is left; returns what it did not."""
        await asyncio.sleep(0.5)
        staff.cancel()
        until = time.monotonic() + 40.0
        while time.monotonic() < until:
            await asyncio.sleep(0.5)
            with suppress(StoreUnavailable):
                await self._store.sweep()
                await self._call_back(self._store.now())
                if not await self._left() and not await self._stranded():
                    break
        for agent in self._all:
            await self._store.set_state(agent.id, AgentState.OFFLINE)
        wrong = [f"left behind: {key}" for key in await self._left()]
        return wrong + [f"stranded: {agent.id} {agent.state.value} {agent.held}" for agent in await self._stranded()]

    async def _left(self) -> list[str]:
        known = DEFINITIONS | {f"agent:{agent.id}" for agent in self._all} | {"leases"}
        keys = [key.decode().removeprefix("{acd}:") async for key in self._redis.scan_iter(match="{acd}:*", count=1000)]
        return sorted(key for key in keys if key not in known)

    async def _stranded(self) -> list[Agent]:
        fine = (AgentState.AVAILABLE, AgentState.BREAK, AgentState.OFFLINE)
        return [agent for agent in await self._store.agents() if agent.held or agent.state not in fine]

    async def _result(self, wrong: list[str]) -> dict[str, Any]:
        totals = await self._store.totals()
        told = {(life.name, life.number): list(self._read(life)) for life in self.lives}
        entered = Counter(who for lines in told.values() for what, who in lines if what == "enter")
        ends = Counter(who for lines in told.values() for what, who in lines if what in ENDS)
        killed = [(life.name, life.number) for life in self.lives if life.killed]
        cut_off = {who for life in killed for what, who in told[life] if what == "enter"} - ends.keys()
        by_end = Counter(what for lines in told.values() for what, _ in lines)
        wrong += (
            self._unequal(totals) + _twice(entered, "came") + _twice(ends, "ended") + _twice(self.called_back, "called back")
        )
        wrong += [f"{who} came and never ended" for who in entered.keys() - ends.keys() - cut_off]
        told_redis = {who for lines in told.values() for what, who in lines if what == "told"}
        for life, lines in told.items():
            known = told_redis if life in killed else ends.keys()  # who dies before Redis could be told cannot tell it any more
            back = self.called_back.keys() & {who for what, who in lines if what in ENDS} & known
            wrong += [f"{who} was called back though the call had ended well" for who in back]
        offered, missed = len(entered), len(cut_off)
        if offered != sum(by_end[what] for what in ENDS) + missed or offered != self.contacts:
            wrong.append(f"offered {offered} of {self.contacts} = {dict(by_end)} + missed {missed}")
        wrong += self._against(totals, by_end, offered, missed)
        return {
            "offered": offered,
            **{what: by_end[what] for what in ENDS},
            "missed": missed,
            "called_back": len(self.called_back),
            "unknown": len(cut_off - self.called_back.keys()),
            "node_kills": len(killed),
            "redis_kills": self.redis_kills,
            "redis_restarts": self._server.restarts,
            "totals": dict(sorted(totals.items())),
            "wrong": sorted(wrong),
        }

    def _unequal(self, totals: dict[str, int]) -> list[str]:
        """The sums of docs/queues.md that do not hold."""

        def of(*names: str) -> int:
            return sum(totals.get(name, 0) for name in names)

        sums = {
            "offers": (of("offers"), of("answered", "declined", "missed", "withdrawn")),
            "enqueued": (of("enqueued", "requeued"), of("answered", "abandoned", "overflowed", "lost", "served")),
            "answered": (of("answered"), of("ended", "requeued")),
        }
        return [f"{name}: {one} is not {other}" for name, (one, other) in sums.items() if one != other]

    def _against(self, totals: dict[str, int], by_end: Counter[str], offered: int, missed: int) -> list[str]:
        """The store counted what the callers saw, but for those whose node was killed in the midst of telling it."""
        seen = {
            "enqueued": offered,
            "abandoned": by_end["abandoned"],
            "overflowed": by_end["overflowed"],
            "talks": by_end["answered"],
        }
        counted = {**totals, "talks": totals.get("answered", 0) - totals.get("requeued", 0)}
        pairs = ((name, counted.get(name, 0), number) for name, number in seen.items())
        return [f"{name}: the store counted {one}, callers saw {two}" for name, one, two in pairs if abs(one - two) > missed]

    def _ledger(self, name: str, life: int) -> Path:
        return self.folder / f"ledger-{name}-{life}.jsonl"

    def _read(self, life: Life) -> Iterable[tuple[str, str]]:
        path = self._ledger(life.name, life.number)
        if path.exists():
            for line in path.read_text().splitlines():
                what, who = json.loads(line)
                yield what, who

    async def _watch(self, progress: Progress, task: Any) -> None:
        while True:
            await asyncio.sleep(0.5)
            progress.update(task, completed=sum(what in ENDS for life in self.lives for what, _ in self._read(life)))


def _twice(counts: Counter[str], what: str) -> list[str]:
    return [f"{who} {what} {number} times" for who, number in counts.items() if number > 1]


async def main(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder, Progress(console=Console(stderr=True)) as progress:
        result = await Chaos(Path(folder), options.contacts, options.seed, options.nodes).run(progress)
    print(json.dumps(result, indent=2))
    return 1 if result["wrong"] else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(asyncio.run(main(parser.parse_args())))
