"""pyVoIP 1.6.8, an independent stack: its digest has no qop, its ACK a To tag of its own invention, its audio 8 bits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.baresip import Baresip
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import read_wav, rms, seconds_with, share_of, silence, tone, write_wav
from tests.interop.conftest import PASSWORD
from tests.interop.pyvoip import PyVoip

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

CALLER_TONE, AGENT_TONE = 440.0, 660.0


async def test_registers_calls_hears_the_prompt_and_is_hung_up(wary: HotlineProcess) -> None:
    async with PyVoip(wary.sip_port, "6002", PASSWORD) as phone:
        await phone.event("registered")
        await phone.command("dial", "1000")
        await phone.event("up")
        heard = await phone.hear(1.5)
        await phone.event("ended", 15.0)
        row = await wary.contact(end_cause="released", called="1000")
    assert rms(heard[4000:]) > 300, "the prompt is heard"
    assert row["disposition"] == "self_served"
    assert row["quality"]["packets_received"] > 50, "and its own packets were received"


async def test_a_wrong_password_does_not_register(wary: HotlineProcess) -> None:
    async with PyVoip(wary.sip_port, "6002", "wrong") as phone:
        await phone.event("refused")


def quiet(folder: Path) -> Path:
    return write_wav(folder / "quiet.wav", silence(1))


async def test_talks_both_ways_with_an_agent_on_a_desk_phone(md5: HotlineProcess, tmp_path: Path) -> None:
    """pyVoIP calls the queue; a registered baresip takes the call; each hears the other's tone; pyVoIP hangs up."""
    voice = write_wav(tmp_path / "agent.wav", tone(AGENT_TONE, 20))
    async with (
        Baresip(tmp_path / "desk", voice, user="6001", password=PASSWORD, registrar=md5.sip_port) as desk,
        PyVoip(md5.sip_port, "6002", PASSWORD) as phone,
    ):
        await desk.registered()
        await phone.event("registered")
        await phone.command("dial", "3000")
        await phone.event("up")
        await desk.wait_for("CALL_ESTABLISHED")
        await phone.command("say", CALLER_TONE, 3.0)
        await asyncio.sleep(0.5)
        heard = await phone.hear(2.0)
        await phone.command("hangup")
        await desk.wait_for("CALL_CLOSED")
        row = await md5.contact(disposition="served", agent_id="deskphone")
    samples, rate = read_wav(desk.heard()[0])
    assert seconds_with(samples, CALLER_TONE, rate) > 1.5
    assert share_of(heard, AGENT_TONE) > 0.8
    assert row["end_cause"] == "hung_up"


async def test_is_an_agents_device(md5: HotlineProcess, tmp_path: Path) -> None:
    """A registered pyVoIP phone is rung for a caller in the queue, answers, and is talked to; the caller hangs up."""
    voice = write_wav(tmp_path / "caller.wav", tone(CALLER_TONE, 20))
    async with (
        PyVoip(md5.sip_port, "6001", PASSWORD) as desk,
        Baresip(tmp_path / "phone", voice, user="6002", password=PASSWORD) as phone,
    ):
        await desk.event("registered")
        await phone.dial(f"sip:3000@127.0.0.1:{md5.sip_port}")
        await desk.event("up")
        await desk.command("say", AGENT_TONE, 3.0)
        await asyncio.sleep(0.5)
        heard = await desk.hear(2.0)
        await phone.hang_up()
        await desk.event("ended")
        row = await md5.contact(disposition="served", agent_id="deskphone")
    samples, rate = read_wav(phone.heard()[0])
    assert share_of(heard, CALLER_TONE) > 0.8
    assert seconds_with(samples, AGENT_TONE, rate) > 1.5
    assert row["end_cause"] == "hung_up"
