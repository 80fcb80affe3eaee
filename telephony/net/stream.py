"""One stream to a far end: its times, its limits, its certificate, and SIP over TCP and TLS. Decides nothing about SIP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from telephony.errors import MalformedMessage
from telephony.net.tls import names_of
from telephony.sip.flow import Flow
from telephony.sip.framing import PING, PONG, Framer

MAX_UNSENT = 1 << 18
"""Bytes that may wait for one slow reader before it is cut off."""
MAX_PONGS = 4
"""Pings of one segment that are answered."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What the streams of one listener may take. Seconds where nothing else is said."""

    connections: int = 4096
    per_host: int = 512
    """Connections of one host: an office behind one address has many phones."""
    half_open: int = 256
    """Connections in the middle of a TLS or WebSocket handshake."""
    opening: int = 256
    """Far ends that we are connecting to."""
    connect: float = 5.0
    handshake: float = 10.0
    silent: float = 30.0
    """Until the first whole message of a connection."""
    stalled: float = 30.0
    """For one whole message: a byte now and then does not stretch it."""
    idle: float = 3900.0
    """Without a byte: longer than the longest registration, whose phone may say nothing in between."""
    idle_when_full: float = 120.0
    """The same while three quarters of the connections are taken."""
    pong: float = 10.0
    """For the answer to a ping, where the far end is known to answer."""


class Owner(Protocol):
    """What a connection tells its endpoint."""

    def arrived(self, connection: Connection) -> None:
        """The connection stands; over TLS that we dialled, its handshake too."""

    def opened(self, connection: Connection) -> None:
        """Its handshakes are over: it may carry messages."""

    def heard(self, message: bytes, connection: Connection) -> None: ...

    def refuse(self, reason: str) -> None:
        """Count what was turned away."""

    def closed(self, connection: Connection) -> None: ...


class Connection(asyncio.Protocol, ABC):
    """A stream; subclasses cut it into messages."""

    greets = False
    """Needs a handshake of its own before it carries messages."""

    def __init__(self, owner: Owner, *, dialled: bool = False, name: str = "") -> None:
        """`name` is the SIP domain that a server we dialled has to prove."""
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self.dialled = dialled
        self.name = name
        self.number = 0
        self.peer: tuple[str, int] = ("", 0)
        self.subject: tuple[str, ...] = ()
        """Names that the far end's certificate has proved."""
        self.flow: Flow | None = None
        """Kept by whoever takes its messages."""
        self.transport: asyncio.Transport | None = None
        self.ready = False
        """Bytes may pass: the TLS handshake, where there is one, is over."""
        self.since = self.heard = self.begun = 0.0
        """When it came, when the last byte came, when the message that is incomplete began."""
        self.pinged = 0.0
        """When a ping went out that has no answer yet; 0 where none did."""
        self.answers = False
        """The far end has answered a ping: it has to go on doing so."""
        self.spoken = False
        """A whole message came."""
        self.asked = False
        """A request of ours went out along it."""
        self._early: list[bytes] = []

    # What asyncio tells it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self.peer = (transport.get_extra_info("peername") or ("", 0))[:2]
        self.since = self.heard = self._loop.time()
        _watch(transport.get_extra_info("socket"))
        self._owner.arrived(self)

    def data_received(self, data: bytes) -> None:
        if not self.ready:
            self._early.append(data)  # the end of a TLS handshake may carry the first message
            return
        self.heard = self._loop.time()
        self.take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.closed(self)

    # What its endpoint tells it

    def start(self, transport: asyncio.Transport | None = None) -> None:
        """Go on, over `transport` where a TLS handshake has made a new one."""
        self.transport = transport or self.transport
        assert self.transport is not None
        self.subject = names_of(self.transport.get_extra_info("peercert") or {})
        self.ready = True
        if not self.greets:
            self._owner.opened(self)
        early, self._early = self._early, []
        for data in early:
            self.data_received(data)

    def send(self, message: bytes) -> None:
        """Put one message on the stream."""
        self.write(message)

    def keep_alive(self, now: float) -> None:
        """Ask whether the far end is still there."""

    def farewell(self) -> None:
        """Close after what is still to be sent."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def overdue(self, now: float, limits: StreamLimits, *, full: bool = False) -> str:
        """Why it is not worth its place any more; "" where it is."""
        if not self.ready:
            return "handshake timeout" if now - self.since > limits.handshake else ""
        if self.pinged and self.answers and now - self.pinged > limits.pong:
            return "no pong"
        if self.pending:
            return "slow sender" if now - self.begun > limits.stalled else ""
        if not self.spoken and not self.dialled and now - self.since > limits.silent:
            return "silent connection"
        return "idle connection" if now - self.heard > (limits.idle_when_full if full else limits.idle) else ""

    # For the subclasses

    @property
    def pending(self) -> bool:
        """Part of a message is here, and the rest is not."""
        return False

    @abstractmethod
    def take(self, data: bytes) -> None:
        """Cut bytes into messages and give them to the owner."""

    def write(self, data: bytes) -> None:
        """Put bytes on the stream, or cut off a far end that does not read."""
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(data)
        if self.transport.get_write_buffer_size() > MAX_UNSENT:
            self._owner.refuse("slow reader")
            self.abort()


class SipConnection(Connection):
    """SIP over TCP or TLS: messages by Content-Length, blank lines as keep-alive (RFC 5626 §3.5.1)."""

    def __init__(self, owner: Owner, *, dialled: bool = False, name: str = "") -> None:
        super().__init__(owner, dialled=dialled, name=name)
        self._framer = Framer(dialled=dialled)

    @property
    def pending(self) -> bool:
        return self._framer.pending > len(PONG)

    def take(self, data: bytes) -> None:
        framer = self._framer
        pings, pongs, begun = framer.pings, framer.pongs, self.pending
        try:
            messages = framer.feed(data)
        except MalformedMessage:
            self._owner.refuse("broken stream")
            self.abort()
            return
        if messages or not begun:
            self.begun = self.heard
        self.pinged = 0.0
        if framer.pongs != pongs:
            self.answers = True
        elif framer.pings != pings:
            self.spoken = True
            self.write(PONG * min(framer.pings - pings, MAX_PONGS))
        for message in messages:
            self.spoken = True
            self._owner.heard(message, self)

    def keep_alive(self, now: float) -> None:
        """Ping where we dialled: the one who opened a connection keeps it open (RFC 5626 §4.4)."""
        if self.dialled and not self.pinged:
            self.pinged = now
            self.write(PING)


def _watch(handle: socket.socket | None) -> None:
    """Let the system find out that a far end is gone, though it never answers pings."""
    if handle is None:
        return
    with contextlib.suppress(OSError):  # not TCP, or another system
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 30_000)):
            if hasattr(socket, option):
                handle.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
