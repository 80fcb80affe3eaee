"""A floor at work on one node: desks and boards connected, agents and callers moving; CPU, memory, and how late news come.

`python -m tests.load.desks --desks 300 --boards 50 --rate 20 --seconds 30`. A change is made in Redis, as any node makes it,
and counts as there when the agent's own desk, and each board, has the message. The far ends run in the same process as the
generator, so what they take is in the latencies too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import yaml
from argon2 import PasswordHasher
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect

from ivr.accounts.model import Visitor
from ivr.accounts.sessions import SessionStore
from ivr.acd.embedded import start_embedded
from ivr.acd.model import AgentState, Contact, Need
from ivr.acd.store import AcdStore
from tests.e2e.server import HotlineProcess
from tests.load.cpu import cpu_seconds

FLOW = """flow: desk
languages: [en]
defaults: { error: over, no_agents: over, closed: over, full: over }
states:
  start: { do: [answer], enqueue: { queue: support, no_agents_after: 1h } }
  over: { hangup: normal }
"""
PINGS = 1.5
AT_ONCE = 10
"""Sockets that are opened together."""


@dataclass(slots=True)
class Seen:
    """What came where, and how late."""

    made: dict[str, float] = field(default_factory=dict)
    """Mark of a change to when it was made."""
    desks: list[float] = field(default_factory=list)
    boards: list[float] = field(default_factory=list)
    messages: int = 0
    octets: int = 0

    def note(self, mark: str, kind: list[float]) -> None:
        if mark in self.made:
            kind.append((time.perf_counter() - self.made[mark]) * 1000)


async def read_desk(socket: ClientConnection, seen: Seen) -> None:
    async for text in socket:
        assert isinstance(text, str)
        seen.messages, seen.octets = seen.messages + 1, seen.octets + len(text)
        if '"type":"agent"' in text[:60]:
            seen.note(json.loads(text)["data"]["reason"], seen.desks)


async def read_board(socket: ClientConnection, seen: Seen) -> None:
    had: set[str] = set()
    async for text in socket:
        assert isinstance(text, str)
        seen.messages, seen.octets = seen.messages + 1, seen.octets + len(text)
        if '"type":"agents"' in text[:60]:
            for row in json.loads(text)["data"]["agents"]:
                if row["reason"] not in had:  # the row comes again when something else about the agent changes
                    had.add(row["reason"])
                    seen.note(row["reason"], seen.boards)


async def keep(url: str, cookie: str, read: Callable[[ClientConnection], Awaitable[None]], there: asyncio.Semaphore) -> None:
    """One page, until cancelled."""
    async with connect(
        url, additional_headers={"Cookie": f"hotline_session={cookie}"}, max_size=None, compression=None
    ) as socket:
        await socket.send(json.dumps({"type": "resume", "data": {"seq": 0}}))
        await socket.recv()
        there.release()
        reading = asyncio.ensure_future(read(socket))
        try:
            while not reading.done():
                await asyncio.wait((reading,), timeout=PINGS)
                await socket.send('{"type":"ping","data":{}}')
        finally:
            reading.cancel()


async def change(store: AcdStore, agents: Sequence[str], rate: float, seconds: float, seen: Seen) -> None:
    """Agents change their states, and half as many callers come and go."""
    began, tasks = time.perf_counter(), set[asyncio.Task[None]]()
    for number in count():
        due = began + number / rate
        if due - began >= seconds:
            break
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        task = asyncio.create_task(move(store, agents[number % len(agents)], number, seen))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)


async def move(store: AcdStore, agent: str, number: int, seen: Seen) -> None:
    mark = f"m{number}"
    seen.made[mark] = time.perf_counter()
    await store.set_state(agent, AgentState.BREAK, mark)
    if number % 2 == 0:  # a caller whom nobody here can serve, and who gives up after a while
        await store.enqueue(Contact(f"c{number}", "support", store.now(), needs=(Need("nobody", 9),), node="elsewhere"))
        await asyncio.sleep(5)
        await store.leave(f"c{number}")


class Floor(HotlineProcess):
    """A server that need not hash 300 passwords first; nobody signs in by one."""

    def write_settings(self) -> Path:
        path = super().write_settings()
        settings = yaml.safe_load(path.read_text("utf-8"))
        hashed = f"argon2:{PasswordHasher().hash('nobody')}"
        settings["agents"] = [{**one, "password": hashed} for one in settings["agents"]]
        path.write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
        return path


def memory_mb(pid: int) -> float:
    """Resident megabytes."""
    text = Path(f"/proc/{pid}/statm").read_text()
    return round(int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def spread(late: list[float]) -> dict[str, float]:
    ordered = sorted(late) or [0.0]
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "most": 1.0}
    return {"count": len(late)} | {
        name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) for name, share in shares.items()
    }


async def measure(desks: int, boards: int, rate: float, seconds: float) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "flows").mkdir()
        (folder / "flows" / "desk.yaml").write_text(FLOW)
        live = await start_embedded(folder)
        stack.push_async_callback(live.aclose)
        redis = Redis.from_url(live.url)
        stack.push_async_callback(redis.aclose)
        agents = [f"agent{number}" for number in range(desks)]
        people = [{"id": one, "name": one, "skills": {"telecom": 3}, "languages": ["en"]} for one in agents]
        server = Floor(
            folder,
            redis=live.url,
            speech={"enabled": False, "voice": "none"},
            routes=[{"to": "*", "flow": "desk"}],
            queues={"support": {}},
            agents=[*people, {"id": "boss", "name": "Boss", "roles": ["supervisor"]}],
        )
        server.flows = str(folder / "flows")
        stack.push_async_callback(server.stop)
        await server.start(300)
        return await loaded(server, redis, agents, boards, rate, seconds, stack)


async def loaded(
    server: HotlineProcess, redis: Redis, agents: list[str], boards: int, rate: float, seconds: float, stack: AsyncExitStack
) -> dict[str, Any]:
    store, sessions, seen, there = AcdStore(redis), SessionStore(redis), Seen(), asyncio.Semaphore(0)
    await store.node_heartbeat("elsewhere", 3600)
    alone = memory_mb(server.pid)
    url = server.url.replace("http", "ws")
    me = Visitor("127.0.0.1", f"Python/{'.'.join(map(str, sys.version_info[:2]))} websockets")
    pages = [(agent, "/ws/desk", lambda socket: read_desk(socket, seen)) for agent in agents]
    pages += [("boss", "/ws/wall", lambda socket: read_board(socket, seen)) for _ in range(boards)]
    tasks: list[asyncio.Task[None]] = []
    stack.callback(lambda: [task.cancel() for task in tasks])
    for at in range(0, len(pages), AT_ONCE):
        for who, path, read in pages[at : at + AT_ONCE]:
            cookie = await sessions.open(who, "settings", me)
            tasks.append(asyncio.create_task(keep(url + path, cookie, read, there)))
        for _ in pages[at : at + AT_ONCE]:
            async with asyncio.timeout(30):
                await there.acquire()
    idle = await over(server.pid, min(10.0, seconds))
    sent, octets = seen.messages, seen.octets
    before, began = cpu_seconds(server.pid), time.monotonic()
    await change(store, agents, rate, seconds, seen)
    await asyncio.sleep(1)
    elapsed = time.monotonic() - began
    used = cpu_seconds(server.pid) - before
    lost = [task for task in tasks if task.done()]
    return {
        "desks": len(agents),
        "boards": boards,
        "changes_per_second": rate,
        "cores": {"idle": round(idle, 3), "changing": round(used / elapsed, 3)},
        "memory_mb": {"alone": alone, "connected": memory_mb(server.pid)},
        "to_desk_ms": spread(seen.desks),
        "to_boards_ms": spread(seen.boards),
        "sent_per_second": {
            "messages": round((seen.messages - sent) / elapsed),
            "kB": round((seen.octets - octets) / elapsed / 1000),
        },
        "pages_lost": len(lost),
        "missing": {"desks": len(seen.made) - len(seen.desks), "boards": len(seen.made) * boards - len(seen.boards)},
    }


async def over(pid: int, seconds: float) -> float:
    """Cores in use."""
    before, began = cpu_seconds(pid), time.monotonic()
    await asyncio.sleep(seconds)
    return (cpu_seconds(pid) - before) / (time.monotonic() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--desks", type=int, default=300)
    parser.add_argument("--boards", type=int, default=50)
    parser.add_argument("--rate", type=float, default=20.0, help="changes of agents a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    print(json.dumps(asyncio.run(measure(asked.desks, asked.boards, asked.rate, asked.seconds)), indent=1))


if __name__ == "__main__":
    main()
