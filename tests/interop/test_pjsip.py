"""PJSIP 2.15 (pjsua2), an independent stack: calls both ways, keys, hold, transfer, PRACK, session timers, SRTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telephony.gateway.sip_leg import SipLeg
from telephony.leg import (
    Answered,
    CallLeg,
    DtmfReceived,
    EndCause,
    Ended,
    Frame,
    HeldByPeer,
    Replaced,
    ResumedByPeer,
    TransferProgress,
    TransferRequested,
)
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.sip.digest import Account
from telephony.sip.keying import Secrecy, Srtp
from telephony.sip.negotiation import MediaPolicy
from tests.e2e.signals import seconds_with, share_of
from tests.interop.pjsip import MISSING, Pjsip
from tests.unit.telephony.gateway.test_sip import ANN, OPEN, Ear, Node, running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60), pytest.mark.skipif(bool(MISSING), reason=MISSING)]

OURS, THEIRS = 1000.0, 440.0


@pytest.fixture(autouse=True)
def _short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.sip.FAREWELL", 0.2)


def ring_and_answer(leg: SipLeg) -> None:
    leg.ring()
    leg.answer()
    speak(leg)


def speak(leg: CallLeg) -> None:
    leg.play([Clip.tone(OURS, 1.0)], repeat=True)


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    """Takes every call with a tone."""
    async with running(**OPEN) as found:
        found.on_call = ring_and_answer
        yield found


class Heard:
    """What a leg hears."""

    def __init__(self, leg: CallLeg) -> None:
        self.frames: list[Frame] = []
        leg.hear(self.frames.append)

    async def until(self, hertz: float = THEIRS) -> None:
        """Until half a second of the tone was heard, and nothing else in it."""
        async with asyncio.timeout(6):
            while not self._is_there(hertz):  # noqa: ASYNC110 - frames come from the ticker
                await asyncio.sleep(0.02)

    def _is_there(self, hertz: float) -> bool:
        return len(self.frames) > 25 and share_of(np.concatenate(self.frames[-25:]), hertz) > 0.9

    def clear(self) -> None:
        self.frames.clear()


def hears_us(phone: Pjsip, seconds: float, call: int = 1) -> None:
    assert seconds_with(phone.heard(call), OURS) > seconds


async def called(phone: Pjsip, node: Node, transport: str = "udp") -> tuple[SipLeg, Ear]:
    """PJSIP calls the node: its leg and ear, once both ends are up."""
    before = len(node.legs)
    await phone.command("dial", node.uri(transport=transport))
    await phone.event("up")
    await node.ears[before].until(Answered)
    return node.legs[before], node.ears[before]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("ender", ["pjsip", "us"])
async def test_calls_in_with_voice_and_keys_each_way(node: Node, tmp_path: Path, transport: str, ender: str) -> None:
    async with Pjsip(tmp_path / "phone", THEIRS, transport=transport) as phone:
        leg, ear = await called(phone, node, transport)
        await Heard(leg).until()
        await phone.command("press", "1#")
        assert (await ear.until(DtmfReceived)).digit == "1"
        leg.send_digits("5")
        assert (await phone.event("digit"))["digit"] == "5"
        await asyncio.sleep(1.0)
        if ender == "us":
            leg.hang_up()
        else:
            await phone.command("hangup")
        await phone.event("ended")
        assert (await ear.until(Ended)).cause is (EndCause.RELEASED if ender == "us" else EndCause.HUNG_UP)
    assert [event.digit for event in ear.events if isinstance(event, DtmfReceived)] == ["1", "#"]
    hears_us(phone, 0.8)


async def test_is_refused_and_gives_up(node: Node, tmp_path: Path) -> None:
    async with Pjsip(tmp_path / "phone", THEIRS) as phone:
        node.on_call = lambda leg: leg.hang_up(status=486)
        await phone.command("dial", node.uri())
        assert (await phone.event("ended"))["status"] == 486
        node.on_call = lambda leg: leg.ring()
        await phone.command("dial", node.uri())
        await phone.event("ringing", status=180)
        await phone.command("hangup")
        assert (await phone.event("ended"))["status"] == 487
        assert (await node.ears[-1].until(Ended)).cause is EndCause.CANCELLED


async def test_registers_by_digest_and_is_called(tmp_path: Path) -> None:
    account = Account("6002", "secret")
    async with running(credentials=lambda user: account if user == "6002" else None) as node:
        registrar = node.uri("").replace("@", "")
        async with Pjsip(tmp_path / "phone", THEIRS, password="secret", registrar=registrar) as phone:
            await phone.event("registered")
            leg = node.gateway.dial("6002", ANN)
            ear = Ear(leg)
            await ear.until(Answered)
            assert "ann" in (await phone.event("incoming"))["caller"]
            await phone.event("up")
            speak(leg)
            await Heard(leg).until()
            await asyncio.sleep(1.0)
            leg.hang_up()
            await phone.event("ended")
            hears_us(phone, 0.8)
            await phone.command("dial", node.uri())
            await phone.event("up")
            assert node.legs[-1].caller.authenticated
        async with Pjsip(tmp_path / "other", THEIRS, password="wrong", registrar=registrar) as phone:
            assert (await phone.event("unregistered"))["status"] in (401, 403)


async def test_holds_and_resumes_from_either_end(node: Node, tmp_path: Path) -> None:
    async with Pjsip(tmp_path / "phone", THEIRS) as phone:
        leg, ear = await called(phone, node)
        heard = Heard(leg)
        await heard.until()
        await phone.command("hold")
        await ear.until(HeldByPeer)
        await phone.event("media", state="held")
        await phone.command("resume")
        await ear.until(ResumedByPeer)
        heard.clear()
        await heard.until()
        leg.set_hold(True)
        await phone.event("media", state="held")
        leg.set_hold(False)
        await phone.event("media", state="active")
        heard.clear()
        await heard.until()
        await phone.command("hangup")
        await ear.until(Ended)


@pytest.mark.parametrize("way", ["in", "out"])
async def test_reliable_provisional_responses(node: Node, tmp_path: Path, way: str) -> None:
    """PJSIP requires 100rel: our 180 is acknowledged by PRACK, and theirs by ours."""
    async with Pjsip(tmp_path / "phone", THEIRS, prack=True) as phone:
        if way == "in":
            leg, ear = await called(phone, node)
        else:
            leg = node.gateway.dial(phone.uri, ANN)
            ear = Ear(leg)
            await ear.until(Answered)
        await Heard(leg).until()
        leg.hang_up()
        await phone.event("ended")


async def test_session_timers(node: Node, tmp_path: Path) -> None:
    """PJSIP requires RFC 4028, and says UPDATE within the call."""
    async with Pjsip(tmp_path / "phone", THEIRS, timer=True) as phone:
        leg, ear = await called(phone, node)
        await phone.command("update")
        await Heard(leg).until()
        leg.hang_up()
        await phone.event("ended")
        await ear.until(Ended)


@pytest.mark.parametrize("way", ["in", "out"])
async def test_srtp_by_sdes(tmp_path: Path, way: str) -> None:
    """Required by PJSIP and by us: what is heard was decrypted at both ends. This build of PJSIP has no DTLS."""
    policy = MediaPolicy(secrecy=Secrecy(srtp=Srtp.REQUIRED))
    async with running(**OPEN, media=policy) as node:
        node.on_call = ring_and_answer
        async with Pjsip(tmp_path / "phone", THEIRS, srtp=True) as phone:
            leg: CallLeg
            if way == "in":
                leg, _ = await called(phone, node)
            else:
                leg = node.gateway.dial(phone.uri, ANN)
                await Ear(leg).until(Answered)
                speak(leg)
            await Heard(leg).until()
            await asyncio.sleep(1.0)
            leg.hang_up()
            await phone.event("ended")
        hears_us(phone, 0.8)


@pytest.mark.parametrize("codec", ["PCMA", "G722"])
async def test_codecs(tmp_path: Path, codec: str) -> None:
    async with running(**OPEN, media=MediaPolicy(codecs=tuple(Codec))) as node:
        node.on_call = ring_and_answer
        async with Pjsip(tmp_path / "phone", THEIRS, codecs=[codec]) as phone:
            leg, _ = await called(phone, node)
            assert leg.quality()["codec"] == codec
            await Heard(leg).until()
            await asyncio.sleep(1.0)
            leg.hang_up()
            await phone.event("ended")
        hears_us(phone, 0.8)


async def test_follows_our_blind_transfer(node: Node, tmp_path: Path) -> None:
    """REFER: PJSIP calls the other number, tells how it went, and our leg ends."""
    async with Pjsip(tmp_path / "phone", THEIRS, refer=True) as phone:
        leg, ear = await called(phone, node)
        leg.transfer(node.uri("2000"))
        assert (await final(ear)).status == 200
        assert (await ear.until(Ended)).cause is EndCause.TRANSFERRED
        assert node.legs[-1].callee.user == "2000"
        await Heard(node.legs[-1]).until()


async def test_refuses_our_transfer(node: Node, tmp_path: Path) -> None:
    async with Pjsip(tmp_path / "phone", THEIRS) as phone:
        leg, ear = await called(phone, node)
        leg.transfer(node.uri("2000"))
        assert (await final(ear)).status == 603
        await Heard(leg).until()
        assert "Ended" not in ear.kinds


async def final(ear: Ear) -> Any:
    """The last word on a transfer."""
    async with asyncio.timeout(8):
        while True:
            for event in ear.events:
                if isinstance(event, TransferProgress) and event.final:
                    return event
            await asyncio.sleep(0.02)


async def test_asks_us_for_a_blind_transfer(node: Node, tmp_path: Path) -> None:
    async with Pjsip(tmp_path / "phone", THEIRS) as phone:
        leg, ear = await called(phone, node)
        await phone.command("transfer", node.uri("3000"))
        asked = await ear.until(TransferRequested)
        assert asked.target.startswith("sip:3000@") and not asked.replaces
        leg.report_transfer(100)
        leg.report_transfer(200)
        assert (await phone.event("notify", final=True))["status"] == 200


async def test_asks_us_for_an_attended_transfer(node: Node, tmp_path: Path) -> None:
    """PJSIP has two calls with us and joins them: REFER with Replaces on the one, naming the other."""
    async with Pjsip(tmp_path / "phone", THEIRS) as phone:
        first, first_ear = await called(phone, node)
        second, _ = await called(phone, node)
        await phone.command("call", "0")
        await phone.command("transfer-to", "0")
        asked = await first_ear.until(TransferRequested)
        assert second.correlation in asked.replaces
        first.report_transfer(603)
        assert (await phone.event("notify", final=True))["status"] == 603


async def test_takes_the_place_of_its_own_call(node: Node, tmp_path: Path) -> None:
    """INVITE with Replaces towards us: one PJSIP refers another to the call that it has with us."""
    async with (
        Pjsip(tmp_path / "one", THEIRS, user="6002") as one,
        Pjsip(tmp_path / "two", 660.0, user="6003", refer=True) as two,
    ):
        leg, ear = await called(one, node)
        await one.command("dial", two.uri)
        await one.event("up")
        await one.command("call", "1")
        await one.command("transfer-to", "0")
        replaced = await ear.until(Replaced)
        by = replaced.by
        heard = Heard(by)
        by.answer()
        assert (await ear.until(Ended)).cause is EndCause.TRANSFERRED
        await heard.until(660.0)
        assert leg.state.value == "ended"
