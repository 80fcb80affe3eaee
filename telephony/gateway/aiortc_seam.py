"""The only door to aiortc and aioice: ICE, DTLS and the SRTP keys of one peer connection, and nothing else of them.

Their audio path is left out (no transceiver, decoder thread, jitter buffer or RTCP task): RTP and RTCP are taken before the
DTLS queue and sent straight to the nominated socket. That needs the attributes in `CONTRACT`, which are no promise of
theirs: aiortc is pinned, and `broken_contract` says what a newer one would change.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pylibsrtp
from aioice import Candidate, Connection
from aioice.ice import CandidatePair, StunProtocol
from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport, RTCIceServer
from aiortc.rtcicetransport import connection_kwargs

from telephony.errors import MalformedMessage, TransportError
from telephony.gateway.webrtc_sdp import IceDescription
from telephony.net.srtp import Srtp

CONTRACT: tuple[tuple[str, type, str], ...] = (
    ("Connection", Connection, "_nominated"),
    ("Connection", Connection, "_queue"),
    ("RTCDtlsTransport", RTCDtlsTransport, "_rx_srtp"),
    ("RTCDtlsTransport", RTCDtlsTransport, "_tx_srtp"),
    ("RTCDtlsTransport", RTCDtlsTransport, "_set_role"),
)
"""Every private attribute used here, as (name, class, attribute)."""

MAX_EARLY = 64
"""Datagrams kept for the handshake; more only come from somebody who is not our peer."""


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server of our own side."""

    url: str
    """`stun:HOST[:PORT]` or `turn:HOST[:PORT][?transport=tcp]`."""
    username: str = ""
    password: str = ""


class Certificate:
    """The DTLS identity of this node; one serves every peer connection."""

    def __init__(self) -> None:
        self.inner = RTCCertificate.generateCertificate()
        print_ = next(item for item in self.inner.getFingerprints() if item.algorithm == "sha-256")
        self.fingerprint = (print_.algorithm, print_.value)


class _Ice(Connection):
    """An ICE agent on chosen addresses, loopback included, that hands SRTP over before it is queued.

    It is also all that RTCDtlsTransport asks of its transport: `role`, `_recv` and `_send`.
    """

    def __init__(self, hosts: Sequence[str], servers: Sequence[IceServer], on_srtp: Callable[[bytes, float], None]) -> None:
        rtc = [RTCIceServer(urls=server.url, username=server.username, credential=server.password) for server in servers]
        super().__init__(ice_controlling=True, **connection_kwargs(rtc))
        self._hosts = list(hosts)
        self._on_srtp = on_srtp
        self._recv = self.recv
        self._send = self.send

    @property
    def role(self) -> str:
        return "controlling" if self.ice_controlling else "controlled"

    async def gather_candidates(self) -> None:
        """Open one socket on each host: unlike aioice, on loopback too and on no other address."""
        self._local_candidates_start = True
        self._local_candidates = await self.get_component_candidates(component=1, addresses=self._hosts)
        self._local_candidates_end = True

    def data_received(self, data: bytes, component: int) -> None:
        first = data[0] if data else 0
        if 128 <= first <= 191:
            self._on_srtp(data, asyncio.get_running_loop().time())
        elif 20 <= first <= 63 and self._queue.qsize() < MAX_EARLY:
            super().data_received(data, component)

    def selected(self) -> CandidatePair | None:
        return self._nominated.get(1)


class Sockets(Protocol):
    """Reads many sockets at less cost than the event loop: `telephony.net.ticker.Ticker`."""

    def watch(self, fd: int, reader: Callable[[float], None]) -> None: ...

    def unwatch(self, fd: int) -> None: ...


