"""baresip over TLS against `ivr serve`: it calls, registers, and is rung along its connection."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from telephony.net.tls import names_of
from tests.e2e.baresip import Baresip, free_port
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import read_wav, rms, seconds_with, silence, tone, write_wav
from tests.interop.conftest import PASSWORD, settings_of
from tests.unit.telephony.net.certificates import Authority

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]

CALLER_TONE, AGENT_TONE = 440.0, 660.0


@dataclass
class Secure:
    """A node with a TLS listener, and the authority that signed its certificate."""

    node: HotlineProcess
    port: int
    ca: str
    authority: Authority


@pytest.fixture
async def secure(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Secure]:
    """A parameter is more options of the command."""
    authority = Authority(tmp_path)
    signed = authority.sign("127.0.0.1", "localhost", file="node")
    folder, flows, port = tmp_path / "node", tmp_path / "flows", free_port()
    folder.mkdir()
    flows.mkdir()
    tls = {"certificate": signed.certificate, "key": signed.key, "ca": authority.ca}
    settings = settings_of(flows, digest=["MD5"], listen=[f"tls://127.0.0.1:{port}"], tls=tls)
    async with HotlineProcess(folder, options=getattr(request, "param", ()), **settings) as node:
        yield Secure(node, port, authority.ca, authority)


def phone(secure: Secure, folder: Path, voice: Path, user: str, *, registers: bool = False, codecs: str = "pcmu") -> Baresip:
    return Baresip(
        folder,
        voice,
        user=user,
        password=PASSWORD,
        transport="tls",
        codecs=codecs,
        registrar=secure.port if registers else 0,
        config=(f"sip_cafile {secure.ca}",),
    )


async def test_calls_over_tls_with_keys_and_the_greeting_to_its_end(secure: Secure, tmp_path: Path) -> None:
    async with phone(secure, tmp_path / "tls", write_wav(tmp_path / "quiet.wav", silence(1)), "6002") as caller:
        await caller.dial(f"sip:1001@127.0.0.1:{secure.port};transport=tls")
        await caller.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(1.0)
        await caller.press("1")
        await caller.wait_for("CALL_CLOSED", 20.0)
        row = await secure.node.contact(caller_number="6002", disposition="self_served")
        assert [turn["text"] for turn in row["turns"] if turn["medium"] == "keys"] == ["1"]
    samples, rate = read_wav(caller.heard()[0])
    assert rms(samples[rate // 2 : rate]) > 300, "the question"
    assert rms(samples[-rate // 2 :]) > 300, "the greeting to its last word"


@pytest.mark.parametrize("secure", [(), ("--workers", "2")], indirect=True, ids=["alone", "workers"])
async def test_a_desk_phone_registered_over_tls_is_rung_along_its_connection(secure: Secure, tmp_path: Path) -> None:
    """Both legs over TLS, a tone each way for three seconds; with two workers the connections are a third process's."""
    caller_voice = write_wav(tmp_path / "caller.wav", tone(CALLER_TONE, 30))
    agent_voice = write_wav(tmp_path / "agent.wav", tone(AGENT_TONE, 30))
    async with (
        phone(secure, tmp_path / "desk", agent_voice, "6001", registers=True, codecs="pcma") as desk,
        phone(secure, tmp_path / "phone", caller_voice, "6002") as caller,
    ):
        await desk.registered()
        await caller.dial(f"sip:3000@127.0.0.1:{secure.port};transport=tls")
        await desk.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(3.0)
        await desk.hang_up()
        await caller.wait_for("CALL_CLOSED")
    for listener, hertz in ((caller, AGENT_TONE), (desk, CALLER_TONE)):
        samples, rate = read_wav(listener.heard()[0])
        assert seconds_with(samples, hertz, rate) > 2.3, f"{listener.user} heard too little of {hertz} Hz"


async def test_a_renewed_certificate_is_shown_after_sighup(secure: Secure) -> None:
    """No restart, and the process lives on."""

    async def shown() -> tuple[str, ...]:
        context = ssl.create_default_context(cafile=secure.ca)
        _, writer = await asyncio.open_connection("127.0.0.1", secure.port, ssl=context)
        names = names_of(writer.get_extra_info("peercert"))
        writer.close()
        return names

    assert await shown() == ("127.0.0.1", "localhost")
    secure.authority.sign("127.0.0.1", "renewed.example", file="node")
    os.kill(secure.node.pid, signal.SIGHUP)
    async with asyncio.timeout(5):
        while await shown() != ("127.0.0.1", "renewed.example"):  # noqa: ASYNC110 - it is another process that changes
            await asyncio.sleep(0.05)
