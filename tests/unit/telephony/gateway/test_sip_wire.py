"""The SIP listeners' own decisions: which of them a message takes, and under which address far ends find us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from telephony.errors import TransportError
from telephony.gateway.sip_address import Addresses, parse_advertised
from telephony.gateway.sip_wire import Listener, Wire, WireSettings, _is_address
from telephony.net.resolver import DnsSettings
from telephony.net.tls import TlsSettings
from telephony.sip.flow import Flow, Outgoing
from telephony.sip.grammar import Uri
from tests.unit.telephony.net.certificates import Authority
from tests.unit.telephony.net.nameserver import name_server
from tests.unit.telephony.net.test_stream import until

HOST = "127.0.0.1"
MESSAGE = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"


class Rig:
    """A wire with what it heard and what failed."""

    def __init__(self, **settings: Any) -> None:
        self.heard: list[tuple[bytes, Flow]] = []
        self.failed: list[tuple[str, str, int, int]] = []
        self.wire = Wire(
            WireSettings(**settings), lambda *message: self.heard.append(message), lambda *peer: self.failed.append(peer)
        )
        self.listeners: list[Listener] = []

    def send(self, flow: Flow | None) -> None:
        assert flow is not None
        self.wire.send(Outgoing(MESSAGE, flow))


@asynccontextmanager
async def rig(*listeners: Listener, **settings: Any) -> AsyncIterator[Rig]:
    one = Rig(**settings)
    try:
        one.listeners = [await one.wire.open(listener) for listener in listeners]
        yield one
    finally:
        await one.wire.close()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("a.invalid", False),
        ("a.1", False),
        ("300.1.1.1", False),
        ("127.1", False),
        ("", False),
    ],
)
def test_only_an_address_is_sent_to_without_a_look_up(host: str, address: bool) -> None:
    assert _is_address(host) is address


async def test_a_name_is_looked_up_beside_the_loop_and_where_it_is_none_that_is_told() -> None:
    """`sendto` would ask the name server itself, and every call on the node would wait for it."""
    async with name_server({}) as server, rig(Listener("udp", HOST, 0), dns=DnsSettings((server.address,), 1.0)) as one:
        one.send(Flow("udp", "peer.1", 5060, HOST, one.listeners[0].port))
        await until(lambda: bool(one.failed))
        assert one.failed == [("udp", "peer.1", 5060, 0)] and ("peer.1", "A") in server.asked


async def test_the_listener_is_of_the_far_ends_family_and_on_the_route_to_it() -> None:
    """Two UDP listeners on one port number, one of them on another address, and one for IPv6."""
    async with rig(Listener("udp", "127.0.0.1", 0)) as first:
        port = first.listeners[0].port
        async with rig(
            Listener("udp", "127.0.0.2", port),
            Listener("udp", "::1", port),
            Listener("tcp", "::1", 0),
            Listener("udp", HOST, 0),
        ) as one:
            ways = {host: one.wire.way("udp", host, 5060) for host in ("127.0.0.9", "::1")}
            assert ways["127.0.0.9"] == Flow("udp", "127.0.0.9", 5060, HOST, one.listeners[3].port, listener=4)
            assert ways["::1"] == Flow("udp", "::1", 5060, "::1", port, listener=2)
            assert one.wire.way("tcp", HOST, 5060) is None and one.wire.way("tls", "::1", 5061) is None
            one.send(one.wire.way("udp", "127.0.0.1", port))
            await until(lambda: bool(first.heard))
            flow = first.heard[0][1]
            assert (flow.host, flow.port, flow.local_host, flow.listener) == (HOST, one.listeners[3].port, HOST, 1)
            first.send(flow)
            await until(lambda: bool(one.heard))
            assert one.heard[0][1].listener == 4, "the answer goes to the socket that asked"


async def test_both_families_listen_on_all_addresses_with_one_port() -> None:
    async with rig(Listener("udp", "0.0.0.0", 0)) as four:
        port = four.listeners[0].port
        async with rig(Listener("udp", "::", port), Listener("tcp", "::", port)) as six, rig(Listener("udp", "::1", 0)) as peer:
            peer.send(peer.wire.way("udp", "::1", port))
            await until(lambda: bool(six.heard))
            assert not four.heard and six.heard[0][1].local_host == "::1", "the address that the route leaves from"


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("", "", 0),
        ("203.0.113.7", "203.0.113.7", 0),
        ("203.0.113.7:5070", "203.0.113.7", 5070),
        ("sip.example.com:5061", "sip.example.com", 5061),
        ("2001:db8::7", "2001:db8::7", 0),
        ("[2001:db8::7]:5070", "2001:db8::7", 5070),
    ],
)
def test_an_advertised_address_may_have_a_port(text: str, host: str, port: int) -> None:
    assert parse_advertised(text) == (host, port)


@pytest.mark.parametrize("text", ["a b", "x:99999", "sip:a@b", "<x>"])
def test_what_nobody_can_be_told_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="far ends"):
        WireSettings(advertised=text)


def test_far_ends_inside_are_told_the_inner_address() -> None:
    addresses = Addresses("203.0.113.7", ("10.0.0.0/8", "fd00::/8"))
    assert addresses.told(("10.0.0.5", 5060), "198.51.100.1") == ("203.0.113.7", 5060)
    assert addresses.told(("10.0.0.5", 5060), "10.9.9.9") == ("10.0.0.5", 5060)
    assert addresses.told(("10.0.0.5", 5060), "198.51.100.1", "sip.example.com:5070") == ("sip.example.com", 5070)
    assert addresses.media_host("10.0.0.5") == "203.0.113.7"
    assert Addresses("sip.example.com").media_host("10.0.0.5") == "10.0.0.5", "media goes to addresses"


async def test_a_listener_has_an_outside_of_its_own() -> None:
    inner = ("127.0.0.8/32",)
    async with rig(
        Listener("udp", HOST, 0),
        Listener("tcp", HOST, 0, advertised="203.0.113.9:5080"),
        advertised="203.0.113.7",
        local_networks=inner,
    ) as one:
        udp, tcp = one.listeners
        assert one.wire.way("udp", "127.0.0.9", 5060) == Flow("udp", "127.0.0.9", 5060, "203.0.113.7", udp.port, listener=1)
        assert one.wire.way("tcp", "127.0.0.9", 5060) == Flow("tcp", "127.0.0.9", 5060, "203.0.113.9", 5080, listener=2)
        assert one.wire.way("tcp", "127.0.0.8", 5060) == Flow("tcp", "127.0.0.8", 5060, HOST, tcp.port, listener=2)
        assert one.wire.media_host("sip.example.com") == "203.0.113.7"


async def test_servers_of_a_domain_are_ways_in_their_order() -> None:
    zone = {
        ("_sip._udp.carrier.example", "SRV"): ["10 0 5071 a.carrier.example.", "20 0 5072 b.carrier.example."],
        ("_sip._tcp.carrier.example", "SRV"): ["10 0 5073 a.carrier.example."],
        ("a.carrier.example", "A"): ["127.0.0.2"],
        ("b.carrier.example", "A"): ["127.0.0.3"],
        ("b.carrier.example", "AAAA"): ["::1"],
    }
    async with name_server(zone) as server, rig(Listener("udp", HOST, 0), dns=DnsSettings((server.address,))) as one:
        found = await one.wire.locate(Uri.parse("sip:1@carrier.example"))
        assert [(flow.transport, flow.host, flow.port, flow.sized) for flow in found] == [
            ("udp", "127.0.0.2", 5071, True),
            ("udp", "127.0.0.3", 5072, True),
        ]
        with pytest.raises(TransportError):
            await one.wire.locate(Uri.parse("sips:1@carrier.example"))


async def test_requests_to_a_name_go_to_its_server_and_to_the_next_once_that_is_gone() -> None:
    """In a dialog the far end may be a name (RFC 3263 §4): its messages stay together while its server lives."""
    async with rig(Listener("tcp", HOST, 0), Listener("tcp", HOST, 0)) as peer:
        ports = [one.port for one in peer.listeners]
        zone = {
            ("_sip._tcp.far.example", "SRV"): [f"10 0 {ports[0]} far.example.", f"20 0 {ports[1]} far.example."],
            ("far.example", "A"): [HOST],
        }
        async with name_server(zone) as server, rig(Listener("tcp", HOST, 0), dns=DnsSettings((server.address,))) as one:
            way = one.wire.way("tcp", "far.example", 0)
            for count in (1, 2, 3):
                one.send(way)
                await until(lambda count=count: len(peer.heard) == count)  # type: ignore[misc]
            assert {flow.local_port for _, flow in peer.heard} == {ports[0]}
            peer.wire._opened[1].endpoint.close()  # type: ignore[union-attr]
            await until(lambda: ("tcp", "far.example", 0) in [item[:3] for item in one.failed])
            one.send(way)
            await until(lambda: ("tcp", "far.example", 0, 0) in one.failed)
            one.send(way)
            await until(lambda: len(peer.heard) == 4)
            assert peer.heard[-1][1].local_port == ports[1]


async def test_what_a_browser_writes_as_its_host_is_never_looked_up() -> None:
    async with name_server({}) as server, rig(Listener("ws", HOST, 0), dns=DnsSettings((server.address,))) as one:
        url = f"ws://{HOST}:{one.listeners[0].port}"
        async with connect(url, subprotocols=[Subprotocol("sip")]) as browser:
            await browser.send(MESSAGE)
            await until(lambda: bool(one.heard))
            flow = one.heard[0][1]
            assert flow.transport == "ws" and flow.connection > 0
            one.send(flow)
            assert await browser.recv() == MESSAGE.decode()
        await until(lambda: bool(one.failed))
        assert one.failed[0] == ("ws", flow.host, flow.port, flow.connection)
        one.send(Flow("ws", "q1w2.invalid", 0, HOST, 5060, listener=1))
        await until(lambda: len(one.failed) == 2)
        assert server.asked == []


async def test_tls_listens_with_its_certificate_and_shows_who_connected(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    signed = authority.sign(HOST, "there.example")
    tls = TlsSettings(signed.certificate, signed.key, authority.ca, authority.ca)
    async with rig(Listener("tls", HOST, 0), tls=tls) as here, rig(Listener("tls", HOST, 0), tls=tls) as there:
        here.send(here.wire.way("tls", HOST, there.listeners[0].port, "there.example"))
        await until(lambda: bool(there.heard))
        flow = there.heard[0][1]
        assert flow.subject == (HOST, "there.example") and flow.transport == "tls"
        there.send(flow)
        await until(lambda: bool(here.heard))
        assert here.heard[0][1].name == "there.example"
        assert here.wire.refresh()
        here.send(here.wire.way("tls", HOST, there.listeners[0].port, "elsewhere.example"))
        await until(lambda: bool(here.failed))
        assert here.wire.refused == {"certificate of another": 1}


async def test_tls_without_a_certificate_is_one_clear_line() -> None:
    one = Rig()
    with pytest.raises(TransportError, match="no certificate"):
        await one.wire.open(Listener("tls", HOST, 0))


async def test_far_ends_are_remembered_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.sip_wire.REMEMBERED", 3)
    async with rig(Listener("udp", HOST, 0)) as one:
        opened = one.wire._opened[1]
        for port in range(1000, 1010):
            one.wire._take_datagram(opened, MESSAGE, HOST, port)
            one.wire._take_datagram(opened, MESSAGE, HOST, port)
        assert len(opened.flows) <= 3 and len(one.heard) == 20
        assert one.heard[-1][1] is one.heard[-2][1], "one flow for each far end"


@pytest.mark.parametrize(
    "listener", [Listener("sctp"), Listener("udp", "x"), Listener("udp", HOST, 70000), Listener(advertised=" ")]
)
def test_what_is_no_listener_is_refused(listener: Listener) -> None:
    with pytest.raises(ValueError):
        listener.check()


async def test_closing_twice_is_quiet() -> None:
    async with rig(Listener("udp", HOST, 0), Listener("tcp", HOST, 0)) as one:
        flow = one.wire.way("udp", HOST, 5060)
        await one.wire.close()
        one.send(flow)
        await asyncio.sleep(0)
        assert one.wire.way("udp", HOST, 5060) is None