class SecureChannel:
    """ICE, DTLS and SRTP with one browser. `on_rtp` and `on_rtcp` get decrypted packets and when they came (the loop's clock),
    `on_closed` why it ended.

    With `sockets` the selected socket is read by them once the channel is connected, else by the event loop.

    `on_closed` is called at most once, and never after `close`.
    """

    def __init__(
        self,
        certificate: Certificate,
        hosts: Sequence[str],
        servers: Sequence[IceServer],
        *,
        on_rtp: Callable[[bytes, float], None],
        on_rtcp: Callable[[bytes, float], None],
        on_closed: Callable[[bool, str], None],
        sockets: Sockets | None = None,
    ) -> None:
        self._certificate = certificate
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp
        self._on_closed: Callable[[bool, str], None] | None = on_closed
        self._ice = _Ice(hosts, servers, self._srtp_received)
        self._dtls = RTCDtlsTransport(self._ice, [certificate.inner])  # type: ignore[arg-type]
        self._pair: CandidatePair | None = None
        self._address: tuple[str, int] = ("", 0)
        self._srtp: Srtp | None = None
        self._refused = 0
        """Packets that the operating system did not take."""
        self._sockets = sockets
        self._socket: socket.socket | None = None
        """A duplicate of the selected pair's socket, read by `sockets` and not by the event loop."""

    @property
    def rejected(self) -> int:
        """Packets that failed authentication, came twice, or are of one source too many."""
        return self._srtp.rejected if self._srtp is not None else 0

    @property
    def unsent(self) -> int:
        """Packets that SRTP or the operating system did not take."""
        return self._refused + (self._srtp.unsent if self._srtp is not None else 0)

    async def gather(self) -> IceDescription:
        """Open the sockets. Raises TransportError where none of the hosts can be bound."""
        await self._ice.gather_candidates()
        candidates = tuple(candidate.to_sdp() for candidate in self._ice.local_candidates)
        if not candidates:
            raise TransportError("no UDP socket could be opened for WebRTC on the configured addresses")
        return IceDescription(self._ice.local_username, self._ice.local_password, (self._certificate.fingerprint,), candidates)

    async def add_remote(self, remote: IceDescription) -> None:
        """Take the browser's side. Names (mDNS) are dropped: resolving one costs a second of multicast."""
        self._ice.remote_username = remote.ufrag
        self._ice.remote_password = remote.password
        for text in remote.candidates:
            try:
                candidate = Candidate.from_sdp(text)
                address = ipaddress.ip_address(candidate.host) if candidate.host[-6:] != ".local" else None
            except (ValueError, IndexError) as error:
                raise MalformedMessage(f"a=candidate is not RFC 8839 §5.1: {error}") from error
            if address is not None and candidate.transport.lower() == "udp" and candidate.component == 1:
                await self._ice.add_remote_candidate(candidate)

    async def connect(self, remote: IceDescription, *, we_are_client: bool) -> None:
        """Run ICE and DTLS to their end; bound it with `asyncio.timeout`. Raises TransportError where either fails."""
        # No end of candidates is signalled: a browser behind mDNS is learned from its own checks.
        try:
            await self._ice.connect()
        except ConnectionError as error:
            raise TransportError(f"ICE failed: {error}") from error
        self._dtls._set_role("client" if we_are_client else "server")
        prints = [RTCDtlsFingerprint(algorithm=name, value=digest) for name, digest in remote.fingerprints]
        await self._dtls.start(RTCDtlsParameters(fingerprints=prints))
        if self._dtls.state != "connected":
            raise TransportError("the DTLS handshake failed")
        self._srtp = Srtp.over(self._dtls._tx_srtp, self._dtls._rx_srtp)
        self._dtls.on("statechange", self._dtls_changed)
        pair = self._ice.selected()
        if pair is not None:
            self._select(pair)

    def _select(self, pair: CandidatePair) -> None:
        """Send and read on `pair` from now on, by `sockets` where it is a socket of ours and not a TURN server's."""
        self._pair, self._address = pair, pair.remote_addr
        self._drop_socket()
        original = pair.protocol.transport.get_extra_info("socket")
        stop_reading = getattr(asyncio.get_running_loop(), "_remove_reader", None)  # asyncio's own; other loops lack it
        if self._sockets is None or original is None or stop_reading is None or pair.local_candidate.type == "relay":
            return
        self._socket = socket.socket(fileno=os.dup(original.fileno()))
        self._socket.setblocking(False)
        stop_reading(original.fileno())
        self._sockets.watch(self._socket.fileno(), self._read)

    def _drop_socket(self) -> None:
        if self._socket is not None and self._sockets is not None:
            self._sockets.unwatch(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _read(self, now: float) -> None:
        """Take one datagram: SRTP by the short way, STUN and DTLS as aioice would have read them."""
        assert self._socket is not None and self._pair is not None
        try:
            data, address = self._socket.recvfrom(2048)
        except OSError:
            return
        if data and 128 <= data[0] <= 191:
            self._srtp_received(data, now)
        else:
            self._pair.protocol.datagram_received(data, address)

    def send_rtp(self, packet: bytes) -> None:
        """Protect and send one packet; dropped before the channel is connected and after it is closed."""
        pair, srtp = self._ice.selected(), self._srtp
        if pair is None or srtp is None:
            return
        if pair is not self._pair:
            self._select(pair)
        data = srtp.protect(packet)
        if data is None:  # one forwarded from a bridged far end may be too long, or come too late
            return
        to = self._socket
        if to is None:
            pair.protocol.transport.sendto(data, self._address)
            return
        try:
            to.sendto(data, self._address)
        except OSError:  # a full buffer or a route that is gone: for voice both are a lost packet
            self._refused += 1

    def send_rtcp(self, packet: bytes) -> None:
        pair = self._ice.selected()
        data = self._srtp.protect_rtcp(packet) if self._srtp is not None else None
        if pair is not None and data is not None:
            pair.protocol.transport.sendto(data, pair.remote_addr)

    async def close(self) -> None:
        """Tell the browser (DTLS close_notify) and free the sockets. Without effect the second time."""
        self._on_closed = None
        self._drop_socket()
        await self._dtls.stop()
        await self._ice.close()

    def _srtp_received(self, data: bytes, now: float) -> None:
        srtp = self._srtp
        if srtp is None or len(data) < 12:
            return
        if 192 <= data[1] <= 223:  # RFC 5761 §4: packet types of RTCP
            control = srtp.unprotect_rtcp(data)
            if control is not None:
                self._on_rtcp(control, now)
            return
        packet = srtp.unprotect(data)
        if packet is not None:
            self._on_rtp(packet, now)

    def _dtls_changed(self) -> None:
        if self._dtls.state in ("closed", "failed") and self._on_closed is not None:
            told, self._on_closed = self._on_closed, None
            # Where the sockets are still open the browser closed in order; else ICE consent expired first (RFC 7675).
            in_order = self._ice.selected() is not None
            told(in_order, "DTLS closed by the browser" if in_order else "ICE consent expired")


def broken_contract() -> list[str]:
    """One sentence for each attribute that the installed aiortc and aioice no longer have; empty where all is well."""
    ice = _Ice((), (), lambda data, now: None)
    dtls = RTCDtlsTransport(ice, [RTCCertificate.generateCertificate()])  # type: ignore[arg-type]
    instances: dict[type, object] = {Connection: ice, RTCDtlsTransport: dtls}
    wrong = [
        f"{name}.{attribute} is gone: aiortc or aioice changed, see telephony/gateway/aiortc_seam.py"
        for name, owner, attribute in CONTRACT
        if not hasattr(instances[owner], attribute)
    ]
    wrong += [
        f"{owner.__name__}.{method} is gone: aiortc or aioice changed, see telephony/gateway/aiortc_seam.py"
        for owner, method in (
            (Connection, "data_received"),
            (Connection, "get_component_candidates"),
            (Connection, "add_remote_candidate"),
            (StunProtocol, "datagram_received"),
            (pylibsrtp.Session, "protect"),
            (pylibsrtp.Session, "unprotect"),
            (pylibsrtp.Session, "protect_rtcp"),
            (pylibsrtp.Session, "unprotect_rtcp"),
        )
        if not callable(getattr(owner, method, None))
    ]
    return wrong
