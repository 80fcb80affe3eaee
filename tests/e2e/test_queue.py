"""What can go wrong between the queue and the desk: nobody is lost, nothing stays stuck."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.baresip import Baresip
from tests.e2e.browser import Browser, write_tone
from tests.e2e.desk import DeskPage
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import read_wav, rms, seconds_with, silence, tone, write_wav

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

CALLER_TONE, AGENT_TONE = 440.0, 660.0


def quiet(folder: Path) -> Path:
    return write_wav(folder / "quiet.wav", silence(1))


async def ask_for_a_person(phone: Baresip, server: HotlineProcess) -> None:
    """Call and press 0, which every menu takes for "a person"."""
    await server.called_by(phone, "0")


async def test_keys_alone_lead_to_an_agent(keys_only: HotlineProcess, tmp_path: Path) -> None:
    """No speech model: the menu is read with its keys, 0 is a person, audio goes both ways, hold plays music."""
    caller_tone = write_wav(tmp_path / "tone.wav", tone(CALLER_TONE, 30))
    async with (
        Browser(write_tone(tmp_path / "agent.wav", AGENT_TONE)) as browser,
        Baresip(tmp_path / "phone", quiet(tmp_path), user="1001") as phone,
    ):
        desk = await DeskPage.open(browser, keys_only, "emma")
        await ask_for_a_person(phone, keys_only)
        await desk.until_ring()
        assert any("press one" in turn for turn in await desk.turns())
        await desk.accept()
        await phone.speak(caller_tone)
        await desk.until_level(CALLER_TONE, -30.0)
        await asyncio.sleep(1.5)  # of talk, measured below
        await desk.page.get_by_test_id("hold").click()
        await expect(desk.page.get_by_test_id("hold")).to_have_attribute("aria-pressed", "true")
        await asyncio.sleep(1.0)  # what was under way has come
        assert await desk.level(CALLER_TONE) < -50.0
        await asyncio.sleep(1.0)  # on hold for two seconds: no part of what is measured below
        await desk.page.get_by_test_id("hold").click()
        await desk.until_level(CALLER_TONE, -30.0)
        await asyncio.sleep(1.0)  # of talk again
        await phone.hang_up()
        await desk.until_state("wrap_up")
        row = await keys_only.contact(disposition="served", end_cause="hung_up")
    assert row["agent_id"] == "emma"
    assert [turn["text"] for turn in row["turns"] if turn["speaker"] == "caller"] == ["0"]
    samples, rate = read_wav(phone.heard()[0])
    agent = seconds_with(samples, AGENT_TONE, rate)
    assert 1.5 < agent < 5.0, "the agent is heard while talking and not on hold"


async def test_a_declined_call_goes_to_the_next_agent(keys_only: HotlineProcess, tmp_path: Path) -> None:
    async with (
        Browser(write_tone(tmp_path / "agent.wav", AGENT_TONE)) as browser,
        Baresip(tmp_path / "phone", quiet(tmp_path), user="1001") as phone,
    ):
        first = await DeskPage.open(browser, keys_only, "wangfang")
        await asyncio.sleep(0.1)
        second = await DeskPage.open(browser, keys_only, "emma")
        await ask_for_a_person(phone, keys_only)
        await first.until_ring()
        await first.decline()
        await second.until_ring()
        await first.until_state("available")
        await second.accept()
        await phone.speak(write_wav(tmp_path / "tone.wav", tone(CALLER_TONE, 8)))
        await second.until_level(CALLER_TONE, -30.0)
        await phone.hang_up()
        row = await keys_only.contact(disposition="served")
    assert row["agent_id"] == "emma"


async def test_a_dead_tab_while_ringing_frees_the_call(keys_only: HotlineProcess, tmp_path: Path) -> None:
    """The page of the rung agent dies: within its grace the call goes on to another one, and the agent counts as offline."""
    async with (
        Browser(write_tone(tmp_path / "agent.wav", AGENT_TONE)) as browser,
        Baresip(tmp_path / "phone", quiet(tmp_path), user="1001") as phone,
    ):
        first = await DeskPage.open(browser, keys_only, "wangfang")
        await ask_for_a_person(phone, keys_only)
        await first.until_ring()
        await first.page.context.close()
        second = await DeskPage.open(browser, keys_only, "emma")
        await second.until_ring(10.0)
        await second.accept()
        await phone.speak(write_wav(tmp_path / "tone.wav", tone(CALLER_TONE, 8)))
        await second.until_level(CALLER_TONE, -30.0)
        await second.hang_up()
        await second.until_state("wrap_up")
        back = await browser.page(f"{keys_only.url}/desk?debug=1")
        await back.get_by_test_id("login-user").fill("wangfang")
        await back.get_by_test_id("login-password").fill(keys_only.password("wangfang"))
        await back.get_by_test_id("login-submit").click()
        await DeskPage(back).until_state("offline")
        row = await keys_only.contact(disposition="served")
    assert row["agent_id"] == "emma"


async def test_a_caller_who_hangs_up_in_the_queue_leaves_nothing(keys_only: HotlineProcess, tmp_path: Path) -> None:
    """Music is heard while waiting; the row says abandoned; an agent who comes later is not rung."""
    async with Browser() as browser, Baresip(tmp_path / "phone", quiet(tmp_path), user="1001") as phone:
        await ask_for_a_person(phone, keys_only)
        await keys_only.until_line("support: Enqueue")
        await asyncio.sleep(4.0)  # of music, looked for below
        await phone.hang_up()
        row = await keys_only.contact(disposition="abandoned")
        desk = await DeskPage.open(browser, keys_only, "wangfang")
        await asyncio.sleep(1.0)  # in which nothing rings
        await expect(desk.page.get_by_test_id("accept")).to_have_count(0)
        await expect(desk.page.get_by_test_id("queues")).not_to_contain_text("waiting")
    assert row["queue"] == "support"
    assert row["wait_seconds"] > 1.0
    samples, rate = read_wav(phone.heard()[0])
    assert rms(samples[-2 * rate :]) > 100, "the last two seconds in the queue are music"


async def test_a_caller_who_hangs_up_while_it_rings_stops_the_ring(keys_only: HotlineProcess, tmp_path: Path) -> None:
    async with Browser() as browser, Baresip(tmp_path / "phone", quiet(tmp_path), user="1001") as phone:
        desk = await DeskPage.open(browser, keys_only, "wangfang")
        await ask_for_a_person(phone, keys_only)
        await desk.until_ring()
        await phone.hang_up()
        await expect(desk.page.get_by_test_id("accept")).to_have_count(0)
        await desk.until_state("available")
        row = await keys_only.contact(disposition="abandoned")
    assert row["agent_id"] is None


async def test_a_note_in_the_making_is_kept_when_the_wrap_up_runs_out(tmp_path: Path) -> None:
    """The agent types without a pause until the time is over: what stood there by then is in the row."""
    node = tmp_path / "node"
    node.mkdir()
    queues = {name: {"ring": "20s", "wrap_up": "3s"} for name in ("support", "care")}
    words = "the caller will ring again tomorrow"
    async with (
        HotlineProcess(node, speech={"enabled": False}, queues=queues) as server,
        Browser(write_tone(tmp_path / "agent.wav", AGENT_TONE)) as browser,
        Baresip(tmp_path / "phone", quiet(tmp_path), user="1001") as phone,
    ):
        desk = await DeskPage.open(browser, server, "wangfang")
        await ask_for_a_person(phone, server)
        await desk.until_ring()
        await desk.accept()
        await phone.speak(write_wav(tmp_path / "tone.wav", tone(CALLER_TONE, 8)))
        await desk.until_level(CALLER_TONE, -30.0)
        await phone.hang_up()
        await desk.until_state("wrap_up")
        typing = asyncio.ensure_future(desk.page.get_by_test_id("note").press_sequentially(words, delay=150))
        await desk.until_state("available")
        typing.cancel()
        await asyncio.sleep(0.5)
        row = await server.contact(disposition="served")
    assert len(row["note"]) > 8
    assert words.startswith(row["note"])
