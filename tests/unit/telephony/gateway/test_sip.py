"""The SIP gateway with real sockets on loopback: two gateways, and a phone written by hand."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import numpy as np
import pytest

from telephony.errors import TransportError
from telephony.gateway.sip import SipGateway, SipSettings
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener
from telephony.leg import (
    Answered,
    DtmfReceived,
    EndCause,
    Ended,
    Frame,
    HeldByPeer,
    LegEvent,
    LegState,
    Party,
    PlaybackFinished,
    ResumedByPeer,
    Ringing,
)
from telephony.media.clip import Clip
from telephony.net.ticker import Ticker
from telephony.sip.digest import Account, credentials
from telephony.sip.message import Request, Response, parse, respond
from tests.unit.telephony.gateway import nodes

HOST = "127.0.0.1"
ANN = Party("ann", "Ann")
OPEN: dict[str, Any] = {"trusted_networks": ("127.0.0.0/8",)}


@pytest.fixture(autouse=True)
def _short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The phones written by hand do not answer the last BYE."""
    monkeypatch.setattr("telephony.gateway.sip.FAREWELL", 0.05)


class Ear(nodes.Ear):
    @property
    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


class Node:
    """A gateway with its ticker, and what came in."""

    def __init__(self, gateway: SipGateway, ticker: Ticker) -> None:
        self.gateway = gateway
        self.ticker = ticker
        self.legs: list[SipLeg] = []
        self.ears: list[Ear] = []
        self.on_call: Callable[[SipLeg], None] = lambda leg: leg.answer()

    def take(self, leg: SipLeg) -> None:
        self.legs.append(leg)
        self.ears.append(Ear(leg))
        self.on_call(leg)

    def uri(self, user: str = "1000", transport: str = "udp") -> str:
        port = next(one.port for one in self.gateway.listeners if one.transport == transport)
        return f"sip:{user}@{HOST}:{port}" + ("" if transport == "udp" else f";transport={transport}")


@asynccontextmanager
async def running(*, credentials: Callable[[str], Account | None] = lambda user: None, **settings: Any) -> AsyncIterator[Node]:
    ticker = Ticker()
    ticker.start()
    values = {"listeners": (Listener("udp", HOST, 0), Listener("tcp", HOST, 0)), "rtp_low": 40000, "rtp_high": 49999}
    node: Node
    gateway = SipGateway(SipSettings(**{**values, **settings}), ticker, lambda leg: node.take(leg), credentials)
    node = Node(gateway, ticker)
    await gateway.start()
    try:
        yield node
    finally:
        await gateway.close()
        await ticker.close()


@asynccontextmanager
async def pair(**settings: Any) -> AsyncIterator[tuple[Node, Node]]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(running()), await stack.enter_async_context(running(**{**OPEN, **settings}))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_call_with_voice_and_keys_each_way(transport: str) -> None:
    async with pair() as (here, there):
        leg = here.gateway.dial(there.uri(transport=transport), ANN)
        ear = Ear(leg)
        assert leg.state is LegState.DIALING
        await ear.until(Answered)
        far = there.legs[0]
        await there.ears[0].until(Answered)
        assert (far.caller.user, far.caller.display, far.callee.user, far.correlation) == (
            "ann",
            "Ann",
            "1000",
            leg.correlation,
        )
        heard: list[Frame] = []
        leg.hear(heard.append)
        number = far.play([Clip.tone(400, 0.3)])
        finished = await there.ears[0].until(PlaybackFinished)
        assert (finished.playback, finished.completed, finished.played_ms) == (number, True, 300)
        assert max(int(np.abs(frame).max()) for frame in heard) > 6000
        leg.send_digits("5")
        assert (await there.ears[0].until(DtmfReceived)).digit == "5"
        assert far.quality()["packets_sent"] == 15
        leg.hang_up()
        ended = await there.ears[0].until(Ended)
        assert (ended.cause, ended.by_peer) == (EndCause.HUNG_UP, True)
        ours = await ear.until(Ended)
        assert (ours.cause, ours.by_peer) == (EndCause.RELEASED, False)
        leg.hang_up()
        assert here.gateway.calls == there.gateway.calls == 0
        assert ear.kinds.count("Ended") == 1


