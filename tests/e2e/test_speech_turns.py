"""Turns over real SIP calls: another language by voice, digits with pauses, anger, and a recogniser that dies in a wait.

The recogniser is a scripted server: what is proven is the chain from the caller's voice to the flow, not a model.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from telephony.media.clip import Clip
from tests.e2e.conftest import AUDIO
from tests.e2e.scripted_asr import ScriptedAsr
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import read_wav, silence
from tests.load.phone import Phone

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

FLOW = """
flow: desk
languages: [en, zh]
defaults:
  no_input: { retry: 0, then: end }
  no_match: { retry: 0, then: end }
  error: end
  chinese: { language: zh, to: main }
  angry: { tag: upset, to: sorry }
intents:
  bill: { en: [I want to check my bill], zh: [我要查询账单], label: { en: bill, zh: 账单 } }
  chinese: { en: [Chinese please], zh: [中文], label: { en: Chinese, zh: 中文 } }
  wait: { en: [let me wait], zh: [我要等], label: { en: wait, zh: 等 } }
states:
  main:
    menu: { say: anything_else, options: [bill, wait], timeout: 8s }
    on: { bill: number, wait: queue }
  number:
    ask: { say: fault_account, expect: { digits: { min: 8, max: 8 } }, into: account, timeout: 10s }
    on: { done: { tag: numbered, to: end } }
  sorry:
    do: [{ say: goodbye }]
    hangup: normal
  queue:
    enqueue: { queue: support, max_wait: 60s }
    on: { timeout: end, served: end, no_agents: end, closed: end, full: end }
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[HotlineProcess, ScriptedAsr]]:
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    (folder / "flows" / "desk.yaml").write_text(FLOW, "utf-8")
    async with ScriptedAsr() as asr:
        heard = {"engine": "remote", "url": asr.url}
        settings: dict[str, Any] = {"routes": [{"to": "*", "flow": "desk"}], "profiles": ""}
        server = HotlineProcess(folder, speech={"models": {"en": heard, "zh": heard}, "workers": 1}, **settings)
        server.flows = str(folder / "flows")
        async with server:
            yield server, asr


def clip(*names: str, pause: float = 0.0) -> Clip:
    parts = [part for name in names for part in (read_wav(AUDIO / name)[0], silence(pause))]
    return Clip.from_pcm(np.concatenate(parts), names[0])


async def row_of(server: HotlineProcess, phone: Phone) -> dict[str, Any]:
    """The record of the call once it is over. Asked before, the phone would stutter: one process, one loop."""
    await phone.until_ended(within=40.0)
    async with asyncio.timeout(15):
        while (row := await server.contact(caller_number=phone.user))["ended_at"] is None:  # noqa: ASYNC110  # it is written a moment later
            await asyncio.sleep(0.1)
    return row


def said(row: dict[str, Any], speaker: str = "caller") -> list[tuple[str, str]]:
    return [(turn["text"], turn["language"]) for turn in row["turns"] if turn["speaker"] == speaker]


async def test_the_language_is_changed_by_voice_in_mid_call(house: tuple[HotlineProcess, ScriptedAsr]) -> None:
    server, asr = house
    asr.scripts[:] = [["Chinese please"], ["我要查询账单"], list("一二三四五六七八")]
    async with Phone("3001") as phone:
        await phone.call(server.sip)
        await phone.until_quiet(1.0)
        phone.speak(clip("en_repeat_heart.wav"))
        await phone.until_sound(asyncio.get_running_loop().time() + 1.0, within=10.0)
        await phone.until_quiet(1.0)
        phone.speak(clip("zh_bill_xiaoxiao.wav"))
        await phone.until_sound(asyncio.get_running_loop().time() + 2.0, within=10.0)
        phone.hang_up()
        row = await row_of(server, phone)
    assert said(row)[:2] == [("Chinese please", "en"), ("我要查询账单", "zh")]
    assert [language for _, language in said(row, "bot")][:3] == ["en", "zh", "zh"]


async def test_digits_in_groups_with_pauses_are_not_cut(house: tuple[HotlineProcess, ScriptedAsr]) -> None:
    """Eight digits, 0.9 s between two of them after four: more silence than ends any other answer."""
    server, asr = house
    asr.scripts[:] = [["I want to check my bill"], ["one", "two", "three", "four", "five", "six", "seven", "eight"]]
    word = read_wav(AUDIO / "en_no_heart.wav")[0]
    loud = np.nonzero(np.abs(word) > 600)[0]
    word = word[loud[0] : loud[-1]]
    group = np.concatenate([np.concatenate((word, silence(0.25))) for _ in range(4)])
    async with Phone("3002") as phone:
        await phone.call(server.sip)
        await phone.until_quiet(1.0)
        phone.speak(clip("en_bill_heart.wav"))
        await phone.until_sound(asyncio.get_running_loop().time() + 1.5, within=10.0)
        await phone.until_quiet(1.0)
        phone.speak(Clip.from_pcm(np.concatenate((group, silence(0.65), group)), "digits"))
        row = await row_of(server, phone)
    assert said(row)[1][0] == "one two three four five six seven eight", row["turns"]
    assert "numbered" in row["tags"]


async def test_anger_that_is_spoken_takes_its_edge(house: tuple[HotlineProcess, ScriptedAsr]) -> None:
    server, asr = house
    asr.scripts[:] = [["this is ridiculous"]]
    async with Phone("3003") as phone:
        await phone.call(server.sip)
        await phone.until_quiet(1.0)
        phone.speak(clip("en_angry_heart.wav"))
        row = await row_of(server, phone)
    assert "upset" in row["tags"]
    assert said(row)[0][0] == "this is ridiculous"
    assert [turn["mood"] for turn in row["turns"] if turn["speaker"] == "caller"] == ["angry"]


async def test_who_waits_is_heard_after_the_recogniser_died(house: tuple[HotlineProcess, ScriptedAsr]) -> None:
    """In the queue nobody would ask again: the stream is opened anew by itself."""
    server, asr = house
    asr.scripts[:] = [["let me wait"], ["I want to check my bill"]]
    async with Phone("3004") as phone:
        await phone.call(server.sip)
        await phone.until_quiet(1.0)
        phone.speak(clip("en_repeat_heart.wav"))
        await server.until_line(r"queue: Enqueue\(", seconds=15.0)
        await asyncio.sleep(0.5)
        for pid in workers_of(server.pid):
            os.kill(pid, signal.SIGKILL)
        await server.until_line(r"recognition worker \d+ ended", seconds=15.0)
        await asyncio.sleep(3.0)  # another worker comes, and is sent what is heard
        phone.speak(clip("en_bill_heart.wav"))
        async with asyncio.timeout(20):
            while asr.scripts:  # noqa: ASYNC110  # the recogniser is a server of ours
                await asyncio.sleep(0.05)
        await asyncio.sleep(1.0)  # from the recogniser into the record
        phone.hang_up()
        row = await row_of(server, phone)
    assert [text for text, _ in said(row)] == ["let me wait", "I want to check my bill"]


def workers_of(pid: int) -> list[int]:
    """The recognition workers of a node: children of its model host."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.parent.name)] = int(fields[1])
    hosts = [child for child, parent in parents.items() if parent == pid and _runs(child, "ivr.speech.model_host")]
    return [child for child, parent in parents.items() if parent in hosts]


def _runs(pid: int, module: str) -> bool:
    try:
        return module in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False
