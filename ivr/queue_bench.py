"""`ivr bench queue`: what can be told to it. The measuring is `ivr.acd.bench`'s, which is loaded when it is asked for."""

from __future__ import annotations

import argparse
import sys

NODE = "import sys; from ivr.queue_bench import node; node(*sys.argv[1:])"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--contacts", type=int, default=10_000, help="callers who wait (default: 10000)")
    parser.add_argument("--agents", type=int, default=1_000, help="agents, all of whom talk (default: 1000)")
    parser.add_argument(
        "--rate", type=float, default=50.0, help="calls that end, and callers that arrive, in a second (default: 50)"
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to measure (default: 20)")
    parser.add_argument("--nodes", type=int, default=1, help="processes, of which one decides (default: 1)")
    parser.add_argument("--profiles", type=int, default=50, help="different sets of skills (default: 50)")
    parser.add_argument("--demands", type=int, default=50, help="different kinds of needs (default: 50)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run(args: argparse.Namespace) -> int:
    from ivr.acd import bench

    return bench.run(args, (sys.executable, "-c", NODE))


def node(url: str, name: str) -> None:
    """A process that decides as a node does, and collects its garbage as one. Until killed."""
    import asyncio

    from ivr.acd import bench
    from ivr.heap import Heap, tend

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(tend(Heap(), lambda: False))
            group.create_task(bench.node(url, name))

    asyncio.run(both())
