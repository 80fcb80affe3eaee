"""Headless Chromium on a leg: both ways are measured, and keys cross both ways."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, Route

from telephony.gateway.webrtc import WebRtcGateway
from telephony.leg import Answered, DtmfReceived, EndCause, Ended, Frame, LegEvent, LegState, Party
from telephony.media.clip import Clip
from telephony.net.ticker import Ticker
from tests.e2e.browser import Browser, heard, tone_level, until_heard, write_tone

pytestmark = pytest.mark.e2e

ORIGIN = "http://127.0.0.1:9/"

JOIN = """async (offer) => {
  const peer = (window.peer = new RTCPeerConnection());
  await peer.setRemoteDescription({ type: 'offer', sdp: offer });
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  window.sender = peer.addTrack(stream.getAudioTracks()[0], stream);
  await peer.setLocalDescription(await peer.createAnswer());
  while (peer.iceGatheringState !== 'complete') await new Promise((done) => (peer.onicegatheringstatechange = done));
  return peer.localDescription.sdp;
}"""


@pytest.fixture
async def gateway() -> AsyncIterator[WebRtcGateway]:
    ticker = Ticker()
    ticker.start()
    made = WebRtcGateway(ticker)
    yield made
    await made.close()
    await ticker.close()


async def until(condition: Callable[[], bool], *, within: float = 5.0) -> None:
    for _ in range(int(within / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about")


async def blank_page(browser: Browser) -> Page:
    """A secure origin (loopback) with nothing on it; no request leaves the browser."""

    async def serve(route: Route) -> None:
        await route.fulfill(body="<!doctype html>", content_type="text/html")

    page = await browser.page("about:blank")
    await page.route("**/*", serve)
    await page.goto(ORIGIN)
    return page


async def test_tones_and_keys_cross_both_ways(gateway: WebRtcGateway, tmp_path: Path) -> None:
    async with Browser(write_tone(tmp_path / "microphone.wav", 660)) as browser:
        page = await blank_page(browser)
        leg, offer = await gateway.offer(Party("guest"), Party("hotline"))
        events: list[LegEvent] = []
        frames: list[Frame] = []
        leg.subscribe(events.append)
        leg.hear(frames.append)
        await leg.accept_answer(await page.evaluate(JOIN, offer))
        leg.answer()
        assert isinstance(events[0], Answered)

        leg.play([Clip.tone(440, 1.0)], repeat=True)
        await until_heard(page, 440, at_least=0.2)
        levels = await heard(page, 440, 1000)
        assert levels[440] > 5 * levels[1000]
        await until(lambda: len(frames) >= 20 and tone_level(np.concatenate(frames[-20:]), 660) > 0.3)

        await page.evaluate("() => window.sender.dtmf.insertDTMF('12#', 100, 60)")
        await until(lambda: len(events) == 4)
        assert [event.digit for event in events if isinstance(event, DtmfReceived)] == ["1", "2", "#"]

        leg.stop()
        leg.send_digits("5" * 20)
        await until_heard(page, 770, at_least=0.02)  # Chromium plays the event as its two tones: 770 and 1336 Hz

        await page.evaluate("() => window.peer.close()")
        await until(lambda: leg.state is LegState.ENDED)
        last = events[-1]
        assert isinstance(last, Ended)
        assert (last.cause, last.by_peer) == (EndCause.HUNG_UP, True)
        assert leg.quality()["packets_rejected"] == 0


async def test_first_audio_comes_quickly(gateway: WebRtcGateway, tmp_path: Path) -> None:
    """From the offer to the first tone measured in the page: under 2 s even on a loaded test machine."""
    async with Browser(write_tone(tmp_path / "microphone.wav", 660)) as browser:
        page = await blank_page(browser)
        warm, offer = await gateway.offer(Party("guest"), Party("hotline"))
        await warm.accept_answer(await page.evaluate(JOIN, offer))
        leg, offer = await gateway.offer(Party("guest"), Party("hotline"))
        answer = await page.evaluate(JOIN, offer)
        started = time.monotonic()
        await leg.accept_answer(answer)
        leg.answer()
        leg.play([Clip.tone(440, 5.0)])
        await until_heard(page, 440, at_least=0.01)
        assert time.monotonic() - started < 2.0
