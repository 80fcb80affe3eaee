"""SIP over TCP: connections in and out, cut into messages by a Framer. Decides nothing about SIP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from telephony.errors import MalformedMessage, TransportError
from telephony.sip.framing import PONG, Framer

MAX_CONNECTIONS = 4096
MAX_UNSENT = 1 << 18
"""Bytes that may wait for one slow reader before it is cut off."""
IDLE = 900.0
"""Seconds without a byte after which a connection is closed; keep-alives count."""
STALLED = 30.0
"""Seconds that a message may stay incomplete."""
CONNECT = 5.0
_SWEEP = 10.0

Receive = Callable[[bytes, str, int, int], None]
"""Takes a message, the far end's host and port, and the connection's number."""


class Connection(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, endpoint: StreamEndpoint) -> None:
        self._endpoint = endpoint
        self._framer = Framer()
        self.number = 0
        self.peer = ("", 0)
        self.heard = 0.0
        """When the last byte came."""
        self.begun = 0.0
        """When the message that is incomplete began: a byte now and then does not keep it alive."""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self.peer = transport.get_extra_info("peername")[:2]
        self.heard = asyncio.get_running_loop().time()
        self._endpoint.opened(self)

    def data_received(self, data: bytes) -> None:
        self.heard = asyncio.get_running_loop().time()
        pings, begun = self._framer.pings, self._framer.pending > len(PONG)
        try:
            messages = self._framer.feed(data)
        except MalformedMessage:
            self._endpoint.broken += 1
            self.abort()
            return
        if messages or not begun:
            self.begun = self.heard
        for _ in range(min(self._framer.pings - pings, 4)):
            self.write(PONG)
        for message in messages:
            self._endpoint.receive(message, *self.peer, self.number)

    def write(self, data: bytes) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(data)
        if self.transport.get_write_buffer_size() > MAX_UNSENT:
            self.abort()

    def overdue(self, now: float) -> bool:
        if self._framer.pending > len(PONG):
            return now - self.begun > STALLED
        return now - self.heard > IDLE

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._endpoint.closed(self)


class StreamEndpoint:
    """A listening TCP port and the connections that it took or opened; `failed` hears where none could be opened."""

    def __init__(self, receive: Receive, failed: Callable[[str, int], None]) -> None:
        self.receive = receive
        self._failed = failed
        self._server: asyncio.Server | None = None
        self._connections: dict[int, Connection] = {}
        self._by_peer: dict[tuple[str, int], Connection] = {}
        self._opening: dict[tuple[str, int], list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._count = 0
        self.host = ""
        self.port = 0
        self.broken = 0
        """Connections closed because their bytes could not be followed."""

    @classmethod
    async def open(cls, host: str, port: int, receive: Receive, failed: Callable[[str, int], None]) -> StreamEndpoint:
        """Listen on `host`:`port`; 0 is any free port. Raises TransportError, in one line, where that cannot be."""
        endpoint = cls(receive, failed)
        loop = asyncio.get_running_loop()
        try:
            endpoint._server = await loop.create_server(lambda: Connection(endpoint), host, port, backlog=512)
        except OSError as error:
            raise TransportError(f"cannot listen on tcp {host}:{port}: {error.strerror or error}") from error
        endpoint.host, endpoint.port = endpoint._server.sockets[0].getsockname()[:2]
        endpoint._sweep()
        return endpoint

    def send(self, data: bytes, host: str, port: int, number: int) -> None:
        """Send along connection `number`, else along one to `host`:`port`, which is opened where there is none."""
        peer = host, port
        connection = self._connections.get(number) or self._by_peer.get(peer)
        if connection is not None:
            connection.write(data)
        elif peer in self._opening:
            if sum(map(len, self._opening[peer])) < MAX_UNSENT:
                self._opening[peer].append(data)
        else:
            self._opening[peer] = [data]
            task = asyncio.get_running_loop().create_task(self._connect(peer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Stop listening and close every connection after what it still has to send."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        for connection in list(self._connections.values()):
            if connection.transport is not None:
                connection.transport.close()

    def opened(self, connection: Connection) -> None:
        if len(self._connections) >= MAX_CONNECTIONS:
            connection.abort()
            return
        self._count += 1
        connection.number = self._count
        self._connections[connection.number] = connection
        self._by_peer[connection.peer] = connection

    def closed(self, connection: Connection) -> None:
        self._connections.pop(connection.number, None)
        if self._by_peer.get(connection.peer) is connection:
            del self._by_peer[connection.peer]

    async def _connect(self, peer: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT):
                _, connection = await loop.create_connection(lambda: Connection(self), *peer)
        except (OSError, TimeoutError, UnicodeError):  # the last for a name that cannot be one
            del self._opening[peer]
            self._failed(*peer)
            return
        for data in self._opening.pop(peer):
            connection.write(data)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in [one for one in self._connections.values() if one.overdue(now)]:
            connection.abort()
        self._sweeper = loop.call_later(_SWEEP, self._sweep)
