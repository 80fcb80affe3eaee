"""A call judged in Chromium: reviewed by rule, found by a word, played, scored, appealed, decided, calibrated."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from telephony.leg import LegState, Party
from tests.e2e.browser import Browser, heard, loudness
from tests.e2e.desk_client import DeskClient
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess

STATIC = Path(__file__).parents[2] / "ivr" / "web" / "static"
CALLER, AGENT = 403.0, 719.0
"""Hz: the voices."""
SLOW = 20_000
"""Milliseconds in which the page shows what happened, on a busy machine."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not (STATIC / "quality.html").is_file(), reason="the pages are not built: make pages"),
]

FLOW = """
flow: calls
languages: [en]
defaults: { error: over, no_agents: over, closed: over, full: over }
states:
  main: { do: [answer, { record: start }], say: balance_is, on: { done: queue } }
  queue: { enqueue: { queue: support, need: { telecom: 1 } } }
  over: { hangup: normal }
"""

CARD = """
scorecards:
  calls:
    title: { zh: 通话, en: Any call }
    sections:
      talk:
        title: { zh: 通话, en: The talk }
        questions:
          noted: { title: { zh: 备注, en: A note was written }, fatal: true, auto: { fact: note_written } }
          waited: { title: { zh: 等待, en: Served soon }, kind: scale, auto: { measure: wait_seconds, steps: [5, 10, 20, 40] } }
          solved: { title: { zh: 解决, en: Solved }, weight: 20 }
"""

KEEP = """
const Native = window.Audio;
window.__players = [];
window.Audio = class extends Native { constructor(...given) { super(...given); window.__players.push(this); } };
"""
"""Players make their own audio elements: the test keeps them, to measure what they play."""


