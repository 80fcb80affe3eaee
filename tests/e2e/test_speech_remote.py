"""A caller on a real SIP line whose words are recognised by another process, over WebSocket, as on another machine."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from telephony.media.clip import Clip
from tests.e2e.conftest import AUDIO, SPEECH
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import read_wav
from tests.load.phone import Phone

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@asynccontextmanager
async def asr_server(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, str]]]:
    """`ivr asr serve` with the test model; its process and its address for each language."""
    settings = folder / "asr.yaml"
    settings.write_text(yaml.safe_dump({"speech": SPEECH}), "utf-8")
    command = (sys.executable, "-m", "ivr", "asr", "serve", str(settings), "--listen", "127.0.0.6:0")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(100):
            lines = [(await process.stdout.readline()).decode().split()[0] for _ in SPEECH["models"]]
        yield process, {line.rpartition("/")[2]: line for line in lines}
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def recording(name: str) -> Clip:
    samples, rate = read_wav(AUDIO / name)
    assert rate == 8000, name
    return Clip.from_pcm(samples, name)


async def test_a_caller_is_understood_by_another_machine_and_its_end_loses_no_call(tmp_path: Path) -> None:
    """Killed in the middle of the second call: the question is put again instead of a hang-up, and keys work."""
    async with asr_server(tmp_path) as (far, urls):
        models = {language: {"engine": "remote", "url": url, "feed": "native8k"} for language, url in urls.items()}
        async with HotlineProcess(tmp_path, speech={"models": models, "workers": 1}) as server:
            async with Phone("1001") as phone:
                await phone.call(server.sip)
                await phone.until_quiet(1.0)
                phone.speak(recording("en_bill_michael.wav"))
                await phone.until_sound(asyncio.get_running_loop().time(), within=15.0)
                phone.hang_up()
                understood = await server.contact(caller_number="1001", intent="bill")
            async with Phone("1002") as phone:
                await phone.call(server.sip)
                await phone.until_quiet(1.0)
                far.kill()
                await far.wait()
                spoken = asyncio.get_running_loop().time()
                phone.speak(recording("en_bill_michael.wav"))
                await server.until_line(r"the vosk-server ws://127\.0\.0\.6:\d+/\w+ is lost", seconds=60.0)
                await phone.until_sound(spoken + 2.0, within=20.0)
                await phone.until_quiet(1.0)
                phone.press("1")
                await phone.until_sound(asyncio.get_running_loop().time(), within=15.0)
                phone.hang_up()
                keyed = await server.contact(caller_number="1002")
    said = [turn for turn in understood["turns"] if turn["speaker"] == "caller"]
    assert [(turn["text"], turn["medium"]) for turn in said] == [("I want to check my bill", "speech")]
    assert [turn["medium"] for turn in keyed["turns"] if turn["speaker"] == "caller"] == ["keys"]
