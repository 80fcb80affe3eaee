"""A board without a browser: the socket of docs/wall.md, spoken by a test. It keeps rows as a page does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.server import HotlineProcess

KEYS = {"queues": "name", "agents": "id", "calls": "id", "trunks": "name", "nodes": "name", "alerts": "id"}


class WallClient:
    def __init__(self, socket: ClientConnection, cookie: str) -> None:
        self._socket, self.cookie = socket, cookie
        self.rows: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KEYS}
        self.figures: dict[str, Any] = {}
        self.snapshot: dict[str, Any] = {}
        self.seq = 0
        self.kinds: list[str] = []
        self.replies: dict[str, dict[str, Any]] = {}
        self._news = asyncio.Event()
        self._number = 0

    async def read(self) -> None:
        async for text in self._socket:
            self._take(json.loads(text))
            self._news.set()

    def _take(self, message: dict[str, Any]) -> None:
        kind, data = message["type"], message["data"]
        if kind == "reply":
            self.replies[data["id"]] = data
            return
        assert kind == "snapshot" or message["seq"] == self.seq + 1, "an event is missing, or came twice"
        self.seq = message["seq"]
        self.kinds.append(kind)
        if kind == "snapshot":
            self.snapshot = data
            self.rows = {one: {row[KEYS[one]]: row for row in data[one]} for one in KEYS}
            self.figures = data["figures"]
        elif kind == "figures":
            self.figures = data
        elif kind in KEYS:
            self.rows[kind].update({row[KEYS[kind]]: row for row in data[kind]})
            for name in data["gone"]:
                self.rows[kind].pop(name)

    async def until(self, what: Callable[[], Any], words: str, seconds: float = 20.0) -> Any:
        """Wait until `what` is true of what is shown; returns it."""
        try:
            async with asyncio.timeout(seconds):
                while not (found := what()):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"the board does not show {words}: {self.rows} {self.figures}") from None
        return found

    async def ask(self, kind: str, **data: str) -> dict[str, Any]:
        self._number += 1
        number = f"c{self._number}"
        await self._socket.send(json.dumps({"id": number, "type": kind, "data": data}))
        found: dict[str, Any] = await self.until(lambda: self.replies.get(number), f"a reply to {kind}")
        return found

    async def beat(self) -> None:
        while True:
            await asyncio.sleep(1.5)
            await self._socket.send(json.dumps({"type": "ping", "data": {}}))

    @classmethod
    @asynccontextmanager
    async def open(cls, server: HotlineProcess, account: str, seq: int = 0) -> AsyncIterator[WallClient]:
        async with httpx.AsyncClient(base_url=server.url) as client:
            login = await client.post("/api/v1/login", json={"username": account, "password": server.password(account)})
            login.raise_for_status()
            cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        url = server.url.replace("http", "ws") + "/ws/wall"
        async with connect(url, additional_headers={"Cookie": cookie}, max_size=None) as socket:
            wall = cls(socket, cookie)
            wall.seq = seq
            tasks = [asyncio.create_task(wall.read()), asyncio.create_task(wall.beat())]
            await socket.send(json.dumps({"type": "resume", "data": {"seq": seq}}))
            try:
                await wall.until(lambda: wall.kinds, "anything")
                yield wall
            finally:
                for task in tasks:
                    task.cancel()
