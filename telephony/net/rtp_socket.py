"""UDP ports for RTP, each held to one far end (symmetric RTP, RFC 4961)."""

from __future__ import annotations

import ctypes
import errno
import ipaddress
import random
import socket
from collections.abc import Callable
from functools import partial

from telephony.errors import PortsExhausted, TransportError
from telephony.media.rtp import is_rtp
from telephony.net.ticker import Ticker

Address = tuple[str, int]
Guard = Callable[[bytes, Address, float], bytes | None]
"""Takes a datagram, its source and when it came; what it returns is a packet of the far end, None for anything else."""

MAX_DATAGRAM = 2048
STRANGER_WAIT = 0.2
"""Seconds for which the signalled address must be silent before another source is taken for the far end."""

TRIAL = 5.0
"""Seconds during which the signalled address may still take its leg back from any other source."""

_MOST_QUEUED = 64

_EXPEDITED = 0xB8
"""DSCP EF (RFC 4594 §4.1), as a traffic class octet."""

_libc = ctypes.CDLL(None, use_errno=True)


class RtpPorts:
    """The even UDP ports of one host between two numbers."""

    def __init__(self, host: str, low: int, high: int, ticker: Ticker) -> None:
        """`low` and `high` are both included; `ticker` reads the sockets."""
        self._host = host
        self._ticker = ticker
        self._ports = range(low + low % 2, high + 1, 2)
        self._used: set[int] = set()

    @property
    def free(self) -> int:
        """Ports that `open` has not given away; other programs may hold some of them."""
        return len(self._ports) - len(self._used)

    def open(self, receive: Callable[[bytes, float], None]) -> RtpSocket:
        """Bind the next free port after a random one; `receive` gets each datagram of the far end and when it came.

        Raises:
            PortsExhausted: every port of the range is taken.
        """
        count = len(self._ports)
        start = random.randrange(count) if count else 0
        for step in range(count):
            port = self._ports[(start + step) % count]
            if port in self._used:
                continue
            bound = _bind(self._host, port)
            if bound is not None:
                self._used.add(port)
                return RtpSocket(bound, self._ticker, receive, partial(self._used.discard, port))
        raise PortsExhausted(f"no free RTP port between {self._ports.start} and {self._ports.stop - 1} on {self._host}")

    def beside(self, port: int) -> socket.socket | None:
        """The UDP port after `port`, which is one of ours, bound for RTCP; None where another program holds it."""
        return _bind(self._host, port + 1)


def _bind(host: str, port: int) -> socket.socket | None:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        raise TransportError(f"cannot bind {host} port {port}: {error.strerror}") from error
    bound.setblocking(False)
    if ":" in host:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _EXPEDITED)
    else:
        bound.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _EXPEDITED)
    return bound


