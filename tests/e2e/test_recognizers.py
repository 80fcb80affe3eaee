"""Recognisers that die, that are full, and that hear two languages, with a caller on a real SIP line."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest

from telephony.media.clip import Clip
from tests.e2e.conftest import AUDIO, SPEECH
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import read_wav
from tests.load.phone import Phone

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

FLOW = """
flow: greeting
languages: [zh, en]
entry: main
defaults:
  no_input: { retry: 1, then: bye }
  no_match: { retry: 1, then: bye }
  error: bye
  hangup: end
intents:
  bill: { zh: [我要查询账单], en: [I want to check my bill] }
  fault: { zh: [宽带坏了要报修], en: [my internet is down] }
states:
  main:
    menu: { say: main_question, options: [bill, fault], language: detect }
    on: { bill: which, fault: which }
  which:
    ask: { say: anything_else, expect: yes_no }
    on: { yes: bye, no: bye }
  bye:
    do: [{ say: goodbye }]
    hangup: normal
"""


def recording(name: str) -> Clip:
    samples, rate = read_wav(AUDIO / name)
    assert rate == 8000, name
    return Clip.from_pcm(samples, name)


def children(pid: int) -> list[int]:
    """Process ids of the children of a process, all its threads'."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for one in lists for child in one.read_text("ascii").split()]


def workers_of(server: HotlineProcess) -> list[int]:
    """The recognition workers of that node."""
    hosts = [pid for pid in children(server.pid) if b"ivr.speech.model_host" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(hosts) == 1
    return children(hosts[0])


async def metric(server: HotlineProcess, name: str) -> float:
    async with httpx.AsyncClient(base_url=server.url) as client:
        text = (await client.get("/metrics")).text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name)


async def test_a_killed_recogniser_costs_one_question_and_no_call(tmp_path: Path) -> None:
    """kill -9 of the only one while it listens: the question is put again, by voice, and what is said then is understood."""
    async with HotlineProcess(tmp_path, speech={**SPEECH, "workers": 1}) as server, Phone("1001") as phone:
        await phone.call(server.sip)
        await phone.until_quiet(1.0)
        [before] = workers_of(server)
        os.kill(before, signal.SIGKILL)
        killed = asyncio.get_running_loop().time()
        await phone.until_sound(killed + 0.2, within=10.0)
        await phone.until_quiet(1.0)
        phone.speak(recording("en_bill_michael.wav"))
        await server.until_line(r"Note\(intent='bill'")
        phone.hang_up()
        row = await server.contact(caller_number="1001", intent="bill")
        assert await metric(server, "hotline_speech_lost_total") == 1
        assert await metric(server, "hotline_speech_worker_restarts_total") == 1
        assert workers_of(server) not in ([], [before])
    said = [turn for turn in row["turns"] if turn["speaker"] == "caller"]
    assert [(turn["text"], turn["medium"]) for turn in said] == [("I want to check my bill", "speech")]
    asked = [turn["text"] for turn in row["turns"] if turn["speaker"] == "bot"]
    assert len(asked) >= 3 and "press" not in asked[1], "by voice, not for keys"
    assert server.log_lines(r"recognition worker \d+ ended with 1 turns; starting another")


async def test_where_no_recogniser_has_room_callers_are_told_and_keys_work(tmp_path: Path) -> None:
    async with (
        HotlineProcess(tmp_path, speech={**SPEECH, "workers": 1, "turns_per_worker": 1}) as server,
        Phone("1001") as first,
        Phone("+8613800138000") as second,
    ):
        await first.call(server.sip)
        await server.until_line(r"main: Listen\(")
        await second.call(server.sip)
        await second.until_quiet(1.0)
        second.press("2")
        await second.until_sound(asyncio.get_running_loop().time(), within=10.0)
        second.hang_up()
        row = await server.contact(caller_number="+8613800138000", intent="balance")
        first.hang_up()
        assert await metric(server, "hotline_speech_refused_total") >= 1
    asked = " ".join(turn["text"] for turn in row["turns"] if turn["speaker"] == "bot")
    assert "现在线路繁忙，请按键选择。" in asked
    assert server.log_lines("every recognition worker is full: callers are asked for keys")


@pytest.mark.parametrize(("name", "language"), [("en_fault_heart.wav", "en"), ("zh_fault_yunxi.wav", "zh")])
async def test_the_first_words_choose_the_language(tmp_path: Path, name: str, language: str) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "greeting.yaml").write_text(FLOW, "utf-8")
    server = HotlineProcess(tmp_path, speech=SPEECH, routes=[{"to": "*", "flow": "greeting"}])
    server.flows = str(tmp_path / "flows")
    async with server, Phone("77001") as phone:
        await phone.call(server.sip)
        await phone.until_quiet(1.0)
        phone.speak(recording(name))
        await phone.until_sound(asyncio.get_running_loop().time(), within=15.0)
        await phone.until_quiet(0.5)
        phone.hang_up()
        row = await server.contact(caller_number="77001", intent="fault")
    assert row["language"] == language
    asked = next(turn["text"] for turn in reversed(row["turns"]) if turn["speaker"] == "bot")
    assert asked == {"en": "Is there anything else I can help you with?", "zh": "请问还需要办理别的业务吗？"}[language]
