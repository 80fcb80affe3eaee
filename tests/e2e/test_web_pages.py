"""The built pages in headless Chromium, on the real web room and the real WebRTC gateway; queue and dialplan are played."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from playwright.async_api import Page, expect
from redis.asyncio import Redis

from ivr.acd.desk import RingOutcome
from ivr.acd.embedded import start_embedded
from ivr.errors import NotFound
from ivr.web.app import build_web
from ivr.web.desk import DeskHub
from ivr.web.parts import Account, BrowserLeg, CallerPage, WebParts
from telephony.gateway.webrtc import WebRtcGateway, WebRtcLeg
from telephony.leg import DtmfReceived, Frame, LegEvent, LegState
from telephony.media.clip import Clip
from telephony.net.ticker import Ticker
from tests.e2e.browser import Browser, tone_level, until_heard, write_tone
from tests.e2e.hostile import LONG, NAME, TEXT, Watch

STATIC = Path(__file__).parents[2] / "ivr" / "web" / "static"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not (STATIC / "desk.html").is_file(), reason="the pages are not built: make pages"),
]

TURNS = [
    {"at": 0, "speaker": "bot", "text": "How can I help?", "language": "en", "medium": "speech", "confidence": None},
    {"at": 2, "speaker": "caller", "text": "my bill is wrong", "language": "en", "medium": "speech", "confidence": 0.9},
]


def contact(phase: str) -> dict[str, Any]:
    return {
        "id": "c-1",
        "phase": phase,
        "queue": "support",
        "channel": "sip",
        "caller": {"number": "+8613800138000", "name": "Li Qiang", "authenticated": False},
        "profile": {"name": "Li Qiang"},
        "language": "en",
        "intent": {"name": "bill", "label": "bill", "confidence": 0.9},
        "slots": {},
        "tags": [],
        "needs": {},
        "why": "bill 5",
        "started_at": 1790000000.0,
        "queued_at": 1790000031.0,
        "answered_at": None,
        "held": phase == "held",
        "note": "",
        "turns": [{**turn, "state": "main", "intent": ""} for turn in TURNS],
    }


@dataclass
class Played:
    """Agent actions and accounts of one agent, without a queue."""

    done: list[tuple[str, ...]] = field(default_factory=list)
    state: str = "offline"
    hub: DeskHub | None = None

    def agent(self) -> dict[str, Any]:
        words = {"id": "wang", "name": "Wang Fang", "state": self.state, "reason": "", "since": 1790000000.0}
        return {**words, "until": None, "skills": {"bill": 5}, "languages": ["en"]}

    async def page_opened(self, agent_id: str) -> Mapping[str, Any]:
        return {"agent": self.agent(), "queues": [{"name": "support", "waiting": 1, "longest_since": None}]}

    async def page_closed(self, agent_id: str, reason: str = "page closed") -> None:
        self.done.append(("page_closed",))

    async def set_state(self, agent_id: str, state: str, reason: str) -> None:
        self.state = state
        assert self.hub is not None
        self.hub.push(agent_id, "agent", self.agent())

    async def hold(self, agent_id: str, contact_id: str) -> None:
        self.done.append(("hold", contact_id))

    async def resume_call(self, agent_id: str, contact_id: str) -> None:
        self.done.append(("resume_call", contact_id))

    async def hang_up(self, agent_id: str, contact_id: str) -> None:
        self.done.append(("hang_up", contact_id))

    async def dtmf(self, agent_id: str, contact_id: str, digits: str) -> None:
        self.done.append(("dtmf", contact_id, digits))

    async def note(self, agent_id: str, contact_id: str, text: str) -> None:
        self.done.append(("note", contact_id, text))

    async def extend_wrap_up(self, agent_id: str) -> None: ...
    async def why_no_calls(self, agent_id: str) -> None: ...
    async def show(self, agent_id: str, contact_id: str) -> None: ...
    async def transfer(self, agent_id: str, contact_id: str, to: str) -> None: ...
    async def consult(self, agent_id: str, contact_id: str, to: str) -> None: ...
    async def toggle(self, agent_id: str, contact_id: str) -> None: ...
    async def three_way(self, agent_id: str, contact_id: str) -> None: ...
    async def complete(self, agent_id: str, contact_id: str) -> None: ...
    async def back(self, agent_id: str, contact_id: str) -> None: ...
    async def park(self, agent_id: str, contact_id: str, slot: str) -> None: ...
    async def pick_up(self, agent_id: str, slot: str) -> None: ...
    async def record(self, agent_id: str, contact_id: str, action: str) -> None: ...
    async def announce(self, agent_id: str, contact_id: str, prompt: str) -> None: ...
    async def monitor(self, agent_id: str, contact_id: str, mode: str) -> None: ...
    async def listener(self, name: str, there: bool) -> None: ...
    async def reattach(self, agent_id: str, contact_id: str) -> None: ...
    async def dial(self, agent_id: str, to: str) -> None: ...
    async def redial(self, agent_id: str) -> None: ...
    async def directory(self, agent_id: str, query: str) -> None: ...

    async def wrap_up(self, agent_id: str, contact_id: str, disposition: str, note: str, follow_up: str = "") -> None:
        self.done.append(("wrap_up", contact_id, disposition, note))

    async def verify(self, username: str, password: str) -> Account | None:
        return self.find(username) if password == "secret" else None

    def find(self, account_id: str) -> Account | None:
        return Account("wang", "Wang Fang") if account_id == "wang" else None

    async def list(self, *_: object) -> list[dict[str, Any]]:
        return []

    async def get(self, contact_id: str) -> dict[str, Any]:
        raise NotFound(contact_id)


@dataclass
class Node:
    url: str
    hub: DeskHub
    played: Played
    callers: list[tuple[BrowserLeg, CallerPage, str, str, str]]


async def no_metrics() -> str:
    return ""


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        server = runner.run(start_embedded(Path(folder)))
        yield server.url
        runner.run(server.aclose())


@pytest.fixture
async def node(redis_url: str) -> AsyncIterator[Node]:
    ticker = Ticker()
    ticker.start()
    gateway = WebRtcGateway(ticker)
    redis = Redis.from_url(redis_url)
    settings = {"ring_seconds": 20, "wrap_up_seconds": 30, "dispositions": ["solved", "follow_up"]}
    played, callers = Played(), list[tuple[BrowserLeg, CallerPage, str, str, str]]()
    hub = DeskHub(gateway.offer, settings=settings)
    played.hub = hub
    hub.start(played)
    parts = WebParts(
        accounts=played,
        redis=redis,
        desk=hub,
        contacts=played,
        admin_token="token",
        open_leg=gateway.offer,
        on_caller_leg=lambda *call: callers.append(call),
        health=lambda: {"status": "ok", "version": "0.1.0", "sip": [], "speech": {}, "flows": []},
        metrics=no_metrics,
        static=STATIC,
    )
    server = uvicorn.Server(uvicorn.Config(build_web(parts), host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Node(f"http://127.0.0.1:{port}", hub, played, callers)
    await hub.close()
    await gateway.close()
    server.should_exit = True
    await task
    await redis.aclose()
    await ticker.close()


async def until(condition: Callable[[], bool], *, within: float = 30.0) -> None:
    for _ in range(int(within / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")


async def signed_in(browser: Browser, node: Node) -> Page:
    page = await browser.page(f"{node.url}/desk")
    await page.fill("[data-testid=login-user]", "wang")
    await page.fill("[data-testid=login-password]", "secret")
    await page.click("[data-testid=login-submit]")
    await page.click("[data-testid=go-available]")
    await page.wait_for_selector("[data-testid=desk][data-agent-state=available]")
    return page


async def test_agent_reads_then_rings_then_talks(node: Node, tmp_path: Path) -> None:
    async with Browser(write_tone(tmp_path / "microphone.wav", 660)) as browser:
        page = await signed_in(browser, node)
        assert await node.hub.present("wang", contact("offered")) is True
        shown = await page.locator("[data-testid=turn]").all_inner_texts()
        assert any("my bill is wrong" in text for text in shown)
        ringing = asyncio.create_task(node.hub.ring("wang", "c-1", 20.0))
        await page.click("[data-testid=accept]")
        assert await ringing is RingOutcome.ACCEPTED

        node.hub.push("wang", "contact", contact("connecting"))
        leg = await node.hub.connect("wang", "c-1")
        node.hub.push("wang", "contact", contact("connected"))
        frames: list[Frame] = []
        leg.hear(frames.append)
        leg.play([Clip.tone(440, 1.0)], repeat=True)
        await until_heard(page, 440, at_least=0.1)
        await until(lambda: len(frames) > 50 and tone_level(np.concatenate(frames[-20:]), 660) > 0.1)

        await page.click("[data-testid=hang-up]")
        await until(lambda: ("hang_up", "c-1") in node.played.done)
        leg.hang_up()
        # The one 401 is the page asking who is signed in before anybody is.
        assert [line for line in browser.console if "401" not in line and "404" not in line] == []


async def test_note_and_outcome_are_kept_while_they_are_typed(node: Node) -> None:
    async with Browser() as browser:
        page = await signed_in(browser, node)
        node.played.state = "wrap_up"
        node.hub.push("wang", "contact", contact("wrap_up"))
        node.hub.push("wang", "agent", node.played.agent())
        await page.fill("[data-testid=note]", "explained the bill")
        await page.click("[data-testid=disposition-solved]")
        await page.click("[data-testid=finish]")
        await until(lambda: ("wrap_up", "c-1", "solved", "explained the bill") in node.played.done)


async def test_caller_hears_is_heard_and_presses_keys(node: Node, tmp_path: Path) -> None:
    async with Browser(write_tone(tmp_path / "microphone.wav", 660)) as browser:
        page = await browser.page(f"{node.url}/call")
        await page.fill("[data-testid=name]", "Li Qiang")
        await page.click("[data-testid=dial]")
        await until(lambda: bool(node.callers))
        leg, line, name, language, to = node.callers[0]
        assert isinstance(leg, WebRtcLeg)
        assert (name, language, to) == ("Li Qiang", "en", "hotline")
        events: list[LegEvent] = []
        frames: list[Frame] = []
        leg.subscribe(events.append)
        leg.hear(frames.append)
        leg.answer()
        line.push("phase", {"phase": "bot"})
        line.push("caption", TURNS[0])
        leg.play([Clip.tone(440, 1.0)], repeat=True)
        await until_heard(page, 440, at_least=0.1)
        await until(lambda: len(frames) > 50 and tone_level(np.concatenate(frames[-20:]), 660) > 0.1)
        await page.wait_for_selector("text=How can I help?")
        await page.click("[data-testid=key-5]")
        await until(lambda: any(isinstance(event, DtmfReceived) and event.digit == "5" for event in events))
        await page.click("[data-testid=hang-up]")
        await until(lambda: leg.state is LegState.ENDED)
        assert browser.console == []


async def test_start_page_loads_under_its_policy(node: Node) -> None:
    async with Browser() as browser:
        page = await browser.page(f"{node.url}/", language="zh-CN", width=360, height=740)
        await page.wait_for_selector("[data-testid=health]")
        for door in ("call", "desk", "wall", "admin"):
            assert await page.locator(f"[data-testid=to-{door}]").count() == 1
        assert browser.console == []


async def test_what_was_understood_stands_on_the_desk_while_two_talk(node: Node) -> None:
    async with Browser() as browser:
        page = await signed_in(browser, node)
        why = [{"zh": "重复三次", "en": "asked three times"}]
        handover: dict[str, Any] = {"summary": "Bill too high.", "summary_by": "a model", "why": ["asked for a person"]}
        handover |= {"mood": "tense", "mood_level": 0.5, "mood_trend": "rising", "mood_why": why}
        node.hub.push("wang", "contact", {**contact("connected"), "answered_at": 8.0, "handover": handover})
        mood = page.get_by_test_id("mood")
        await expect(mood).to_contain_text("asked three times")
        await expect(mood).to_have_attribute("data-trend", "rising")
        await expect(page.get_by_test_id("summary")).to_contain_text("written by AI")
        for number, key in enumerate("482"):
            turn = {**TURNS[1], "at": 5 + number, "text": key, "medium": "keys", "confidence": None}
            node.hub.push("wang", "turn", {"contact_id": "c-1", "index": 2 + number, "turn": turn})
        await expect(page.get_by_test_id("turn").nth(2)).to_contain_text("pressed 4 8 2")
        said = {
            **TURNS[1],
            "at": 9,
            "speaker": "agent",
            "text": "your card 4111 1111 1111 1111",
            "confidence": 0.4,
            "state": "talk",
        }
        node.hub.push("wang", "turn", {"contact_id": "c-1", "index": 5, "turn": said})
        await expect(page.get_by_test_id("turn").last).to_contain_text("unsure")
        node.hub.push("wang", "turn", {"contact_id": "c-1", "index": 5, "turn": {**said, "text": "your card [card]"}})
        await expect(page.get_by_test_id("turns")).not_to_contain_text("4111")
        trigger = {
            "at": 9.5,
            "name": "promise",
            "kind": "promise",
            "speaker": "agent",
            "text": "your card",
            "turn": 5,
            "task": "T-7",
        }
        node.hub.push("wang", "trigger", {"contact_id": "c-1", "trigger": trigger})
        await expect(page.get_by_test_id("trigger")).to_contain_text("task T-7")
        hint = {"at": 10.0, "name": "calm", "kind": "calm", "text": {"zh": "先道歉", "en": "Apologise first"}}
        node.hub.push("wang", "hint", {"contact_id": "c-1", "hint": hint})
        await expect(page.get_by_test_id("advice")).to_contain_text("Apologise first")
        await page.get_by_test_id("hint-close").click()
        await expect(page.get_by_test_id("advice")).to_be_empty()
        side = {"seconds": 10.0, "utterances": 2, "rate": 200, "unit": "words"}
        talk = {"seconds": 40.0, "silence": 0.5, "talk_over": 0.12, "talk_overs": 2, "caller": side, "agent": side}
        node.hub.push("wang", "measures", {"contact_id": "c-1", "talk": talk})
        await expect(page.get_by_test_id("talk-bar")).to_contain_text("overlap 12 %")
        assert [line for line in browser.console if "401" not in line and "404" not in line] == []


async def test_markup_in_what_was_said_stays_text(node: Node) -> None:
    """All that a caller, a recogniser, a model and another desk may put before the agent, with scripts in it."""
    async with Browser() as browser:
        page = await signed_in(browser, node)
        watch = await Watch.on(page, node.url)
        await page.wait_for_selector("[data-testid=desk][data-agent-state=available]")
        why = [{"zh": TEXT, "en": TEXT}]
        handover: dict[str, Any] = {"summary": TEXT, "summary_by": NAME, "why": [TEXT], "mood": "tense", "mood_why": why}
        shown = contact("connected") | {
            "answered_at": 4.0,
            "caller": {"number": NAME, "name": NAME, "authenticated": True},
            "profile": {"name": NAME, "tier": NAME, "products": [TEXT, {"name": TEXT}], NAME: TEXT},
            "intent": {"name": NAME, "label": NAME, "confidence": 0.9},
            "slots": {NAME: TEXT},
            "tags": [NAME, LONG],
            "needs": {NAME: 3},
            "why": TEXT,
            "note": TEXT,
            "queue": NAME,
            "handover": handover | {"mood_level": 0.5, "mood_trend": "rising"},
        }
        node.hub.push("wang", "contact", shown)
        for index, speaker in enumerate(("caller", "agent", "bot")):
            turn = {**TURNS[1], "at": 5 + index, "speaker": speaker, "text": TEXT, "confidence": 0.3}
            node.hub.push("wang", "turn", {"contact_id": "c-1", "index": 2 + index, "turn": turn})
        trigger = {"at": 9.5, "name": NAME, "kind": "promise", "speaker": "agent", "text": TEXT, "turn": 3, "task": NAME}
        node.hub.push("wang", "trigger", {"contact_id": "c-1", "trigger": trigger})
        hint = {"at": 10.0, "name": NAME, "kind": "calm", "text": {"zh": TEXT, "en": TEXT}}
        node.hub.push("wang", "hint", {"contact_id": "c-1", "hint": hint})
        node.hub.push("wang", "told", {"kind": "broadcast", "text": TEXT, "by": NAME, "at": 1790000000.0})
        await expect(page.get_by_test_id("turns")).to_contain_text("<script>window.__xss=2</script>")
        await expect(page.get_by_test_id("advice")).to_contain_text("onerror=")
        await watch.clean()
