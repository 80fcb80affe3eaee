"""baresip, an independent telephone (libre): TCP, A-law, digest, a desk phone that registers, hold and resume."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.baresip import Baresip
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import read_wav, rms, seconds_with, silence, tone, write_wav
from tests.interop.conftest import PASSWORD

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

CALLER_TONE, AGENT_TONE = 440.0, 660.0


def quiet(folder: Path) -> Path:
    return write_wav(folder / "quiet.wav", silence(1))


async def listens_and_presses(phone: Baresip, server: HotlineProcess) -> None:
    """Number 1001 asks; key 1 is yes, and the greeting follows; then the line is put down."""
    parameter = ";transport=tcp" if phone.transport == "tcp" else ""
    await phone.dial(f"sip:1001@127.0.0.1:{server.sip_port}{parameter}")
    await phone.wait_for("CALL_ESTABLISHED")
    await asyncio.sleep(1.0)
    await phone.press("1")
    await phone.wait_for("CALL_CLOSED", 20.0)


async def test_calls_over_tcp_and_in_a_law(md5: HotlineProcess, tmp_path: Path) -> None:
    """Two phones at once, each with its password: the prompt is heard, a key is pressed, the far end hangs up."""
    async with (
        Baresip(tmp_path / "tcp", quiet(tmp_path), user="6002", password=PASSWORD, transport="tcp") as tcp,
        Baresip(tmp_path / "alaw", quiet(tmp_path), user="6001", password=PASSWORD, codecs="pcma") as alaw,
    ):
        await asyncio.gather(*(listens_and_presses(phone, md5) for phone in (tcp, alaw)))
        for user in ("6001", "6002"):
            row = await md5.contact(caller_number=user, disposition="self_served")
            assert [turn["text"] for turn in row["turns"] if turn["medium"] == "keys"] == ["1"]
    for phone in (tcp, alaw):
        samples, rate = read_wav(phone.heard()[0])
        assert rms(samples[rate // 2 : rate]) > 300, "the question"
        assert rms(samples[-rate // 2 :]) > 300, "the greeting to its last word"


@pytest.mark.parametrize("password", ["wrong", ""])
async def test_a_stranger_is_refused(md5: HotlineProcess, tmp_path: Path, password: str) -> None:
    """Neither a wrong password nor none gets a call or a registration from a network that is not trusted."""
    async with Baresip(tmp_path / "phone", quiet(tmp_path), user="6002", password=password, registrar=md5.sip_port) as phone:
        await phone.dial(f"sip:1000@127.0.0.1:{md5.sip_port}")
        closed = await phone.wait_for("CALL_CLOSED")
        assert any("401" in line or "Authentication" in line for line in [*phone.lines, str(closed)]), phone.lines
        assert not any("binding" in line for line in phone.lines)
    assert (await md5.api("/api/v1/contacts"))["contacts"] == []


@pytest.mark.parametrize("holder", ["agent", "caller"])
async def test_a_desk_phone_is_rung_and_either_end_holds_and_resumes(md5: HotlineProcess, tmp_path: Path, holder: str) -> None:
    """A caller in µ-law, the agent's registered phone in A-law; 2 s of talk, 2 s of hold by re-INVITE, 2 s of talk.

    The one on hold hears four seconds. The holder's own recording ends with its hold: baresip 1.0 does not go on with it.
    """
    caller_voice = write_wav(tmp_path / "caller.wav", tone(CALLER_TONE, 30))
    agent_voice = write_wav(tmp_path / "agent.wav", tone(AGENT_TONE, 30))
    async with (
        Baresip(tmp_path / "desk", agent_voice, user="6001", password=PASSWORD, codecs="pcma", registrar=md5.sip_port) as desk,
        Baresip(tmp_path / "phone", caller_voice, user="6002", password=PASSWORD) as phone,
    ):
        await desk.registered()
        await phone.dial(f"sip:3000@127.0.0.1:{md5.sip_port}")
        await desk.wait_for("CALL_ESTABLISHED")
        holding = desk if holder == "agent" else phone
        await asyncio.sleep(2.0)
        await holding.command("hold")
        await asyncio.sleep(2.0)
        await holding.command("resume")
        await asyncio.sleep(2.0)
        await desk.hang_up()
        await phone.wait_for("CALL_CLOSED")
        row = await md5.contact(disposition="served", agent_id="deskphone")
    assert row["talk_seconds"] > 5.5
    for listener, hertz in ((phone, AGENT_TONE), (desk, CALLER_TONE)):
        samples, rate = read_wav(listener.heard()[0])
        seconds = seconds_with(samples, hertz, rate)
        expected = 2.0 if listener is holding else 4.0
        assert abs(seconds - expected) < 0.7, f"{listener.user} heard {seconds} s of {hertz} Hz"
