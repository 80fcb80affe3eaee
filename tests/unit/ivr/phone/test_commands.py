"""`ivr phone` against a gateway on loopback and against itself; what it prints, and how it ends."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivr.__main__ import main
from ivr.errors import ConfigError
from ivr.phone import cli, commands
from ivr.phone.certificate import self_signed
from ivr.phone.line import Line, LineOptions, local_address, parse_uri
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener, WireSettings
from telephony.leg import EndCause, Ended
from telephony.media.clip import Clip
from telephony.net.tls import TlsSettings
from telephony.sip.digest import Account
from telephony.sip.keying import Secrecy, Srtp
from telephony.sip.negotiation import MediaPolicy
from tests.e2e.baresip import free_port
from tests.e2e.signals import read_wav, share_of, tone, write_wav
from tests.unit.telephony.gateway.test_sip import OPEN, Node, running

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def _short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens where some of the calls go."""
    monkeypatch.setattr("telephony.gateway.sip.FAREWELL", 0.3)


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)
    return parser.parse_args(words)


async def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and report of `ivr phone call`."""
    capsys.readouterr()
    code = await commands.call(parsed("call", *words))
    return code, json.loads(capsys.readouterr().out)


@asynccontextmanager
async def node(**settings: Any) -> AsyncIterator[Node]:
    """A gateway that answers with a tone of 440 Hz."""

    def take(leg: SipLeg) -> None:
        leg.ring()
        leg.answer()
        leg.play([Clip.tone(440, 1.0)], repeat=True)

    async with running(**settings) as found:
        found.on_call = take
        yield found


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_call_is_measured(transport: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    voice = write_wav(tmp_path / "voice.wav", tone(700, 1.0, rate=44100), 44100)
    async with node(**OPEN) as far:
        heard: list[Any] = []
        far_take = far.on_call

        def take(leg: SipLeg) -> None:
            far_take(leg)
            leg.hear(heard.append)

        far.on_call = take
        code, report = await call(
            capsys,
            far.uri(transport=transport),
            *("--play", str(voice), "--keys", "100ms:12#", "--record", str(tmp_path / "out.wav"), "--seconds", "1500ms"),
            *("--user", "ann", "--display", "Ann", "--expect-audio", "--json"),
        )
        leg, ear = far.legs[0], far.ears[0]
        await asyncio.sleep(0)
    assert code == 0
    assert (report["state"], report["status"], report["codec"], report["sent"]) == ("answered", "200 OK", "PCMU", "12#")
    assert (report["ended_by"], report["cause"]) == ("us", "released")
    assert report["set_up_ms"] >= report["alerting_ms"] > 0 and 1.4 < report["seconds"] < 2.0
    assert abs(report["heard"]["tone_hz"] - 440) < 1 and report["heard"]["tone_share"] > 0.95
    assert report["heard"]["voiced_share"] > 0.9 and report["heard"]["continuity"] > 0.85
    assert report["media"]["packets_lost"] == 0 and report["media"]["packets_sent"] > 40
    assert (leg.caller.user, leg.caller.display) == ("ann", "Ann")
    assert [event.digit for event in ear.events if hasattr(event, "digit")] == ["1", "2", "#"]
    assert share_of(np.concatenate(heard[-25:]), 700) > 0.9, "what was played came through, resampled"
    samples, rate = read_wav(tmp_path / "out.wav")
    assert rate == 8000 and share_of(samples[4000:8000], 440) > 0.9


@pytest.mark.parametrize(
    ("status", "state"), [(486, "busy"), (603, "declined"), (404, "unreachable"), (480, "no_answer"), (500, "failed")]
)
async def test_a_call_that_is_refused_says_why(status: int, state: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with node(**OPEN) as far:
        far.on_call = lambda leg: leg.hang_up(status=status)
        code, report = await call(capsys, far.uri())
    assert (code, report["state"], report["heard"]) == (1, state, None)
    assert report["status"].startswith(str(status))


async def test_nobody_answers_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    async with node(**OPEN) as far:
        far.on_call = lambda leg: leg.ring()
        code, report = await call(capsys, far.uri(), "--wait", "200ms")
        assert (await far.ears[0].until(Ended)).cause is EndCause.CANCELLED
    assert (code, report["state"]) == (1, "no_answer") and report["alerting_ms"] is not None


async def test_digest_as_client(capsys: pytest.CaptureFixture[str]) -> None:
    account = Account("6001", "secret")
    async with node(credentials=lambda user: account if user == "6001" else None) as far:
        who = (far.uri(), "--seconds", "300ms", "--user", "6001")
        code, report = await call(capsys, *who, "--password", "secret")
        assert (code, report["state"], far.legs[0].caller.authenticated) == (0, "answered", True)
        for password in (("--password", "wrong"), ()):
            code, report = await call(capsys, *who, *password)
            assert (code, report["status"][:3]) == (1, "401")


async def test_silence_fails_where_audio_is_expected(capsys: pytest.CaptureFixture[str]) -> None:
    async with node(**OPEN) as far:
        far.on_call = lambda leg: leg.answer()
        assert (await call(capsys, far.uri(), "--seconds", "300ms"))[0] == 0
        code, report = await call(capsys, far.uri(), "--seconds", "300ms", "--expect-audio")
    assert code == 1 and report["heard"]["continuity"] == 0.0


async def test_who_says_nothing_sends_silence_and_is_not_taken_for_dead(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    voice = write_wav(tmp_path / "voice.wav", tone(700, 0.1), 8000)
    async with node(**OPEN) as far:
        for said in ((), ("--play", str(voice))):
            _, report = await call(capsys, far.uri(), *said, "--seconds", "800ms", "--json")
            assert report["media"]["packets_sent"] > 25


async def test_the_codec_is_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    async with node(**OPEN) as far:
        _, report = await call(capsys, far.uri(), "--seconds", "500ms", "--codec", "pcma")
    assert report["codec"] == "PCMA" and abs(report["heard"]["tone_hz"] - 440) < 1


async def test_tls_with_srtp_and_the_check_of_the_certificate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wire = WireSettings(tls=TlsSettings(certificate=self_signed(tmp_path)))
    listeners = (Listener("udp", "127.0.0.1", 0), Listener("tls", "127.0.0.1", 0))
    media = MediaPolicy(secrecy=Secrecy(srtp=Srtp.REQUIRED))
    async with node(**OPEN, wire=wire, listeners=listeners, media=media) as far:
        target = f"sip:1000@127.0.0.1:{far.gateway.listeners[1].port};transport=tls"
        code, report = await call(capsys, target, "--seconds", "800ms", "--srtp", "--insecure", "--expect-audio")
        assert (code, report["state"]) == (0, "answered") and abs(report["heard"]["tone_hz"] - 440) < 1
        code, report = await call(capsys, target, "--srtp")
        assert (code, report["state"]) == (1, "unreachable"), "nobody vouches for this certificate"
        code, report = await call(capsys, target, "--insecure")
        assert (code, report["status"][:3]) == (1, "488"), "it takes no call in the clear"


async def test_calls_are_answered_one_after_another(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    port, record = free_port(), tmp_path / "in.wav"
    words = ("answer", "--listen", f"udp://127.0.0.1:{port}", "--calls", "2", "--record", str(record), "--after", "100ms")
    waiting = asyncio.create_task(commands.answer(parsed(*words, "--json")))
    async with Line(LineOptions(host="127.0.0.1", user="bob")) as line:
        await _listens(port)
        for _ in range(2):
            code = await commands.call(parsed("call", f"sip:x@127.0.0.1:{port}", "--seconds", "400ms", "--user", "bob"))
            assert code == 0
        assert await asyncio.wait_for(waiting, 5) == 0
        assert line.addresses
    reports = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    answered = [one for one in reports if one["target"] == "bob"]
    assert len(answered) == 2 and all(one["ended_by"] == "far end" and one["ring_ms"] >= 95 for one in answered)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in-1.wav", "in-2.wav"]


async def _listens(port: int) -> None:
    """Until a bind there fails."""
    async with asyncio.timeout(5):
        while True:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    return
            await asyncio.sleep(0.02)


async def test_registers_and_is_called_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    account = Account("6001", "secret")
    async with node(credentials=lambda user: account if user == "6001" else None) as far:
        registrar = far.uri("6001")
        assert await commands.register(parsed("register", registrar, "--password", "secret")) == 0
        assert json.loads(capsys.readouterr().out)["state"] == "registered"
        assert await commands.register(parsed("register", registrar, "--password", "wrong")) == 1
        assert json.loads(capsys.readouterr().out)["status"].startswith("401")
        words = ("answer", "--register", registrar, "--password", "secret", "--seconds", "300ms")
        waiting = asyncio.create_task(commands.answer(parsed(*words)))
        async with asyncio.timeout(5):
            while not far.gateway.registrations:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.02)
        far.gateway.dial("6001", Line(LineOptions(user="carol")).caller).subscribe(lambda event: None)
        assert await asyncio.wait_for(waiting, 5) == 0
        assert json.loads(capsys.readouterr().out)["target"] == "carol"
        with pytest.raises(ConfigError, match=r"\A--register: [^\n]*401[^\n]*\Z"):
            await commands.answer(parsed("answer", "--register", registrar, "--password", "wrong"))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["call", "nonsense"], "is not a SIP URI with a user"),
        (["call", "sip:1000@127.0.0.1:9", "--keys", "x"], "neither keys such as 12#"),
        (["call", "sip:1000@127.0.0.1:9", "--play", "/no/such.wav"], "no such file"),
        (["call", "sip:1000@127.0.0.1:9", "--record", "/proc/no/out.wav"], "--record: /proc/no/out.wav"),
        (["answer", "--listen", "tcp:5060"], "is not udp://HOST:PORT"),
        (["answer", "--calls", "-1"], "--calls: -1"),
    ],
)
def test_mistakes_are_one_line(words: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["phone", *words]) == 1
    said = capsys.readouterr().err
    assert said.startswith("ivr: ") and said.count("\n") == 1 and error in said


async def test_ctrl_c_hangs_up_and_reports() -> None:
    async with node(**OPEN) as far:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ivr", "phone", "call", far.uri(), "--seconds", "0"), stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(20):
            while not far.ears or "Answered" not in far.ears[0].kinds:  # noqa: ASYNC110 - the call is yet to come
                await asyncio.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, _ = await asyncio.wait_for(process.communicate(), 10)
        assert (await far.ears[0].until(Ended)).cause is EndCause.HUNG_UP
    assert process.returncode == 0 and json.loads(out)["cause"] == "released"


def test_where_packets_leave_from() -> None:
    assert local_address(parse_uri("1000@127.0.0.1")) == "127.0.0.1"
    assert local_address(parse_uri("sip:1000@[::1]:5060")) == "::1"
    assert local_address(parse_uri("sip:1000@no-such-host.invalid")) == "0.0.0.0"


def test_the_recording_of_a_call_that_failed_is_a_wav(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "out.wav"
    assert main(["phone", "call", "sip:1000@127.0.0.1:9", "--record", str(path), "--wait", "100ms"]) == 1
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnframes()) == (8000, 0)
