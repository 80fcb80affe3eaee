"""SIP over UDP: a datagram socket in the event loop. Decides nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from telephony.errors import TransportError
from telephony.net.socket_filter import drop_what_is_not_sip, dropped

RECEIVE_BUFFER = 4 << 20
"""Bytes that the system may keep for us: a burst of some thousand requests."""


class UdpEndpoint(asyncio.DatagramProtocol):
    """One bound UDP port; `receive` gets each datagram, its source host and its source port."""

    def __init__(self, receive: Callable[[bytes, str, int], None]) -> None:
        self._receive = receive
        self._transport: asyncio.DatagramTransport | None = None
        self.host = ""
        self.port = 0
        self.errors = 0
        """Datagrams that the operating system refused to send."""

    @classmethod
    async def open(cls, host: str, port: int, receive: Callable[[bytes, str, int], None]) -> UdpEndpoint:
        """Bind `host`:`port`; 0 is any free port. Raises TransportError, in one line, where that cannot be."""
        bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if bound.family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has listeners of its own
            bound.setblocking(False)
            bound.bind((host, port))
            _, endpoint = await asyncio.get_running_loop().create_datagram_endpoint(lambda: cls(receive), sock=bound)
        except OSError as error:
            bound.close()
            raise TransportError(f"cannot listen on udp {host}:{port}: {error.strerror or error}") from error
        return endpoint

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport
        self.host, self.port = transport.get_extra_info("sockname")[:2]
        bound = transport.get_extra_info("socket")
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        drop_what_is_not_sip(bound)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._receive(data, addr[0], addr[1])

    def error_received(self, exc: Exception) -> None:
        self.errors += 1

    def send(self, data: bytes, host: str, port: int) -> None:
        """Send one datagram to an IP address, or lose it."""
        if self._transport is None or self._transport.is_closing():
            return
        try:
            self._transport.sendto(data, (host, port))
        except (OSError, ValueError):
            self.errors += 1

    def fileno(self) -> int:
        """The descriptor of the socket, -1 where there is none."""
        return -1 if self._transport is None else int(self._transport.get_extra_info("socket").fileno())

    @property
    def dropped(self) -> int:
        """Datagrams that the kernel kept from us: no SIP, or more than we could read."""
        return 0 if self._transport is None else dropped(self._transport.get_extra_info("socket"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
