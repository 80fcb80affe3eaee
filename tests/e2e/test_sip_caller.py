"""A real telephone calls; an agent in a real browser answers. Audio is measured at both ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.baresip import Baresip
from tests.e2e.browser import Browser, write_tone
from tests.e2e.conftest import AUDIO
from tests.e2e.desk import DeskPage
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import read_wav, seconds_with, silence, tone, write_wav

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

CALLER_TONE, AGENT_TONE = 440.0, 660.0


def quiet(folder: Path) -> Path:
    return write_wav(folder / "quiet.wav", silence(1))


async def test_a_caller_is_understood_and_reaches_an_agent_who_knows(server: HotlineProcess, tmp_path: Path) -> None:
    """Speech by Vosk, the queue, the transcript before the ring, both ways of audio, the wrap-up, the row."""
    microphone = write_tone(tmp_path / "agent.wav", AGENT_TONE)
    caller_tone = write_wav(tmp_path / "tone.wav", tone(CALLER_TONE, 8))
    async with Browser(microphone) as browser, Baresip(tmp_path / "phone", quiet(tmp_path), user="1001") as phone:
        desk = await DeskPage.open(browser, server, "wangfang")
        await server.called_by(phone)
        await asyncio.sleep(1.5)  # over the greeting, not at its first word
        await phone.speak(AUDIO / "en_agent_heart.wav")
        await desk.until_ring()
        turns = await desk.turns()
        assert any("Galaxy Telecom" in turn for turn in turns)
        assert any("let me talk to a person" in turn for turn in turns)
        await desk.accept()
        await phone.speak(caller_tone)
        await desk.until_level(CALLER_TONE, -30.0)
        await asyncio.sleep(2.0)  # of talk, measured below
        await desk.hang_up()
        await phone.wait_for("CALL_CLOSED", 15.0)
        await desk.until_state("wrap_up")
        await desk.wrap_up("solved", "Asked for a person; all is well.")
        await desk.until_state("available")
        marks = {mark["name"]: mark["at"] for mark in await desk.marks()}
        row = await server.contact(disposition="served", agent_disposition="solved")
    assert marks["contact_shown"] <= marks["ring"]
    samples, rate = read_wav(phone.heard()[0])
    assert seconds_with(samples, AGENT_TONE, rate) > 1.5
    assert (row["queue"], row["agent_id"], row["note"]) == ("support", "wangfang", "Asked for a person; all is well.")
    assert row["talk_seconds"] > 1.5
    said = [turn for turn in row["turns"] if turn["speaker"] == "caller"]
    assert [(turn["text"], turn["intent"]) for turn in said] == [("let me talk to a person", "agent")]
    assert 0.3 < said[0]["confidence"] <= 1.0
