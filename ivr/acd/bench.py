"""Measure the moves: `python -m ivr.acd.bench [--agents 1000] [--waiting 1000] [--moves 5000] [--json]`.

Every agent has skills of its own and every tenth contact another demand, so the classes of `lua/core.lua` save as little as
they can. `lua` is the time inside Redis (SLOWLOG), `round trip` what a node waits.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from redis.asyncio import Redis

from ivr.acd.embedded import start_embedded
from ivr.acd.model import Agent, AgentState, Contact, Queue, needs_of
from ivr.acd.store import AcdStore

T = TypeVar("T")
SKILLS = [f"skill{number}" for number in range(20)]
HARDEST = 10


class Bench:
    def __init__(self, store: AcdStore, dice: random.Random) -> None:
        self.store = store
        self.dice = dice
        self.took: dict[str, list[float]] = {}

    async def timed(self, what: str, move: Awaitable[T]) -> T:
        begin = time.perf_counter()
        result = await move
        self.took.setdefault(what, []).append((time.perf_counter() - begin) * 1000)
        return result

    def agent(self, number: int) -> Agent:
        chosen = self.dice.sample(SKILLS, 5)
        return Agent(f"a{number}", skills={skill: self.dice.randint(1, 9) for skill in chosen})

    def contact(self, number: int, level: int | None = None) -> Contact:
        needs = {skill: level or self.dice.randint(1, 5) for skill in self.dice.sample(SKILLS, 2)}
        return Contact(f"c{number}", "q", time.time(), needs_of(needs), self.dice.randint(4, 6), "bench")

    async def nobody_fits(self, count: int) -> None:
        """The dearest enqueue: every agent idles and none has the level."""
        for number in range(count):
            assert (
                await self.timed("enqueue, all idle, none fits", self.store.enqueue(self.contact(-1 - number, HARDEST))) is None
            )
        for number in range(count):
            await self.store.leave(f"c{-1 - number}")

    async def steady(self, agents: int, waiting: int, moves: int) -> None:
        """A full queue: each call that ends frees an agent, who gets the next at once; one caller arrives in exchange."""
        offered: list[tuple[str, str]] = []
        number = 0
        while number < waiting + agents:
            offer = await self.store.enqueue(self.contact(number))
            offered += [(offer.contact_id, offer.agent_id)] if offer else []
            number += 1
        for _ in range(moves):
            if not offered:
                break
            contact, agent = offered.pop(self.dice.randrange(len(offered)))
            await self.timed("accept", self.store.accept(contact, agent))
            freed = await self.timed("finish + match", self.store.finish(contact))
            offered += [(offer.contact_id, offer.agent_id) for offer in freed]
            arrived = await self.timed("enqueue + match", self.store.enqueue(self.contact(number)))
            offered += [(arrived.contact_id, arrived.agent_id)] if arrived else []
            number += 1
        await self.timed("sweep", self.store.sweep())


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "n": len(ordered),
        "p50_ms": round(ordered[len(ordered) // 2], 3),
        "p99_ms": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 3),
        "max_ms": round(ordered[-1], 3),
    }


async def measure(agents: int, waiting: int, moves: int) -> dict[str, Any]:
    """Return the figures: milliseconds per move, and octets per waiting contact."""
    with tempfile.TemporaryDirectory() as folder:
        server = await start_embedded(Path(folder))
        redis = Redis.from_url(server.url)
        try:
            bench = Bench(AcdStore(redis), random.Random(7))
            await bench.store.define_queues([Queue("q", 600, 0)])
            await bench.store.define_agents(bench.agent(number) for number in range(agents))
            for number in range(agents):
                await bench.store.set_state(f"a{number}", AgentState.AVAILABLE)
            await bench.nobody_fits(min(200, moves))
            await redis.config_set("slowlog-max-len", 4 * moves)
            await redis.config_set("slowlog-log-slower-than", 0)
            await redis.slowlog_reset()
            await bench.steady(agents, waiting, moves)
            slow: Any = await redis.slowlog_get(4 * moves)
            inside = [entry["duration"] / 1000 for entry in slow if entry["command"].upper().startswith(b"EVALSHA")]
            left: Any = await redis.zcard(bench.store.key("contacts"))
            return {
                "agents": agents,
                "in_queue_and_talking": left,
                "lua": _spread(inside),
                "round_trip": {what: _spread(values) for what, values in bench.took.items()},
            }
        finally:
            await redis.aclose()
            await server.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ivr.acd.bench", description="Measure the atomic moves of the queues.")
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--waiting", type=int, default=1000)
    parser.add_argument("--moves", type=int, default=5000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = asyncio.run(measure(asked.agents, asked.waiting, asked.moves))
    if asked.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"{asked.agents} agents, {figures['in_queue_and_talking']} contacts at the end")
    for what, spread in {"lua, all moves": figures["lua"], **figures["round_trip"]}.items():
        print(
            f"{what:45} n {spread['n']:6}  p50 {spread['p50_ms']:7.3f}  p99 {spread['p99_ms']:7.3f}  max {spread['max_ms']:7.3f} ms"
        )


if __name__ == "__main__":
    main()
