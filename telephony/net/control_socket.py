"""The UDP port beside an RTP port, for RTCP with those who do not share one port (RFC 3550 §11)."""

from __future__ import annotations

import socket
from collections.abc import Callable

from telephony.net.rtp_socket import MAX_DATAGRAM, Address
from telephony.net.ticker import Ticker


class ControlSocket:
    """Sends reports to where SDP says, until a believed report shows where the far end sends its own from."""

    __slots__ = ("_hosts", "_receive", "_socket", "_target", "_ticker", "strangers")

    def __init__(self, bound: socket.socket, ticker: Ticker, receive: Callable[[bytes, Address, float], bool]) -> None:
        """`receive` gets a datagram, its source and when it came, and says whether to believe it."""
        self._socket = bound
        self._ticker = ticker
        self._receive = receive
        self._target: Address | None = None
        self._hosts: frozenset[str] | None = frozenset()
        self.strangers = 0
        """Datagrams from elsewhere than the far end."""
        ticker.watch(bound.fileno(), self._read)

    @property
    def target(self) -> Address | None:
        """Where reports go; None while nothing shows it."""
        return self._target

    def aim(self, target: Address | None, hosts: frozenset[str] | None) -> None:
        """Send to `target`; hear only `hosts`, None for all."""
        self._target, self._hosts = target, hosts

    def send(self, packet: bytes, whither: Address | None = None) -> bool:
        """Send one packet; False where the system refuses: for reports that is a lost one."""
        target = whither or self._target
        if target is None:
            return False
        try:
            self._socket.sendto(packet, target)
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
        if (self._hosts is not None and source[0] not in self._hosts) or not self._receive(data, source, now):
            self.strangers += 1
        else:
            self._target = source
