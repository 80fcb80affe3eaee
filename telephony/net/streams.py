"""A listening port for SIP over TCP, TLS or WebSocket, and the connections that it took or opened, within their limits."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import Protocol

from telephony.errors import TransportError
from telephony.net.stream import MAX_UNSENT, Connection, Owner, SipConnection, StreamLimits
from telephony.net.tls import Tls, proves
from telephony.sip.flow import Flow

SWEEP = 5.0
"""Seconds between looks at who has stayed too long or has to be pinged."""
BACKLOG = 512

Key = tuple[str, int, str]
"""Host, port and name of a far end that we connect to."""


class Make(Protocol):
    def __call__(self, owner: Owner, *, dialled: bool = False, name: str = "") -> Connection: ...


class StreamEndpoint:
    """`hear` gets each message and its connection; `gone` the host, port and number of a connection that is no more.

    The number is 0 where none could be opened. `tls` makes it a TLS port; `make` chooses what is spoken on the stream.
    """

    def __init__(
        self,
        hear: Callable[[bytes, Connection], None],
        gone: Callable[[str, int, int], None],
        *,
        make: Make = SipConnection,
        tls: Tls | None = None,
        limits: StreamLimits = StreamLimits(),  # noqa: B008
        keepalive: float = 0.0,
        numbers: Iterator[int] | None = None,
        refused: Counter[str] | None = None,
        accepts: Callable[[str], bool] = lambda host: True,
    ) -> None:
        """`keepalive` is the silence in seconds that asks for a ping, 0 for never; `accepts` tells whom to take."""
        self.heard = hear
        self._accepts = accepts
        self._gone = gone
        self._make = make
        self._tls = tls
        self._limits = limits
        self._keepalive = keepalive
        self._numbers = numbers or count(1)
        self.refused: Counter[str] = Counter() if refused is None else refused
        """What was turned away, by reason."""
        self._server: asyncio.Server | None = None
        self._connections: dict[int, Connection] = {}
        self._hosts: Counter[str] = Counter()
        self._half_open: set[Connection] = set()
        self._dialled: dict[Key, Connection] = {}
        self._opening: dict[Key, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._local: tuple[str, int] | None = None
        self.host = ""
        self.port = 0

    def __len__(self) -> int:
        """Connections that stand."""
        return len(self._connections)

    async def open(self, host: str, port: int) -> None:
        """Listen on `host`:`port`; 0 is any free port. Raises TransportError, in one line, where that cannot be."""
        loop = asyncio.get_running_loop()
        if self._tls is not None and self._tls.server is None:
            raise TransportError(f"cannot listen on tls {host}:{port}: no certificate is set")
        try:
            self._server = await loop.create_server(lambda: self._make(self), host, port, backlog=BACKLOG)
        except OSError as error:
            raise TransportError(f"cannot listen on tcp {host}:{port}: {error.strerror or error}") from error
        self.host, self.port = self._server.sockets[0].getsockname()[:2]
        self._local = None if self.host in ("0.0.0.0", "::") else (self.host, 0)
        self._sweeper = loop.call_later(SWEEP, self._sweep)

    def send(self, data: bytes, flow: Flow) -> None:
        """Send along the flow's connection, else along one to its host and port, which is opened where there is none."""
        connection = self._connections.get(flow.connection)
        key = flow.host, flow.port, flow.name
        if connection is None and not flow.pinned:
            connection = self._dialled.get(key)
        if connection is not None and (connection.ready or not connection.dialled):
            connection.asked = connection.asked or not data.startswith(b"SIP/2.0")
            connection.send(data)
        elif flow.pinned or (key not in self._opening and len(self._opening) >= self._limits.opening):
            asyncio.get_running_loop().call_soon(self._gone, flow.host, flow.port, flow.connection)
        elif key in self._opening:
            if sum(map(len, self._opening[key])) < MAX_UNSENT:
                self._opening[key].append(data)
        else:
            self._opening[key] = [data]
            self._spawn(self._connect(key))

    def close(self) -> None:
        """Stop listening and close every connection after what it still has to send."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        for connection in list(self._connections.values()):
            connection.farewell()

    # What the connections tell

    def arrived(self, connection: Connection) -> None:
        host = connection.peer[0]
        if connection.dialled:
            if self._tls is not None and not self._trusts(connection):
                return
        elif reason := self._full(host):
            self.refuse(reason)
            connection.abort()
            return
        connection.number = next(self._numbers)
        self._connections[connection.number] = connection
        self._hosts[host] += 1
        if self._tls is not None and not connection.dialled:
            self._half_open.add(connection)
            self._spawn(self._secure(connection))
            return
        if connection.greets:
            self._half_open.add(connection)
        connection.start()

    def opened(self, connection: Connection) -> None:
        self._half_open.discard(connection)

    def refuse(self, reason: str) -> None:
        self.refused[reason] += 1

    def closed(self, connection: Connection) -> None:
        if self._connections.pop(connection.number, None) is None:
            return
        self._half_open.discard(connection)
        host, port = connection.peer
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]
        for key in [key for key, one in self._dialled.items() if one is connection] if connection.dialled else ():
            host, port, _ = key
            del self._dialled[key]
        if connection.spoken or connection.asked:
            self._gone(host, port, connection.number)

    # Parts

    def _full(self, host: str) -> str:
        """Why no more connections are taken from `host`; "" where they are."""
        if not self._accepts(host):
            return "banned connection"
        if len(self._connections) >= self._limits.connections:
            return "connection limit"
        if self._hosts[host] >= self._limits.per_host:
            return "connections of one host"
        return "handshake limit" if len(self._half_open) >= self._limits.half_open else ""

    def _trusts(self, connection: Connection) -> bool:
        """The server that we called proves its name, or the connection is cut off."""
        assert self._tls is not None and connection.transport is not None
        if not self._tls.settings.verify:
            return True
        if proves(connection.transport.get_extra_info("peercert") or {}, connection.name or connection.peer[0]):
            return True
        self.refuse("certificate of another")
        connection.abort()
        return False

    async def _secure(self, connection: Connection) -> None:
        """Take the TLS handshake of a connection that came in; its reading waits until we are ready."""
        assert self._tls is not None and self._tls.server is not None and connection.transport is not None
        try:
            transport = await asyncio.get_running_loop().start_tls(
                connection.transport,
                connection,
                self._tls.server,
                server_side=True,
                ssl_handshake_timeout=self._limits.handshake,
            )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            self.refuse("client certificate" if isinstance(error, ssl.SSLCertVerificationError) else "tls handshake")
            self.closed(connection)
            return
        if transport is None or not isinstance(transport, asyncio.Transport):
            self.closed(connection)
            return
        connection.start(transport)
        if not connection.greets:
            self._half_open.discard(connection)

    async def _connect(self, key: Key) -> None:
        host, port, name = key
        loop = asyncio.get_running_loop()
        client = None if self._tls is None else self._tls.client
        try:
            async with asyncio.timeout(self._limits.connect):
                _, connection = await loop.create_connection(
                    lambda: self._make(self, dialled=True, name=name or host),
                    host,
                    port,
                    ssl=client,
                    server_hostname=(name or host) if client is not None else None,
                    local_addr=self._local,
                )
        except (OSError, TimeoutError, UnicodeError) as error:  # the last for a name that cannot be one
            if isinstance(error, ssl.SSLError):
                self.refuse("server certificate" if isinstance(error, ssl.SSLCertVerificationError) else "tls handshake")
            self._failed(key)
            return
        if not connection.ready:
            self._failed(key)
            return
        self._dialled[key] = connection
        for data in self._opening.pop(key):
            connection.asked = connection.asked or not data.startswith(b"SIP/2.0")
            connection.send(data)

    def _failed(self, key: Key) -> None:
        self._opening.pop(key, None)
        self._gone(key[0], key[1], 0)

    def _spawn(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweeper = loop.call_later(SWEEP, self._sweep)
        now = loop.time()
        full = len(self._connections) * 4 >= self._limits.connections * 3
        for connection in list(self._connections.values()):
            if reason := connection.overdue(now, self._limits, full=full):
                self.refuse(reason)
                connection.abort()
            elif connection.ready and self._keepalive and now - connection.heard >= self._keepalive:
                connection.keep_alive(now)
