"""An agent's desk without a browser: the socket of docs/desk-protocol.md, spoken by a test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.server import HotlineProcess


class DeskClient:
    """Keeps what the server tells; `ask` waits for the reply to a button."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.told: list[tuple[str, dict[str, Any]]] = []
        self._muted = False

    async def read(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            if message["type"] == "reply":
                self._replies[message["data"]["id"]].set_result(message["data"])
            else:
                self.told.append((message["type"], message["data"]))

    async def ask(self, kind: str, **data: str) -> None:
        """Press a button. Raises AssertionError with the server's words where it refuses."""
        reply = await self.reply(kind, **data)
        assert reply["ok"], reply

    async def reply(self, kind: str, **data: str) -> dict[str, Any]:
        """Press a button and return what the server says to it."""
        self._number += 1
        number = f"c{self._number}"
        waiting = self._replies[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "type": kind, "data": data}))
        async with asyncio.timeout(20):
            reply: dict[str, Any] = await waiting
            return reply

    def last(self, kind: str) -> dict[str, Any]:
        return next((data for name, data in reversed(self.told) if name == kind), {})

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Wait until the last news of this kind has these fields."""
        try:
            async with asyncio.timeout(30):
                while not self.last(kind) or any(self.last(kind).get(name) != value for name, value in fields.items()):  # noqa: ASYNC110  # read by a task
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"no {kind} with {fields}: {self.told[-6:]}") from None
        return self.last(kind)

    async def beat(self) -> None:
        while True:
            await asyncio.sleep(1.5)
            if not self._muted:
                await self.ask("ping")

    def mute(self) -> None:
        """Say nothing from now on, as a page on a machine that hangs."""
        self._muted = True

    @classmethod
    @asynccontextmanager
    async def open(cls, server: HotlineProcess, agent: str) -> AsyncIterator[DeskClient]:
        async with httpx.AsyncClient(base_url=server.url) as client:
            login = await client.post("/api/v1/login", json={"username": agent, "password": server.password(agent)})
            login.raise_for_status()
            cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        url = server.url.replace("http", "ws") + "/ws/desk"
        async with connect(url, additional_headers={"Cookie": cookie}) as socket:
            desk = cls(socket)
            tasks = [asyncio.create_task(desk.read()), asyncio.create_task(desk.beat())]
            await socket.send(json.dumps({"type": "resume", "data": {"seq": 0}}))
            try:
                await desk.until("snapshot")
                yield desk
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
