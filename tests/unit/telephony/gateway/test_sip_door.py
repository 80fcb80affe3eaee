"""The door on real sockets: no answer to the banned, every message traced, HEP to a receiver that decodes it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from dataclasses import replace

import pytest

from telephony.errors import TransportError
from telephony.gateway.sip import SipGateway, SipSettings
from telephony.gateway.sip_door import Door, DoorSettings, HepSettings, scanners
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener
from telephony.net.hep_link import HepLink
from telephony.net.ticker import Ticker
from telephony.sip.flow import Flow, Outgoing
from telephony.sip.suspicion import GuardSettings, Sign
from tests.unit.telephony.sip.peers import OFFER, request
from tests.unit.telephony.sip.test_trace import chunks

STRICT = DoorSettings(guard=GuardSettings(allow=()))
OPTIONS = request("OPTIONS").replace(b"10.0.0.9:5099", b"127.0.0.1")


class House:
    """A gateway with a door, and a UDP socket that talks to it."""

    def __init__(self, door: DoorSettings = STRICT, *, trusted: bool = False) -> None:
        listeners = (Listener("udp", "127.0.0.1", 0, trusted=trusted), Listener("tcp", "127.0.0.1", 0))
        self.gateway = SipGateway(SipSettings(listeners=listeners, door=door), Ticker(), lambda leg: None)
        self.far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    async def __aenter__(self) -> House:
        await self.gateway.start()
        self.far.bind(("127.0.0.1", 0))
        self.far.settimeout(2)
        self.far.connect(("127.0.0.1", self.gateway.listeners[0].port))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.far.close()
        await self.gateway.close()

    async def ask(self, data: bytes = OPTIONS) -> str:
        """The first line of the answer, "" for none within 0.2 s."""
        loop = asyncio.get_running_loop()
        self.far.setblocking(False)
        self.far.send(data)
        try:
            async with asyncio.timeout(0.2):
                return (await loop.sock_recv(self.far, 65_536)).decode().split("\r\n")[0]
        except TimeoutError:
            return ""


async def test_the_banned_and_scanners_get_no_answer_at_all() -> None:
    async with House() as house:
        assert await house.ask() == "SIP/2.0 200 OK"
        assert await house.ask(OPTIONS.replace(b"Max-Forwards: 70", b"User-Agent: friendly-scanner")) == ""
        guard = house.gateway.door.guard
        guard.lift("127.0.0.1")
        assert await house.ask() == "SIP/2.0 200 OK"
        guard.ban("127.0.0.1", "test", asyncio.get_running_loop().time())
        assert await house.ask() == ""
        assert house.gateway.refused == {"scanner": 1, "banned": 1}
        assert not house.gateway.door.accepts("127.0.0.1") and house.gateway.door.accepts("127.0.0.2")


def test_whom_we_ask_may_answer_and_whom_we_register_with_may_call() -> None:
    now = 0.0
    door = Door(STRICT, lambda data, flow, at: None, lambda: now)
    for method, host in (("OPTIONS", "192.0.2.1"), ("REGISTER", "192.0.2.2")):
        door.sent(Outgoing(request(method), Flow("udp", host, 5060, "127.0.0.1", 5060)))
    door.sent(Outgoing(b"SIP/2.0 401 Unauthorized\r\n\r\n", Flow("udp", "192.0.2.3", 5060, "127.0.0.1", 5060)))

    def heard() -> list[bool]:
        """Whether each is still heard after two hundred pieces of garbage."""
        for host in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
            for _ in range(200):
                door.guard.noticed(host, Sign.MALFORMED, now)
        return [door.guard.admits(OPTIONS, f"192.0.2.{number}", now) for number in (1, 2, 3)]

    assert heard() == [True, True, False]
    now = 100.0
    assert heard() == [False, True, False]


async def test_what_the_kernel_drops_is_counted() -> None:
    async with House() as house:
        for _ in range(7):
            house.far.send(b"\x00 no SIP")
        assert await house.ask() == "SIP/2.0 200 OK"
        assert house.gateway.refused == ({"kernel": 7} if sys.platform.startswith("linux") else {"malformed": 7})


async def test_a_trusted_listener_is_never_closed() -> None:
    async with House(trusted=True) as house:
        door, now = house.gateway.door, asyncio.get_running_loop().time()
        door.guard.ban("127.0.0.1", "test", now)
        assert await house.ask() == "SIP/2.0 200 OK"


async def test_this_machine_is_allowed_unless_the_settings_say_otherwise() -> None:
    async with House(DoorSettings()) as house:
        for _ in range(50):
            house.gateway.door.guard.noticed("127.0.0.1", Sign.WRONG_DIGEST, 0.0)
        assert await house.ask() == "SIP/2.0 200 OK"


async def test_a_connection_of_the_banned_is_closed_unheard() -> None:
    async with House() as house:
        port = house.gateway.listeners[1].port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(OPTIONS)
        assert (await reader.readline()).startswith(b"SIP/2.0 200")
        house.gateway.door.guard.ban("127.0.0.1", "test", asyncio.get_running_loop().time())
        writer.write(OPTIONS)
        again, other = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                assert await again.read(1) == b"", "closed"
        assert house.gateway.refused["banned"] >= 2
        for one in (writer, other):
            one.close()


async def test_a_call_id_of_odd_octets_can_be_written_down() -> None:
    """Records, logs and other nodes take text that can be encoded: octets that are no UTF-8 become U+FFFD."""
    legs: list[SipLeg] = []
    settings = SipSettings(listeners=(Listener("udp", "127.0.0.1", 0, trusted=True),))
    gateway = SipGateway(settings, Ticker(), legs.append)
    await gateway.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.connect(("127.0.0.1", gateway.listeners[0].port))
        far.send(request("INVITE", body=OFFER, uri="sip:\xff@x").replace(b"Call-ID: c1", b"Call-ID: c\xff1"))
        async with asyncio.timeout(5):
            while not legs:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
    assert legs[0].correlation == "c\ufffd1"
    assert (legs[0].correlation + legs[0].callee.user + legs[0].caller.user).encode()
    await gateway.close()


async def test_both_directions_are_traced() -> None:
    async with House() as house:
        await house.ask()
        first, second = house.gateway.door.trace.of("c1")
        assert (first.sent, second.sent) == (False, True)
        assert first.data == OPTIONS and second.data.startswith(b"SIP/2.0 200")
        assert house.gateway.door.metrics()["trace_calls"] == 1


async def test_hep_over_udp_reaches_a_receiver() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as homer:
        homer.bind(("127.0.0.1", 0))
        homer.setblocking(False)
        to = HepSettings("127.0.0.1", homer.getsockname()[1], password="pw")
        async with House(replace(STRICT, hep=to)) as house:
            await house.ask()
            async with asyncio.timeout(5):
                got = [chunks(await asyncio.get_running_loop().sock_recv(homer, 65_536)) for _ in range(2)]
    assert got[0][15] == OPTIONS and got[1][15].startswith(b"SIP/2.0 200")
    assert got[0][14] == b"pw" and got[0][3] == socket.inet_aton("127.0.0.1") and got[0][17] == b"c1"


async def test_hep_over_tcp_reaches_a_receiver_and_a_lost_one_costs_nothing() -> None:
    received: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.put_nowait(await reader.readexactly(6))

    homer = await asyncio.start_server(take, "127.0.0.1", 0)
    port = homer.sockets[0].getsockname()[1]
    link = HepLink("tcp", "127.0.0.1", port)
    await link.open()
    async with asyncio.timeout(5):
        while not link.sent:
            link.send(b"HEP3\x00\x06")
            await asyncio.sleep(0.005)
        assert await received.get() == b"HEP3\x00\x06"
    await link.close()
    homer.close()
    link.send(b"late")
    assert link.lost >= 1


async def test_a_homer_server_that_cannot_be_found_is_said_at_the_start() -> None:
    link = HepLink("udp", "no such host.invalid", 9060)
    with pytest.raises(TransportError, match="cannot send HEP"):
        await link.open()


def test_the_list_of_scanners() -> None:
    names = scanners()
    assert {"friendly-scanner", "sipvicious", "sipcli", "vaxsipuseragent", "pplsip"} <= set(names)
    assert all(name == name.strip().lower() and "#" not in name for name in names)
