"""One TCP address in front of several nodes' pages, as a balancer has it: where it leads is the test's to say."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

from tests.e2e.server import HotlineProcess


class Balancer:
    """`async with`; `lead_to` sends who comes from now on to a node, and cuts every connection that there is."""

    def __init__(self, node: HotlineProcess) -> None:
        self._node = node
        self._open: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def password(self, agent: str) -> str:
        return self._node.password(agent)

    def lead_to(self, node: HotlineProcess) -> None:
        self._node = node
        for one in self._open:
            one.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.lead_to(self._node)
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, onward = await asyncio.open_connection("127.0.0.1", self._node.web_port)
        except OSError:
            writer.close()
            return
        self._open |= {writer, onward}
        for source, sink in ((reader, onward), (there, writer)):
            passing = asyncio.create_task(self._pass(source, sink))
            self._passing.add(passing)
            passing.add_done_callback(self._passing.discard)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        self._open.discard(sink)
        sink.close()
