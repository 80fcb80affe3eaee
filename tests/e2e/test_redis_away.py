"""Redis dies for a while under a real server: calls that are up stay up, a new one is told and keeps its place."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from tests.e2e.baresip import Baresip
from tests.e2e.browser import Browser, write_tone
from tests.e2e.desk import DeskPage
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import read_wav, rms, seconds_with, silence, tone, write_wav
from tests.unit.ivr.nodes.redis_servers import RedisServers, free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

CALLER_TONE, AGENT_TONE = 440.0, 660.0
AWAY = float(os.environ.get("HOTLINE_REDIS_AWAY", "8"))
"""Seconds; 30 for the figures of docs/queues.md."""


def quiet(folder: Path) -> Path:
    return write_wav(folder / "quiet.wav", silence(1))


async def test_calls_go_on_without_redis_and_new_ones_keep_their_place(tmp_path: Path) -> None:
    caller_tone = write_wav(tmp_path / "tone.wav", tone(CALLER_TONE, AWAY + 60))
    (tmp_path / "node").mkdir()
    async with RedisServers(tmp_path) as servers:
        (port,) = free_ports(1)
        await servers.start(port, "appendonly yes")
        url = f"redis://127.0.0.1:{port}/0"
        async with (
            HotlineProcess(tmp_path / "node", speech={"enabled": False}, redis=url) as server,
            Browser(write_tone(tmp_path / "agent.wav", AGENT_TONE)) as browser,
            Baresip(tmp_path / "first", quiet(tmp_path), user="1001") as first,
            Baresip(tmp_path / "second", quiet(tmp_path), user="1002") as second,
        ):
            desk = await DeskPage.open(browser, server, "emma")
            await server.called_by(first, "0")
            await desk.until_ring()
            await desk.accept()
            await first.speak(caller_tone)
            await desk.until_level(CALLER_TONE, -30.0)
            await servers.kill(port)
            gone = time.monotonic()
            await server.called_by(second, "0")
            while time.monotonic() - gone < AWAY:
                assert await desk.level(CALLER_TONE) > -30.0, "the talk goes on"
                await asyncio.sleep(0.5)
            await servers.start(port)
            await server.until_line("contact c-.* waits for Redis")
            await desk.until_level(CALLER_TONE, -30.0)
            await asyncio.sleep(3.0)  # what comes back with Redis ends no talk
            await desk.until_state("in_call")
            await first.hang_up()
            await desk.until_state("wrap_up")
            await desk.wrap_up("solved", "fine")
            await desk.until_ring()
            await desk.accept()
            await second.speak(caller_tone)
            await desk.until_level(CALLER_TONE, -30.0)
            await second.hang_up()
            served = await server.contact(caller_number="1001", disposition="served")
            kept = await server.contact(caller_number="1002", disposition="served")
    assert served["talk_seconds"] > AWAY
    assert kept["wait_seconds"] > AWAY - 3, "it counts from the first try"
    said = [turn["text"] for turn in kept["turns"] if turn["speaker"] == "bot"]
    assert any("排队时间已经记下" in text or "place in the queue is kept" in text for text in said), said
    samples, rate = read_wav(first.heard()[0])
    assert seconds_with(samples, AGENT_TONE, rate) > AWAY, "the agent was heard all the time"
    waited, rate = read_wav(second.heard()[0])
    assert rms(waited[: int(AWAY * rate)]) > 100, "and there was never silence alone"
