"""A customer system on 127.0.0.1 that answers, or does everything a far end can do wrong."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
from collections.abc import Callable
from typing import Any, Self

CUSTOMER = {"data": {"name": "王芳", "level": "gold", "district": "朝阳", "plans": ["光纤 500M"], "bill": 96.8}}

BOMB = gzip.compress(b" " * 10_000_000, 1)
"""Ten megabytes in ten kilobytes."""

BROKEN = ("hang", "refuse", "reset", "garbage", "deep", "huge", "huge_chunked", "drip", "drip_headers", "endless_headers")
REFUSING = ("error_500", "error_401", "redirect", "zipped", "array_of_nothing", "half_json", "wrong_length")
DEAD = (*BROKEN, *REFUSING)
"""Every way to be no help."""


class Crm:
    """`async with Crm() as crm`: `crm.url`; `crm.mode` says how it behaves: `fine`, `slow`, `not_found`, or one of DEAD."""

    def __init__(self, mode: str = "fine", delay: float = 0.0) -> None:
        self.mode, self.delay = mode, delay
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        """Method, target, headers in lower case, body."""
        self.connections = 0
        self.answer: Callable[[str], Any] = lambda target: CUSTOMER
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def __aenter__(self) -> Self:
        if self.mode != "refuse":
            await self.listen()
        return self

    async def listen(self) -> None:
        self._socket.listen(512)
        self._server = await asyncio.start_server(self._serve, sock=self._socket)

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
        self._socket.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the far end is gone, or the test is over
        finally:
            self._tasks.discard(task)
            with contextlib.suppress(OSError):
                writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((method, target, headers, body))
        return bool(await getattr(self, f"_{self.mode}")(target, writer))

    async def _fine(self, target: str, writer: asyncio.StreamWriter) -> bool:
        if self.delay:
            await asyncio.sleep(self.delay)
        return await self._send(writer, json.dumps(self.answer(target)).encode())

    _slow = _fine

    async def _send(self, writer: asyncio.StreamWriter, body: bytes, status: str = "200 OK", more: str = "") -> bool:
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{more}\r\n".encode() + body)
        await writer.drain()
        return True

    async def _not_found(self, target: str, writer: asyncio.StreamWriter) -> bool:
        return await self._send(writer, b"{}", "404 Not Found")

    async def _hang(self, target: str, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(3600)
        return False

    async def _reset(self, target: str, writer: asyncio.StreamWriter) -> bool:
        return False

    async def _garbage(self, target: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(bytes(range(256)) * 40)
        await writer.drain()
        return False

    async def _deep(self, target: str, writer: asyncio.StreamWriter) -> bool:
        return await self._send(writer, b"[" * 200_000)

    async def _half_json(self, target: str, writer: asyncio.StreamWriter) -> bool:
        return await self._send(writer, b'{"data": {"name": "')

    async def _huge(self, target: str, writer: asyncio.StreamWriter) -> bool:
        return await self._send(writer, b'{"data": "' + b"x" * 10_000_000 + b'"}')

    async def _huge_chunked(self, target: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(160):
            writer.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")
            await writer.drain()
        return False

    async def _drip(self, target: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        return await self._slowly(writer, b" ")

    async def _drip_headers(self, target: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nx-a: ")
        return await self._slowly(writer, b"a")

    async def _endless_headers(self, target: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(20_000):
            writer.write(b"x-header: " + b"y" * 500 + b"\r\n")
            await writer.drain()
        return False

    async def _slowly(self, writer: asyncio.StreamWriter, piece: bytes) -> bool:
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)

    async def _error_500(self, target: str, writer: asyncio.StreamWriter) -> bool:
        return await self._send(writer, b"oops", "500 Internal Server Error")

    async def _error_401(self, target: str, writer: asyncio.StreamWriter) -> bool:
        return await self._send(writer, b"{}", "401 Unauthorized")

    async def _redirect(self, target: str, writer: asyncio.StreamWriter) -> bool:
        return await self._send(writer, b"", "302 Found", f"location: {self.url}/elsewhere\r\n")

    async def _zipped(self, target: str, writer: asyncio.StreamWriter) -> bool:
        return await self._send(writer, BOMB, more="content-encoding: gzip\r\n")

    async def _array_of_nothing(self, target: str, writer: asyncio.StreamWriter) -> bool:
        return await self._send(writer, b"\xff\xfe\x00")

    async def _wrong_length(self, target: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{}")
        await writer.drain()
        return False
