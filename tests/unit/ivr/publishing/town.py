"""Nodes in one process that share a database and a Redis, each with its own flows in memory and its own folder of files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.dialplan.environment_file import load_environment
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import NOTHING_KNOWN, FlowStore, load
from ivr.publishing.desk import FlowDesk
from ivr.publishing.files import FlowFiles
from ivr.publishing.ledger import Ledger
from ivr.publishing.model import version_of
from ivr.publishing.news import News
from ivr.publishing.publisher import Publisher
from tests.unit.ivr.dialplan.flows import flow_with

NOON = 1_790_000_000.0


def text(seconds: int, name: str = "small") -> str:
    """A flow that waits; each number gives another version."""
    return flow_with(f"  one: {{ wait: {seconds}s, on: {{ done: end }} }}\n").replace("flow: small", f"flow: {name}", 1)


WRONG = text(1).replace("done: end", "done: nowhere")
ONE, TWO, THREE, FOUR = (text(n) for n in range(1, 5))


async def until(holds: Callable[[], object], seconds: float = 5.0) -> float:
    """Seconds until it holds. Raises TimeoutError."""
    begin = asyncio.get_running_loop().time()
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  # it changes in Redis and SQL
            await asyncio.sleep(0.005)
    return asyncio.get_running_loop().time() - begin


class Clock:
    """The wall clock of all nodes."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


class TownNode:
    """One node."""

    def __init__(self, town: Town, name: str, folder: Path, around: Surroundings, writes: bool) -> None:
        self.folder = folder
        self.environment = folder / "env" / "env.yaml"
        named = self.environment if self.environment.exists() else None
        if named is not None:
            around = replace(around, environment=load_environment(named))
        self.store = FlowStore([folder], around)
        self.store.reload()
        self.files = FlowFiles(self.store, host=f"host-of-{folder.name}", writes=writes, environment=named)
        self.ledger = Ledger(town.engine)
        self.publisher = Publisher(self.ledger, News(town.redis, name), self.store, self.files, wall=town.clock)
        self.desk = FlowDesk(self.publisher)
        self._running: asyncio.Task[None] | None = None

    def live(self, flow: str = "small") -> str:
        """The version that new calls begin with, "" for none."""
        share = self.store.shares.get(flow)
        return share.version if share is not None else ""

    def has(self, wanted: str, flow: str = "small") -> bool:
        return self.live(flow) == version_of(wanted)

    def write(self, content: str, name: str = "small") -> Path:
        path = self.folder / f"{name}.yaml"
        path.write_text(content, "utf-8")
        return path

    def file(self, name: str = "small") -> str:
        return (self.folder / f"{name}.yaml").read_text("utf-8")

    async def step(self) -> None:
        """What `run` would do at a change of files."""
        self.publisher.files_changed()
        await self.publisher.step()

    def start(self) -> None:
        self._running = asyncio.create_task(self.publisher.run())

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None

    async def until(self, wanted: str, flow: str = "small", seconds: float = 5.0) -> float:
        """Seconds until the node runs that text."""
        return await until(lambda: self.has(wanted, flow), seconds)


class Town:
    """All nodes."""

    def __init__(self, redis: Redis, engine: AsyncEngine, folder: Path) -> None:
        self.redis, self.engine, self.folder = redis, engine, folder
        self.clock = Clock()
        self.nodes: list[TownNode] = []

    async def node(
        self,
        name: str = "one",
        content: str | None = ONE,
        *,
        folder: str = "",
        around: Surroundings = NOTHING_KNOWN,
        writes: bool = True,
        environment: str = "",
    ) -> TownNode:
        """A node that has begun; `folder` is shared by nodes that name the same."""
        place = self.folder / (folder or name)
        place.mkdir(exist_ok=True)
        if content is not None:
            (place / f"{load(content).name}.yaml").write_text(content, "utf-8")
        if environment:
            (place / "env").mkdir(exist_ok=True)
            (place / "env" / "env.yaml").write_text(environment, "utf-8")
        made = TownNode(self, name, place, around, writes)
        self.nodes.append(made)
        await made.publisher.begin()
        return made

    async def close(self) -> None:
        for node in self.nodes:
            await node.stop()
