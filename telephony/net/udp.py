"""SIP over UDP: a datagram socket in the event loop. Decides nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from telephony.errors import TransportError
from telephony.net.socket_filter import drop_what_is_not_sip, dropped

RECEIVE_BUFFER = 4 << 20
"""Bytes that the system may keep for us: a burst of some thousand requests."""
MOST_AT_ONCE = 8
"""Datagrams read in one turn of the loop: enough to spare turns, too few to keep the media waiting in a flood."""
MAX_DATAGRAM = 65_536


class UdpEndpoint:
    """One bound UDP port; `receive` gets each datagram, its source host and its source port.

    Reads and writes the socket itself: asyncio's own transport takes a whole turn of the loop for each datagram.
    """

    def __init__(self, bound: socket.socket, receive: Callable[[bytes, str, int], None]) -> None:
        self._socket, self._receive = bound, receive
        self._loop = asyncio.get_running_loop()
        self.host, self.port = bound.getsockname()[:2]
        self.errors = 0
        """Datagrams that the operating system refused to send, or that a full buffer lost."""
        self._loop.add_reader(bound.fileno(), self._read)

    @classmethod
    async def open(cls, host: str, port: int, receive: Callable[[bytes, str, int], None]) -> UdpEndpoint:
        """Bind `host`:`port`; 0 is any free port. Raises TransportError, in one line, where that cannot be."""
        bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if bound.family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has listeners of its own
            bound.setblocking(False)
            bound.bind((host, port))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            drop_what_is_not_sip(bound)
        except OSError as error:
            bound.close()
            raise TransportError(f"cannot listen on udp {host}:{port}: {error.strerror or error}") from error
        return cls(bound, receive)

    def send(self, data: bytes, host: str, port: int) -> None:
        """Send one datagram to an IP address, or lose it."""
        try:
            self._socket.sendto(data, (host, port))
        except (OSError, ValueError, OverflowError):
            self.errors += 1

    def fileno(self) -> int:
        """The descriptor of the socket, -1 after `close`."""
        return self._socket.fileno()

    @property
    def dropped(self) -> int:
        """Datagrams that the kernel kept from us: no SIP, or more than we could read."""
        return 0 if self._socket.fileno() < 0 else dropped(self._socket)

    def close(self) -> None:
        """Without effect the second time."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _read(self) -> None:
        for _ in range(MOST_AT_ONCE):
            try:
                data, source = self._socket.recvfrom(MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error for something we sent
                continue
            self._receive(data, source[0], source[1])
            if self._socket.fileno() < 0:
                return
