"""Where HEP3 packets go: a Homer server over UDP or TCP. Decides nothing; what cannot be sent is lost and counted."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from telephony.errors import TransportError

MAX_UNSENT = 1 << 20
"""Octets that may wait for a slow server; beyond them packets are lost."""
RETRY = 5.0
"""Seconds between attempts to reach a server by TCP."""


class HepLink:
    """`send` never waits and never raises."""

    def __init__(self, transport: str, host: str, port: int) -> None:
        """`transport` is "udp" or "tcp"."""
        self._transport = transport
        self._peer = host, port
        self._socket: socket.socket | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self.sent = 0
        self.lost = 0

    async def open(self) -> None:
        """Begin. Raises TransportError where the name of the server cannot be resolved."""
        loop = asyncio.get_running_loop()
        host, port = self._peer
        if self._transport == "tcp":
            self._task = loop.create_task(self._keep_connected())
            return
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
            family, kind, protocol, _, address = found[0]
            self._socket = socket.socket(family, kind, protocol)
            self._socket.setblocking(False)
            self._socket.connect(address)
        except OSError as error:
            raise TransportError(f"cannot send HEP to {host}:{port}: {error.strerror or error}") from error

    def send(self, packet: bytes) -> None:
        if self._socket is not None:
            try:
                self._socket.send(packet)
            except OSError:  # full, or nobody listens there
                self.lost += 1
                return
        elif self._writer is not None and self._writer.transport.get_write_buffer_size() + len(packet) <= MAX_UNSENT:
            self._writer.write(packet)
        else:
            self.lost += 1
            return
        self.sent += 1

    async def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _keep_connected(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, self._writer = await asyncio.open_connection(*self._peer)
                try:
                    while await reader.read(4096):  # a server says nothing; this ends when it is gone
                        pass
                finally:
                    self._writer.close()
                    self._writer = None
            await asyncio.sleep(RETRY)