async def test_ring_and_refuse() -> None:
    async with pair() as (here, there):
        there.on_call = lambda leg: leg.ring()
        ear = Ear(here.gateway.dial(there.uri(), ANN))
        await ear.until(Ringing)
        there.legs[0].hang_up(EndCause.BUSY, 486)
        ended = await ear.until(Ended)
        assert (ended.cause, ended.by_peer, ended.detail) == (EndCause.BUSY, True, "486 Busy Here")


async def test_the_caller_gives_up_while_it_rings() -> None:
    async with pair() as (here, there):
        there.on_call = lambda leg: leg.ring()
        leg = here.gateway.dial(there.uri(), ANN)
        ear = Ear(leg)
        await ear.until(Ringing)
        leg.hang_up(EndCause.NO_ANSWER)
        assert (await ear.until(Ended)).cause is EndCause.NO_ANSWER
        assert (await there.ears[0].until(Ended)).cause is EndCause.CANCELLED


async def test_one_who_takes_calls_and_fails_costs_that_call_only(caplog: pytest.LogCaptureFixture) -> None:
    def fail(leg: SipLeg) -> None:
        raise RuntimeError("boom")

    async with pair() as (here, there):
        there.on_call = fail
        assert "500" in (await Ear(here.gateway.dial(there.uri(), ANN)).until(Ended)).detail
        there.on_call = lambda leg: leg.answer()
        await Ear(here.gateway.dial(there.uri(), ANN)).until(Answered)
        assert "boom" in caplog.text


async def test_a_handler_that_fails_ends_its_own_call() -> None:
    async with pair() as (here, there):
        ear = Ear(here.gateway.dial(there.uri(), ANN))

        def fail(event: LegEvent) -> None:
            raise RuntimeError("boom")

        def take(leg: SipLeg) -> None:
            leg.subscribe(fail)
            leg.answer()

        there.on_call = take
        await ear.until(Ended)
        assert there.gateway.calls == 0


async def test_untrusted_calls_and_the_call_limit() -> None:
    async with running() as closed, pair(max_calls=1) as (here, there):
        assert "401" in (await Ear(here.gateway.dial(closed.uri(), ANN)).until(Ended)).detail
        assert closed.gateway.refused == {"unauthenticated": 1}
        await Ear(here.gateway.dial(there.uri(), ANN)).until(Answered)
        ended = await Ear(here.gateway.dial(there.uri(), ANN)).until(Ended)
        assert ended.detail == "503 Service Unavailable" and ended.cause is EndCause.UNREACHABLE


async def test_a_trusted_listener_needs_no_network() -> None:
    async with running() as here, running(listeners=(Listener("udp", HOST, 0, trusted=True),)) as there:
        await Ear(here.gateway.dial(there.uri(), ANN)).until(Answered)
        assert there.legs[0].caller.authenticated is False


@pytest.mark.parametrize("target", ["nobody", "sip:nobody@hotline", "sip:x y", "sips:x@127.0.0.1", "tel:123", ""])
async def test_what_cannot_be_called_ends_as_unreachable(target: str) -> None:
    async with running() as here:
        leg = here.gateway.dial(target, ANN)
        ended = await Ear(leg).until(Ended)
        assert ended.cause is EndCause.UNREACHABLE and leg.state is LegState.ENDED
        leg.play([])
        leg.stop()
        leg.hear(None)
        leg.send_digits("1")
        assert leg.quality() == {} or leg.quality()["packets_sent"] == 0
        assert here.gateway.calls == 0


async def test_nobody_listens_on_that_tcp_port() -> None:
    async with running() as here:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            leg = here.gateway.dial(f"sip:x@{HOST}:{probe.getsockname()[1]};transport=tcp", ANN)
            assert (await Ear(leg).until(Ended)).cause is EndCause.UNREACHABLE