async def test_a_call_is_judged(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    (folder / "flows" / "scorecards").mkdir(parents=True)
    (folder / "flows" / "calls.yaml").write_text(FLOW, "utf-8")
    (folder / "flows" / "scorecards" / "calls.yaml").write_text(CARD, "utf-8")
    async with Phones.open({"caller": CALLER, "ann": AGENT}) as phones:
        server = HotlineProcess(
            folder,
            speech={"enabled": False, "voice": "none"},
            routes=[{"to": "*", "flow": "calls"}],
            queues={"support": {"wrap_up": "60s"}},
            recording={"folder": str(folder / "calls"), "min_free_mb": 0},
            agents=[
                {"id": "ann", "name": "Ann", "device": phones.uri("ann"), "skills": {"telecom": 5}},
                {"id": "rita", "name": "Rita", "roles": ["quality"]},
                {"id": "boss", "name": "Boss", "roles": ["supervisor"]},
            ],
        )
        server.flows = str(folder / "flows")
        async with server, Browser() as browser:
            rita, ann, boss, contact = await asyncio.gather(
                signed_in(browser, server, "rita", "work"),
                signed_in(browser, server, "ann", "mine"),
                signed_in(browser, server, "boss", "appeals"),
                the_call(server, phones),
            )
            await reviewed_by_rule(server, contact)
            await found_and_played(rita, contact)
            await judged(rita)
            await appealed(ann)
            await decided(boss, ann)
            await calibrated(rita, boss, contact)
        assert not [line for line in browser.console if "Content Security" in line or "uncaught" in line], browser.console


async def signed_in(browser: Browser, server: HotlineProcess, who: str, place: str) -> Page:
    page = await browser.page(f"{server.url}/quality")
    await page.context.add_init_script(KEEP)
    await page.goto(f"{server.url}/quality#/{place}")
    await page.reload()
    await page.get_by_test_id("login-user").fill(who)
    await page.get_by_test_id("login-password").fill(server.password(who))
    await page.get_by_test_id("login-submit").click()
    await expect(page.get_by_test_id(place)).to_be_visible(timeout=SLOW)
    return page


async def the_call(server: HotlineProcess, phones: Phones) -> str:
    """A prompt, then three seconds with Ann, who wraps up without a word; returns the contact's id."""
    async with DeskClient.open(server, "ann") as desk:
        await desk.ask("set_state", state="available")
        caller = Phone(phones.gateway.dial(server.sip, Party("caller", "Caller")), CALLER)
        await caller.until(lambda: caller.leg.state is LegState.UP, "did not come up")
        ann = await phones.answered("ann")
        caller.speak()
        await caller.hears(ann)
        await asyncio.sleep(3.0)  # so much is to be heard later
        caller.leg.hang_up()
        contact = await desk.until("contact", phase="wrap_up")
        await desk.ask("wrap_up", contact_id=contact["id"], disposition="solved", note="")
        return str(contact["id"])


async def reviewed_by_rule(server: HotlineProcess, contact: str) -> None:
    """Nobody wrote a note: fatal. Nobody waited long: full marks."""
    await server.contact(id=contact)  # its row is in SQL a moment after the wrap-up
    async with asyncio.timeout(30):
        while not (found := (await server.api(f"/api/v1/quality/contacts/{contact}"))["reviews"]):  # noqa: ASYNC110  # another process does it
            await asyncio.sleep(0.3)
    (row,) = found
    assert (row["evaluator"], row["score"]["fatal"], row["score"]["open"]) == ("automatic", ["noted"], ["solved"])
    whole = await server.api(f"/api/v1/quality/reviews/{row['id']}")
    assert [whole["answers"][name]["value"] for name in ("noted", "waited")] == ["no", 5]


async def found_and_played(page: Page, contact: str) -> None:
    """A word leads to its second of the call; Chromium plays both voices from there."""
    await page.get_by_test_id("section-find").click()
    await page.get_by_test_id("find-words").fill("balance is")
    await page.get_by_test_id("find-send").click()
    hit = page.get_by_test_id("hit").first
    await expect(hit).to_contain_text("balance is", timeout=SLOW)
    await hit.click()
    await expect(page.get_by_test_id("listening")).to_have_attribute("data-contact", contact)
    await expect(page.get_by_test_id("transcript").locator("mark").first).to_be_visible(timeout=SLOW)
    await page.get_by_test_id("play").click()
    await page.wait_for_function("() => window.__players.some((one) => one.currentTime > 0 && !one.paused)", timeout=SLOW)
    await page.evaluate("() => window.__ear.listen(window.__players.find((one) => !one.paused).captureStream())")
    begun = await page.evaluate("() => window.__players.find((one) => !one.paused).currentTime")
    tones = {CALLER: 0.0, AGENT: 0.0}
    loudest = 0.0
    async with asyncio.timeout(20):
        while min(tones.values()) < 0.005 or loudest < 0.005:
            now = await heard(page, *tones)
            tones = {tone: max(level, now[tone]) for tone, level in tones.items()}
            loudest = max(loudest, await loudness(page))
            await asyncio.sleep(0.05)
    assert await page.evaluate("() => window.__players.some((one) => one.currentTime > " + str(begun) + ")")
    pause = page.get_by_test_id("play")
    if await page.get_by_test_id("player").get_attribute("data-playing") == "true":
        await pause.click()


async def judged(page: Page) -> None:
    """What the rules answered is there; the rest is answered, kept as it is written, and published; a note goes along."""
    await page.get_by_test_id("note-text").fill("Say first that you look it up.")
    await page.get_by_test_id("note-form").get_by_test_id("mark-moment").click()
    await page.get_by_test_id("note-send").click()
    await expect(page.get_by_test_id("note")).to_contain_text("look it up", timeout=SLOW)
    await page.get_by_test_id("review-begin").click()
    waited = page.get_by_test_id("question-waited")
    await expect(waited).to_be_visible(timeout=SLOW)
    await expect(page.get_by_test_id("blind")).to_have_count(0)
    await expect(waited).to_have_attribute("data-automatic", "true", timeout=SLOW)
    await expect(page.get_by_test_id("publish")).to_be_disabled()
    solved = page.get_by_test_id("question-solved")
    await solved.get_by_test_id("value-yes").check()
    await solved.get_by_test_id("comment-open").click()
    await solved.get_by_test_id("comment").fill("At once.")
    await expect(page.get_by_test_id("kept")).to_have_attribute("data-kept", "saved", timeout=SLOW)
    await page.reload()
    await expect(solved.get_by_test_id("comment")).to_have_value("At once.", timeout=SLOW)
    await expect(solved).to_have_attribute("data-value", "yes")
    await expect(page.get_by_test_id("publish")).to_have_text("Publish")
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_test_id("scorecard")).to_have_attribute("data-state", "published", timeout=SLOW)
    await expect(page.get_by_test_id("scorecard").get_by_test_id("score")).to_have_attribute("data-score", "0")


