"""Words that nobody recorded, over a real call: another server speaks them, and the first sound before the last are there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from ivr.speech.uploading import wav_of
from telephony.leg import EndCause
from tests.e2e.phones import Phones
from tests.e2e.server import HotlineProcess

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

FLOW = """
flow: told
languages: [en]
entry: tell
defaults: { error: sorry, hangup: end }
states:
  tell:
    ask:
      say: { en: "Good morning to you {caller.number}, your parcel left our house today. It comes before three tomorrow." }
      expect: { type: digits, min: 1, max: 1 }
      into: one
    on: { done: bye, no_input: { retry: 0, then: bye }, no_match: { retry: 0, then: bye } }
  bye: { hangup: normal }
  sorry: { say: { en: "Something went wrong" }, on: { done: end } }
"""
TONES = {"Good": 500.0, "your": 900.0, "It": 1300.0}
"""First word of a piece to the tone that it is spoken with."""


class Speaker:
    """Speaks OpenAI's way: two seconds of a tone for each piece, when it may."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may = {word: asyncio.Event() for word in TONES}
        self.url = ""

    async def speak(self, request: web.Request) -> web.Response:
        text = (await request.json())["input"]
        word = text.split()[0]
        self.asked.append(text)
        await self.may[word].wait()
        tone = 8000 * np.sin(2 * np.pi * TONES[word] * np.arange(32_000) / 16_000)
        return web.Response(body=wav_of(np.rint(tone).astype(np.int16), 16_000), content_type="audio/wav")


@pytest.fixture
async def speaker() -> AsyncIterator[Speaker]:
    one = Speaker()
    app = web.Application()
    app.router.add_post("/v1/audio/speech", one.speak)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    one.url = f"http://{host}:{port}/v1/audio/speech"
    yield one
    for event in one.may.values():
        event.set()
    await runner.cleanup()


async def test_a_sentence_sounds_before_it_is_finished_and_stops_where_the_caller_stops_it(
    tmp_path: Path, speaker: Speaker
) -> None:
    (tmp_path / "told.yaml").write_text(FLOW, "utf-8")
    voice = {"http": {"url": speaker.url, "voices": {"en": "one"}, "within": "8s"}, "fallback": "none"}
    settings: dict[str, Any] = {
        "dialplans": str(tmp_path / "told.yaml"),
        "routes": [{"to": "*", "flow": "told"}],
        "speech": {"enabled": False, "models": {}, "aliases": {}, "voice": voice},
    }
    async with HotlineProcess(tmp_path, **settings) as server, Phones.open({"1001": 440.0}) as phones:
        caller = await phones.call("1001", server.sip)
        await caller.until(lambda: len(speaker.asked) == 1, "the voice was not asked")
        assert caller.level(500) < -50
        speaker.may["Good"].set()
        await caller.until(lambda: caller.level(500) > -26, "the first piece does not sound", 15.0)
        await caller.until(lambda: len(speaker.asked) == 2, "the second piece is not asked for")
        await caller.until(lambda: caller.level(500) < -50, "the first piece does not end", 15.0)
        speaker.may["your"].set()
        await caller.until(lambda: caller.level(900) > -26, "the second piece does not sound", 15.0)
        caller.leg.send_digits("1")
        ended = await caller.ended()
        assert ended.cause is EndCause.HUNG_UP
        assert caller.level(1300) < -50
        row = await server.contact(caller_number="1001")
    said = [turn["text"] for turn in row["turns"] if turn["speaker"] == "bot"]
    assert said == ["Good morning to you 1001, your parcel left our house today. It comes before three tomorrow."]
    assert [text.split()[0] for text in speaker.asked] == ["Good", "your", "It"]
    kept = list((tmp_path / "data" / "voice-cache").glob("*.wav"))
    assert len(kept) == 1, "what has numbers in it is not kept, nor what never came"
