"""Every page in its main states over a running server: axe in both languages, light and dark, 360 px, and all of it by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.browser import Browser
from tests.e2e.page_checks import AXE, TWO, stands, walked
from tests.e2e.phones import Phones
from tests.e2e.server import ROOT, HotlineProcess

STATIC = ROOT / "ivr" / "web" / "static"
SLOW = 20_000
"""Milliseconds in which the page shows what happened, on a busy machine."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not (STATIC / "desk.html").is_file(), reason="the pages are not built: make pages"),
    pytest.mark.skipif(not AXE.is_file(), reason="the packages of the pages are not installed: make pages"),
]

FLOW = """
flow: desk
languages: [en]
defaults: { error: over, no_agents: over, closed: over, full: over }
states:
  start: { do: [answer, { tag: complaint }], enqueue: { queue: support, need: { telecom: 1 }, no_agents_after: 1h } }
  over: { hangup: normal }
"""


@dataclass
class Site:
    server: HotlineProcess
    browser: Browser
    phones: Phones

    async def page(self, path: str, who: str = "", *, width: int = 1280, height: int = 800) -> Page:
        """A page in a browser context of its own; signed in by keys alone where `who` is named."""
        page = await self.browser.page(f"{self.server.url}{path}", width=width, height=height)
        page.set_default_timeout(SLOW)
        if who:
            await page.get_by_test_id("login-user").focus()
            await page.keyboard.type(who)
            await page.keyboard.press("Tab")
            await page.keyboard.type(self.server.password(who))
            await page.keyboard.press("Enter")
            await expect(page.get_by_test_id("login")).to_have_count(0, timeout=SLOW)
        return page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    (folder / "flows" / "desk.yaml").write_text(FLOW)
    async with AsyncExitStack() as stack:
        phones = await stack.enter_async_context(Phones.open({"caller": 400.0}))
        browser = await stack.enter_async_context(Browser())
        server = HotlineProcess(
            folder,
            speech={"enabled": False, "voice": "none"},
            routes=[{"to": "*", "flow": "desk"}],
            queues={"support": {"ring": "60s", "wrap_up": "120s"}},
            agents=[
                {"id": "ann", "name": "Ann", "team": "gold", "skills": {"telecom": 5}},
                {"id": "boss", "name": "Boss", "roles": ["supervisor", "admin", "quality"]},
            ],
            messages={"chat": {"enabled": True}},
        )
        server.flows = str(folder / "flows")
        await stack.enter_async_context(server)
        yield Site(server, browser, phones)
        said = [line for line in browser.console if "uncaught" in line or "Content Security" in line]
        assert not said, said


async def test_what_a_visitor_sees(site: Site) -> None:
    wrong: list[str] = []
    for path, there in (("/", "health"), ("/call", "dial"), ("/chat", "chat-text"), ("/desk", "login")):
        page = await site.page(path)
        await page.get_by_test_id(there).wait_for()
        wrong += await stands(page, path) + await walked(page, path)
        await page.context.close()
    assert not wrong, "\n".join(wrong)


async def test_a_call_at_the_desk_and_on_the_board_by_keys_alone(site: Site) -> None:
    desk, board = await site.page("/desk", "ann"), await site.page("/wall", "boss", width=1600, height=1000)
    await expect(desk.get_by_test_id("go-available")).to_be_visible(timeout=SLOW)
    wrong = await stands(desk, "desk without a call") + await walked(desk, "desk without a call")
    await desk.get_by_test_id("go-available").press("Enter")
    await expect(desk.get_by_test_id("desk")).to_have_attribute("data-agent-state", "available", timeout=SLOW)
    caller = await site.phones.call("caller", site.server.sip)
    await expect(desk.get_by_test_id("accept")).to_be_visible(timeout=SLOW)
    wrong += await stands(desk, "desk that rings")
    await desk.evaluate("() => document.activeElement?.blur()")
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_test_id("contact")).to_have_attribute("data-phase", "connected", timeout=SLOW)
    wrong += await stands(desk, "desk with a call") + await walked(desk, "desk with a call")
    await desk.evaluate("() => document.activeElement?.blur()")
    for key, panel in (("t", "transfer"), ("q", "quality"), ("s", "settings"), ("?", "help")):
        await desk.keyboard.press(key)
        await desk.get_by_test_id(f"panel-{panel}").wait_for()
        wrong += await stands(desk, f"desk: {panel}", TWO)
        await desk.keyboard.press("Escape")
        await desk.get_by_test_id(f"panel-{panel}").wait_for(state="detached")
        await desk.evaluate("() => document.activeElement?.blur()")

    await expect(board.locator("[data-testid^=call-][data-phase=connected]")).to_be_visible(timeout=SLOW)
    wrong += await stands(board, "wall") + await walked(board, "wall")
    line = board.locator("[data-testid^=call-][data-phase=connected]")
    await line.press("Enter")
    await board.get_by_test_id("card-call").wait_for()
    wrong += await stands(board, "wall: a call")
    await board.keyboard.press("Escape")
    await board.get_by_test_id("card-call").wait_for(state="detached")
    await expect(line).to_be_focused()
    await board.goto(f"{site.server.url}/wall?tv")
    await board.locator("[data-testid=wall][data-ready=true]").wait_for()
    assert await board.evaluate("() => document.documentElement.scrollHeight > 0")

    caller.leg.hang_up()
    await expect(desk.get_by_test_id("contact")).to_have_attribute("data-phase", "wrap_up", timeout=SLOW)
    wrong += await stands(desk, "desk after a call") + await walked(desk, "desk after a call")
    await desk.get_by_test_id("note").press("Control+a")
    await desk.keyboard.type("explained the bill")
    await desk.locator("[data-testid^=disposition-]").first.press("Space")
    await desk.get_by_test_id("finish").press("Enter")
    await expect(desk.get_by_test_id("contact")).to_have_count(0, timeout=SLOW)
    assert not wrong, "\n".join(wrong)


async def test_the_inbox_the_account_and_the_admin_pages(site: Site) -> None:
    page = await site.page("/account", "boss")
    await page.get_by_test_id("account").wait_for()
    wrong = await stands(page, "account") + await walked(page, "account")
    for section in ("flows", "prompts", "live", "queues", "hours", "trunks", "versions", "people", "audit", "webhooks"):
        await page.goto(f"{site.server.url}/admin#/{section}")
        await page.get_by_test_id(f"nav-{section}").and_(page.locator("[aria-current=page]")).wait_for()
        await page.wait_for_load_state("networkidle")
        wrong += await stands(page, f"admin: {section}", TWO)
        wrong += await walked(page, f"admin: {section}") if section in ("live", "queues", "people") else []
    await page.context.close()
    desk = await site.page("/desk", "ann")
    await desk.get_by_test_id("view-inbox").press("Enter")
    await desk.get_by_test_id("inbox").wait_for()
    wrong += await stands(desk, "inbox") + await walked(desk, "inbox")
    assert not wrong, "\n".join(wrong)


async def test_nothing_is_wider_than_a_telephone(site: Site) -> None:
    wrong: list[str] = []
    for path, who, there in (
        ("/desk", "ann", "state"),
        ("/wall", "boss", "figure-waiting"),
        ("/admin#/people", "boss", "nav-people"),
        ("/account", "boss", "account"),
    ):
        page = await site.page(path, who, width=360, height=740)
        await page.get_by_test_id(there).wait_for()
        wrong += await stands(page, f"{path} at 360 px", TWO)
        await page.context.close()
    assert not wrong, "\n".join(wrong)
