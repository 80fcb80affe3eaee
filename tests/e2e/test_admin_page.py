"""The admin pages in headless Chromium against `ivr serve`: flows, prompts, forms, with a lost connection and two people."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import Browser, write_tone
from tests.e2e.server import ROOT, HotlineProcess

STATIC = ROOT / "ivr" / "web" / "static"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not (STATIC / "admin.html").is_file(), reason="the pages are not built: make pages"),
]

DESK = """flow: desk
languages: [zh, en]
intents:
  bill: { zh: [查账单], en: [check my bill] }
  agent: { zh: [人工], en: [a person] }
defaults:
  no_input: { retry: 1, then: bye }
  no_match: { retry: 1, then: bye }
  error: bye
states:
  start:
    do: [answer]
    ask:
      say: main_question
      expect: { choice: [bill] }
    on: { bill: bye, agent: bye }
  bye:
    say: goodbye
    on: { done: end }
"""

CARDS = """# ours
cards:
  refund: # by us
    title: { zh: 退款, en: Refunds }
    text: { zh: 三十天内。, en: Within thirty days. }
    said: { zh: [退钱], en: [money back] }
"""

ADMINS = [
    {"id": "root", "name": "Root", "password": "x", "roles": ["agent", "admin"]},
    {"id": "emma", "name": "Emma", "password": "x", "roles": ["agent", "admin"]},
    {"id": "lucy", "name": "Lucy", "password": "x", "roles": ["agent", "supervisor"], "skills": {"telecom": 3}},
]


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[HotlineProcess]:
    """A node with a small flow and a few prompts of its own, which may be written."""
    folder = tmp_path / "node"
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "desk.yaml").write_text(DESK, "utf-8")
    (folder / "flows" / "scenes").mkdir()
    (folder / "flows" / "scenes" / "20-knowledge.yaml").write_text(CARDS, "utf-8")
    shutil.copytree(ROOT / "prompts", folder / "prompts")
    prompts = str(folder / "prompts")
    node = HotlineProcess(
        folder, speech={"enabled": False, "voice": "none"}, agents=ADMINS, prompts=prompts, routes=[{"to": "*", "flow": "desk"}]
    )
    node.flows = str(folder / "flows")
    async with node:
        yield node


async def signed_in(browser: Browser, node: HotlineProcess, path: str = "", who: str = "root", language: str = "en") -> Page:
    page = await browser.page(f"{node.url}/admin{path}", language=language)
    page.set_default_timeout(20_000)
    await page.fill("[data-testid=login-user]", who)
    await page.fill("[data-testid=login-password]", node.password(who))
    await page.click("[data-testid=login-submit]")
    await page.wait_for_selector("[data-testid=admin][data-link=open]")
    return page


async def opened(page: Page) -> None:
    """The editor is there, and the text was looked at."""
    await page.wait_for_selector("[data-testid=editor] .cm-content")
    await page.wait_for_selector("[data-testid=diagram-canvas] [data-state=start]")
    await page.wait_for_selector("[data-testid=problems][data-checking=false]")


async def replace(page: Page, old: str, new: str) -> None:
    """Find a line by its words, go to its end by keys, and write another end, as a person would."""
    line = page.locator("[data-testid=editor] .cm-line", has_text=old).first
    await line.click()
    await page.keyboard.press("End")
    await page.keyboard.press("Shift+Home")
    await page.keyboard.type(new)


async def kept(page: Page) -> None:
    await page.wait_for_selector("[data-testid=keeping][data-state=kept]")


async def call_to(node: HotlineProcess) -> str:
    """Text of the flow that a new call would have, by the API."""
    return str((await node.api("/api/v1/admin/flows/desk"))["live_text"])


async def test_a_mistake_is_shown_where_it_is_mended_and_published(node: HotlineProcess) -> None:
    async with Browser() as browser:
        page = await signed_in(browser, node)
        await page.wait_for_url("**/admin#/flows/desk")
        await opened(page)
        await expect(page.get_by_test_id("publish")).to_be_disabled()

        await replace(page, "on: { bill: bye", "on: { bill: byee, agent: bye }")
        await page.wait_for_selector("[data-testid=problem]")
        problem = page.get_by_test_id("problem").first
        await expect(problem).to_contain_text("bye")  # the cure: the nearest right one
        place = await problem.get_by_test_id("problem-place").inner_text()
        line = DESK.split("\n").index("    on: { bill: bye, agent: bye }") + 1
        assert place.startswith(f"{line}:")
        await page.wait_for_selector("[data-testid=editor] .cm-lintRange-error")
        await kept(page)
        assert "byee" not in await call_to(node)

        await problem.get_by_test_id("problem-place").click()
        await page.wait_for_selector(f"[data-testid=at-cursor] >> text={line}:")
        await replace(page, "bill: byee", "on: { bill: bye, agent: end }")
        await page.wait_for_selector("[data-testid=problems][data-errors='0'][data-checking=false]")
        await page.click("[data-testid=publish]")
        await expect(page.get_by_test_id("diff")).to_contain_text("agent: end")
        await page.fill("[data-testid=publish-note]", "a person is not there today")
        await page.click("[data-testid=publish-submit]")
        await page.get_by_test_id("publish-dialog").wait_for(state="detached")
        assert "agent: end" in await call_to(node)
        await page.goto(f"{node.url}/admin#/versions/desk")
        await expect(page.get_by_test_id("version-list")).to_contain_text("a person is not there today")
        # Those who are not signed in yet are told so with 401: nothing else may be complained about.
        assert [one for one in browser.console if "401" not in one] == []


async def test_completion_and_the_diagram_follow_the_text(node: HotlineProcess) -> None:
    async with Browser() as browser:
        page = await signed_in(browser, node, "#/flows/desk")
        await opened(page)
        await page.click("[data-testid=diagram-canvas] [data-state=bye] .name")
        await page.wait_for_selector("[data-testid=diagram-canvas] [data-state=bye].current")
        await expect(page.locator("[data-testid=editor] .cm-activeLine")).to_contain_text("bye:")
        await page.keyboard.press("Control+End")
        await page.keyboard.type("  more:\n  goto: st")
        await expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("start")
        await asyncio.sleep(0.2)  # the editor takes no Enter for a list that has only just come up
        await page.keyboard.press("Enter")
        await page.wait_for_selector("[data-testid=diagram-canvas] [data-state=more].current")
        await expect(page.locator("[data-testid=editor] .cm-activeLine")).to_contain_text("goto: start")


async def test_the_diagram_stays_where_one_looks_while_the_text_changes(node: HotlineProcess) -> None:
    async with Browser() as browser:
        page = await signed_in(browser, node, "#/flows/desk")
        await opened(page)
        for _ in range(6):
            await page.get_by_role("button", name="Larger").click()
        await page.locator("[data-testid=editor] .cm-line", has_text="say: goodbye").first.click()
        await page.wait_for_selector("[data-testid=diagram-canvas] [data-state=bye].current")
        box = "document.querySelector('[data-testid=diagram-canvas]')"
        before = await page.evaluate(f"[{box}.scrollLeft, {box}.scrollTop]")
        assert max(before) > 100
        await replace(page, "say: goodbye", "say: [goodbye, main_question]")
        await asyncio.sleep(1.5)  # the picture is drawn again
        after = await page.evaluate(f"[{box}.scrollLeft, {box}.scrollTop]")
        assert max(abs(one - other) for one, other in zip(before, after, strict=True)) < 60


async def test_a_scheduled_version_is_taken_back(node: HotlineProcess) -> None:
    async with Browser() as browser:
        page = await signed_in(browser, node, "#/flows/desk")
        await opened(page)
        await replace(page, "say: goodbye", "say: [goodbye, goodbye]")
        await kept(page)
        await page.click("[data-testid=publish]")
        await page.fill("[data-testid=publish-note]", "for the new year")
        await page.click("[data-testid=publish-later]")
        await page.fill("input[name=at]", f"{datetime.now(UTC).year + 1}-12-31T00:00")
        await page.click("[data-testid=publish-submit]")
        await page.get_by_test_id("publish-dialog").wait_for(state="detached")
        await page.goto(f"{node.url}/admin#/versions/desk")
        await page.locator("[data-testid=version-2][data-state=scheduled]").get_by_role("button", name="Take back").click()
        await expect(page.locator("[data-testid=version-2][data-state=cancelled]")).to_contain_text("taken back")
        assert [one for one in browser.console if "401" not in one] == []


async def test_a_new_flow_is_not_published_yet(node: HotlineProcess) -> None:
    async with Browser() as browser:
        page = await signed_in(browser, node, "#/flows/desk")
        await page.click("[data-testid=flow-new]")
        window, button = page.get_by_test_id("new-flow"), page.get_by_test_id("new-flow-make")
        assert await button.evaluate("one => one.offsetWidth") < await window.evaluate("one => one.offsetWidth / 2")
        await page.fill("[data-testid=new-flow-name]", "fresh")
        await page.click("[data-testid=new-flow-make]")
        await page.wait_for_selector("[data-testid=flow][data-name=fresh]")
        await page.click("[data-testid=to-versions]")
        await expect(page.get_by_test_id("versions")).to_contain_text("Nothing was published yet.")
        assert await page.get_by_role("alert").filter(has_text="no flow").count() == 0


async def test_a_session_that_ends_over_an_open_window_takes_nothing_away(node: HotlineProcess) -> None:
    async with Browser() as browser:
        page = await signed_in(browser, node, "#/flows/desk")
        await opened(page)
        async with page.expect_response("**/api/v1/admin/diagram"):  # else it is what finds out
            await replace(page, "say: goodbye", "say: [goodbye, goodbye]")
        await kept(page)
        await page.click("[data-testid=publish]")
        await page.fill("[data-testid=publish-note]", "twice")
        await page.context.clear_cookies()
        # Found out by this click, or by the page's own look at its session before it.
        await page.get_by_test_id("publish-submit").dispatch_event("click")
        await expect(page.get_by_test_id("login-user")).to_be_focused()
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await page.fill("[data-testid=login-user]", "root")
        await page.fill("[data-testid=login-password]", node.password("root"))
        await page.click("[data-testid=login-submit]")
        await page.get_by_test_id("login").wait_for(state="detached")
        await expect(page.get_by_test_id("publish-note")).to_have_value("twice")
        await page.click("[data-testid=publish-submit]")
        await page.get_by_test_id("publish-dialog").wait_for(state="detached")
        assert "[goodbye, goodbye]" in await call_to(node)


async def test_two_people_lose_nothing(node: HotlineProcess) -> None:
    async with Browser() as browser:
        root = await signed_in(browser, node, "#/flows/desk")
        emma = await signed_in(browser, node, "#/flows/desk", who="emma")
        await opened(root)
        await opened(emma)
        await emma.context.set_offline(True)
        await replace(emma, "no_match:", "no_match: { retry: 2, then: bye }")
        await replace(root, "say: goodbye", "say: [goodbye, goodbye]")
        await kept(root)
        await emma.context.set_offline(False)
        await emma.click("[data-testid=stale-open]")
        await expect(emma.get_by_test_id("diff")).to_contain_text("[goodbye, goodbye]")
        await emma.click("[data-testid=stale-merge]")
        await kept(emma)
        draft = str((await node.api("/api/v1/admin/flows/desk"))["text"])
        assert "retry: 2" in draft
        assert "say: [goodbye, goodbye]" in draft
        await expect(root.get_by_test_id("editor").locator(".cm-content")).to_contain_text("retry: 2")


async def test_typing_goes_on_without_the_server(node: HotlineProcess) -> None:
    async with Browser() as browser:
        page = await signed_in(browser, node, "#/flows/desk")
        await opened(page)
        await node.stop()
        await page.wait_for_selector("[data-testid=notice-link-lost]")
        await replace(page, "say: goodbye", "say: [goodbye, goodbye]")
        await page.wait_for_selector("[data-testid=keeping][data-state=offline]")
        kept_here = await page.evaluate("localStorage.getItem('hotline.admin.draft.flow:desk')")
        assert "[goodbye, goodbye]" in kept_here
        await node.start()
        await page.get_by_test_id("notice-link-lost").wait_for(state="detached")
        await kept(page)
        assert "[goodbye, goodbye]" in str((await node.api("/api/v1/admin/flows/desk"))["text"])


@pytest.mark.parametrize(("language", "words", "heard"), [("zh", "查账单", "再见"), ("en", "check my bill", "Goodbye")])
async def test_a_conversation_with_the_draft(node: HotlineProcess, language: str, words: str, heard: str) -> None:
    async with Browser() as browser:
        page = await signed_in(browser, node, "#/flows/desk", language="zh-CN" if language == "zh" else "en")
        await opened(page)
        await page.click("[data-testid=panel-try]")
        await page.wait_for_selector("[data-testid=log-bot]")
        await page.click("[data-testid=try-setup]")
        await page.select_option("[data-testid=try-language]", language)
        await page.click("[data-testid=try-apply]")
        await page.wait_for_selector("[data-testid=simulator][data-state=start]")
        await page.fill("[data-testid=try-say]", words)
        await page.click("[data-testid=try-send]")
        await expect(page.get_by_test_id("log-caller").last).to_contain_text("bill")
        await expect(page.get_by_test_id("try-log")).to_contain_text(heard)
        await page.click("[data-testid=try-wait-10]")  # the farewell is heard to its end
        await page.wait_for_selector("[data-testid=simulator][data-ended=true]")


async def test_a_prompt_is_uploaded_and_heard(node: HotlineProcess, tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "tone.wav", 440, seconds=1.5)
    music = tmp_path / "tone.mp3"
    await asyncio.to_thread(
        subprocess.run,
        ["ffmpeg", "-y", "-loglevel", "error", "-i", str(tone), str(music)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    async with Browser() as browser:
        page = await signed_in(browser, node, "#/prompts/goodbye")
        spoken = page.get_by_test_id("spoken-en")
        await spoken.get_by_test_id("wave").wait_for()
        before = await spoken.get_attribute("data-stamp")
        await page.set_input_files("[data-testid=upload-en]", music)
        await page.get_by_test_id("take").get_by_test_id("wave").wait_for()
        await page.click("[data-testid=take-keep]")
        await page.get_by_test_id("take").wait_for(state="detached")
        await expect(spoken).not_to_have_attribute("data-stamp", before or "")
        await spoken.get_by_test_id("wave-play").click()
        await spoken.locator("[data-testid=wave-play][data-playing=true]").wait_for()
        found = await node.api("/api/v1/admin/prompts/en/goodbye")
        assert found["recordings"]["en"]["source"] == "upload"
        assert 1.2 < found["recordings"]["en"]["seconds"] < 1.8
        assert [one for one in browser.console if "401" not in one] == []


async def test_a_prompt_is_recorded_by_microphone_and_cut(node: HotlineProcess, tmp_path: Path) -> None:
    async with Browser(write_tone(tmp_path / "voice.wav", 440)) as browser:
        page = await signed_in(browser, node, "#/prompts/goodbye")
        spoken = page.get_by_test_id("spoken-zh")
        await spoken.get_by_test_id("wave").wait_for()
        await page.click("[data-testid=record-zh]")
        await page.wait_for_selector("[data-testid=record-stop]:not([disabled])")
        await asyncio.sleep(1.5)  # recorded, and cut below
        await page.click("[data-testid=record-stop]")
        await page.fill("[data-testid=trim-to]", "0.6")
        await page.click("[data-testid=take-keep]")
        await page.get_by_test_id("take").wait_for(state="detached")
        found = (await node.api("/api/v1/admin/prompts/zh/goodbye"))["recordings"]["zh"]
        assert found["source"] == "microphone"
        assert 0.4 < found["seconds"] < 10


async def test_a_queue_is_changed_by_its_form(node: HotlineProcess) -> None:
    async with Browser() as browser:
        page = await signed_in(browser, node, "#/queues")
        await page.fill("[data-testid='field-support.ring']", "soon")
        await page.click("[data-testid=form-save]")
        await page.wait_for_selector("[data-testid=field-problem], [data-testid=form-problem]")
        assert "soon" not in (node.folder / "hotline.yaml").read_text("utf-8")
        await page.fill("[data-testid='field-support.ring']", "25s")
        await page.click("[data-testid=show-yaml]")
        await expect(page.get_by_test_id("yaml")).to_contain_text("ring: 25s")
        await page.click("[data-testid=form-save]")
        await page.wait_for_selector("[data-testid=form][data-dirty=false]")
        assert "25s" in (node.folder / "hotline.yaml").read_text("utf-8")
        await a_card(page, node)


async def a_card(page: Page, node: HotlineProcess) -> None:
    """A knowledge card is written in a form: it is in its file, comments stay, and agents find it at once."""
    file = node.folder / "flows" / "scenes" / "20-knowledge.yaml"
    await page.click("[data-testid=nav-knowledge]")
    await page.fill("[data-testid=cards-new]", "Lost Card")
    await page.click("[data-testid=cards-add]")
    await page.fill("[data-testid=card-title-en]", "A lost SIM card")
    await page.fill("[data-testid=card-text-zh]", "先挂失。\n补卡带身份证。")
    await page.fill("[data-testid=card-said-en]", "lost my phone\nblock my card")
    await page.click("[data-testid=form-save]")
    await page.wait_for_selector("[data-testid=card-form] [data-testid=field-problem]")
    assert file.read_text("utf-8") == CARDS, "a title is missing: nothing is written"
    await page.fill("[data-testid=card-title-zh]", "卡丢了")
    await page.fill("[data-testid=card-text-en]", "Block it first.")
    await page.click("[data-testid=form-save]")
    await page.wait_for_selector("[data-testid=form][data-dirty=false]")
    assert file.read_text("utf-8").startswith(CARDS.rstrip())
    async with asyncio.timeout(20):
        while "lost_card" not in [one["name"] for one in (await node.api("/api/v1/desk/cards?q=block"))["cards"]]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    found = await node.api("/api/v1/desk/cards/lost_card")
    assert found["text"]["zh"] == "先挂失。\n补卡带身份证。"
    kept = (await node.api("/api/v1/admin/configuration/cards"))["value"]["lost_card"]
    assert kept["said"] == {"en": ["lost my phone", "block my card"]}


async def test_a_supervisor_looks_and_changes_nothing(node: HotlineProcess) -> None:
    async with Browser() as browser:
        page = await signed_in(browser, node, "#/flows/desk", who="lucy")
        await opened(page)
        assert await page.get_by_test_id("publish").count() == 0
        await page.click("[data-testid=editor] .cm-content")
        await page.keyboard.type("nothing of this arrives")
        assert await page.locator("[data-testid=editor]", has_text="nothing of this").count() == 0
        await page.click("[data-testid=nav-queues]")
        await expect(page.locator("[data-testid='field-support.ring']")).to_be_disabled()
