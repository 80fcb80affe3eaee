"""baresip's SRTP (SDES), DTLS-SRTP and ICE against our gateway: a tone each way, measured at both ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from telephony.gateway.sip import SipGateway, SipSettings
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener
from telephony.leg import Answered, EndCause, Ended, LegEvent, LegState, Party
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.net.ticker import Ticker
from telephony.sip.keying import Secrecy, Srtp
from telephony.sip.negotiation import MediaPolicy
from tests.e2e.baresip import Baresip
from tests.e2e.signals import read_wav, seconds_with, share_of, tone, write_wav

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

OURS, THEIRS = 440.0, 660.0


class Ours:
    """A gateway that answers each call with a tone and keeps what it hears."""

    def __init__(self, secrecy: Secrecy, ice: bool) -> None:
        self.ticker = Ticker()
        self.heard: list[NDArray[np.int16]] = []
        self.events: list[LegEvent] = []
        self.legs: list[SipLeg] = []
        policy = MediaPolicy((Codec.PCMU, Codec.PCMA), rtcp=True, secrecy=secrecy, answers_ice=True, offers_ice=ice)
        settings = SipSettings(listeners=(Listener("udp", "127.0.0.1", 0),), trusted_networks=("127.0.0.0/8",), media=policy)
        self.gateway = SipGateway(settings, self.ticker, self.take)

    @property
    def port(self) -> int:
        return self.gateway.listeners[0].port

    def take(self, leg: SipLeg) -> None:
        self.follow(leg)
        leg.answer()

    def follow(self, leg: SipLeg) -> None:
        self.legs.append(leg)
        leg.subscribe(self.events.append)
        leg.hear(lambda frame: self.heard.append(frame.copy()))
        leg.play([Clip.tone(OURS, 20.0)])

    def hears(self, hertz: float) -> bool:
        return len(self.heard) >= 50 and share_of(np.concatenate(self.heard[-50:]), hertz) > 0.9


@pytest.fixture
async def ours(request: pytest.FixtureRequest) -> AsyncIterator[Ours]:
    secrecy, ice = getattr(request, "param", (Secrecy(Srtp.OPTIONAL), False))
    made = Ours(secrecy, ice)
    made.ticker.start()
    await made.gateway.start()
    yield made
    await made.gateway.close()
    await made.ticker.close()


def phone(folder: Path, modules: tuple[str, ...], account: str) -> Baresip:
    return Baresip(folder / "phone", write_wav(folder / "voice.wav", tone(THEIRS, 30)), modules=modules, account=account)


async def tones_pass(ours: Ours, far: Baresip, seconds: float = 3.0) -> None:
    """Both ends hear the other's tone for most of `seconds`; then we hang up."""
    async with asyncio.timeout(10):
        while not ours.hears(THEIRS):  # noqa: ASYNC110 - the voice comes from another process
            await asyncio.sleep(0.05)
    await asyncio.sleep(seconds)
    assert ours.hears(THEIRS)
    ours.legs[0].hang_up(EndCause.RELEASED)
    await far.wait_for("CALL_CLOSED")
    samples, rate = read_wav(far.heard()[0])
    assert seconds_with(samples, OURS, rate) > seconds - 1.0


CALLS = [
    (("srtp",), ";mediaenc=srtp", "AES_CM_128_HMAC_SHA1"),
    (("srtp",), ";mediaenc=srtp-mand", "AES_CM_128_HMAC_SHA1"),
    (("srtp",), ";mediaenc=srtp-mandf", "AES_CM_128_HMAC_SHA1"),
    (("dtls_srtp",), ";mediaenc=dtls_srtp", "A"),
    (("stun", "ice"), ";medianat=ice", ""),
    (("stun", "ice", "dtls_srtp"), ";medianat=ice;mediaenc=dtls_srtp", "A"),
    (("stun", "ice", "srtp"), ";medianat=ice;mediaenc=srtp-mand", "AES_CM_128_HMAC_SHA1"),
]


