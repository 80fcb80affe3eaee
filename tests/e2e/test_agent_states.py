"""States of agents from what can be seen, orders of supervisors, and answers to "why", on the pages and over a real call."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.e2e.baresip import Baresip
from tests.e2e.browser import Browser, write_tone
from tests.e2e.desk import DeskPage
from tests.e2e.desk_client import DeskClient
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import silence, write_wav

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

AGENTS = [
    {"id": "ann", "name": "Ann", "password": "x", "skills": {"telecom": 5}, "languages": ["zh", "en"]},
    {"id": "boss", "name": "Boss", "password": "x", "roles": ["agent", "supervisor", "admin"], "skills": {"telecom": 1}},
]
QUEUES = {"support": {"ring": "4s", "wrap_up": "60s", "missed_limit": 2, "wrap_up_extension": "30s", "wrap_up_extensions": 1}}
FLOW = """flow: desk
languages: [en, zh]
defaults: { error: bye, no_input: bye, no_match: bye }
states:
  start:
    do: [answer]
    enqueue: { queue: support, need: { telecom: 2 }, no_agents_after: 5m }
    on: { served: end, timeout: end, no_agents: end, closed: end, full: end }
  bye:
    say: goodbye
    on: { done: end }
"""
BREAKS = [{"name": "meal", "zh": "用餐", "en": "Meal"}, {"name": "gym", "zh": "健身", "en": "Gym"}]


def node_in(folder: Path, **settings: Any) -> HotlineProcess:
    """A node whose calls wait, whoever is on duty."""
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "desk.yaml").write_text(FLOW, "utf-8")
    routes = [{"to": "*", "flow": "desk"}]
    node = HotlineProcess(folder, speech={"enabled": False}, agents=AGENTS, queues=QUEUES, routes=routes, **settings)
    node.flows = str(folder / "flows")
    return node


async def live_page(browser: Browser, node: HotlineProcess, **size: int) -> Page:
    page = await browser.page(f"{node.url}/admin#/live", language="en", **size)
    await page.fill("[data-testid=login-user]", "boss")
    await page.fill("[data-testid=login-password]", node.password("boss"))
    await page.click("[data-testid=login-submit]")
    await page.wait_for_selector("[data-testid=live-agents]")
    return page


async def test_orders_reasons_misses_and_answers(tmp_path: Path) -> None:
    node = node_in(tmp_path / "node", breaks=BREAKS)
    quiet = write_wav(tmp_path / "quiet.wav", silence(1))
    async with (
        node,
        Browser(write_tone(tmp_path / "agent.wav", 660.0)) as browser,
        Baresip(tmp_path / "phone", quiet, user="1001") as phone,
    ):
        desk = await DeskPage.open(browser, node, "ann")
        await desk.page.get_by_test_id("why-ask").click()
        await expect(desk.page.get_by_test_id("why-answer")).to_contain_text("Nobody is waiting")
        live = await live_page(browser, node)
        await expect(live.get_by_test_id("agent-ann")).to_have_attribute("data-state", "available")

        await live.get_by_test_id("agent-ann").get_by_test_id("order").select_option("break:gym")
        await desk.until_state("break")
        await expect(desk.page.get_by_test_id("notice-told")).to_contain_text("boss put you on a break: Gym")

        await phone.dial(node.sip)
        await phone.wait_for("CALL_ESTABLISHED")
        await live.wait_for_selector("[data-verdict=nobody_on_duty]", timeout=20_000)
        await live.get_by_test_id("why-contact").click()
        await expect(live.get_by_test_id("considered")).to_contain_text("Break (Gym)")
        await live.keyboard.press("Escape")
        await desk.page.get_by_test_id("why-ask").click()
        await expect(desk.page.get_by_test_id("why-answer")).to_contain_text("On a break: no call comes (Gym)")

        await live.get_by_test_id("agent-ann").get_by_test_id("order").select_option("available")
        await desk.until_ring()
        await desk.until_state("break", 30.0)  # two rings that nobody answers
        await expect(desk.page.get_by_test_id("notice-told")).to_contain_text("a ring was not answered")
        await desk.go("available")
        await desk.until_ring()
        await desk.accept()
        await expect(desk.page.get_by_test_id("contact")).to_have_attribute("data-phase", "connected", timeout=20_000)
        await phone.hang_up()
        await desk.until_state("wrap_up")
        await expect(desk.page.get_by_test_id("wrap-up-left")).to_contain_text("0:5")
        await desk.page.get_by_test_id("longer").click()
        await expect(desk.page.get_by_test_id("wrap-up-left")).to_contain_text("1:2")
        await expect(desk.page.get_by_test_id("longer")).to_have_count(0)

        states = (await node.api("/api/v1/agents/ann/states"))["states"]
        async with asyncio.timeout(30):
            while states[0]["state"] != "wrap_up":
                await asyncio.sleep(0.2)
                states = (await node.api("/api/v1/agents/ann/states"))["states"]
        told = [(one["state"], one["reason"], one["by"]) for one in reversed(states)]
        assert ("break", "gym", "boss") in told
        assert ("break", "missed", "system") in told
        assert told.count(("reserved", "", "")) == 3
        assert node.log_lines("agent ann: break gym by boss")


async def test_a_page_that_says_nothing_is_gone_within_five_seconds_and_comes_back(tmp_path: Path) -> None:
    async with node_in(tmp_path / "node") as node, httpx.AsyncClient(base_url=node.url) as api:
        api.headers["Authorization"] = f"Bearer {node.token()}"
        nobody = await api.post("/api/v1/agents/ann/state", json={"state": "available"})
        assert nobody.status_code == 409
        assert "neither a page open nor a phone" in nobody.json()["error"]["message"]
        async with DeskClient.open(node, "ann") as desk:
            assert (await desk.reply("set_state", state="break", reason="nap"))["error"].startswith("'nap' is no reason")
            await desk.ask("set_state", state="available", reason="")
            desk.mute()
            began = asyncio.get_running_loop().time()
            while (await api.get("/api/v1/agents/ann/explain")).json()["verdict"] != "offline":
                await asyncio.sleep(0.1)
                assert asyncio.get_running_loop().time() - began < 15, "5 s are promised, on a machine at rest"
        why = (await api.get("/api/v1/agents/ann/explain")).json()
        assert (why["reason"], why["by"]) == ("page gone", "system")
        async with DeskClient.open(node, "ann") as desk:
            await desk.until("snapshot")
            assert desk.last("snapshot")["agent"]["state"] == "available", "whoever was only believed gone is on duty again"
