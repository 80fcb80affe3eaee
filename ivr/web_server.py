"""The web server of a node, on a socket that is bound already; the node itself hears the signals."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import uvicorn

from ivr.web.app import build_web
from ivr.web.http_patience import PatientHttp
from ivr.web.page_socket import MAX_CHARACTERS
from ivr.web.parts import WebParts
from ivr.web.socket_patience import PatientSocket

LARGEST = 4 * MAX_CHARACTERS
"""Octets of one message over a socket: what is longer is not even put together."""


class Server(uvicorn.Server):
    """Leaves the signals to the node, which drains before it stops the pages."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_web(parts: WebParts, web_socket: socket.socket, stack: AsyncExitStack) -> None:
    """Serve pages and API on a socket that is bound already; returns when it answers."""
    app = build_web(parts)
    ends = asyncio.create_task(app.state.gate.house.sessions.follow())
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        http=PatientHttp,
        ws=PatientSocket,
        ws_max_size=LARGEST,
        timeout_graceful_shutdown=3,
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve([web_socket]))
    await server.up.wait()

    async def stop() -> None:
        server.should_exit = True
        ends.cancel()
        await asyncio.gather(serving, ends, return_exceptions=True)

    stack.push_async_callback(stop)
