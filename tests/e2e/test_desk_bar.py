"""The bar of an agent's page in Chromium against a real node and SIP callers: each state that a person can get into."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.browser import Browser, write_tone
from tests.e2e.desk import DeskPage
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess, direct

STATIC = Path(__file__).parents[2] / "ivr" / "web" / "static"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not (STATIC / "desk.html").is_file(), reason="the pages are not built: make pages"),
]

CALLER, AGENT = 403.0, 719.0
FLOW = direct()
TREE = [
    "solved",
    {
        "name": "fault",
        "label": {"en": "Fault", "zh": "故障"},
        "children": [{"name": "line", "label": {"en": "Line", "zh": "线路"}, "follow_up": True}, "router"],
    },
]
DENY = """
window.fault = 'NotAllowedError';
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wanted) =>
  window.fault === '' ? open(wanted) : Promise.reject(new DOMException('no', window.fault));
"""


@dataclass
class House:
    server: HotlineProcess
    phones: Phones
    browser: Browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("bar")
    (folder / "flows").mkdir()
    (folder / "flows" / "direct.yaml").write_text(FLOW)
    node = HotlineProcess(
        folder,
        speech={"enabled": False},
        routes=[{"to": "*", "flow": "direct"}],
        queues={"support": {"ring": "20s", "wrap_up": "60s"}},
        parking={"slots": "701-702"},
        recording={"folder": str(folder / "calls"), "min_free_mb": 0},
        dispositions=TREE,
    )
    node.flows = str(folder / "flows")
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(node)
        phones = await stack.enter_async_context(Phones.open({"caller": CALLER}))
        browser = await stack.enter_async_context(Browser(write_tone(folder / "agent.wav", AGENT)))
        yield House(server, phones, browser)


async def sign_in(house: House, agent: str, *, script: str = "", width: int = 1280) -> Page:
    """The desk of an agent who is offline; `script` runs before the page does."""
    page = await house.browser.page("about:blank", width=width)
    if script:
        await page.context.add_init_script(script)
    await page.goto(f"{house.server.url}/desk?debug=1")
    await page.get_by_test_id("login-user").fill(agent)
    await page.get_by_test_id("login-password").fill(house.server.password(agent))
    await page.get_by_test_id("login-submit").click()
    await expect(page.get_by_test_id("state")).to_be_visible()
    return page


async def talk(house: House, page: Page) -> Phone:
    """A caller who talks with the agent of this page; nobody clicked: the call was answered by itself."""
    caller = await house.phones.call("caller", house.server.sip)
    await expect(page.get_by_test_id("hang-up")).to_be_visible()
    await expect(page.get_by_test_id("phase")).to_have_text("Talking")
    await caller.until(lambda: caller.level(AGENT) > -26, "the agent is not heard")
    return caller


async def test_a_day_at_the_bar(house: House) -> None:
    """Auto-answer, line figures, recording, a transfer that is refused, park and pick up, the outcome tree, a follow-up."""
    page = await sign_in(house, "wangfang")
    desk = DeskPage(page)
    await page.get_by_test_id("settings").click()
    await page.get_by_test_id("set-auto").check()
    await page.keyboard.press("Escape")
    await desk.go("available")
    caller = await talk(house, page)
    await desk.until_level(CALLER, -35.0)

    await page.keyboard.press("q")
    await expect(page.get_by_test_id("quality-figures")).to_contain_text("ms")
    await expect(page.get_by_test_id("quality")).to_have_attribute("data-grade", "good", timeout=60_000)

    await page.keyboard.press("r")
    await expect(page.get_by_test_id("recording-line")).to_have_text("Recording")
    await page.keyboard.press("r")
    await expect(page.get_by_test_id("recording-line")).to_have_text("Recording paused")
    await page.get_by_test_id("record-stop").click()
    await expect(page.get_by_test_id("recording-line")).to_have_count(0)

    await page.keyboard.press("t")
    await page.get_by_test_id("transfer-search").fill("supp")
    await expect(page.get_by_test_id("target-queue:support")).to_be_visible()
    await expect(page.get_by_test_id("transfer-ask")).to_be_disabled()
    await page.get_by_test_id("transfer-search").fill("0900 123 456")
    await expect(page.get_by_test_id("target-0900123456")).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("strip-consult")).to_have_attribute("data-state", "failed")
    await page.get_by_test_id("consult-read").click()
    await expect(page.get_by_test_id("phase")).to_have_text("Talking")

    await page.get_by_test_id("park").click()
    await desk.until_state("wrap_up")
    await page.keyboard.press("n")
    await page.get_by_test_id("pick-up-701").click()
    await expect(page.get_by_test_id("phase")).to_have_text("Talking", timeout=20_000)
    caller.fresh()
    await caller.until(lambda: caller.level(AGENT) > -26, "the agent is not heard again")
    await page.get_by_test_id("hang-up").click()
    await desk.until_state("wrap_up")
    await note_and_follow_up(house, page)
    await desk.until_state("available")
    await page.keyboard.press("n")
    await page.get_by_test_id("dial-number").fill("0900123456")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("notice-notice")).to_contain_text("0900123456 cannot be called")
    await desk.until_state("available")
    await desk.go("offline")


async def note_and_follow_up(house: House, page: Page) -> None:
    """An outcome in a branch that wants a date becomes a task with it."""
    await page.get_by_test_id("note").fill("Line is down since Monday.")
    await expect(page.get_by_test_id("finish")).to_be_disabled()
    await page.get_by_test_id("branch-fault").click()
    await page.get_by_test_id("disposition-fault/line").check()
    await expect(page.get_by_test_id("follow-words")).to_have_text("This outcome needs a date.")
    await page.get_by_test_id("follow-three").click()
    await page.get_by_test_id("finish").click()
    await expect(page.get_by_test_id("notice-told")).to_contain_text("T-000001")
    token = (house.server.folder / "data" / "admin-token").read_text().strip()
    async with httpx.AsyncClient(base_url=house.server.url, headers={"authorization": f"Bearer {token}"}) as api:
        tickets = (await api.get("/api/v1/tickets?kind=follow_up")).json()["tickets"]
    assert [(one["id"], one["assignee"], one["body"]) for one in tickets] == [
        ("T-000001", "wangfang", "Line is down since Monday.")
    ]
    assert tickets[0]["subject"].startswith("fault/line: ")
    assert datetime.fromisoformat(tickets[0]["due_at"]) > datetime.now(UTC)


async def test_a_microphone_that_is_not_there_is_said_with_its_cure(house: House) -> None:
    """Blocked, not plugged in, taken by another program; and heard at once when it is there again."""
    page = await sign_in(house, "wangfang", script=DENY)
    await page.get_by_test_id("state-select").select_option("available")
    bad = page.get_by_test_id("notice-mic-bad")
    await expect(bad).to_contain_text("blocks the microphone")
    await page.keyboard.press("n")
    await expect(page.get_by_test_id("panel-dial")).to_contain_text("the other side would hear nothing")
    await page.get_by_test_id("dial-number").fill("1002")
    await expect(page.get_by_test_id("dial-call")).to_be_disabled()
    for name, words in (("NotFoundError", "No microphone found"), ("NotReadableError", "does not start")):
        await page.evaluate("name => { window.fault = name; }", name)
        await bad.get_by_role("button").click()
        await expect(bad).to_contain_text(words)
    await page.evaluate("() => { window.fault = ''; }")
    await bad.get_by_role("button").click()
    await expect(bad).to_have_count(0)
    await expect(page.get_by_test_id("dial-call")).to_be_enabled()
    await page.context.close()


async def test_a_second_tab_leads_and_the_first_can_take_it_back(house: House) -> None:
    first = await sign_in(house, "wangfang")
    second = await first.context.new_page()
    await second.goto(f"{house.server.url}/desk")
    await expect(second.get_by_test_id("state")).to_be_visible()
    await expect(first.get_by_test_id("replaced")).to_be_visible()
    await first.get_by_test_id("take-over").click()
    await expect(first.get_by_test_id("state")).to_be_visible()
    await expect(second.get_by_test_id("replaced")).to_be_visible()
    await first.context.close()


async def test_a_headset_that_is_switched_off_is_noticed_in_the_call(house: House, tmp_path: Path) -> None:
    """The microphone gives zeros: the page says so within seconds, and the letters can be switched off."""
    silent = write_tone(tmp_path / "silent.wav", AGENT, amplitude=0.0)
    async with Browser(silent) as browser:
        page = await sign_in(House(house.server, house.phones, browser), "wangfang")
        await page.get_by_test_id("settings").click()
        await page.get_by_test_id("set-auto").check()
        await page.get_by_test_id("set-letters").uncheck()
        await page.keyboard.press("Escape")
        await DeskPage(page).go("available")
        caller = await house.phones.call("caller", house.server.sip)
        await expect(page.get_by_test_id("phase")).to_have_text("Talking")
        await expect(page.get_by_test_id("notice-mic-dead")).to_be_visible(timeout=20_000)
        await page.get_by_test_id("hang-up").focus()
        await page.keyboard.press("m")
        await expect(page.get_by_test_id("mute")).to_have_attribute("aria-pressed", "false")
        await page.get_by_test_id("mute").click()
        await expect(page.get_by_test_id("notice-mic-dead")).to_have_count(0)
        caller.leg.hang_up()
        await expect(page.get_by_test_id("desk")).to_have_attribute("data-agent-state", "wrap_up")
