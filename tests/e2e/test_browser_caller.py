"""A caller in a browser speaks to the bot and to an agent in another browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import expect

from tests.e2e.browser import Browser, until_heard, write_tone
from tests.e2e.conftest import AUDIO
from tests.e2e.desk import DeskPage
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import read_wav, silence, tone, write_wav

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

CALLER_TONE, AGENT_TONE = 440.0, 660.0


async def test_a_browser_caller_is_understood_and_talks_to_an_agent(server: HotlineProcess, tmp_path: Path) -> None:
    """The microphone says a sentence, then a tone: what was said is on the desk, what follows is heard there."""
    words, rate = read_wav(AUDIO / "en_agent_heart.wav")
    voice = np.concatenate([silence(3.0, rate), words, silence(1.0, rate), tone(CALLER_TONE, 60, rate=rate)])
    caller_voice = write_wav(tmp_path / "caller.wav", voice, rate)
    async with Browser(write_tone(tmp_path / "agent.wav", AGENT_TONE)) as office, Browser(caller_voice, repeat=False) as home:
        desk = await DeskPage.open(office, server, "wangfang")
        page = await home.page(f"{server.url}/call?debug=1", language="en")
        await page.get_by_test_id("name").fill("Alice")
        await page.get_by_test_id("call-language-en").click()
        await page.get_by_test_id("dial").click()
        call = page.get_by_test_id("call")
        await expect(call).to_have_attribute("data-phase", "bot")
        await desk.until_ring(25.0)
        await desk.until_turn("let me talk to a person")
        assert "Alice" in await desk.page.get_by_test_id("caller-name").inner_text()
        await desk.accept()
        await expect(call).to_have_attribute("data-phase", "agent")
        await until_heard(page, AGENT_TONE)
        await desk.until_level(CALLER_TONE, -30.0)
        await expect(page.get_by_test_id("captions")).to_contain_text("let me talk to a person")
        await page.get_by_test_id("hang-up").click()
        await desk.until_state("wrap_up")
        row = await server.contact(disposition="served", channel="webrtc")
    assert row["agent_id"] == "wangfang"
    assert row["caller_name"] == "Alice"


async def test_a_browser_caller_presses_keys(keys_only: HotlineProcess, tmp_path: Path) -> None:
    """Real DTMF from the page: 1 is the bill, and the flow asks on."""
    async with Browser(write_tone(tmp_path / "mic.wav", CALLER_TONE)) as home:
        page = await home.page(f"{keys_only.url}/call?debug=1", language="en", width=360, height=740)
        await page.get_by_test_id("name").fill("Alice")
        await page.get_by_test_id("call-language-en").click()
        await page.get_by_test_id("dial").click()
        await expect(page.get_by_test_id("call")).to_have_attribute("data-phase", "bot")
        await asyncio.sleep(1.0)  # keys go out once there is a voice
        await page.keyboard.press("1")
        await expect(page.get_by_test_id("captions")).to_contain_text("bill for last month")
        await page.get_by_test_id("hang-up").click()
        row = await keys_only.contact(disposition="left_flow", channel="webrtc")
    assert row["intent"] == "bill"
    assert [turn["text"] for turn in row["turns"] if turn["medium"] == "keys"] == ["1"]