async def appealed(page: Page) -> None:
    """Ann sees both, says that she has read the note, and appeals against the one answer."""
    await page.reload()
    await expect(page.get_by_test_id("mine")).to_have_attribute("data-unseen", "1", timeout=SLOW)
    await page.get_by_test_id("note-read").click()
    await expect(page.get_by_test_id("note")).to_have_attribute("data-read", "true", timeout=SLOW)
    await page.get_by_test_id("mine-row").get_by_role("link").click()
    await expect(page.get_by_test_id("play")).to_be_visible(timeout=SLOW)
    await page.get_by_test_id("appeal-open").click()
    await expect(page.get_by_test_id("appeal-send")).to_be_disabled()
    await page.get_by_test_id("dispute-noted").check()
    await page.get_by_test_id("dispute-why-noted").fill("One second after the call is too short.")
    await page.get_by_test_id("appeal-send").click()
    await expect(page.get_by_test_id("scorecard")).to_have_attribute("data-state", "appealed", timeout=SLOW)


async def decided(boss: Page, ann: Page) -> None:
    """Somebody else decides; the score follows, and Ann reads why."""
    await boss.reload()
    await expect(boss.get_by_test_id("section-appeals")).to_contain_text("1", timeout=SLOW)
    await boss.get_by_test_id("appeal-row").get_by_role("link").first.click()
    one = boss.get_by_test_id("decide-noted")
    await one.get_by_test_id("decide-grant").click(timeout=SLOW)
    await one.get_by_test_id("value-yes").check()
    await expect(boss.get_by_test_id("decide-send")).to_be_disabled()
    await one.get_by_test_id("decide-why").fill("It is.")
    await boss.get_by_test_id("decide-send").click()
    await expect(boss.get_by_test_id("scorecard")).to_have_attribute("data-state", "settled", timeout=SLOW)
    await ann.reload()
    await expect(ann.get_by_test_id("decision")).to_have_attribute("data-granted", "true", timeout=SLOW)
    await expect(ann.get_by_test_id("scorecard").get_by_test_id("score")).to_have_attribute("data-score", "100")


async def calibrated(rita: Page, boss: Page, contact: str) -> None:
    """Both judge the same call, neither sees the other's answers or those of rules; then they see where they differ."""
    await rita.evaluate("id => location.assign(`#/contact/${id}`)", contact)
    await rita.get_by_test_id("calibrate").click(timeout=SLOW)
    await rita.get_by_test_id("evaluator-boss").check()
    await rita.get_by_test_id("calibrate-send").click()
    await expect(rita.get_by_test_id("calibration")).to_have_attribute("data-state", "open", timeout=SLOW)
    await expect(rita.get_by_test_id("close")).to_be_disabled()
    place = rita.url.partition("#")[2]
    await boss.evaluate("place => location.assign(`#${place}`)", place)
    for page, solved in ((rita, "yes"), (boss, "no")):
        await page.get_by_test_id("join").click(timeout=SLOW)
        await expect(page.get_by_test_id("blind")).to_be_visible(timeout=SLOW)
        for question, value in (("noted", "yes"), ("waited", "5"), ("solved", solved)):
            asked = page.get_by_test_id(f"question-{question}")
            await expect(asked).to_have_attribute("data-value", "")
            await asked.get_by_test_id(f"value-{value}").check()
        await expect(page.get_by_test_id("publish")).to_have_text("Hand in")
        await page.get_by_test_id("publish").click()
        await expect(page.get_by_test_id("publish")).to_have_count(0, timeout=SLOW)
    await rita.evaluate("place => location.assign(`#${place}`)", place)
    await rita.get_by_test_id("close").click(timeout=SLOW)
    await expect(rita.get_by_test_id("calibration-result")).to_be_visible(timeout=SLOW)
    await expect(rita.get_by_test_id("spread-solved")).not_to_have_attribute("data-spread", "0")
    await expect(rita.get_by_test_id("spread-noted")).to_have_attribute("data-spread", "0")
