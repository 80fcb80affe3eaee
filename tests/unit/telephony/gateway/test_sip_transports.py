"""Calls between two gateways over every transport and both families, servers by DNS, and a phone on a WebSocket."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from telephony.errors import TransportError
from telephony.gateway.sip_wire import Listener, WireSettings
from telephony.leg import Answered, CallLeg, DtmfReceived, EndCause, Ended, Frame, Party, PlaybackFinished
from telephony.media.clip import Clip
from telephony.net.resolver import DnsSettings
from telephony.net.tls import TlsSettings
from telephony.sip.digest import Account, credentials
from telephony.sip.flow import Flow
from telephony.sip.grammar import Address
from telephony.sip.message import Request, Response, parse
from tests.unit.telephony.gateway.nodes import Ear, Node, node, wait_for
from tests.unit.telephony.net.certificates import Authority
from tests.unit.telephony.net.nameserver import name_server

ANN = Party("ann", "Ann")
OPEN = ("127.0.0.0/8", "::1/128")
HOST = "127.0.0.1"
TONE, OTHER = 400.0, 1000.0


@pytest.fixture(autouse=True)
def _short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.sip.FAREWELL", 0.05)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsSettings:
    authority = Authority(tmp_path_factory.mktemp("tls"))
    signed = authority.sign(HOST, "::1", "far.example")
    return TlsSettings(signed.certificate, signed.key, authority.ca)


def pitch(frames: list[Frame]) -> float:
    """The loudest frequency of what was heard, in Hz; 0 for silence."""
    samples = np.concatenate(frames).astype(float) if frames else np.zeros(1)
    if np.abs(samples).max() < 1000:
        return 0.0
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 8000 / len(samples))


async def talk(here: CallLeg, there: CallLeg, ear: Ear, far_ear: Ear) -> None:
    """A tone each way, each of another pitch, and a key."""
    heard: list[Frame] = []
    far_heard: list[Frame] = []
    here.hear(heard.append)
    there.hear(far_heard.append)
    here.play([Clip.tone(TONE, 0.4)])
    there.play([Clip.tone(OTHER, 0.4)])
    await ear.until(PlaybackFinished)
    await far_ear.until(PlaybackFinished)
    await asyncio.sleep(0.06)
    assert pitch(far_heard) == pytest.approx(TONE, abs=30)
    assert pitch(heard) == pytest.approx(OTHER, abs=30)
    here.send_digits("7")
    assert (await far_ear.until(DtmfReceived)).digit == "7"


@pytest.mark.parametrize("host", [HOST, "::1"])
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_call_with_voice_both_ways(host: str, transport: str, tls: TlsSettings) -> None:
    """SIP and RTP over IPv4 and IPv6: our own gateway on both sides."""
    settings: dict[str, Any] = {
        "listeners": (Listener(transport, host, 0),),
        "wire": WireSettings(tls=tls),
        "trusted_networks": OPEN,
    }
    async with node(host, **settings) as here, node(host, **settings) as there:
        bracketed = f"[{host}]" if ":" in host else host
        parameter = "" if transport == "udp" else f";transport={transport}"
        leg = here.gateway.dial(f"sip:1000@{bracketed}:{there.port}{parameter}", ANN)
        ear = Ear(leg)
        await ear.until(Answered)
        await wait_for(lambda: bool(there.ears))
        await there.ears[0].until(Answered)
        await talk(leg, there.legs[0], ear, there.ears[0])
        there.legs[0].hang_up()
        ended = await ear.until(Ended)
        assert (ended.cause, ended.by_peer) == (EndCause.HUNG_UP, True)


async def test_one_node_speaks_both_families_and_every_transport_at_once(tls: TlsSettings) -> None:
    listeners = tuple(Listener(transport, host, 0) for host in (HOST, "::1") for transport in ("udp", "tcp", "tls"))
    wire = WireSettings(tls=tls)
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(node(listeners=listeners, wire=wire))
        there = await stack.enter_async_context(node(listeners=listeners, wire=wire, trusted_networks=OPEN))
        for listener in there.gateway.listeners:
            host = f"[{listener.host}]" if ":" in listener.host else listener.host
            leg = here.gateway.dial(f"sip:1000@{host}:{listener.port};transport={listener.transport}", ANN)
            await Ear(leg).until(Answered)
            assert there.legs[-1].call is not None and there.legs[-1].call.flow.listener == listener.number
            leg.hang_up()


async def test_a_sips_uri_goes_by_tls_to_the_domains_server(tls: TlsSettings) -> None:
    wire = WireSettings(tls=tls)
    listeners = (Listener("udp", HOST, 0), Listener("tls", HOST, 0))
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(node(listeners=listeners, wire=wire, trusted_networks=OPEN))
        port = there.gateway.listeners[1].port
        zone = {
            ("_sips._tcp.far.example", "SRV"): [f"1 0 {port} host.example."],
            ("_sips._tcp.wrong.example", "SRV"): [f"1 0 {port} host.example."],
            ("host.example", "A"): [HOST],
        }
        server = await stack.enter_async_context(name_server(zone))
        mine = WireSettings(tls=tls, dns=DnsSettings((server.address,)))
        here = await stack.enter_async_context(node(listeners=listeners, wire=mine))
        leg = here.gateway.dial("sips:1000@far.example", ANN)
        await Ear(leg).until(Answered)
        call = there.legs[0].call
        assert call is not None and call.flow.transport == "tls" and call.dialog is not None and leg.call is not None
        assert call.dialog.target == f"sips:ann@{HOST}:{here.gateway.listeners[1].port}", "RFC 3261 §8.1.1.8"
        assert leg.call.dialog is not None and leg.call.dialog.target == f"sips:1000@{HOST}:{port}"
        there.legs[0].hang_up()
        await Ear(leg).until(Ended)
        ended = await Ear(here.gateway.dial("sips:1000@wrong.example", ANN)).until(Ended)
        assert ended.cause is EndCause.UNREACHABLE and here.gateway.refused["certificate of another"] == 1
        ended = await Ear(here.gateway.dial("sip:1000@nobody.example", ANN)).until(Ended)
        assert ended.cause is EndCause.UNREACHABLE and "nobody.example" in ended.detail


async def test_the_next_server_of_a_domain_is_called_where_the_first_is_gone_or_busy() -> None:
    """RFC 3263 §4.3: nobody on the first, 503 from the second, and the third answers."""
    listeners = (Listener("tcp", HOST, 0),)
    async with AsyncExitStack() as stack:
        full = await stack.enter_async_context(node(listeners=listeners, trusted_networks=OPEN, max_calls=0))
        there = await stack.enter_async_context(node(listeners=listeners, trusted_networks=OPEN))
        zone = {
            ("_sip._tcp.far.example", "SRV"): [
                "10 0 9 host.example.",
                f"20 0 {full.port} host.example.",
                f"30 0 {there.port} host.example.",
            ],
            ("host.example", "A"): [HOST],
        }
        server = await stack.enter_async_context(name_server(zone))
        here = await stack.enter_async_context(node(listeners=listeners, wire=WireSettings(dns=DnsSettings((server.address,)))))
        leg = here.gateway.dial("sip:1000@far.example", ANN)
        await Ear(leg).until(Answered)
        assert len(there.legs) == 1 and full.gateway.refused["call limit"] == 1
        leg.hang_up()
        await there.ears[0].until(Ended)


async def test_a_large_invite_goes_by_tcp_and_the_call_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.sip.transactions.MAX_DATAGRAM", 200)
    async with AsyncExitStack() as stack:
        both = (Listener("udp", HOST, 0), Listener("tcp", HOST, 0))
        here = await stack.enter_async_context(node(listeners=both))
        alone = await stack.enter_async_context(node(trusted_networks=OPEN))
        same = (Listener("udp", HOST, 0),)
        there = await stack.enter_async_context(node(listeners=same, trusted_networks=OPEN))
        await there.gateway._wire.open(Listener("tcp", HOST, there.port))
        for far, transport in ((there, "tcp"), (alone, "udp")):
            leg = here.gateway.dial(far.uri("1000"), ANN)
            await Ear(leg).until(Answered)
            assert far.legs[0].call is not None and far.legs[0].call.flow.transport == transport
            leg.hang_up()
            await far.ears[0].until(Ended)


class WebPhone:
    """A phone on a WebSocket, as a script: it registers, and answers what it is asked."""

    INSTANCE = "q1w2e3.invalid"

    def __init__(self, socket: ClientConnection, user: str, password: str, secure: bool) -> None:
        self.socket, self.account = socket, Account(user, password)
        self.via = "WSS" if secure else "WS"
        self.requests: list[Request] = []
        self._count = 0

    async def register(self) -> Response:
        """REGISTER, with credentials once it is challenged."""
        extra = ""
        while True:
            self._count += 1
            user = self.account.user
            await self.socket.send(
                f"REGISTER sip:hotline SIP/2.0\r\nVia: SIP/2.0/{self.via} {self.INSTANCE};branch=z9hG4bKw{self._count}\r\n"
                f"Max-Forwards: 69\r\nTo: <sip:{user}@hotline>\r\nFrom: <sip:{user}@hotline>;tag=t1\r\nCall-ID: reg1\r\n"
                f"CSeq: {self._count} REGISTER\r\nExpires: 300\r\nSupported: path, gruu, outbound\r\n"
                f'Contact: <sip:x7@{self.INSTANCE};transport=ws>;+sip.instance="<urn:uuid:1>";reg-id=1\r\n{extra}'
                "Content-Length: 0\r\n\r\n"
            )
            answer = await self._next()
            assert isinstance(answer, Response)
            if answer.status != 401 or extra:
                return answer
            value = credentials(answer.headers.all("www-authenticate"), "REGISTER", "sip:hotline", self.account, "cn")
            extra = f"Authorization: {value}\r\n"

    async def serve(self, status: str) -> Request:
        """Take one request and answer it."""
        request = await self._next()
        assert isinstance(request, Request)
        kept = "\r\n".join(
            f"{name}: {value}" for name in ("Via", "From", "To", "Call-ID", "CSeq") for value in request.headers.all(name)
        )
        tag = "" if "tag=" in request.headers.get("to") else ";tag=web"
        kept = re.sub(r"(?m)^To: (.*)$", rf"To: \g<1>{tag}", kept.replace("\r\n", "\n")).replace("\n", "\r\n")
        await self.socket.send(f"SIP/2.0 {status}\r\n{kept}\r\nContent-Length: 0\r\n\r\n")
        return request

    async def _next(self) -> Request | Response:
        data = await asyncio.wait_for(self.socket.recv(), 5)
        return parse(data.encode() if isinstance(data, str) else data)


async def web_phone(stack: AsyncExitStack, there: Node, tls: TlsSettings | None) -> WebPhone:
    listener = next(one for one in there.gateway.listeners if one.transport in ("ws", "wss"))
    context = None if tls is None else ssl.create_default_context(cafile=tls.ca)
    url = f"{listener.transport}://{HOST}:{listener.port}/"
    socket = await stack.enter_async_context(connect(url, subprotocols=[Subprotocol("sip")], ssl=context))
    return WebPhone(socket, "web", "secret", tls is not None)


@pytest.mark.parametrize("transport", ["ws", "wss"])
async def test_a_browser_phone_registers_is_called_along_its_connection_and_is_gone_with_it(
    transport: str, tls: TlsSettings
) -> None:
    listeners = (Listener("udp", HOST, 0), Listener(transport, HOST, 0))
    account = {"web": Account("web", "secret")}.get
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(node(listeners=listeners, wire=WireSettings(tls=tls), credentials=account))
        phone = await web_phone(stack, there, tls if transport == "wss" else None)
        answer = await phone.register()
        assert answer.status == 200 and answer.headers.get("require") == "outbound"
        assert there.gateway.registrations == 1
        leg = there.gateway.dial("web", ANN)
        ear = Ear(leg)
        invite = await phone.serve("486 Busy Here")
        assert invite.method == "INVITE" and invite.uri.host == WebPhone.INSTANCE
        assert invite.via.transport == phone.via and invite.contact is not None
        assert invite.contact.uri.transport == "ws", "RFC 7118 §5.3 knows no other word"
        assert (await ear.until(Ended)).cause is EndCause.BUSY
        again = there.gateway.dial("web", ANN)
        ear = Ear(again)
        await asyncio.sleep(0.05)
        await phone.socket.close()
        assert (await ear.until(Ended)).cause is EndCause.UNREACHABLE, "nobody else can answer for it"
        await wait_for(lambda: there.gateway.registrations == 0)
        assert (await Ear(there.gateway.dial("web", ANN)).until(Ended)).cause is EndCause.UNREACHABLE


async def test_a_phone_over_udp_is_asked_and_a_browser_is_not() -> None:
    """A browser's connection has pings of its own (RFC 7118 §6)."""
    account = {"web": Account("web", "secret")}.get
    wire = WireSettings(keepalive=0.1)
    listeners = (Listener("udp", HOST, 0), Listener("ws", HOST, 0))
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(node(listeners=listeners, wire=wire, credentials=account))
        here = await stack.enter_async_context(node("127.0.0.2", listeners=(Listener("udp", "127.0.0.2", 0),)))
        phone = await web_phone(stack, there, None)
        await phone.register()
        agent = there.gateway._agent
        (binding,) = agent.lookup("web", asyncio.get_running_loop().time())
        udp = replace(binding.flow, transport="udp", host="127.0.0.2", port=here.port, connection=0, listener=1)
        by_udp = replace(binding, flow=udp, contact=Address.parse(f"<{here.uri('web')}>"))
        agent.registrar.adopt("web", [binding, by_udp])
        agent.keepalive.watch("web", [binding, by_udp], asyncio.get_running_loop().time())
        heard: list[bytes] = []
        monitor = here.gateway._wire._receive

        def hear(data: bytes, flow: Flow) -> None:
            heard.append(data)
            monitor(data, flow)

        here.gateway._wire._receive = hear
        there.gateway.flush()
        await wait_for(lambda: len(heard) >= 2)
        assert all(data.startswith(b"OPTIONS sip:web@127.0.0.2") for data in heard)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(phone.socket.recv(), 0.2)


async def test_a_listener_without_its_certificate_is_one_line_and_nothing_stays_open() -> None:
    with pytest.raises(TransportError, match="no certificate"):
        async with node(listeners=(Listener("udp", HOST, 0), Listener("tls", HOST, 0))):
            raise AssertionError("it must not start")
