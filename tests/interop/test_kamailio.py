"""Kamailio in front of two nodes, with the configuration that deploy/kamailio recommends. Each node is our gateway."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from ivr.phone.line import Line, LineOptions
from telephony.gateway.sip import SipGateway
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener
from telephony.leg import Answered, CallLeg, DtmfReceived, EndCause, Ended, Frame, HeldByPeer, Party, ResumedByPeer, Ringing
from telephony.media.clip import Clip
from telephony.sip.digest import Account
from tests.e2e.baresip import Baresip
from tests.e2e.signals import read_wav, seconds_with, share_of, tone, write_wav
from tests.interop.kamailio import HOST as PROXY
from tests.interop.kamailio import MEDIA_HOST, MISSING, NO_RELAY, Proxy, kamailio, media_relay
from tests.unit.telephony.gateway.test_sip import ANN, OPEN, Ear, Node, running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60), pytest.mark.skipif(bool(MISSING), reason=MISSING)]

HIGH, LOW = 1000.0, 440.0


@pytest.fixture(autouse=True)
def _short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes and proxy end together: some of the last BYEs find nobody."""
    monkeypatch.setattr("telephony.gateway.sip.FAREWELL", 0.2)


class House:
    """Two nodes behind the proxy, and a phone outside."""

    def __init__(self, nodes: list[Node], phone: Node, proxy: Proxy) -> None:
        self.nodes, self.phone, self.proxy = nodes, phone, proxy

    def answers(self, what: Callable[[SipLeg], None]) -> None:
        for node in self.nodes:
            node.on_call = what

    async def call(self, user: str = "1000", transport: str = "udp") -> tuple[SipLeg, Ear, SipLeg, Ear]:
        """The phone calls through the proxy: its leg and ear, and those of the node that took the call."""
        leg = self.phone.gateway.dial(self.proxy.uri(user, transport), ANN)
        ear = Ear(leg)
        node = await taken(self.nodes)
        return leg, ear, node.legs[-1], node.ears[-1]


async def taken(nodes: list[Node], seconds: float = 8.0) -> Node:
    """The node with the newest call."""
    before = sum(len(node.legs) for node in nodes)
    counts = [len(node.legs) for node in nodes]
    async with asyncio.timeout(seconds):
        while sum(len(node.legs) for node in nodes) == before:  # noqa: ASYNC110 - the call comes over the wire
            await asyncio.sleep(0.01)
    return next(node for node, count in zip(nodes, counts, strict=True) if len(node.legs) > count)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        account = Account("6001", "secret")
        find = {"6001": account}.get
        nodes = [await stack.enter_async_context(running(credentials=find, algorithms=("MD5",), **OPEN)) for _ in range(2)]
        phone = await stack.enter_async_context(running(**OPEN, rtp_low=34000, rtp_high=34999))
        ports = [node.gateway.listeners[0].port for node in nodes]
        proxy = await stack.enter_async_context(kamailio(tmp_path, ports))
        yield House(nodes, phone, proxy)


class Heard:
    """What a leg hears."""

    def __init__(self, leg: CallLeg) -> None:
        self.frames: list[Frame] = []
        leg.hear(self.frames.append)

    async def until(self, hertz: float) -> None:
        async with asyncio.timeout(5):
            while not self._is_there(hertz):  # noqa: ASYNC110 - frames come from the ticker
                await asyncio.sleep(0.02)

    def _is_there(self, hertz: float) -> bool:
        return len(self.frames) > 25 and share_of(np.concatenate(self.frames[-25:]), hertz) > 0.9


async def both_ways(one: CallLeg, other: CallLeg) -> None:
    """Half a second of a tone each way is heard, and nothing else in it."""
    here, there = Heard(one), Heard(other)
    one.play([Clip.tone(HIGH, 1.0)], repeat=True)
    other.play([Clip.tone(LOW, 1.0)], repeat=True)
    await here.until(LOW)
    await there.until(HIGH)
    one.stop()
    other.stop()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("ends", ["phone", "node"])
