"""Peers that send headers or take answers a drop at a time hold no place; others notice nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from ivr.web.http_patience import PatientHttp

LARGE = 32_000_000
"""Octets: more than the kernel's buffers of both ends take."""


class Hasty(PatientHttp):
    header_seconds = taking_seconds = 0.3


async def answer(request: Request) -> Response:
    return PlainTextResponse(await request.body())


async def large(_request: Request) -> Response:
    return PlainTextResponse(b"x" * LARGE)


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    with contextlib.suppress(Exception):
        while True:
            await websocket.send_text(await websocket.receive_text())


@pytest.fixture
async def server() -> AsyncIterator[uvicorn.Server]:
    app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"]), Route("/large", large), WebSocketRoute("/ws", echo)])
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        http=Hasty,
        ws="websockets-sansio",
        log_level="error",
        lifespan="off",
        timeout_keep_alive=30,
    )
    made = uvicorn.Server(config)
    task = asyncio.create_task(made.serve())
    async with asyncio.timeout(20):
        while not made.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    yield made
    made.should_exit = True
    await task


def port(server: uvicorn.Server) -> int:
    return int(server.servers[0].sockets[0].getsockname()[1])


async def opened(server: uvicorn.Server, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port(server), **options)


async def told(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(20):
        return await reader.read()


@pytest.mark.parametrize(("sent", "status"), [(b"", b""), (b"GET / HT", b"408"), (b"GET / HTTP/1.1\r\nhost: a\r\nx: ", b"408")])
async def test_headers_that_do_not_end_end_the_connection(server: uvicorn.Server, sent: bytes, status: bytes) -> None:
    reader, writer = await opened(server)
    writer.write(sent)
    assert (await told(reader))[9:12] == status
    writer.close()


async def test_one_octet_now_and_then_is_no_way_round(server: uvicorn.Server) -> None:
    reader, writer = await opened(server)

    async def drip() -> None:
        with contextlib.suppress(OSError):
            for octet in b"GET / HTTP/1.1\r\nhost: " + b"a" * 1000:
                writer.write(bytes([octet]))
                await writer.drain()
                await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    assert b" 408 " in await told(reader)
    dripping.cancel()
    writer.close()


async def test_a_second_request_has_its_own_time(server: uvicorn.Server) -> None:
    reader, writer = await opened(server)
    whole = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
    for _ in range(2):
        writer.write(whole)
        async with asyncio.timeout(20):
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.4)  # longer than headers may take: nothing is being sent
    writer.write(whole[:-4])
    assert (await told(reader))[9:12] == b"408"
    writer.close()


async def test_who_takes_nothing_of_an_answer_is_dropped(server: uvicorn.Server) -> None:
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.setblocking(False)
        await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", port(server)))
        await asyncio.get_running_loop().sock_sendall(peer, b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n")
        async with asyncio.timeout(20):
            while not server.server_state.total_requests or server.server_state.connections:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_a_socket_lives_longer_than_its_headers_may_take(server: uvicorn.Server) -> None:
    async with connect(f"ws://127.0.0.1:{port(server)}/ws") as page:
        await asyncio.sleep(0.5)
        await page.send("still here")
        async with asyncio.timeout(20):
            assert await page.recv() == "still here"


async def test_a_large_answer_reaches_who_takes_it(server: uvicorn.Server) -> None:
    reader, writer = await opened(server)
    writer.write(b"GET /large HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    assert len(await told(reader)) > LARGE
    writer.close()


async def test_who_takes_a_large_answer_steadily_gets_all_of_it(server: uvicorn.Server) -> None:
    began = asyncio.get_running_loop().time()
    taken = 0
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        peer.setblocking(False)
        await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", port(server)))
        await asyncio.get_running_loop().sock_sendall(peer, b"GET /large HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        async with asyncio.timeout(60):
            while some := await asyncio.get_running_loop().sock_recv(peer, 1 << 20):
                taken += len(some)
                behind = (
                    began + taken / LARGE - asyncio.get_running_loop().time()
                )  # all of it in a second: three times what one clock gives
                await asyncio.sleep(max(0.0, behind))
    assert taken > LARGE
