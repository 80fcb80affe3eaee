"""A supervisor at the wallboard in Chromium, over real calls: sees, explains, lends, moves, drains, tells, and is heard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import Browser, write_tone
from tests.e2e.desk_client import DeskClient
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess

STATIC = Path(__file__).parents[2] / "ivr" / "web" / "static"
CALLER, AGENT, BOSS = 400.0, 700.0, 1500.0
"""Hz: the voices."""
QUIET = -38.0
"""dBm0 of a voice that is not there: what the music has beside it."""
SLOW = 20_000
"""Milliseconds in which the page shows what happened, on a busy machine."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(150),
    pytest.mark.skipif(not (STATIC / "wall.html").is_file(), reason="the pages are not built: make pages"),
]

FLOW = """
flow: desk
languages: [en]
defaults: { error: over, no_agents: over, closed: over, full: over }
states:
  start: { do: [answer], wait: 500ms, on: { done: queue } }
  queue: { enqueue: { queue: support, need: { fibre: 3 }, no_agents_after: 1h } }
  over: { hangup: normal }
"""


async def test_a_supervisor_at_the_wallboard(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "desk.yaml").write_text(FLOW)
    async with Phones.open({"caller": CALLER, "ann": AGENT}) as phones:
        server = HotlineProcess(
            folder,
            speech={"enabled": False, "voice": "none"},
            routes=[{"to": "*", "flow": "desk"}],
            queues={"support": {"wrap_up": "1s"}, "billing": {"wrap_up": "1s"}},
            agents=[
                {"id": "ann", "name": "Ann", "team": "gold", "device": phones.uri("ann"), "skills": {"telecom": 5}},
                {"id": "bob", "name": "Bob", "team": "gold", "skills": {"fibre": 1}},
                {"id": "boss", "name": "Boss", "roles": ["supervisor"]},
            ],
        )
        server.flows = str(folder / "flows")
        async with server, Browser(write_tone(tmp_path / "boss.wav", BOSS)) as browser:
            board = await signed_in(browser, server)
            caller, ann = await lends_a_skill(board, server, phones)
            await is_in_the_talk(board, server, caller, ann)
            await on_a_break(board)
            await drains_and_moves(board, server, phones)
            await tells_desks(board, server)
            await explains_numbers(board)
        assert not [line for line in browser.console if "Content Security" in line or "uncaught" in line], browser.console


async def signed_in(browser: Browser, server: HotlineProcess) -> Page:
    board = await browser.page(f"{server.url}/wall?debug=1", width=1600, height=1000)
    await board.get_by_test_id("login-user").fill("bob")
    await board.get_by_test_id("login-password").fill(server.password("bob"))
    await board.get_by_test_id("login-submit").click()
    await expect(board.get_by_test_id("login")).to_contain_text("neither a supervisor's nor an administrator's")
    await board.get_by_test_id("login-user").fill("boss")
    await board.get_by_test_id("login-password").fill(server.password("boss"))
    await board.get_by_test_id("login-submit").click()
    await expect(board.get_by_test_id("wall")).to_have_attribute("data-ready", "true", timeout=SLOW)
    await expect(board.get_by_test_id("agent-ann")).to_have_attribute("data-state", "available", timeout=SLOW)
    return board


async def lends_a_skill(board: Page, server: HotlineProcess, phones: Phones) -> tuple[Phone, Phone]:
    """A caller nobody can serve is a dot that says why; with a skill lent to Ann the two talk."""
    caller = await phones.call("caller", server.sip)
    await expect(board.get_by_test_id("queue-support")).to_have_attribute("data-waiting", "1", timeout=SLOW)
    await board.locator("[data-testid^=dot-]").click()
    await expect(board.get_by_test_id("call-why")).not_to_be_empty(timeout=SLOW)
    await board.keyboard.press("Escape")
    await board.get_by_test_id("agent-ann").get_by_role("button").click()
    await board.get_by_test_id("skill-new").fill("fibre")
    await board.get_by_test_id("skill-add").click()
    await board.get_by_test_id("skills-save").click()
    await expect(board.get_by_test_id("skills-lent")).to_contain_text("Boss", timeout=SLOW)
    await board.get_by_test_id("card-close").click()
    ann = await phones.answered("ann")
    await caller.hears(ann)
    await expect(board.get_by_test_id("agent-ann")).to_have_attribute("data-state", "in_call", timeout=SLOW)
    return caller, ann


async def alone(caller: Phone) -> None:
    await caller.until(lambda: caller.level(BOSS) > -36 and caller.level(AGENT) < -50, "the supervisor alone is not heard")


