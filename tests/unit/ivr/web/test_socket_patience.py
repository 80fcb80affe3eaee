"""Sockets whose peers read nothing end, and hold nobody else up."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from ivr.web import page_socket
from ivr.web.page_socket import PageSocket
from ivr.web.socket_patience import PatientSocket

LONG = "x" * 60_000


class Hasty(PatientSocket):
    ending_seconds = 0.3


class House:
    """`/ws` gives whatever is told to all who are there, as boards and desks do."""

    def __init__(self) -> None:
        self.pages: set[PageSocket] = set()
        app = Starlette(routes=[WebSocketRoute("/ws", self.serve)])
        config = uvicorn.Config(app, host="127.0.0.1", port=0, ws=Hasty, log_level="error", lifespan="off")
        self.server = uvicorn.Server(config)

    async def serve(self, websocket: WebSocket) -> None:
        await websocket.accept()
        page = PageSocket(websocket)
        self.pages.add(page)
        try:
            await page.serve(self.hear)
        finally:
            self.pages.discard(page)

    async def hear(self, _message: object) -> None: ...

    def tell(self, text: str) -> None:
        for page in self.pages:
            page.send({"type": "news", "text": text})

    @property
    def port(self) -> int:
        return int(self.server.servers[0].sockets[0].getsockname()[1])

    async def until(self, pages: int) -> None:
        """Wait until so many are there: served, and connected."""
        async with asyncio.timeout(20):
            while (len(self.pages), len(self.server.server_state.connections)) != (pages, pages):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@pytest.fixture
async def house(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(page_socket, "SEND_SECONDS", 0.3)
    made = House()
    task = asyncio.create_task(made.server.serve())
    async with asyncio.timeout(20):
        while not made.server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    yield made
    made.server.should_exit = True
    await task


async def deaf(house: House) -> socket.socket:
    """A page that is there and reads nothing."""
    loop, peer = asyncio.get_running_loop(), socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.setblocking(False)
    await loop.sock_connect(peer, ("127.0.0.1", house.port))
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = f"GET /ws HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: {key}\r\n"
    await loop.sock_sendall(peer, f"{upgrade}sec-websocket-version: 13\r\n\r\n".encode())
    return peer


async def test_who_reads_nothing_is_dropped_and_the_others_hear_everything(house: House) -> None:
    peers = [await deaf(house) for _ in range(5)]
    async with connect(f"ws://127.0.0.1:{house.port}/ws", max_size=None) as page:
        await house.until(6)
        for number in range(150):  # 9 MB for each: more than the kernel keeps
            house.tell(f"{number} {LONG}")
            async with asyncio.timeout(20):
                assert f'"text":"{number} ' in str(await page.recv())[:40]
        await house.until(1)
    for peer in peers:
        peer.close()


async def test_pings_whose_answers_nobody_reads_fill_no_memory(house: House) -> None:
    peer = await deaf(house)
    await house.until(1)
    ping = (bytes([0x89, 0x80 | 125]) + bytes(4) + bytes(125)) * 500
    with pytest.raises(ConnectionError):
        async with asyncio.timeout(20):
            while True:
                await asyncio.get_running_loop().sock_sendall(peer, ping)
    await house.until(0)
    peer.close()
