"""`ivr serve --workers 2`: calls on both workers, one agent's page for all, and a worker that dies takes nobody else along."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.baresip import Baresip
from tests.e2e.browser import Browser, write_tone
from tests.e2e.server import SPEAKS, HotlineProcess
from tests.e2e.signals import read_wav, rms, silence, tone, write_wav
from tests.e2e.wired_page import WiredDesk

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

CALLER_TONE, AGENT_TONE, ASKED_TONE = 440.0, 660.0, 1500.0
STARTED = r"^\S+ \S+ I (\S+) ivr\.session\S* .*call started"
UP = r"node {} is up"


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[HotlineProcess]:
    """Two workers, keys only; a supervisor among the agents."""
    folder = tmp_path / "server"
    folder.mkdir()
    agents = [
        {"id": "emma", "skills": {"telecom": 3, "complaint": 8}, "languages": ["en", "zh"]},
        {"id": "liam", "name": "Liam", "roles": ["agent", "supervisor"]},
    ]
    async with HotlineProcess(folder, options=("--workers", "2"), speech={"enabled": False}, agents=agents) as server:
        yield server


def quiet(folder: Path) -> Path:
    return write_wav(folder / "quiet.wav", silence(1))


async def call_until_both_have_one(
    server: HotlineProcess, folder: Path, stack: AsyncExitStack
) -> dict[str, tuple[Baresip, str]]:
    """Call until each worker has a call: node to the phone and its user. Call-IDs are random, so it may take some calls."""
    found: dict[str, tuple[Baresip, str]] = {}
    begun = len(server.log_lines(STARTED))
    for n in range(12):
        user = f"10{n:02d}"
        phone = await stack.enter_async_context(Baresip(folder / user, quiet(folder), user=user))
        await phone.dial(server.sip)
        await phone.wait_for("CALL_ESTABLISHED")
        node = await newest_node(server, n + 1 + begun)
        if node in found:
            await phone.hang_up()
        else:
            found[node] = phone, user
        if len(found) == 2:
            return found
    raise AssertionError(f"twelve calls went to one worker: {found}")


def pid_of(server: HotlineProcess, node: str) -> int:
    found = re.search(r"pid (\d+)", server.log_lines(UP.format(node))[-1])
    assert found is not None
    return int(found[1])


async def newest_node(server: HotlineProcess, count: int) -> str:
    """The node of the `count`-th call: each line of a worker carries its name."""
    await server.until_line(STARTED, count)
    found = re.search(STARTED, server.log_lines(STARTED)[count - 1])
    assert found is not None
    return found[1]


async def test_each_worker_has_calls_and_one_desk_serves_both(pair: HotlineProcess, tmp_path: Path) -> None:
    caller_tone = write_wav(tmp_path / "tone.wav", tone(CALLER_TONE, 40))
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(Browser(write_tone(tmp_path / "agent.wav", AGENT_TONE)))
        asked = await stack.enter_async_context(Browser(write_tone(tmp_path / "asked.wav", ASKED_TONE)))
        desk = await WiredDesk.open(browser, pair, "emma")
        liam = await WiredDesk.open(asked, pair, "liam")
        await liam.go("offline")
        phones = await call_until_both_have_one(pair, tmp_path, stack)
        for node, (phone, user) in sorted(phones.items()):
            await phone.press("0")
            await desk.until_ring()
            await desk.accept()
            await phone.speak(caller_tone)
            await desk.until_level(CALLER_TONE, -30.0)
            await desk.page.get_by_test_id("hold").click()
            await asyncio.sleep(1.0)  # what was under way has come
            assert await desk.level(CALLER_TONE) < -50.0, f"hold works for the call on {node}"
            await desk.page.get_by_test_id("hold").click()
            await desk.until_level(CALLER_TONE, -30.0)
            if node != sorted(phones)[0]:  # the pages are at the first worker
                await asks_and_is_listened_to(pair, desk, liam)
            await phone.hang_up()
            await desk.until_state("wrap_up")
            row = await pair.contact(caller_number=user, disposition="served")
            assert (row["node"], row["agent_id"]) == (node, "emma")
            await desk.wrap_up("solved", "")
            samples, rate = read_wav(phone.heard()[0])
            assert rms(samples[-2 * rate :]) > 100, "the caller heard the agent"


async def asks_and_is_listened_to(pair: HotlineProcess, desk: WiredDesk, liam: WiredDesk) -> None:
    """A colleague is asked and comes back from a reload, a supervisor listens and whispers: on whichever worker the call is."""
    contact = (await desk.until_told("contact", phase="connected"))["id"]
    board = await liam.another_tab(pair, "/wall")
    await board.locator("[data-testid^=call-][data-phase=connected]").click(timeout=20_000)
    await board.get_by_test_id("mode-whisper").click()
    await expect(board.get_by_test_id("monitor-state")).to_have_attribute("data-mode", "whisper", timeout=20_000)
    await desk.hears(CALLER_TONE, ASKED_TONE)
    await board.get_by_test_id("mode-stop").click()
    await desk.hears(CALLER_TONE, not_=(ASKED_TONE,))
    await board.close()
    await liam.go("available")
    await desk.ask("consult", contact_id=contact, to="agent:liam")
    await liam.until_ring()
    await liam.accept()
    await liam.hears(AGENT_TONE, not_=(CALLER_TONE,))
    await liam.page.reload()
    await liam.hears(AGENT_TONE, not_=(CALLER_TONE,))
    await desk.hears(ASKED_TONE, not_=(CALLER_TONE,))
    await desk.ask("back", contact_id=contact)
    await desk.hears(CALLER_TONE, not_=(ASKED_TONE,))
    await liam.go("offline")


async def test_a_worker_that_dies_takes_only_its_own_calls_and_comes_back(pair: HotlineProcess, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        phones = await call_until_both_have_one(pair, tmp_path, stack)
        dying, living = sorted(phones)[1], sorted(phones)[0]
        os.kill(pid_of(pair, dying), signal.SIGKILL)
        await pair.until_line(UP.format(dying), count=2, seconds=90.0)
        phone, user = phones[living]
        spoken = len(pair.log_lines(SPEAKS))
        await phone.press("2")
        await pair.until_line(SPEAKS, spoken + 1)
        await phone.hang_up()
        row = await pair.contact(caller_number=user, end_cause="hung_up")
        assert "2" in [turn["text"] for turn in row["turns"]], "the other worker's call went on"
        await pair.contact(caller_number=phones[dying][1], disposition="lost")
        (tmp_path / "more").mkdir()
        more = await call_until_both_have_one(pair, tmp_path / "more", stack)
        assert sorted(more) == [living, dying], "the worker that was started again takes calls"


async def test_the_metrics_are_those_of_both_workers_and_of_the_door(pair: HotlineProcess) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(20):
            stranger.sendto(b"\x00\x01 no SIP at all", ("127.0.0.1", pair.sip_port))
    async with asyncio.timeout(20), httpx.AsyncClient() as client:
        while True:
            text = (await client.get(f"{pair.url}/metrics")).text
            calls = re.findall(r'^hotline_calls\{node="(\S+)"\} 0$', text, re.MULTILINE)
            kernel = re.findall(r'^hotline_sip_refused_total\{node="\S+",reason="kernel"\} (\d+)$', text, re.MULTILINE)
            if len(calls) == 2 and kernel == ["20"]:
                return
            await asyncio.sleep(0.5)
