"""The UDP port beside an RTP port, for RTCP with those who do not share one port (RFC 3550 §11)."""

from __future__ import annotations

import socket
from collections.abc import Callable

from telephony.net.rtp_socket import MAX_DATAGRAM, Address
from telephony.net.ticker import Ticker


class ControlSocket:
    """Sends reports to where SDP says, until a believed report shows where the far end sends its own from."""

    __slots__ = ("_hosts", "_receive", "_socket", "_target", "_ticker", "strangers")

    def __init__(self, bound: socket.socket, ticker: Ticker, receive: Callable[[bytes, float], bool]) -> None:
        """`receive` gets a datagram and when it came, and says whether to believe it."""
        self._socket = bound
        self._ticker = ticker
        self._receive = receive
        self._target: Address | None = None
        self._hosts: frozenset[str] = frozenset()
        self.strangers = 0
        """Datagrams from elsewhere than the far end."""
        ticker.watch(bound.fileno(), self._read)

    def aim(self, target: Address, hosts: frozenset[str]) -> None:
        """Send to `target`; hear only `hosts`."""
        self._target, self._hosts = target, hosts

    def send(self, packet: bytes) -> bool:
        """Send one packet; False where the system refuses: for reports that is a lost one."""
        if self._target is None:
            return False
        try:
            self._socket.sendto(packet, self._target)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Without effect the second time."""
        if self._socket.fileno() >= 0:
            self._ticker.unwatch(self._socket.fileno())
            self._socket.close()

    def _read(self, now: float) -> None:
        try:
            data, whence = self._socket.recvfrom(MAX_DATAGRAM)
        except OSError:
            return
        source = whence[:2]
        if source[0] not in self._hosts or not self._receive(data, now):
            self.strangers += 1
        else:
            self._target = source
