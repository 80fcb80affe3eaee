"""A database, a Redis, a real router with agents, and the desk of messages on top of them."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.embedded import start_embedded
from ivr.acd.model import Agent, AgentState, Channel, Queue
from ivr.acd.routing import Router
from ivr.acd.store import AcdStore
from ivr.messages.customers import Customers
from ivr.messages.desk import MessageDesk
from ivr.messages.holding import Holdings, Rules, Surroundings
from ivr.messages.model import Incoming, Placing, Sender
from ivr.messages.news import News
from ivr.messages.sla import Policy, Promise
from ivr.messages.store import Row, ThreadStore
from ivr.messages.tickets import Tickets
from ivr.records.database import open_database, sqlite_url

PLACING = Placing("support")


@pytest.fixture(scope="session")
def message_redis_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        server = runner.run(start_embedded(Path(folder)))
        yield server.url
        runner.run(server.aclose())


@pytest.fixture
async def redis(message_redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(message_redis_url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """A folder with an empty database: the tables are made once."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        runner.run(_make(Path(folder)))
        yield Path(folder)


async def _make(folder: Path) -> None:
    engine = await open_database(sqlite_url(folder))
    await engine.dispose()


@pytest.fixture
async def engine(tmp_path: Path, made: Path) -> AsyncIterator[AsyncEngine]:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    engine = await open_database(sqlite_url(tmp_path))
    yield engine
    await engine.dispose()


async def eventually(true: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    """Wait until it is so. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110  # Redis and SQL tell nobody here
            await asyncio.sleep(0.02)


class Clock:
    def __init__(self, at: float = 1_790_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(engine: AsyncEngine, clock: Clock) -> ThreadStore:
    numbers = count(1)
    return ThreadStore(engine, clock, lambda: f"{next(numbers):016x}", reopen=3600.0)


@pytest.fixture
def tickets(engine: AsyncEngine, clock: Clock) -> Tickets:
    numbers = count(1)
    policy = Policy({"normal": Promise(3600.0, 86_400.0), "urgent": Promise(600.0, 7200.0)})
    return Tickets(engine, lambda: policy, clock, lambda: f"{next(numbers)}")


def wrote(text: str = "help", who: str = "chat:li", key: str = "", **more: Any) -> Incoming:
    """A message of a customer."""
    stated = more.pop("stated", ())
    sender = Sender(who, more.pop("name", ""), more.pop("language", ""), stated)
    given = {"channel": "chat", "source": "chat", **more}
    return Incoming(sender=sender, text=text, external=key or f"{who}:{text}", **given)


class House:
    """A node with one queue: its desk, and what agents' pages were told."""

    def __init__(self, redis: Redis, engine: AsyncEngine, store: ThreadStore, rules: Rules, node: str = "node-1") -> None:
        self.acd = AcdStore(redis)
        self.router = Router(self.acd, node, sweep_seconds=0.2)
        self.store, self.news = store, News(redis)
        self.told: list[tuple[str, str, Mapping[str, Any]]] = []
        self._changed = asyncio.Event()
        around = Surroundings(node, store, self.router, self.news, self.tell, rules, self._assigned)
        self.holdings = Holdings(around)
        self.desk = MessageDesk(
            store, Customers(engine), self.news, self.holdings, self.tell, self.acd, lambda: ("support", "care")
        )

    async def tell(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None:
        self.told.append((agent_id, kind, data))
        self._changed.set()

    async def _assigned(self, thread: Row) -> None:
        await self.desk.assigned(thread)

    async def agent(self, name: str, state: AgentState = AgentState.AVAILABLE) -> None:
        await self.acd.heartbeat(name, 600.0)
        await self.acd.set_state(name, state)

    async def holds(self, agent_id: str, *threads: str) -> bool:
        """Whether the agent has just these."""
        held = (await self.acd.agent(agent_id)).held
        return sorted(one.partition(".")[0] for one in held) == sorted(threads)

    async def until(self, thread_id: str, **fields: Any) -> Row:
        """The thread once it has these fields. Raises AssertionError."""
        row: Row = {}
        try:
            async with asyncio.timeout(15):
                while True:
                    row = await self.store.get(thread_id)
                    if all(row[name] == value for name, value in fields.items()):
                        return row
                    self._changed.clear()
                    await asyncio.wait([asyncio.ensure_future(self._changed.wait())], timeout=0.1)
        except TimeoutError:
            raise AssertionError(f"never {fields}: {row}") from None

    async def until_told(self, kind: str, agent: str = "", **fields: Any) -> tuple[str, Mapping[str, Any]]:
        async with asyncio.timeout(15):
            while True:
                for agent_id, name, data in self.told:
                    if (
                        name == kind
                        and agent in ("", agent_id)
                        and all(data.get(key) == value for key, value in fields.items())
                    ):
                        return agent_id, data
                self._changed.clear()
                await self._changed.wait()

    @asynccontextmanager
    async def open(self, *agents: Agent) -> AsyncIterator[House]:
        await self.acd.define_queues([Queue("support", ring_seconds=5, wrap_up_seconds=0), Queue("care")])
        await self.acd.define_agents(agents or [taker("ann"), taker("bob")])
        works = [asyncio.create_task(work) for work in (self.router.run(), self.news.run(), self.holdings.run())]
        try:
            yield self
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)


def taker(name: str, messages: int = 2, **more: Any) -> Agent:
    return Agent(name, rooms={Channel.MESSAGE: messages}, blend=frozenset({Channel.MESSAGE}), **more)
