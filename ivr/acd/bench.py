"""Measure the moves: `python -m ivr.acd.bench [--agents 1000] [--waiting 1000] [--moves 5000] [--profiles 0] [--demands 0]`.

Without the last two every agent has skills of its own, and nearly every contact needs of its own, so the classes of
`lua/core.lua` save nothing: the worst case. `lua` is the time inside Redis (SLOWLOG), the rest what a node waits.
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
QUICK = 40
"""Microseconds below which Redis notes no command: those inside a script stay out, a script that is quicker counts as this."""


class Bench:
    def __init__(self, store: AcdStore, dice: random.Random, profiles: int, demands: int) -> None:
        self.store = store
        self.profiles = profiles
        self.demands = demands
        self.dice = dice
        self.took: dict[str, list[float]] = {}

    async def timed(self, what: str, move: Awaitable[T]) -> T:
        begin = time.perf_counter()
        result = await move
        self.took.setdefault(what, []).append((time.perf_counter() - begin) * 1000)
        return result

    def agent(self, number: int) -> Agent:
        dice = random.Random(number % self.profiles if self.profiles else number)
        return Agent(f"a{number}", skills={skill: dice.randint(1, 9) for skill in dice.sample(SKILLS, 5)})

    def contact(self, number: int, level: int | None = None) -> Contact:
        dice = random.Random(number % self.demands if self.demands else number)
        needs = {skill: level or dice.randint(1, 5) for skill in dice.sample(SKILLS, 2)}
        return Contact(f"c{number}", "q", time.time(), needs_of(needs), self.dice.randint(4, 6), "bench")

    async def inside(self) -> list[float]:
        """Milliseconds that the moves since the last time spent inside Redis; the quickest are not told."""
        slow: Any = await self.store.redis.slowlog_get(100_000)
        await self.store.redis.slowlog_reset()
        return [entry["duration"] / 1000 for entry in slow if entry["command"].upper().startswith(b"EVALSHA")]

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


async def measure(agents: int, waiting: int, moves: int, profiles: int = 0, demands: int = 0) -> dict[str, Any]:
    """Return the figures: milliseconds per move, and octets per waiting contact."""
    with tempfile.TemporaryDirectory() as folder:
        server = await start_embedded(Path(folder))
        redis = Redis.from_url(server.url)
        try:
            bench = Bench(AcdStore(redis), random.Random(7), profiles, demands)
            await bench.store.define_queues([Queue("q", 600, 0)])
            await bench.store.define_agents(bench.agent(number) for number in range(agents))
            for number in range(agents):
                await bench.store.set_state(f"a{number}", AgentState.AVAILABLE)
            await redis.config_set("slowlog-max-len", 10 * moves)
            await redis.config_set("slowlog-log-slower-than", QUICK)
            await redis.slowlog_reset()
            await bench.nobody_fits(min(200, moves))
            hard = await bench.inside()
            await bench.steady(agents, waiting, moves)
            inside = await bench.inside()
            inside += [QUICK / 1000] * (3 * moves - len(inside))
            left: Any = await redis.zcard(bench.store.key("contacts"))
            return {
                "agents": agents,
                "in_queue_and_talking": left,
                "lua": {"all moves": _spread(inside), "all idle, none fits": _spread(hard)},
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
    parser.add_argument("--profiles", type=int, default=0, help="sets of skills among the agents; 0: each has its own")
    parser.add_argument("--demands", type=int, default=0, help="sets of needs among the contacts; 0: each has its own")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = asyncio.run(measure(asked.agents, asked.waiting, asked.moves, asked.profiles, asked.demands))
    if asked.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"{asked.agents} agents, {figures['in_queue_and_talking']} contacts at the end")
    inside = {f"lua: {what}": spread for what, spread in figures["lua"].items()}
    for what, spread in {**inside, **figures["round_trip"]}.items():
        n, p50, p99, most = spread.values()
        print(f"{what:40} n {n:6}  p50 {p50:7.3f}  p99 {p99:7.3f}  max {most:7.3f} ms")


if __name__ == "__main__":
    main()
