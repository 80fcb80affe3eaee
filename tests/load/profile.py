"""Measures how long a caller waits for a profile, with a customer system that is well, slow or dead in every way.

    python -m tests.load.profile [--callers 200] [--budget 0.3] [--connections 20] [--json] [MODE ...]

The customer system is a process of its own on 127.0.0.1. For each way it may be (`tests/unit/ivr/profile/crm.py`): `callers`
at the same moment, each with a number of its own, of a node that has just started; and again when that is over, when the
circuit has opened. The time is from the question to the profile, full or partial.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from ivr.call import Call, Caller
from ivr.settings import Settings
from ivr.settings_sources import OperationOptions, ProfileOptions, ReadOptions, SourceOptions
from ivr.wiring_sources import SourceParts, source_parts
from tests.unit.ivr.profile.crm import DEAD, Crm

MODES = ("fine", "slow", "not_found", *DEAD)
DELAY = {"fine": 0.005, "slow": 0.1}
"""Seconds that the customer system thinks."""
OPERATION = OperationOptions(path="/customers/{number}", root="data", map={"name": "name", "tier": "level"})


async def serve(mode: str) -> None:
    """Be the customer system until standard input closes; says its address."""
    async with Crm(mode, DELAY.get(mode, 0.0)) as crm:
        print(crm.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def parts_of(url: str, budget: float, connections: int, stack: AsyncExitStack) -> SourceParts:
    crm = SourceOptions("http", url=url, connections=connections, operations={"profile": OPERATION})
    files = {"crm": crm}
    return await source_parts(
        Settings(sources=files, profiles=ProfileOptions((ReadOptions("crm"),), within=budget)), stack, None
    )


@asynccontextmanager
async def lateness() -> AsyncIterator[list[float]]:
    """How late the event loop came meanwhile, in ms: what the machine did not give us, and our own work in one piece."""
    late = [0.0]

    async def watch() -> None:
        while True:
            due = time.perf_counter() + 0.005
            await asyncio.sleep(0.005)
            late.append((time.perf_counter() - due) * 1000)

    task = asyncio.create_task(watch())
    try:
        yield late
    finally:
        task.cancel()


async def wave(parts: SourceParts, callers: int, first: int) -> tuple[list[float], Counter[str]]:
    """Milliseconds of each of so many callers at once, and how many were known."""

    async def one(number: int) -> tuple[float, bool]:
        began = time.perf_counter()
        profile = await parts.profiles.find_for(Call("c", Caller(f"+4930{number:07}"), "", 0.0))
        return (time.perf_counter() - began) * 1000, bool(profile["known"])

    found = await asyncio.gather(*(one(first + number) for number in range(callers)))
    return sorted(took for took, _ in found), Counter("known" if known else "anonymous" for _, known in found)


async def measured(parts: SourceParts, callers: int, first: int) -> dict[str, float]:
    busy = time.process_time()
    async with lateness() as late:
        times, counted = await wave(parts, callers, first)
    busy = (time.process_time() - busy) * 1000 / callers
    return {**figures(times, counted), "late_ms": round(max(late), 1), "cpu_ms": round(busy, 2)}


def figures(times: list[float], counted: Counter[str]) -> dict[str, float]:
    p99 = times[min(len(times) - 1, int(0.99 * len(times)))]
    return {
        "known": counted["known"],
        "p50_ms": round(statistics.median(times), 1),
        "p99_ms": round(p99, 1),
        "max_ms": round(times[-1], 1),
    }


async def measure(mode: str, callers: int, budget: float, connections: int) -> dict[str, dict[str, float]]:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.load.profile", "--serve", mode),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        url = (await child.stdout.readline()).decode().strip()
        async with AsyncExitStack() as stack:
            parts = await parts_of(url, budget, connections, stack)
            first = await measured(parts, callers, 0)
            await asyncio.sleep(2.2)  # what is under way ends by its own timeout, and the circuit learns of it
            return {"first": first, "again": await measured(parts, callers, callers)}
    finally:
        child.stdin.close()
        await child.wait()


async def run(modes: Sequence[str], callers: int, budget: float, connections: int) -> dict[str, dict[str, dict[str, float]]]:
    found = {}
    for mode in modes:
        found[mode] = await measure(mode, callers, budget, connections)
        print(
            f"{mode:18}" + "".join(f"  {name}: {_line(one)}" for name, one in found[mode].items()), file=sys.stderr, flush=True
        )
    return found


def _line(one: dict[str, float]) -> str:
    times = f"p50 {one['p50_ms']:6.1f} p99 {one['p99_ms']:6.1f} max {one['max_ms']:6.1f} late {one['late_ms']:5.1f} ms"
    return f"{one['known']:3.0f} known, {times}, {one['cpu_ms']:.2f} ms CPU each"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modes", nargs="*", metavar="MODE", default=MODES)
    parser.add_argument("--callers", type=int, default=200)
    parser.add_argument("--budget", type=float, default=0.3)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        asyncio.run(serve(args.serve))
        return
    found = asyncio.run(run(args.modes, args.callers, args.budget, args.connections))
    if args.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