@pytest.mark.parametrize(("modules", "account", "suite"), CALLS, ids=[account for _, account, _ in CALLS])
async def test_its_call_is_answered_as_secretly_as_it_asks(
    ours: Ours, tmp_path: Path, modules: tuple[str, ...], account: str, suite: str
) -> None:
    async with phone(tmp_path, modules, account) as far:
        await far.dial(f"sip:1000@127.0.0.1:{ours.port}")
        await far.wait_for("CALL_ESTABLISHED")
        await tones_pass(ours, far)
    quality = ours.legs[0].quality()
    assert quality.get("srtp", "").startswith(suite) and ("srtp" in quality) is bool(suite)
    assert quality.get("packets_rejected", 0) == 0 and quality["packets_lost"] < 5


DIALS = [
    ((Secrecy(Srtp.REQUIRED), False), ("srtp",), ";mediaenc=srtp-mand", "RTP/SAVP"),
    ((Secrecy(Srtp.REQUIRED, ("AES_CM_128_HMAC_SHA1_32",)), False), ("srtp",), ";mediaenc=srtp", "RTP/SAVP"),
    ((Secrecy(Srtp.OPTIONAL, dtls=True), False), ("dtls_srtp",), ";mediaenc=dtls_srtp", "UDP/TLS/RTP/SAVP"),
    (
        (Secrecy(Srtp.OPTIONAL, dtls=True), True),
        ("stun", "ice", "dtls_srtp"),
        ";medianat=ice;mediaenc=dtls_srtp",
        "UDP/TLS/RTP/SAVP",
    ),
]


@pytest.mark.parametrize(
    ("ours", "modules", "account", "profile"), DIALS, indirect=["ours"], ids=[f"{one[2]}" for one in DIALS]
)
async def test_our_call_to_it_is_as_secret_as_we_ask(
    ours: Ours, tmp_path: Path, modules: tuple[str, ...], account: str, profile: str
) -> None:
    async with phone(tmp_path, modules, account) as far:
        leg = ours.gateway.dial(f"sip:phone@127.0.0.1:{far.sip_port}", Party("1000"))
        ours.follow(leg)
        await far.wait_for("CALL_ESTABLISHED")
        await tones_pass(ours, far)
    agreed = leg.sip_media.agreement if leg.sip_media is not None else None
    assert agreed is not None and agreed.protocol == profile and agreed.keys is not None
    assert any(isinstance(event, Answered) for event in ours.events)


@pytest.mark.parametrize("ours", [(Secrecy(Srtp.REQUIRED), False)], indirect=True)
async def test_a_plain_phone_is_refused_where_srtp_is_required(ours: Ours, tmp_path: Path) -> None:
    async with phone(tmp_path, (), "") as far:
        await far.dial(f"sip:1000@127.0.0.1:{ours.port}")
        await far.wait_for("CALL_CLOSED")
        assert any("488" in line for line in [*far.lines, *map(str, far.events)])
        leg = ours.gateway.dial(f"sip:phone@127.0.0.1:{far.sip_port}", Party("1000"))
        ours.follow(leg)
        async with asyncio.timeout(10):
            while leg.state is not LegState.ENDED:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert isinstance(ours.events[-1], Ended) and not any(isinstance(event, Answered) for event in ours.events)


@pytest.mark.parametrize("ours", [(Secrecy(Srtp.OFF), False)], indirect=True)
async def test_a_secret_call_is_refused_where_srtp_is_off(ours: Ours, tmp_path: Path) -> None:
    async with phone(tmp_path, ("srtp",), ";mediaenc=srtp-mand") as far:
        await far.dial(f"sip:1000@127.0.0.1:{ours.port}")
        await far.wait_for("CALL_CLOSED")
        assert any("488" in line for line in [*far.lines, *map(str, far.events)])
    assert ours.legs == []