async def is_in_the_talk(board: Page, server: HotlineProcess, caller: Phone, ann: Phone) -> None:
    """Listening is heard by nobody, a whisper by the agent alone, who barges in by both, also after a reload; then the caller
    is hers alone: over a reload, on hold, and wrapped up."""
    await board.locator("[data-testid^=call-][data-phase=connected]").click()
    for mode, heard_by_ann, heard_by_caller in (("listen", False, False), ("whisper", True, False), ("barge", True, True)):
        await board.get_by_test_id(f"mode-{mode}").click()
        await expect(board.get_by_test_id("monitor-state")).to_have_attribute("data-mode", mode, timeout=SLOW)
        caller.fresh()
        ann.fresh()
        await hears(ann, CALLER, BOSS if heard_by_ann else None)
        await hears(caller, AGENT, BOSS if heard_by_caller else None)
        both = "() => Math.min(window.hotline.level(400).db, window.hotline.level(700).db) > -45"
        await board.wait_for_function(both, timeout=SLOW)
    await board.reload()
    await expect(board.get_by_test_id("listening")).to_have_attribute("data-mode", "barge", timeout=SLOW)
    caller.fresh()
    ann.fresh()
    await hears(caller, AGENT, BOSS)
    await board.locator("[data-testid^=call-][data-phase=connected]").click()
    await board.get_by_test_id("mode-take").click()
    await expect(board.get_by_test_id("listening")).to_have_attribute("data-mode", "take", timeout=SLOW)
    caller.fresh()
    await ann.ended()
    await alone(caller)
    await board.reload()
    await expect(board.get_by_test_id("listening")).to_have_attribute("data-mode", "take", timeout=SLOW)
    caller.fresh()
    await alone(caller)
    await board.get_by_test_id("listening-hold").click()
    caller.fresh()
    await caller.until(lambda: len(caller._heard) > 40 and caller.level(BOSS) < QUIET, "no music on hold")
    await board.get_by_test_id("listening-hold").click()
    caller.fresh()
    await alone(caller)
    await expect(board.get_by_test_id("agent-boss")).to_have_attribute("data-state", "in_call", timeout=SLOW)
    await board.get_by_test_id("listening-stop").click()
    await caller.ended()
    await board.get_by_test_id("wrap-up-note").fill("calmed down")
    await board.get_by_test_id("wrap-up-done").click()
    await expect(board.locator(".listening")).to_have_count(0)
    row = await server.contact(agent_id="boss", disposition="served")
    assert row["note"] == "calmed down"


async def hears(phone: Phone, other: float, boss: float | None) -> None:
    """The other side loud, and the supervisor loud or 20 dB below hearing."""
    await phone.until(lambda: phone.level(other) > -30, f"{other} Hz is not heard")
    if boss is not None:
        await phone.until(lambda: phone.level(BOSS) > -36, "the supervisor is not heard")
        return
    await phone.until(lambda: phone.level(BOSS) < -50, f"the supervisor is heard: {phone.level(BOSS):.0f} dB")


async def on_a_break(board: Page) -> None:
    await board.get_by_test_id("agent-ann").get_by_role("button").click()
    await board.get_by_test_id("order-break").click()
    await expect(board.get_by_test_id("agent-ann")).to_have_attribute("data-state", "break", timeout=SLOW)
    await board.get_by_test_id("card-close").click()


async def drains_and_moves(board: Page, server: HotlineProcess, phones: Phones) -> None:
    """Who waits goes along into the other queue, and comes back, first in line, to an agent who is put on duty."""
    caller = await phones.call("caller", server.sip)
    await expect(board.get_by_test_id("queue-support")).to_have_attribute("data-waiting", "1", timeout=SLOW)
    await board.get_by_test_id("queue-open-support").click()
    await board.get_by_test_id("drain-open").click()
    await board.get_by_test_id("drain-to").select_option("billing")
    await board.get_by_test_id("drain-send").click()
    await expect(board.get_by_test_id("queue-billing")).to_have_attribute("data-waiting", "1", timeout=SLOW)
    await expect(board.get_by_test_id("queue-support")).to_have_attribute("data-waiting", "0")
    await expect(board.get_by_test_id("queue-support").get_by_test_id("drained")).to_contain_text("goes to billing")
    await board.get_by_test_id("drain-end").click()
    await expect(board.get_by_test_id("drained")).to_have_count(0)
    await board.get_by_test_id("card-close").click()

    await board.locator("[data-testid^=call-][data-phase=waiting]").click()
    await board.get_by_test_id("move-to").select_option("queue:support")
    await board.get_by_test_id("move-first").check()
    await board.get_by_test_id("move-send").click()
    await expect(board.get_by_test_id("queue-support")).to_have_attribute("data-waiting", "1", timeout=SLOW)
    (line,) = [one for queue in (await server.api("/api/v1/queues"))["queues"] for one in queue["contacts"]]
    assert (line["queue"], line["priority"]) == ("support", 10)
    await board.get_by_test_id("agent-ann").get_by_role("button").click()
    await board.get_by_test_id("order-available").click()
    await board.get_by_test_id("card-close").click()
    await caller.hears(await phones.answered("ann"))
    caller.leg.hang_up()
    await expect(board.get_by_test_id("calls-none")).to_be_visible(timeout=SLOW)
    assert server.log_lines("moved to queue:support by boss") and server.log_lines("queue support: drained into billing")


async def tells_desks(board: Page, server: HotlineProcess) -> None:
    async with DeskClient.open(server, "bob") as desk:
        await desk.until("snapshot")
        await board.get_by_test_id("broadcast-open").click()
        await board.get_by_test_id("broadcast-text").fill("<b>Fibre</b> is down")
        await board.get_by_test_id("broadcast-team").select_option("gold")
        await board.get_by_test_id("broadcast-send").click()
        await desk.until("told")
        told = desk.last("told")
        assert (told["kind"], told["text"], told["by"]) == ("broadcast", "<b>Fibre</b> is down", "boss")
    await expect(board.get_by_test_id("notice")).to_contain_text("Desks told: 1; without an open desk: 1")


async def explains_numbers(board: Page) -> None:
    """Each number opens its formula; the chart of the day has what happened."""
    await board.get_by_test_id("figure-service_level").click()
    await expect(board.get_by_test_id("formula")).to_be_visible()
    await expect(board.get_by_test_id("formula")).not_to_be_empty()
    await board.keyboard.press("Escape")
    await board.get_by_test_id("metric").select_option("answered")
    await expect(board.get_by_test_id("charts")).not_to_have_attribute("data-points", "0", timeout=SLOW)
    await expect(board.get_by_test_id("plot")).to_have_attribute("data-drawn", "true", timeout=SLOW)
    await board.get_by_test_id("tv").click()
    await expect(board.get_by_test_id("calls")).to_have_count(0)
    await board.keyboard.press("Escape")
    await expect(board.get_by_test_id("calls")).to_be_visible()
