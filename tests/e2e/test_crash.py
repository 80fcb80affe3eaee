"""A node that is killed, or told to stop, in the middle of calls: nothing is lost, nothing stays stuck."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.baresip import Baresip
from tests.e2e.browser import Browser, write_tone
from tests.e2e.desk import DeskPage
from tests.e2e.server import SPEAKS, HotlineProcess
from tests.e2e.signals import read_wav, rms, silence, tone, write_wav

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

CALLER_TONE, AGENT_TONE = 440.0, 660.0


def quiet(folder: Path) -> Path:
    return write_wav(folder / "quiet.wav", silence(1))


async def test_a_call_that_a_crash_cut_off_is_recorded_once_as_lost(keys_only: HotlineProcess, tmp_path: Path) -> None:
    """kill -9 after a few turns; the next start writes the row; the one after that does not write it again."""
    async with Baresip(tmp_path / "phone", quiet(tmp_path), user="1001") as phone:
        await keys_only.called_by(phone, "2")
        await keys_only.until_line(r"Note\(intent='balance'")
        await keys_only.until_line(SPEAKS, 2)
        await asyncio.sleep(0.3)  # what was said is written beside the call
        await keys_only.stop(signal.SIGKILL)
    await keys_only.start()
    rows = (await keys_only.api("/api/v1/contacts"))["contacts"]
    assert [row["disposition"] for row in rows] == ["lost"]
    row = await keys_only.contact(disposition="lost")
    said = [(turn["speaker"], turn["text"]) for turn in row["turns"]]
    assert ("caller", "2") in said and said[0][0] == "bot" and len(said) >= 3
    assert row["intent"] == "balance"
    assert row["ended_at"] is not None
    await keys_only.stop(signal.SIGKILL)
    await keys_only.start()
    async with Baresip(tmp_path / "next", quiet(tmp_path), user="1002") as phone:
        await keys_only.called_by(phone, "2")
        await phone.hang_up()
        await keys_only.contact(caller_number="1002", disposition="left_flow")
    rows = (await keys_only.api("/api/v1/contacts"))["contacts"]
    assert sorted(row["disposition"] for row in rows) == ["left_flow", "lost"]
    samples, rate = read_wav(phone.heard()[0])
    assert rms(samples[:rate]) > 100, "the next caller hears the hotline"


async def test_after_a_crash_the_desk_comes_back_and_nothing_stale_rings(keys_only: HotlineProcess, tmp_path: Path) -> None:
    """kill -9 while a caller waits and an agent's page is open (on a break, so that the caller does wait)."""
    async with Browser(write_tone(tmp_path / "agent.wav", AGENT_TONE)) as browser:
        desk = await DeskPage.open(browser, keys_only, "wangfang")
        await desk.page.get_by_test_id("state-select").select_option("break:short")
        await desk.until_state("break")
        async with Baresip(tmp_path / "phone", quiet(tmp_path), user="1001") as phone:
            await keys_only.called_by(phone, "0")
            await expect(desk.page.get_by_test_id("queues")).to_contain_text("1")
            await keys_only.stop(signal.SIGKILL)
        await keys_only.start()
        await keys_only.contact(caller_number="1001", disposition="lost")
        await expect(desk.page.get_by_test_id("desk")).to_have_attribute("data-link", "open", timeout=20_000)
        await desk.go("available")
        await asyncio.sleep(2.0)  # in which nothing rings
        await expect(desk.page.get_by_test_id("accept")).to_have_count(0)
        await desk.until_state("available")
        async with Baresip(tmp_path / "next", quiet(tmp_path), user="1002") as phone:
            await keys_only.called_by(phone, "0")
            await desk.until_ring()
            await desk.accept()
            await phone.speak(write_wav(tmp_path / "tone.wav", tone(CALLER_TONE, 8)))
            await desk.until_level(CALLER_TONE, -30.0)
            await phone.hang_up()
            row = await keys_only.contact(caller_number="1002", disposition="served")
    assert row["agent_id"] == "wangfang"


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[HotlineProcess]:
    """A node that lets calls go on for a minute when it is told to stop."""
    folder = tmp_path / "node"
    folder.mkdir()
    async with HotlineProcess(folder, speech={"enabled": False}, drain_seconds=60.0) as node:
        yield node


async def test_an_order_to_stop_lets_calls_go_on_and_takes_no_new_ones(patient: HotlineProcess, tmp_path: Path) -> None:
    """SIGTERM: the running call still hears and is heard until it ends by itself; a new one gets 503 meanwhile."""
    async with (
        Baresip(tmp_path / "phone", quiet(tmp_path), user="1001") as phone,
        Baresip(tmp_path / "late", quiet(tmp_path), user="1002") as late,
    ):
        await patient.called_by(phone, "1")
        stopping = asyncio.create_task(patient.stop(signal.SIGTERM, 90.0))
        await patient.until_line("may go on")
        await late.dial(patient.sip)
        closed = await late.wait_for("CALL_CLOSED")
        await asyncio.sleep(3.0)  # so long it goes on, and is spoken to
        assert not stopping.done()
        assert not any(event.get("type") == "CALL_CLOSED" for event in phone.events)
        await phone.press("2")
        await patient.until_line(r" goodbye: Say\(")
        await asyncio.sleep(0.5)  # of what is said then
        await phone.hang_up()
        assert await stopping == 0
    assert "503" in str(closed)
    assert any("may go on" in line for line in patient.output)
    samples, rate = read_wav(phone.heard()[0])
    assert len(samples) > 3.5 * rate and rms(samples[-rate:]) > 100, "it was spoken to until its end"
    await patient.start()
    row = await patient.contact(caller_number="1001")
    assert (row["disposition"], row["end_cause"]) == ("left_flow", "hung_up")
    assert [turn["text"] for turn in row["turns"] if turn["speaker"] == "caller"] == ["1", "2"]
    assert len((await patient.api("/api/v1/contacts"))["contacts"]) == 1
