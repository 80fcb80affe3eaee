"""A leg against aiortc's own peer connection as the browser, over loopback."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from fractions import Fraction
from typing import cast

import aioice.ice
import numpy as np
import pytest
from aiortc import AudioStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av import AudioFrame

from telephony.errors import MalformedMessage, Misuse, NoCommonCodec, TransportError
from telephony.gateway import webrtc
from telephony.gateway.webrtc import WebRtcGateway, WebRtcLeg
from telephony.leg import Answered, CallLeg, DtmfReceived, EndCause, Ended, Frame, LegEvent, LegState, Party, PlaybackFinished
from telephony.media import rtcp
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.net.ticker import Ticker
from tests.e2e.browser import tone_level

CALLER, CALLEE = Party("guest"), Party("hotline")


class Tone(AudioStreamTrack):
    """A 660 Hz microphone at 8 kHz."""

    def __init__(self) -> None:
        super().__init__()
        self._at = 0

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(0.02)
        samples = np.sin(np.arange(self._at, self._at + 160) * (2 * np.pi * 660 / 8000)) * 12000
        frame = AudioFrame.from_ndarray(samples.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, self._at, Fraction(1, 8000)
        self._at += 160
        return frame


@pytest.fixture
async def gateway() -> AsyncIterator[WebRtcGateway]:
    ticker = Ticker()
    ticker.start()
    made = WebRtcGateway(ticker, media_timeout=1.0, setup_timeout=5.0)
    yield made
    await made.close()
    await ticker.close()


@pytest.fixture
async def browser(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RTCPeerConnection]:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    made = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    made.addTrack(Tone())
    yield made
    await made.close()


async def answer_of(browser: RTCPeerConnection, offer: str) -> str:
    await browser.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    await browser.setLocalDescription(await browser.createAnswer())
    return str(browser.localDescription.sdp)


async def connected(gateway: WebRtcGateway, browser: RTCPeerConnection) -> tuple[WebRtcLeg, list[LegEvent]]:
    leg, offer = await gateway.offer(CALLER, CALLEE, ["zh", "en"])
    events: list[LegEvent] = []
    leg.subscribe(events.append)
    await leg.accept_answer(await answer_of(browser, offer))
    await until(lambda: browser.connectionState == "connected")
    return leg, events


async def until(condition: Callable[[], bool], *, within: float = 5.0) -> None:
    for _ in range(int(within / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")


async def test_voice_crosses_both_ways(gateway: WebRtcGateway, browser: RTCPeerConnection) -> None:
    heard: list[Frame] = []
    leg, events = await connected(gateway, browser)
    seam: CallLeg = leg
    assert (seam.state, seam.languages, events) == (LegState.OFFERED, ("zh", "en"), [])
    seam.answer()
    assert leg.state is LegState.UP
    assert [type(event) for event in events] == [Answered]
    leg.hear(heard.append)
    playback = leg.play([Clip.tone(440, 1.0)])
    track = browser.getReceivers()[0].track
    voice = np.concatenate([cast(AudioFrame, await track.recv()).to_ndarray()[0] for _ in range(30)])
    await until(lambda: len(heard) >= 25)
    assert tone_level(np.concatenate(heard[-20:]), 660) > 0.2
    assert tone_level(voice[-1600:], 440) > 0.15
    await until(lambda: len(events) > 1)
    finished = events[1]
    assert isinstance(finished, PlaybackFinished)
    assert (finished.playback, finished.completed, finished.played_ms) == (playback, True, 1000)
    assert leg.quality()["packets_sent"] >= 50


async def test_a_browser_that_speaks_opus_alone_is_heard_and_hears(gateway: WebRtcGateway, browser: RTCPeerConnection) -> None:
    heard: list[Frame] = []
    gateway.codecs = (Codec.OPUS,)
    leg, _ = await connected(gateway, browser)
    leg.answer()
    assert leg.media.codec is Codec.OPUS
    leg.hear(heard.append)
    leg.play([Clip.tone(440, 2.0)])
    track = browser.getReceivers()[0].track
    frames = [cast(AudioFrame, await track.recv()) for _ in range(60)]
    await until(lambda: len(heard) >= 40)
    assert tone_level(np.concatenate(heard[-20:]), 660) > 0.2
    last = frames[-1]
    voice = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    mono = voice[:: len(last.layout.channels) * last.sample_rate // 8000]
    assert tone_level(mono[-1600:], 440) > 0.15
    assert leg.quality()["packets_unwanted"] == 0


async def test_answer_before_the_browser_is_connected_takes_effect_then(
    gateway: WebRtcGateway, browser: RTCPeerConnection
) -> None:
    leg, offer = await gateway.offer(CALLER, CALLEE)
    leg.answer()
    before = leg.state
    await leg.accept_answer(await answer_of(browser, offer))
    assert (before, leg.state) == (LegState.OFFERED, LegState.UP)


async def test_browser_that_closes_its_connection_has_hung_up(gateway: WebRtcGateway, browser: RTCPeerConnection) -> None:
    leg, events = await connected(gateway, browser)
    leg.answer()
    await browser.close()
    await until(lambda: leg.state is LegState.ENDED)
    last = events[-1]
    assert isinstance(last, Ended)
    assert (last.cause, last.by_peer) == (EndCause.HUNG_UP, True)
    assert gateway.legs == ()


async def test_silent_browser_is_lost(gateway: WebRtcGateway, browser: RTCPeerConnection) -> None:
    leg, events = await connected(gateway, browser)
    leg.answer()

    async def into_the_void(data: bytes) -> None:
        return None

    browser.getSenders()[0].transport.transport._send = into_the_void
    await until(lambda: leg.state is LegState.ENDED)
    last = events[-1]
    assert isinstance(last, Ended)
    assert (last.cause, last.by_peer) == (EndCause.MEDIA_LOST, True)


async def test_a_page_that_must_be_heard_is_given_up_sooner(gateway: WebRtcGateway, browser: RTCPeerConnection) -> None:
    gateway.media_timeout = 60.0
    leg, events = await connected(gateway, browser)
    leg.expect_media(1.0)
    leg.answer()
    await until(lambda: leg.media.last_received > 0)
    leg.channel._on_rtp = leg.channel._on_rtcp = lambda packet, now: None
    await until(lambda: leg.state is LegState.ENDED)
    last = events[-1]
    assert isinstance(last, Ended)
    assert last.cause is EndCause.MEDIA_LOST


async def test_page_without_a_microphone_stays(gateway: WebRtcGateway, browser: RTCPeerConnection) -> None:
    """Its reports, every second or so, are the sign of life."""
    gateway.media_timeout = 2.0
    leg, _ = await connected(gateway, browser)
    leg.answer()
    browser.getSenders()[0].replaceTrack(None)
    await asyncio.sleep(3.0)
    assert leg.state is LegState.UP


async def test_hanging_up_ends_once_and_closes_the_browser(gateway: WebRtcGateway, browser: RTCPeerConnection) -> None:
    leg, events = await connected(gateway, browser)
    leg.answer()
    leg.hang_up()
    leg.hang_up(EndCause.FAILED)
    leg.answer()
    ends = [event for event in events if isinstance(event, Ended)]
    assert [(end.cause, end.by_peer) for end in ends] == [(EndCause.RELEASED, False)]
    assert leg.state is LegState.ENDED
    await until(lambda: browser.connectionState == "closed")


async def test_page_may_press_keys_and_leave_by_its_socket(gateway: WebRtcGateway, browser: RTCPeerConnection) -> None:
    leg, events = await connected(gateway, browser)
    seen: list[Ended] = []
    leg.when_ended(seen.append)
    leg.press("1")
    leg.answer()
    leg.press("2x#")
    leg.left("page closed")
    assert [event.digit for event in events if isinstance(event, DtmfReceived)] == ["2", "#"]
    assert [(end.cause, end.by_peer, end.detail) for end in seen] == [(EndCause.HUNG_UP, True, "page closed")]
    assert events[-1] == seen[0]


async def test_reports_cross_both_ways(
    gateway: WebRtcGateway, browser: RTCPeerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rtcp, "INTERVAL", 0.1)
    leg, _ = await connected(gateway, browser)
    leg.answer()
    leg.play([Clip.tone(440, 3.0)])
    await until(lambda: "peer_packets_lost" in leg.quality())
    stats = await browser.getSenders()[0].getStats()
    await until(lambda: any(entry.type == "remote-inbound-rtp" for entry in stats.values()))
    assert next(entry.packetsLost for entry in stats.values() if entry.type == "remote-inbound-rtp") == 0


async def test_bad_answer_ends_the_leg(gateway: WebRtcGateway, browser: RTCPeerConnection) -> None:
    leg, offer = await gateway.offer(CALLER, CALLEE)
    text = await answer_of(browser, offer)
    with pytest.raises(MalformedMessage):
        await leg.accept_answer("nonsense")
    with pytest.raises(Misuse):
        await leg.accept_answer(text)
    refused, _ = await gateway.offer(CALLER, CALLEE)
    with pytest.raises(NoCommonCodec):
        await refused.accept_answer(re.sub("SAVPF .*", "SAVPF 8", text))
    assert (leg.state, refused.state, gateway.legs) == (LegState.ENDED, LegState.ENDED, ())


async def test_leg_that_ends_while_connecting_says_so(gateway: WebRtcGateway, browser: RTCPeerConnection) -> None:
    leg, offer = await gateway.offer(CALLER, CALLEE)
    text = await answer_of(browser, offer)
    task = asyncio.create_task(leg.accept_answer(text))
    await asyncio.sleep(0)
    leg.hang_up()
    with pytest.raises(TransportError):
        await task


async def test_answer_that_comes_after_the_end_connects_nothing(
    gateway: WebRtcGateway, browser: RTCPeerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    leg, offer = await gateway.offer(CALLER, CALLEE)
    text = await answer_of(browser, offer)
    monkeypatch.setattr(leg.channel, "connect", None)
    leg.left()
    with pytest.raises(TransportError, match="ended before"):
        await leg.accept_answer(text)


async def test_browser_that_cannot_be_reached(browser: RTCPeerConnection) -> None:
    gateway = WebRtcGateway(Ticker(), setup_timeout=0.2, answer_timeout=0.2)
    leg, offer = await gateway.offer(CALLER, CALLEE)
    events: list[LegEvent] = []
    leg.subscribe(events.append)
    text = await answer_of(browser, offer)
    await browser.close()
    with pytest.raises(TransportError):
        await leg.accept_answer(text)
    never, _ = await gateway.offer(CALLER, CALLEE)
    never.subscribe(events.append)
    await until(lambda: never.state is LegState.ENDED)
    assert [event.cause for event in events if isinstance(event, Ended)] == [EndCause.UNREACHABLE, EndCause.NO_ANSWER]
    await gateway.close()


async def test_closing_the_gateway_ends_every_leg() -> None:
    gateway = WebRtcGateway(Ticker())
    leg, _ = await gateway.offer(CALLER, CALLEE)
    events: list[LegEvent] = []
    leg.subscribe(events.append)
    await gateway.close()
    assert [event.cause for event in events if isinstance(event, Ended)] == [EndCause.SHUTDOWN]


async def test_hosts_that_are_not_ours_are_a_transport_error() -> None:
    gateway = WebRtcGateway(Ticker(), hosts=("192.0.2.1",))
    with pytest.raises(TransportError):
        await gateway.offer(CALLER, CALLEE)
    assert gateway.legs == ()


async def test_another_aiortc_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrtc, "broken_contract", lambda: ["Connection._queue is gone"])
    with pytest.raises(Misuse, match="_queue is gone"):
        WebRtcGateway(Ticker())
