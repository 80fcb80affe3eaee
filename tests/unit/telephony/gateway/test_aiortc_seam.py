"""The pinned aiortc has what the seam uses, and two peers exchange RTP and RTCP over loopback with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiortc import RTCCertificate, RTCDtlsTransport

from telephony.errors import MalformedMessage, TransportError
from telephony.gateway import aiortc_seam
from telephony.gateway.aiortc_seam import Certificate, IceServer, SecureChannel, broken_contract
from telephony.gateway.webrtc_sdp import IceDescription
from telephony.media.rtcp import SenderInfo, report
from telephony.media.rtp import compose
from telephony.net.srtp import MOST_SOURCES

LOOPBACK = ("127.0.0.1",)


class Inbox:
    """Collects what a channel delivers."""

    def __init__(self) -> None:
        self.rtp: asyncio.Queue[bytes] = asyncio.Queue()
        self.rtcp: asyncio.Queue[bytes] = asyncio.Queue()
        self.closed: asyncio.Queue[tuple[bool, str]] = asyncio.Queue()

    def channel(self, certificate: Certificate, hosts: tuple[str, ...] = LOOPBACK) -> SecureChannel:
        return SecureChannel(
            certificate,
            hosts,
            (),
            on_rtp=lambda packet, now: self.rtp.put_nowait(packet),
            on_rtcp=lambda packet, now: self.rtcp.put_nowait(packet),
            on_closed=lambda in_order, why: self.closed.put_nowait((in_order, why)),
        )


async def pair() -> tuple[SecureChannel, Inbox, SecureChannel, Inbox]:
    first, second = Inbox(), Inbox()
    server, client = first.channel(Certificate()), second.channel(Certificate())
    client._ice.ice_controlling = False
    ours, theirs = await server.gather(), await client.gather()
    await server.add_remote(theirs)
    await client.add_remote(ours)
    async with asyncio.timeout(10):
        await asyncio.gather(server.connect(theirs, we_are_client=False), client.connect(ours, we_are_client=True))
    return server, first, client, second


def test_pinned_aiortc_keeps_the_contract() -> None:
    assert broken_contract() == []


def test_broken_contract_names_what_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiortc_seam, "CONTRACT", (("RTCDtlsTransport", RTCDtlsTransport, "_no_such"),))
    assert broken_contract() == [
        "RTCDtlsTransport._no_such is gone: aiortc or aioice changed, see telephony/gateway/aiortc_seam.py"
    ]


async def test_rtp_and_rtcp_cross_both_ways_and_close_is_noticed() -> None:
    server, at_server, client, at_client = await pair()
    packet = compose(0, False, 1, 160, 77, b"\xd5" * 160)
    server.send_rtp(packet)
    client.send_rtp(packet)
    server.send_rtcp(report(77, SenderInfo(0.0, 0, 0, 0), None))
    async with asyncio.timeout(5):
        assert await at_client.rtp.get() == packet
        assert await at_server.rtp.get() == packet
        assert (await at_client.rtcp.get())[1] == 200
        await client.close()
        assert await at_server.closed.get() == (True, "DTLS closed by the browser")
    assert at_client.closed.empty()
    await server.close()


async def test_turn_relayed_and_other_loops_are_read_by_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    server, _, client, _ = await pair()
    watched: list[int] = []

    class Watcher:
        def watch(self, fd: int, reader: Callable[[float], None]) -> None:
            watched.append(fd)

        def unwatch(self, fd: int) -> None:
            watched.remove(fd)

    selected = server._ice.selected()
    assert selected is not None
    server._sockets = Watcher()
    monkeypatch.setattr(selected.local_candidate, "type", "relay")
    server._select(selected)
    assert watched == []
    monkeypatch.setattr(selected.local_candidate, "type", "host")
    server._select(selected)
    assert len(watched) == 1
    await server.close()
    assert watched == []
    await client.close()


async def test_replayed_and_forged_packets_are_counted_and_dropped() -> None:
    server, at_server, client, _ = await pair()
    client.send_rtp(compose(0, False, 1, 160, 77, b"\xd5" * 160))
    async with asyncio.timeout(5):
        await at_server.rtp.get()
    server._srtp_received(compose(0, False, 2, 320, 77, b"\xd5" * 170), 0.0)
    assert (server.rejected, at_server.rtp.empty()) == (1, True)
    await client.close()
    await server.close()


async def test_a_browser_cannot_make_us_remember_ever_more_sources() -> None:
    """libsrtp keeps state for each SSRC, and a page holds the key."""
    server, at_server, client, _ = await pair()
    assert client._srtp is not None
    for ssrc in range(MOST_SOURCES + 10):
        sealed = client._srtp.protect(compose(0, False, 1, 160, ssrc, b"\xd5" * 160))
        assert sealed is not None
        server._srtp_received(sealed, 0.0)
    assert (at_server.rtp.qsize(), server.rejected) == (MOST_SOURCES, 10)
    await client.close()
    await server.close()


async def test_a_packet_that_is_too_long_for_srtp_is_lost_and_counted() -> None:
    """It comes from a bridged far end, which must not make our handlers fail."""
    server, _, client, at_client = await pair()
    server.send_rtp(compose(0, False, 1, 160, 77, bytes(1600)))
    server.send_rtp(compose(0, False, 2, 320, 77, bytes(160)))
    async with asyncio.timeout(5):
        assert (await at_client.rtp.get())[3] == 2
    assert server.unsent == 1
    await client.close()
    await server.close()


async def test_other_fingerprint_is_refused() -> None:
    first, second = Inbox(), Inbox()
    server, client = first.channel(Certificate()), second.channel(Certificate())
    client._ice.ice_controlling = False
    ours, theirs = await server.gather(), await client.gather()
    forged = IceDescription(theirs.ufrag, theirs.password, (Certificate().fingerprint,), theirs.candidates)
    await server.add_remote(forged)
    await client.add_remote(ours)
    async with asyncio.timeout(10):
        results = await asyncio.gather(
            server.connect(forged, we_are_client=False), client.connect(ours, we_are_client=True), return_exceptions=True
        )
    assert isinstance(results[0], TransportError)
    server.send_rtp(compose(0, False, 1, 160, 77, b"\xd5" * 160))
    await server.close()
    await client.close()


async def test_names_and_tcp_candidates_are_dropped_and_nonsense_is_refused() -> None:
    channel = Inbox().channel(Certificate())
    ours = await channel.gather()
    assert all(" 127.0.0.1 " in candidate for candidate in ours.candidates)
    host = "1 1 udp 2122260223 {} 50000 typ host"
    tcp = "1 1 tcp 2122260223 127.0.0.1 9 typ host tcptype active"
    named = host.format("7b5f7d1e-5d3c-4a4e-9a39-6f1a2b3c4d5e.local")
    await channel.add_remote(IceDescription("abcd", "p" * 22, (), (named, tcp, host.format("127.0.0.1"))))
    assert [candidate.host for candidate in channel._ice.remote_candidates] == ["127.0.0.1"]
    for nonsense in ("", "1 x udp 1 127.0.0.1 1 typ host", host.format("example.org")):
        with pytest.raises(MalformedMessage):
            await channel.add_remote(IceDescription("abcd", "p" * 22, (), (nonsense,)))
    await channel.close()


async def test_address_that_is_not_ours_is_a_transport_error() -> None:
    channel = Inbox().channel(Certificate(), ("127.0.0.1.9",))
    with pytest.raises(TransportError):
        await channel.gather()
    await channel.close()


async def test_handshake_queue_is_bounded() -> None:
    channel = Inbox().channel(Certificate())
    for _ in range(500):
        channel._ice.data_received(b"\x16" + bytes(20), 1)
        channel._ice.data_received(b"hello", 1)
    assert channel._ice._queue.qsize() == aiortc_seam.MAX_EARLY
    await channel.close()


def test_servers_are_taken_by_url() -> None:
    async def made() -> aiortc_seam._Ice:
        return aiortc_seam._Ice(LOOPBACK, (IceServer("turn:127.0.0.1:3478", "u", "p"),), lambda data, now: None)

    ice = asyncio.run(made())
    assert (ice.turn_server, ice.turn_username, ice.turn_password) == (("127.0.0.1", 3478), "u", "p")


def test_one_certificate_names_its_own_fingerprint() -> None:
    certificate = Certificate()
    assert isinstance(certificate.inner, RTCCertificate)
    assert certificate.fingerprint[0] == "sha-256"
