"""A queue lives on one server: the others stand by, agents of one site cannot serve callers of another, and when that server
dies its queue dies with it.

Here three processes hold callers of one and the same queue at once, and any agent serves callers of any of them. Two of the
three are killed in the middle of it, the one that decides among them: the third goes on within seconds, none of its callers is
lost or served twice, nobody else's callers stay in the store, and every agent is free at the end.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from redis.asyncio import Redis

from ivr.acd.model import Agent, AgentState, Queue
from ivr.acd.store import AcdStore

AGENTS, CALLERS = 6, 30
"""Callers of each node, at first and again after the deaths."""
TAKE_OVER = 10.0
"""Seconds until the survivor must serve; promised are 2 for deciding and 3.5 for what the dead held, on a machine at rest."""
_numbers = count(1)


class Process:
    """A node of `tests.pains.node` and what it told."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name, self._process = name, process
        self.lines: list[tuple[float, list[str]]] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append((time.monotonic(), line.decode().split()))

    def tell(self, *contacts: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("".join(f"{one}\n" for one in contacts).encode())

    def of(self, word: str) -> list[str]:
        return [words[1] if len(words) > 1 else "" for _, words in self.lines if words[0] == word]

    def served_by(self) -> set[str]:
        return {words[2] for _, words in self.lines if words[0] == "talks"}

    async def until_told(self, word: str, times: int, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while len(self.of(word)) < times:  # noqa: ASYNC110  # another process tells
                await asyncio.sleep(0.02)

    async def end(self, how: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(how)
        await self._process.wait()
        await self._reading


@asynccontextmanager
async def nodes(url: str, prefix: str, *names: str) -> AsyncIterator[dict[str, Process]]:
    found: dict[str, Process] = {}
    try:
        for name in names:
            command = (sys.executable, "-m", "tests.pains.node", url, prefix, name)
            pipe = asyncio.subprocess.PIPE
            found[name] = Process(name, await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe))
        for one in found.values():
            await one.until_told("ready", 1, 30.0)
        yield found
    finally:
        for one in found.values():
            await one.end(signal.SIGKILL)


async def test_three_nodes_have_one_queue_and_two_of_them_may_die(redis_url: str) -> None:
    redis, prefix = Redis.from_url(redis_url), f"{{pain-6-{next(_numbers)}}}"
    store = AcdStore(redis, prefix=prefix)
    await store.define_queues([Queue("q", ring_seconds=20.0, wrap_up_seconds=0.0)])
    await store.define_agents([Agent(f"a{number}") for number in range(AGENTS)])
    for number in range(AGENTS):
        await store.heartbeat(f"a{number}", 600.0)
        await store.set_state(f"a{number}", AgentState.AVAILABLE)
    async with nodes(redis_url, prefix, "one", "two", "three") as running:
        for name, one in running.items():
            one.tell(*(f"{name}-{number}" for number in range(CALLERS)))
        for one in running.values():
            await one.until_told("served", CALLERS // 2, 30.0)
        leader = str(await store.redis.get(f"{prefix}:leader"))
        dying = [name for name in running if name in leader]
        assert len(dying) == 1, leader
        dying.append(next(name for name in running if name not in dying))
        survivor = running[next(name for name in running if name not in dying)]
        for name in dying:
            running[name].tell(*(f"{name}-late-{number}" for number in range(CALLERS)))
        await asyncio.sleep(0.2)
        for name in dying:
            await running[name].end(signal.SIGKILL)
        died, had = time.monotonic(), len(survivor.of("served"))
        survivor.tell(*(f"{survivor.name}-late-{number}" for number in range(CALLERS)))
        await survivor.until_told("served", 2 * CALLERS, 40.0)
        after = [at for at, words in survivor.lines if words[0] == "served"][had:]
        assert after[0] - died < TAKE_OVER, f"nobody was served for {after[0] - died:.1f} s"
        assert sorted(survivor.of("served")) == sorted(set(survivor.of("served"))), "nobody twice"
        assert survivor.served_by() == {f"a{number}" for number in range(AGENTS)}, "any agent serves any node's callers"
        async with asyncio.timeout(20):
            while await store.contact_ids():  # noqa: ASYNC110  # the leases of the dead run out
                await asyncio.sleep(0.05)
        async with asyncio.timeout(20):
            while any(one.state is not AgentState.AVAILABLE or one.held for one in await store.agents()):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        totals = await store.totals()
        told = sum(len(one.of("served")) for one in running.values())
    enqueued = totals["enqueued"]
    given_up = totals.get("lost", 0) + totals.get("abandoned", 0)
    assert enqueued == totals["answered"] - totals.get("requeued", 0) + given_up, totals
    assert totals["answered"] >= told > 3 * CALLERS // 2
    await redis.aclose()