class RtpSocket:
    """One leg's port.

    It sends to where SDP says, until the far end's own source address is known, and hears only that source from then on:
    at once the signalled address, or its host with another port; another host only after `STRANGER_WAIT` of silence from
    the signalled one. From either of these the signalled address takes its leg back during `TRIAL`. Once settled the
    socket is connected, so that the kernel itself turns strangers away and a send needs no address.

    A sealed socket believes no source, only packets that its guard lets through: nobody else can move it, and whoever holds
    the key moves it at once.
    """

    __slots__ = (
        "_aimed",
        "_connected",
        "_guard",
        "_latched_at",
        "_recv",
        "_released",
        "_roaming",
        "_seal",
        "_send",
        "_settled",
        "_socket",
        "_source",
        "_stranger_since",
        "_target",
        "_ticker",
        "_wildcard",
        "errors",
        "host",
        "port",
        "receive",
        "strangers",
    )

    def __init__(
        self, bound: socket.socket, ticker: Ticker, receive: Callable[[bytes, float], None], released: Callable[[], None]
    ) -> None:
        self._socket = bound
        self._recv = bound.recv
        self._send: Callable[[bytes], int] = bound.send
        self._ticker = ticker
        self.receive = receive
        """Gets each datagram of the far end and when it came; may be replaced."""
        self._released = released
        self.host, self.port = bound.getsockname()[:2]
        self._wildcard = ipaddress.ip_address(self.host).is_unspecified
        self._aimed: Address | None = None
        self._target: Address | None = None
        self._source: Address | None = None
        self._settled = self._connected = self._roaming = False
        self._seal: Callable[[bytes], bytes | None] | None = None
        self._guard: Guard | None = None
        self._stranger_since = -1.0
        self._latched_at = 0.0
        self.errors = 0
        """Sends and reads that the operating system refused; a far end that is gone causes them."""
        self.strangers = 0
        """Datagrams from elsewhere than the far end."""
        ticker.watch(bound.fileno(), self._read_any)

    @property
    def source(self) -> Address | None:
        """Where the far end was found to send from, None until its first packet."""
        return self._source

    def aim(self, host: str, port: int) -> None:
        """Send to the address that SDP names, an IP literal; a changed one makes the socket look for its source anew.

        The unspecified address or port 0 (an old way to say hold) changes nothing.

        Raises:
            TransportError: `host` is no address of this socket's family.
        """
        try:
            address = ipaddress.ip_address(host)
        except ValueError as error:
            raise TransportError(f"{host!r} is not an IP address") from error
        if (address.version == 6) != (self._socket.family == socket.AF_INET6):
            raise TransportError(f"{host} cannot be reached from {self.host}")
        aimed = (str(address), port)
        if address.is_unspecified or not port or aimed == self._aimed:
            return
        self._aimed = self._target = aimed
        self.relatch()

    def relatch(self) -> None:
        """Look for the far end's source address anew; sending goes on to the signalled address meanwhile."""
        if self._socket.fileno() < 0:
            return
        if self._connected:
            _dissolve(self._socket)
        self._settled = self._connected = False
        self._source = None
        self._target = self._aimed
        self._stranger_since = -1.0
        self._ticker.watch(self._socket.fileno(), self._read_any)

    def seal(self, seal: Callable[[bytes], bytes | None] | None, guard: Guard | None) -> None:
        """Send only what `seal` makes of a packet, and hear only what `guard` lets through; None for no such thing.

        Keys that change need no new search for the far end's source: it shows itself by its first packet that passes.
        """
        self._seal, self._guard = seal, guard
        self._send = self._socket.send if seal is None else self._send_sealed
        if self._connected:
            self._ticker.watch(self._socket.fileno(), self._read_connected if guard is None else self._read_guarded)

    def roam(self, address: Address | None) -> None:
        """Send to `address`, which ICE found, and follow no other packet; None goes back to `aim` and to finding a source."""
        if self._socket.fileno() < 0:
            return
        if self._roaming is (address is None):
            self._roaming = address is not None
            self.relatch()
        if address is not None:
            self._source = self._target = address

    def send(self, data: bytes) -> None:
        """Send one packet, or lose it: before `aim`, after `close`, or where the system refuses."""
        try:
            if self._connected:
                send = self._send
                send(data)
            elif self._target is not None:
                sealed = data if self._seal is None else self._seal(data)
                if sealed is not None:
                    self._socket.sendto(sealed, self._target)
        except OSError:
            self.errors += 1

    def send_bare(self, data: bytes, whither: Address | None = None) -> None:
        """Send a datagram that is no RTP as it is: to the far end, or back to where another one came from."""
        target = whither or self._target
        try:
            if self._connected:
                self._socket.send(data)
            elif target is not None:
                self._socket.sendto(data, target)
        except OSError:
            self.errors += 1

    def _send_sealed(self, data: bytes) -> int:
        sealed = None if self._seal is None else self._seal(data)
        return self._socket.send(sealed) if sealed is not None else 0

    def close(self) -> None:
        """Give the port back. Without effect the second time."""
        fd = self._socket.fileno()
        if fd >= 0:
            self._ticker.unwatch(fd)
            self._socket.close()
            self._connected, self._target = False, None
            self.receive = _nobody
            self._seal = self._guard = None
            self._released()

    def _read_connected(self, now: float) -> None:
        recv, receive = self._recv, self.receive
        try:
            data = recv(MAX_DATAGRAM)
        except OSError:
            self.errors += 1
            return
        receive(data, now)

    def _read_guarded(self, now: float) -> None:
        """As `_read_connected`, past the guard."""
        try:
            data = self._socket.recv(MAX_DATAGRAM)
        except OSError:
            self.errors += 1
            return
        if self._guard is not None and self._source is not None:
            opened = self._guard(data, self._source, now)
            if opened is not None:
                self.receive(opened, now)

    def _read_any(self, now: float) -> None:
        try:
            data, whence = self._socket.recvfrom(MAX_DATAGRAM)
        except OSError:
            self.errors += 1
            return
        source = whence[:2]
        if self._guard is not None:
            opened = self._guard(data, source, now)
            if opened is None:
                return
            data = opened
        if source != self._source and not (self._accepts(source, now) and is_rtp(data)):
            self.strangers += 1
            return
        if source != self._source:
            self._source = self._target = source
            self._latched_at = now
        self.receive(data, now)
        if not self._settled and (source == self._aimed or now - self._latched_at >= TRIAL):
            self._settle(source, now)

    def _accepts(self, source: Address, now: float) -> bool:
        """True where `source`, not the current one, may become the far end."""
        if self._aimed is None or self._settled or self._roaming:
            return False
        if self._seal is not None:
            return True
        if source == self._aimed:
            return True
        if self._source is not None:
            return False
        if source[0] == self._aimed[0]:
            return True
        if self._stranger_since < 0:
            self._stranger_since = now
        return now - self._stranger_since >= STRANGER_WAIT

    def _settle(self, source: Address, now: float) -> None:
        """Hold on to `source` for good.

        A socket bound to the unspecified address is not connected: that would fix its own address, which may not be the
        one that the far end was told.
        """
        if self._socket.fileno() < 0 or self._roaming:
            return
        self._settled = True
        if self._wildcard:
            return
        try:
            self._socket.connect(source)
        except OSError:
            self.errors += 1
            return
        self._connected = True
        self._ticker.watch(self._socket.fileno(), self._read_connected if self._guard is None else self._read_guarded)
        self._empty(source, now)

    def _empty(self, source: Address, now: float) -> None:
        """Sort out what strangers had queued before the socket was connected."""
        for _ in range(_MOST_QUEUED):
            try:
                data, whence = self._socket.recvfrom(MAX_DATAGRAM)
            except OSError:
                return
            if whence[:2] == source:
                opened = data if self._guard is None else self._guard(data, source, now)
                if opened is not None:
                    self.receive(opened, now)
            else:
                self.strangers += 1


def _dissolve(connected: socket.socket) -> None:
    """Let a connected UDP socket hear everybody again: connect(2) to AF_UNSPEC, which `socket` cannot say."""
    _libc.connect(connected.fileno(), bytes(16), 16)


def _nobody(packet: bytes, now: float) -> None:
    """Who hears a closed port."""