async def test_no_rtp_port_left_is_503() -> None:
    async with pair(rtp_low=49990, rtp_high=49989) as (here, there):
        assert (await Ear(here.gateway.dial(there.uri(), ANN)).until(Ended)).detail == "503 Service Unavailable"
        assert (await Ear(there.gateway.dial(here.uri(), ANN)).until(Ended)).cause is EndCause.FAILED


async def test_silence_for_longer_than_the_limit_is_media_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.sip.WATCH", 0.05)
    async with pair(media_timeout=0.2) as (here, there):
        ear = Ear(here.gateway.dial(there.uri(), ANN))
        await ear.until(Answered)
        assert (await there.ears[0].until(Ended)).cause is EndCause.MEDIA_LOST
        assert (await ear.until(Ended)).cause is EndCause.HUNG_UP


async def test_a_port_in_use_is_one_clear_line() -> None:
    async with running() as here:
        port = here.gateway.listeners[0].port
        second = SipGateway(SipSettings(listeners=(Listener("udp", HOST, port),)), here.ticker, lambda leg: None)
        with pytest.raises(TransportError, match=rf"\Acannot listen on udp {HOST}:{port}: .*\Z"):
            await second.start()
        port = here.gateway.listeners[1].port
        both = (Listener("udp", HOST, 0), Listener("tcp", HOST, port))
        with pytest.raises(TransportError, match=rf"\Acannot listen on tcp {HOST}:{port}: .*\Z"):
            await SipGateway(SipSettings(listeners=both), here.ticker, lambda leg: None).start()


