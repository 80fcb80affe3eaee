"""baresip's G.722 and Opus against our gateway: tones and keys each way, bridges that transcode, and bridges that need not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from telephony.gateway.bridge import bridge
from telephony.gateway.sip import SipGateway, SipSettings
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener
from telephony.leg import DtmfReceived, EndCause, LegEvent
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.net.ticker import Ticker
from telephony.sip.negotiation import MediaPolicy
from tests.e2e.baresip import Baresip
from tests.e2e.signals import read_wav, seconds_with, share_of, tone, write_wav

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

NAMES = {Codec.PCMU: "pcmu", Codec.PCMA: "pcma", Codec.G722: "G722/16000/1", Codec.OPUS: "opus/48000/2"}
MODULES = {Codec.G722: ("g722",), Codec.OPUS: ("opus",)}


class Ours:
    """A gateway that answers each call and keeps its legs and what they hear."""

    def __init__(self) -> None:
        self.ticker = Ticker()
        self.legs: list[SipLeg] = []
        self.events: list[LegEvent] = []
        self.heard: list[NDArray[np.int16]] = []
        policy = MediaPolicy(tuple(Codec))
        settings = SipSettings(listeners=(Listener("udp", "127.0.0.1", 0),), trusted_networks=("127.0.0.0/8",), media=policy)
        self.gateway = SipGateway(settings, self.ticker, self.take)

    @property
    def uri(self) -> str:
        return f"sip:1000@127.0.0.1:{self.gateway.listeners[0].port}"

    def take(self, leg: SipLeg) -> None:
        self.legs.append(leg)
        leg.subscribe(self.events.append)
        leg.answer()

    def last_second(self) -> NDArray[np.int16]:
        return np.concatenate([np.zeros(0, np.int16), *self.heard[-50:]])


@pytest.fixture
async def ours() -> AsyncIterator[Ours]:
    made = Ours()
    made.ticker.start()
    await made.gateway.start()
    yield made
    await made.gateway.close()
    await made.ticker.close()


def phone(folder: Path, hertz: float, *codecs: Codec) -> Baresip:
    modules = tuple(module for codec in codecs for module in MODULES.get(codec, ()))
    names = ",".join(NAMES[codec] for codec in codecs)
    return Baresip(folder, write_wav(folder.with_suffix(".wav"), tone(hertz, 30)), codecs=names, modules=modules)


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - the voice comes from another process
            await asyncio.sleep(0.05)


async def called(ours: Ours, far: Baresip) -> SipLeg:
    number = len(ours.legs)
    await far.dial(ours.uri)
    await until(lambda: len(ours.legs) > number)
    await far.wait_for("CALL_ESTABLISHED")
    return ours.legs[number]


def heard_by(far: Baresip, hertz: float) -> float:
    """Seconds; it begins another file with another codec."""
    seconds = 0.0
    for path in far.heard():
        samples, rate = read_wav(path)
        channels = int.from_bytes(path.read_bytes()[22:24], "little")
        seconds += seconds_with(samples[::channels], hertz, rate)
    return seconds


@pytest.mark.parametrize("codec", [Codec.G722, Codec.OPUS])
async def test_tones_and_keys_pass_each_way(ours: Ours, tmp_path: Path, codec: Codec) -> None:
    async with phone(tmp_path / "phone", 660, codec) as far:
        leg = await called(ours, far)
        leg.hear(lambda frame: ours.heard.append(frame.copy()))
        leg.play([Clip.tone(440, 20.0)])
        await until(lambda: share_of(ours.last_second(), 660) > 0.9)
        assert leg.media.codec is codec
        await far.press("5#")
        await until(lambda: [event.digit for event in ours.events if isinstance(event, DtmfReceived)] == ["5", "#"])
        await asyncio.sleep(3)
        leg.hang_up(EndCause.RELEASED)
        await far.wait_for("CALL_CLOSED")
        assert heard_by(far, 440) > 2
        assert leg.quality()["packets_lost"] < 5 and leg.quality()["packets_unwanted"] == 0


@pytest.mark.parametrize("codec", [Codec.G722, Codec.OPUS])
async def test_phones_without_a_codec_in_common_are_transcoded(ours: Ours, tmp_path: Path, codec: Codec) -> None:
    async with phone(tmp_path / "wide", 660, codec) as wide, phone(tmp_path / "narrow", 880, Codec.PCMU) as narrow:
        legs = await called(ours, wide), await called(ours, narrow)
        joined = bridge(*legs)
        await asyncio.sleep(4)
        assert [leg.media.codec for leg in legs] == [codec, Codec.PCMU]
        joined.close()
        for leg in legs:
            leg.hang_up(EndCause.RELEASED)
        await narrow.wait_for("CALL_CLOSED")
        await wide.wait_for("CALL_CLOSED")
        assert heard_by(wide, 880) > 2 and heard_by(narrow, 660) > 2


class Passing:
    """What one leg said and what was sent to it."""

    def __init__(self) -> None:
        self.said: list[bytes] = []
        self.got: list[bytes] = []

    def heard(self, codec: Codec, payload: bytes, sequence: int, timestamp: int, ssrc: int, now: float) -> None:
        self.said.append(payload)

    def sent(self, codec: Codec, payload: bytes, now: float) -> None:
        self.got.append(payload)


async def test_phones_with_a_codec_in_common_are_asked_for_it(ours: Ours, tmp_path: Path) -> None:
    """Its packets pass untouched then. What they hold is not looked at: baresip 1.0 resamples for its old codec for ever."""
    both = phone(tmp_path / "both", 660, Codec.OPUS, Codec.PCMU)
    async with both, phone(tmp_path / "narrow", 880, Codec.PCMU) as narrow:
        legs = await called(ours, both), await called(ours, narrow)
        assert [leg.media.codec for leg in legs] == [Codec.OPUS, Codec.PCMU]
        bridge(*legs)
        await until(lambda: legs[0].media.codec is Codec.PCMU)
        assert legs[0].media._transcoder is None and legs[1].media._transcoder is None
        taps = Passing(), Passing()
        for leg, tap in zip(legs, taps, strict=True):
            leg.media.add_tap(tap)
        await until(lambda: len(taps[0].got) > 50 and len(taps[1].got) > 50)
        assert taps[0].got[:50] == taps[1].said[:50] and taps[1].got[:50] == taps[0].said[:50]
        assert any("re-INVITE" in line for line in both.lines) and not any("re-INVITE" in line for line in narrow.lines)
        for leg in legs:
            leg.hang_up(EndCause.RELEASED)
        await narrow.wait_for("CALL_CLOSED")
        await both.wait_for("CALL_CLOSED")