async def test_a_call_in_with_keys_and_a_bye_from_either_side(house: House, transport: str, ends: str) -> None:
    leg, ear, there, there_ear = await house.call(transport=transport)
    await ear.until(Answered)
    await there_ear.until(Answered)
    await both_ways(leg, there)
    leg.send_digits("5")
    assert (await there_ear.until(DtmfReceived)).digit == "5"
    (leg if ends == "phone" else there).hang_up()
    assert (await ear.until(Ended)).cause is (EndCause.RELEASED if ends == "phone" else EndCause.HUNG_UP)
    assert (await there_ear.until(Ended)).cause is (EndCause.HUNG_UP if ends == "phone" else EndCause.RELEASED)


async def test_requests_within_the_call_go_through_the_proxy(house: House) -> None:
    """Record-Route is kept and followed: neither end speaks to the other directly."""
    leg, ear, there, _ = await house.call()
    await ear.until(Answered)
    for one in (leg, there):
        assert one.call is not None and one.call.dialog is not None
        assert PROXY in "".join(one.call.dialog.routes), one.call.dialog.routes
    leg.hang_up()


async def test_hold_and_resume_by_re_invite_from_either_side(house: House) -> None:
    leg, ear, there, there_ear = await house.call()
    await ear.until(Answered)
    await there_ear.until(Answered)
    for holder, held in ((leg, there_ear), (there, ear)):
        holder.set_hold(True)
        await held.until(HeldByPeer)
        holder.set_hold(False)
        await held.until(ResumedByPeer)
    await both_ways(leg, there)
    leg.hang_up()
    await there_ear.until(Ended)


async def test_a_cancelled_call(house: House) -> None:
    house.answers(lambda leg: leg.ring())
    leg, ear, _, there_ear = await house.call()
    await ear.until(Ringing)
    leg.hang_up()
    assert (await there_ear.until(Ended)).cause is EndCause.CANCELLED


async def test_a_refusal_comes_back_as_it_was(house: House) -> None:
    house.answers(lambda leg: leg.hang_up(status=486))
    _, ear, _, _ = await house.call()
    assert (await ear.until(Ended)).cause is EndCause.BUSY


async def test_a_phone_that_registered_is_called_and_either_side_ends_it(house: House) -> None:
    """The node that has it calls it along the way that it registered: through the proxy."""
    for ender in ("phone", "node"):
        legs: list[SipLeg] = []
        options = LineOptions(host="127.0.0.1", registrar=house.proxy.uri("6001"), account=Account("6001", "secret"))
        async with Line(options, legs.append) as line:
            assert await line.registered(5.0) == ""
            (node,) = [one for one in house.nodes if one.gateway.registrations]
            there = node.gateway.dial("6001", ANN)
            there_ear = Ear(there)
            async with asyncio.timeout(5):
                while not legs:  # noqa: ASYNC110 - the call comes over the wire
                    await asyncio.sleep(0.01)
            ear = Ear(legs[0])
            legs[0].answer()
            await there_ear.until(Answered)
            await ear.until(Answered)
            assert legs[0].call is not None and legs[0].call.dialog is not None
            assert PROXY in "".join(legs[0].call.dialog.routes)
            await both_ways(legs[0], there)
            (legs[0] if ender == "phone" else there).hang_up()
            await ear.until(Ended)
            await there_ear.until(Ended)


async def test_baresip_registers_and_is_called_through_the_proxy(house: House, tmp_path: Path) -> None:
    voice = write_wav(tmp_path / "voice.wav", tone(LOW, 20))
    port = house.proxy.port
    async with Baresip(
        tmp_path / "phone", voice, user="6001", password="secret", registrar=port, registrar_host=PROXY
    ) as phone:
        await phone.registered()
        (node,) = [one for one in house.nodes if one.gateway.registrations]
        leg = node.gateway.dial("6001", Party("1000", "Hotline"))
        await Ear(leg).until(Answered)
        heard = Heard(leg)
        leg.play([Clip.tone(HIGH, 1.0)], repeat=True)
        await heard.until(LOW)
        await asyncio.sleep(1.0)
        leg.hang_up()
        await phone.wait_for("CALL_CLOSED")
    samples, rate = read_wav(phone.heard()[0])
    assert seconds_with(samples, HIGH, rate) > 0.8


