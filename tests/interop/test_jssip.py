"""JsSIP 3.13 in Chromium, an independent browser phone: SIP over WSS (RFC 7118), DTLS-SRTP with ICE, audio both ways."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener, WireSettings
from telephony.leg import Answered, CallLeg, DtmfReceived, EndCause, Ended, Frame, HeldByPeer, ResumedByPeer
from telephony.media.clip import Clip
from telephony.net.tls import TlsSettings
from telephony.sip.digest import Account
from tests.e2e.browser import until_heard, write_tone
from tests.e2e.signals import share_of
from tests.interop.jssip_page import JsSip, jssip, missing
from tests.unit.telephony.gateway.test_sip import ANN, HOST, Ear, Node, running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90), pytest.mark.skipif(bool(missing()), reason=missing())]

OURS, THEIRS = 1000.0, 440.0
PASSWORD = "secret-of-web"


@pytest.fixture(autouse=True)
def _short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.sip.FAREWELL", 0.2)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsSettings:
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -keyout key -out cert"
    extra = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=IP:{HOST}"]
    subprocess.run([*command.split(), *extra], cwd=folder, check=True, capture_output=True)
    return TlsSettings(certificate=str(folder / "cert"), key=str(folder / "key"))


class Pair:
    def __init__(self, node: Node, phone: JsSip) -> None:
        self.node, self.phone = node, phone


@pytest.fixture
async def pair(tls: TlsSettings, tmp_path: Path) -> AsyncIterator[Pair]:
    """A node that answers with a tone, and JsSIP registered at it over WSS."""

    def take(leg: SipLeg) -> None:
        leg.ring()
        leg.answer()
        speak(leg)

    async with AsyncExitStack() as stack:
        listeners = (Listener("udp", HOST, 0), Listener("wss", HOST, 0))
        accounts = {"web": Account("web", PASSWORD)}
        node = await stack.enter_async_context(
            running(listeners=listeners, wire=WireSettings(tls=tls), credentials=accounts.get, realm=HOST)
        )
        node.on_call = take
        phone = await stack.enter_async_context(jssip(tmp_path, write_tone(tmp_path / "mic.wav", THEIRS)))
        await phone.register(f"wss://{HOST}:{node.gateway.listeners[1].port}", f"sip:web@{HOST}", PASSWORD)
        await phone.event("registered")
        yield Pair(node, phone)


def speak(leg: CallLeg) -> None:
    leg.play([Clip.tone(OURS, 1.0)], repeat=True)


class Heard:
    def __init__(self, leg: CallLeg) -> None:
        self.frames: list[Frame] = []
        leg.hear(self.frames.append)

    async def until(self, hertz: float = THEIRS) -> None:
        async with asyncio.timeout(8):
            while not self._is_there(hertz):  # noqa: ASYNC110 - frames come from the ticker
                await asyncio.sleep(0.02)

    def _is_there(self, hertz: float) -> bool:
        return len(self.frames) > 25 and share_of(np.concatenate(self.frames[-25:]), hertz) > 0.9


async def both_ways(leg: CallLeg, phone: JsSip) -> None:
    await Heard(leg).until()
    await until_heard(phone.page, OURS)


async def calling(pair: Pair) -> tuple[SipLeg, Ear]:
    await pair.phone.call(f"sip:1000@{HOST}")
    await pair.phone.event("confirmed")
    await pair.node.ears[0].until(Answered)
    return pair.node.legs[0], pair.node.ears[0]


@pytest.mark.parametrize("ender", ["jssip", "us"])
async def test_calls_in_with_voice_each_way(pair: Pair, ender: str) -> None:
    leg, ear = await calling(pair)
    assert leg.caller.user == "web" and leg.caller.authenticated
    await both_ways(leg, pair.phone)
    if ender == "us":
        leg.hang_up()
        assert (await pair.phone.event("ended"))["by"] == "remote"
    else:
        await pair.phone.act("terminate")
        assert (await ear.until(Ended)).cause is EndCause.HUNG_UP


async def test_is_called_with_voice_each_way(pair: Pair) -> None:
    leg = pair.node.gateway.dial("web", ANN)
    ear = Ear(leg)
    assert (await pair.phone.event("incoming"))["caller"] == "ann"
    await ear.until(Answered, 8.0)
    speak(leg)
    await both_ways(leg, pair.phone)
    leg.hang_up()
    await pair.phone.event("ended")


async def test_keys_by_info_and_by_rfc_4733(pair: Pair) -> None:
    leg, ear = await calling(pair)
    await Heard(leg).until()
    await pair.phone.act("sendDTMF", "5", {"transportType": "INFO"})
    assert (await ear.until(DtmfReceived)).digit == "5"
    await pair.phone.act("sendDTMF", "7", {"transportType": "RFC2833"})
    async with asyncio.timeout(5):
        while [one.digit for one in ear.events if isinstance(one, DtmfReceived)] != ["5", "7"]:  # noqa: ASYNC110 - the key comes over the wire
            await asyncio.sleep(0.02)
    leg.hang_up()


async def test_holds_and_resumes(pair: Pair) -> None:
    leg, ear = await calling(pair)
    await Heard(leg).until()
    await pair.phone.act("hold")
    await ear.until(HeldByPeer)
    await pair.phone.event("hold")
    await pair.phone.act("unhold")
    await ear.until(ResumedByPeer)
    await both_ways(leg, pair.phone)
    leg.hang_up()


async def test_is_refused_and_wrong_passwords_do_not_register(pair: Pair) -> None:
    pair.node.on_call = lambda leg: leg.hang_up(status=486)
    await pair.phone.call(f"sip:1000@{HOST}")
    assert (await pair.phone.event("failed"))["status"] == 486
    await pair.phone.page.evaluate("window.leave()")
    await pair.phone.event("unregistered")
    url = f"wss://{HOST}:{pair.node.gateway.listeners[1].port}"
    await pair.phone.register(url, f"sip:web@{HOST}", "wrong")
    assert (await pair.phone.event("registrationFailed"))["status"] == 401