@pytest.mark.parametrize(
    "wrong", [{"trusted_networks": ("x",)}, {"listeners": (Listener("sctp"),)}, {"listeners": (Listener("udp", "x"),)}]
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        SipSettings(**wrong)


async def test_drain_waits_for_calls_and_then_ends_them() -> None:
    async with pair() as (here, there):
        ear = Ear(here.gateway.dial(there.uri(), ANN))
        await ear.until(Answered)
        draining = asyncio.create_task(there.gateway.drain(5))
        await asyncio.sleep(0)
        assert "503" in (await Ear(here.gateway.dial(there.uri(), ANN)).until(Ended)).detail
        here.gateway.legs[0].hang_up()
        await asyncio.wait_for(draining, 1)
    async with pair() as (here, there):
        ear = Ear(here.gateway.dial(there.uri(), ANN))
        await ear.until(Answered)
        await there.gateway.drain(0.05)
        assert (await there.ears[0].until(Ended)).cause is EndCause.SHUTDOWN
        assert (await ear.until(Ended)).cause is EndCause.HUNG_UP


class Phone(asyncio.DatagramProtocol):
    """A phone written by hand: one UDP port, bytes out, messages in."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[Request | Response] = asyncio.Queue()
        self.port = 0
        self.tag = ""

    @classmethod
    async def make(cls, node: Node) -> Phone:
        _, phone = await asyncio.get_running_loop().create_datagram_endpoint(cls, local_addr=(HOST, 0))
        phone.target = (HOST, node.gateway.listeners[0].port)
        return phone

    target: tuple[str, int]

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.inbox.put_nowait(parse(data))

    def send(self, method: str, cseq: int, body: str = "", *, branch: str = "", extra: str = "", call_id: str = "c1") -> None:
        tag = f";tag={self.tag}" if self.tag else ""
        lines = [
            f"{method} sip:1000@{HOST} SIP/2.0",
            f"Via: SIP/2.0/UDP {HOST}:{self.port};rport;branch=z9hG4bK{branch or method}{cseq}",
            f"From: <sip:p@{HOST}>;tag=p",
            f"To: <sip:1000@{HOST}>{tag}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:p@{HOST}:{self.port}>",
            f"{extra}Content-Length: {len(body)}",
        ]
        self.transport.sendto(("\r\n".join(lines) + f"\r\n\r\n{body}").encode(), self.target)

    async def status(self) -> int:
        """The next final response."""
        async with asyncio.timeout(5):
            while True:
                message = await self.inbox.get()
                if isinstance(message, Response) and message.status >= 200:
                    self.tag = message.recipient.tag
                    self.answer = message
                    return message.status


def sdp(
    direction: str = "sendrecv", host: str = HOST, protocol: str = "RTP/AVP", formats: str = "0 101", port: int = 40000
) -> str:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} {protocol} {formats}\r\n"
        f"a=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
    )


SDP = "Content-Type: application/sdp\r\n"


async def test_close_repeats_a_bye_that_got_lost_until_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.sip.FAREWELL", 2.0)
    async with running(**OPEN) as node:
        phone = await Phone.make(node)
        phone.send("INVITE", 1, sdp())
        assert await phone.status() == 200
        phone.send("ACK", 1)
        await node.ears[0].until(Answered)
        closing = asyncio.create_task(node.gateway.close())
        byes = [await asyncio.wait_for(phone.inbox.get(), 2) for _ in range(2)]
        assert [isinstance(one, Request) and one.method for one in byes] == ["BYE", "BYE"]
        assert not closing.done()
        assert isinstance(byes[1], Request)
        phone.transport.sendto(bytes(respond(byes[1], 200)), phone.target)
        await asyncio.wait_for(closing, 0.5)
        phone.transport.close()


async def test_a_held_call_whose_phone_is_gone_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.sip.WATCH", 0.02)
    async with running(**OPEN, media_timeout=0.1) as node:
        phone = await Phone.make(node)
        phone.send("INVITE", 1, sdp("inactive"), extra=SDP)
        assert await phone.status() == 200
        phone.send("ACK", 1)
        options = await asyncio.wait_for(phone.inbox.get(), 2)
        assert isinstance(options, Request) and options.method == "OPTIONS"
        phone.transport.sendto(bytes(respond(options, 481)), phone.target)
        assert (await node.ears[0].until(Ended)).cause is EndCause.FAILED
        assert node.gateway.calls == 0
        phone.transport.close()


async def test_who_asks_a_node_that_stops_offering_hears_it() -> None:
    """A dispatcher sends OPTIONS, and must stop choosing this node while its calls go on."""
    async with running(**OPEN) as node:
        phone = await Phone.make(node)
        phone.send("OPTIONS", 1)
        assert await phone.status() == 200
        node.gateway.stop_offering()
        phone.tag = ""
        phone.send("OPTIONS", 2)
        assert await phone.status() == 503
        phone.tag = ""
        phone.send("INVITE", 3, sdp())
        assert (await phone.status(), phone.answer.headers.get("retry-after")) == (503, "5")
        phone.transport.close()


async def test_hold_and_resume_by_re_invite() -> None:
    async with running(**OPEN) as node:
        phone = await Phone.make(node)
        phone.send("INVITE", 1, sdp(), extra=SDP)
        assert await phone.status() == 200
        phone.send("ACK", 1)
        kinds: list[tuple[str, type[LegEvent]]] = [(sdp("sendonly"), HeldByPeer), (sdp(), ResumedByPeer)]
        for number, (body, kind) in enumerate(kinds, 2):
            phone.send("INVITE", number, body, extra=SDP)
            assert await phone.status() == 200
            phone.send("ACK", number)
            await node.ears[0].until(kind)
            assert node.legs[0].held is (kind is HeldByPeer)
        for number, body in enumerate((sdp(formats="18"), sdp(host="not.an.address")), 4):
            phone.send("INVITE", number, body, extra=SDP)
            assert await phone.status() == 488
            phone.send("ACK", number)
            assert node.legs[0].state is LegState.UP
        phone.send("BYE", 6)
        assert await phone.status() == 200
        await node.ears[0].until(Ended)
        assert node.ears[0].kinds == ["Answered", "HeldByPeer", "ResumedByPeer", "Ended"]


async def test_delayed_offer() -> None:
    async with running(**OPEN) as node:
        phone = await Phone.make(node)
        phone.send("INVITE", 1)
        assert await phone.status() == 200
        assert b"m=audio" in phone.answer.body and not node.ears[0].events
        phone.send("ACK", 1, sdp(), extra=SDP)
        await node.ears[0].until(Answered)
        assert node.legs[0].media.sending


async def test_a_delayed_offer_without_an_answer_we_know_ends_the_call() -> None:
    async with running(**OPEN) as node:
        phone = await Phone.make(node)
        phone.send("INVITE", 1)
        await phone.status()
        phone.send("ACK", 1, sdp(formats="18"), extra=SDP)
        assert (await node.ears[0].until(Ended)).cause is EndCause.FAILED
        bye = await asyncio.wait_for(phone.inbox.get(), 5)
        assert isinstance(bye, Request) and bye.method == "BYE"


@pytest.mark.parametrize(
    ("body", "status"), [(sdp(protocol="RTP/SAVP"), 488), (sdp(formats="18"), 488), ("rubbish", 400), (sdp(host="a.b"), 488)]
)
async def test_offers_that_cannot_be_answered(body: str, status: int) -> None:
    async with running(**OPEN) as node:
        phone = await Phone.make(node)
        phone.send("INVITE", 1, body, extra=SDP)
        assert await phone.status() == status
        assert node.legs == [] and node.gateway.calls == 0


async def test_a_key_by_info_and_by_rtp_is_one_press() -> None:
    async with running(**OPEN) as node:
        phone = await Phone.make(node)
        phone.send("INVITE", 1, sdp(), extra=SDP)
        await phone.status()
        phone.send("ACK", 1)
        leg, relay = node.legs[0], "Content-Type: application/dtmf-relay\r\n"
        leg.key("5", "rtp")
        phone.send("INFO", 2, "Signal=5\r\n", extra=relay)
        assert await phone.status() == 200
        phone.send("INFO", 3, "Signal=6\r\n", extra=relay)
        phone.send("INFO", 4, "Signal=6\r\n", extra=relay)
        await phone.status()
        await phone.status()
        await asyncio.sleep(0)
        keys = [event.digit for event in node.ears[0].events if isinstance(event, DtmfReceived)]
        assert keys == ["5", "6", "6"], "the same way twice is two presses"


async def test_retransmitted_invite_is_one_call_over_real_sockets() -> None:
    async with running(**OPEN) as node:
        phone = await Phone.make(node)
        for _ in range(3):
            phone.send("INVITE", 1, sdp(), extra=SDP + "Accept-Language: en;q=0.5, zh, x;q=0\r\n")
        tags = set()
        for _ in range(3):
            assert await phone.status() == 200
            tags.add(phone.tag)
            phone.tag = ""
        assert len(tags) == 1 and len(node.legs) == 1
        assert node.legs[0].languages == ("zh", "en")


async def test_a_registered_phone_is_called_by_its_name() -> None:
    account = Account("p", "secret")
    async with running(credentials=lambda user: account if user == "p" else None) as node:
        phone = await Phone.make(node)

        def register(cseq: int, extra: str) -> None:
            text = (
                f"REGISTER sip:{HOST} SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.7.7:5060;rport;branch=z9hG4bKr{cseq}\r\n"
                f"From: <sip:p@{HOST}>;tag=p\r\nTo: <sip:p@{HOST}>\r\nCall-ID: r\r\nCSeq: {cseq} REGISTER\r\n"
                f"Contact: <sip:p@192.168.7.7:5060>\r\n{extra}Content-Length: 0\r\n\r\n"
            )
            phone.transport.sendto(text.encode(), phone.target)

        register(1, "")
        assert await phone.status() == 401
        value = credentials(phone.answer.headers.all("www-authenticate"), "REGISTER", f"sip:{HOST}", account, "cn")
        register(2, f"Authorization: {value}\r\n")
        assert await phone.status() == 200 and node.gateway.registrations == 1
        leg = node.gateway.dial("p", ANN)
        invite = await asyncio.wait_for(phone.inbox.get(), 5)
        assert isinstance(invite, Request) and invite.target == "sip:p@192.168.7.7:5060"
        assert leg.correlation == invite.call_id