async def test_a_node_that_is_gone_is_passed_over_and_taken_back(house: House) -> None:
    """Calls in both halves of the hash end at the node that lives; the other is asked again by OPTIONS, and taken back."""
    dead, alive = house.nodes
    port = dead.gateway.listeners[0].port
    await dead.gateway.close()
    for _ in range(4):
        leg, ear, _, _ = await house.call()
        await ear.until(Answered, 8.0)
        leg.hang_up()
    assert dead.legs == [] and len(alive.legs) == 4
    async with running(listeners=(Listener("udp", "127.0.0.1", port),), **OPEN) as back:
        house.nodes = [back, alive]
        async with asyncio.timeout(15):
            while not back.legs:
                leg, ear, _, _ = await house.call()
                await ear.until(Answered)
                leg.hang_up()
                await asyncio.sleep(0.1)


async def test_a_node_that_drains_gets_no_new_call_and_keeps_its_own(house: House) -> None:
    leg, ear, there, there_ear = await house.call()
    await ear.until(Answered)
    await there_ear.until(Answered)
    busy = next(node for node in house.nodes if node.legs)
    idle = next(node for node in house.nodes if not node.legs)
    busy.gateway.stop_offering()
    for _ in range(4):
        _, other_ear, _, _ = await house.call()
        await other_ear.until(Answered)
    assert len(busy.legs) == 1 and len(idle.legs) == 4
    await both_ways(leg, there)
    leg.hang_up()
    assert (await there_ear.until(Ended)).cause is EndCause.HUNG_UP


async def test_strangers_reach_nobody_but_a_node(house: House) -> None:
    """No open relay: a Request-URI of another host, with a Route to it, does not leave through the proxy."""
    port = house.phone.gateway.listeners[0].port
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.8", 0))
        stranger.setblocking(False)
        own = stranger.getsockname()[1]
        invite = (
            f"INVITE sip:victim@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.8:{own};rport;branch=z9hG4bKs\r\n"
            f"Route: <sip:{PROXY}:{house.proxy.port};lr>, <sip:127.0.0.1:{port};lr>\r\nMax-Forwards: 70\r\n"
            f"From: <sip:s@127.0.0.8>;tag=s\r\nTo: <sip:victim@127.0.0.1>\r\nCall-ID: stranger\r\nCSeq: 1 INVITE\r\n"
            f"Contact: <sip:s@127.0.0.8:{own}>\r\nContent-Length: 0\r\n\r\n"
        )
        await loop.sock_sendto(stranger, invite.encode(), (PROXY, house.proxy.port))
        assert (await taken(house.nodes)).legs[0].callee.user == "victim"
    assert house.phone.legs == []


@pytest.mark.skipif(bool(NO_RELAY), reason=NO_RELAY)
async def test_media_through_rtpengine(tmp_path: Path) -> None:
    """Both ends send to rtpengine alone, and hear each other; hold by re-INVITE goes through it too."""
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(running(**OPEN))
        phone = await stack.enter_async_context(running(**OPEN, rtp_low=34000, rtp_high=34999))
        control = await stack.enter_async_context(media_relay(tmp_path))
        ports = [node.gateway.listeners[0].port]
        proxy = await stack.enter_async_context(kamailio(tmp_path, ports, rtpengine=control))
        house = House([node], phone, proxy)
        leg, ear, there, there_ear = await house.call()
        await ear.until(Answered)
        await there_ear.until(Answered)
        await both_ways(leg, there)
        for gateway in (phone.gateway, node.gateway):
            assert media_host(gateway) == MEDIA_HOST
        leg.set_hold(True)
        await there_ear.until(HeldByPeer)
        leg.set_hold(False)
        await there_ear.until(ResumedByPeer)
        await both_ways(leg, there)
        assert leg.quality()["packets_lost"] == 0
        there.hang_up()
        assert (await ear.until(Ended)).cause is EndCause.HUNG_UP


def media_host(gateway: SipGateway) -> str:
    """Where the one call of a gateway sends its voice."""
    (leg,) = gateway.legs
    assert leg._media is not None and leg._media.agreement is not None
    return leg._media.agreement.host
