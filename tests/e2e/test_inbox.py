"""Emma at her page in Chromium, a visitor who chats from another site's page, a gateway that sends messages, a mail server, and
a customer's telephone: what is written reaches an agent by the queues, and becomes a ticket that calls.
"""

from __future__ import annotations

import asyncio
import base64
import json
import smtplib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from aiosmtpd.controller import UnthreadedController
from playwright.async_api import FilePayload, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ivr.messages.signing import SIGNATURE, TIMESTAMP, refusal, signed
from tests.e2e.baresip import free_port
from tests.e2e.browser import Browser, write_tone
from tests.e2e.desk import DeskPage
from tests.e2e.phones import Phones
from tests.e2e.server import HotlineProcess

STATIC = Path(__file__).parents[2] / "ivr" / "web" / "static"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not (STATIC / "chat.html").is_file(), reason="the pages are not built: make pages"),
]

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
SECRET = "a-secret-of-the-gateway"
CUSTOMER, TONE, AGENT_TONE = "+4915112345678", 700.0, 1100
BOX, HOUSE = "support@example.org", "+4930111222"


@dataclass
class Outside:
    """A web server beside ours: another site's page with the chat, and a gateway that takes answers; and a mail server."""

    hotline: str = ""
    port: int = field(default_factory=free_port)
    mail_port: int = field(default_factory=free_port)
    answers: list[dict[str, Any]] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def shop(self, request: Request) -> Response:
        return HTMLResponse(
            f'<!doctype html><title>Shop</title><h1>Shop</h1><script src="{self.hotline}/chat.js" defer></script>'
        )

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        why = refusal(SECRET, request.headers[TIMESTAMP], request.headers[SIGNATURE], body, time.time())
        assert why == ""
        self.answers.append(json.loads(body))
        self.news.set()
        return JSONResponse({})

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.news.set()
        return "250 ok"

    async def until(self, what: list[Any], count: int = 1) -> Any:
        async with asyncio.timeout(20):
            while len(what) < count:
                self.news.clear()
                await self.news.wait()
        return what[count - 1]


@dataclass
class Site:
    server: HotlineProcess
    outside: Outside
    phones: Phones
    browser: Browser
    desk: DeskPage
    visitors: Browser
    smtp_port: int
    shop: Page | None = None
    """The other site's page, once the visitor is there."""

    @property
    def page(self) -> Page:
        return self.desk.page

    async def open_inbox(self, name: str) -> None:
        await self.page.get_by_test_id("view-inbox").click()
        await self.page.get_by_test_id("thread").filter(has_text=name).first.click()
        await expect(self.page.get_by_test_id("talk")).to_have_attribute("data-status", "assigned")

    async def write(self, text: str) -> None:
        await self.page.get_by_test_id("composer").fill(text)
        await self.page.get_by_test_id("composer").press("Enter")
        await expect(self.page.get_by_test_id("message").last).to_contain_text(text)

    async def hook(self, **message: str) -> httpx.Response:
        body = json.dumps(message).encode()
        async with httpx.AsyncClient(base_url=self.server.url) as client:
            return await client.post("/api/v1/messages/hooks/gate", content=body, headers=signed(SECRET, body, time.time()))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder: Path = tmp_path_factory.mktemp("node")
    outside, smtp_port = Outside(), free_port()
    async with AsyncExitStack() as stack:
        phones = await stack.enter_async_context(Phones.open({CUSTOMER: TONE}))
        browser = await stack.enter_async_context(Browser(write_tone(folder / "agent.wav", AGENT_TONE)))
        visitors = await stack.enter_async_context(Browser())
        server = HotlineProcess(
            folder,
            speech={"enabled": False},
            agents=[
                {
                    "id": "emma",
                    "name": "Emma",
                    "skills": {"telecom": 3, "complaint": 3},
                    "capacity": {"voice": 1, "message": 5, "ticket": 2, "blend": ["message", "ticket"]},
                }
            ],
            trunks={"carrier": {"hosts": [f"127.0.0.1:{phones.port}"], "caller_id": {"show": "trunk", "number": HOUSE}}},
            outbound={"region": "DE", "rules": [{"name": "customers", "who": ["agent:*"], "classes": ["mobile"]}]},
            notices={"email": {"host": "127.0.0.1", "port": outside.mail_port, "sender": BOX, "tls": "none"}},
            messages={
                "tickets": {"queue": "support"},
                "chat": {"enabled": True, "ask": ["name", "phone"], "sites": [f"http://127.0.0.1:{outside.port}"]},
                "hooks": {"gate": {"kind": "sms", "secret": SECRET, "url": f"http://127.0.0.1:{outside.port}/sms"}},
                "email": {"address": BOX, "listen": f"127.0.0.1:{smtp_port}"},
            },
        )
        await stack.enter_async_context(server)
        outside.hotline = server.url
        await stack.enter_async_context(_serving(outside))
        desk = await DeskPage.open(browser, server, "emma", language="en")
        yield Site(server, outside, phones, browser, desk, visitors, smtp_port)


class _serving:
    """The servers of `Outside`, on ports that the settings know."""

    def __init__(self, outside: Outside) -> None:
        routes = [Route("/", outside.shop), Route("/sms", outside.answer, methods=["POST"])]
        config = uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=outside.port, log_config=None, lifespan="off")
        self._web, self._outside = uvicorn.Server(config), outside

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._web._serve())
        mail = UnthreadedController(self._outside, hostname="127.0.0.1", port=self._outside.mail_port)
        self._mail = await asyncio.get_running_loop().create_server(mail.factory, "127.0.0.1", self._outside.mail_port)

    async def __aexit__(self, *_: object) -> None:
        self._mail.close()
        self._web.should_exit = True
        await self._task


async def test_a_visitor_of_another_site_is_answered_and_loses_nothing(site: Site) -> None:
    shop = await site.visitors.page(f"http://127.0.0.1:{site.outside.port}/", language="zh", width=900)
    site.shop = shop
    await shop.get_by_role("button", name="Chat").or_(shop.get_by_role("button", name="在线客服")).click()
    chat = shop.frame_locator("iframe")
    await chat.get_by_test_id("chat-name").fill("李强")
    await chat.get_by_test_id("chat-phone").fill(CUSTOMER)
    await chat.get_by_test_id("chat-text").fill("我的账单不对")
    await chat.get_by_test_id("chat-send").click()
    await expect(chat.get_by_test_id("chat-phase")).to_contain_text("Emma")
    await expect(site.page.get_by_test_id("inbox-unread")).to_have_text("1")
    await site.open_inbox("李强")
    await expect(site.page.get_by_test_id("inbox-unread")).to_have_count(0)
    await site.write("Which month?")
    await expect(chat.get_by_test_id("chat-message").last).to_contain_text("Which month?")

    await shop.context.set_offline(True)
    await chat.get_by_test_id("chat-text").fill("六月")
    await site.write("Are you still there?")
    await shop.context.set_offline(False)
    await chat.get_by_test_id("chat-send").click()
    await expect(chat.get_by_test_id("chat-message")).to_have_count(4, timeout=20_000)
    await expect(site.page.get_by_test_id("messages")).to_contain_text("六月")

    await shop.reload()
    await shop.get_by_role("button", name="Chat").or_(shop.get_by_role("button", name="在线客服")).click()
    again = shop.frame_locator("iframe").get_by_test_id("chat-message")
    await expect(again).to_have_count(4)
    assert ["Which month?" in text for text in await again.all_inner_texts()] == [False, True, False, False]


async def test_files_go_both_ways_and_stay_files(site: Site) -> None:
    shop = site.shop
    assert shop is not None
    chat = shop.frame_locator("iframe")
    evil: FilePayload = {"name": "bill.html", "mimeType": "text/html", "buffer": b"<script>parent.xss=1</script>"}
    await chat.get_by_test_id("chat-attach-input").set_input_files(evil)
    await expect(chat.get_by_test_id("chat-file")).to_contain_text("bill.html")
    sent = site.page.get_by_test_id("file")
    await expect(sent).to_contain_text("bill.html")
    answer = await site.page.request.get(f"{site.server.url}{await sent.get_attribute('href')}")
    assert (answer.headers["content-type"], answer.headers["x-content-type-options"]) == ("application/octet-stream", "nosniff")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    picture: FilePayload = {"name": "图.png", "mimeType": "image/png", "buffer": PNG}
    await site.page.get_by_test_id("attach-input").set_input_files(picture)
    await expect(chat.get_by_test_id("chat-file").last).to_contain_text("图.png")
    async with shop.expect_download() as saved:
        await chat.get_by_test_id("chat-file").last.click()
    assert (await (await saved.value).path()).read_bytes() == PNG


async def test_what_is_typed_and_unsent_outlives_a_reload_of_the_desk(site: Site) -> None:
    await site.page.get_by_test_id("composer").fill("half a sentence")
    await site.page.reload()
    await site.open_inbox("李强")
    await expect(site.page.get_by_test_id("composer")).to_have_value("half a sentence")
    await site.page.get_by_test_id("as-note").check()
    await site.page.get_by_test_id("composer").press("Enter")
    await expect(site.page.get_by_test_id("message").last).to_have_attribute("data-direction", "note")


async def test_a_conversation_becomes_a_ticket_that_calls_the_customer(site: Site) -> None:
    page = site.page
    await page.get_by_test_id("talk-ticket").click()
    await page.get_by_test_id("new-ticket-subject").fill("Roaming fee")
    await page.get_by_test_id("new-ticket-make").click()
    await expect(page.get_by_test_id("ticket-open")).to_have_attribute("data-status", "open")
    await expect(page.get_by_test_id("ticket-open").get_by_test_id("clock-resolve")).to_have_attribute("data-state", "running")
    await page.get_by_test_id("ticket-call").click()
    phone = await site.phones.answered(CUSTOMER)
    await phone.until(lambda: phone.level(AGENT_TONE) > -30, "does not hear Emma")
    assert await site.desk.until_level(TONE, -45) > 0
    silent, answered = page.locator(".conversation > .calm"), page.locator(".conversation .mark").first
    above, below = await silent.bounding_box(), await answered.bounding_box()
    assert above and below and above["y"] + above["height"] <= below["y"], "nothing was said before, and where it stands"
    await site.desk.hang_up()
    await phone.ended()
    await site.desk.wrap_up("solved", "told them")
    await page.get_by_test_id("view-inbox").click()
    await page.get_by_test_id("ticket").first.click()
    await page.get_by_test_id("ticket-status").select_option("pending")
    await expect(page.get_by_test_id("ticket-open").get_by_test_id("clock-resolve")).to_have_attribute("data-state", "paused")
    await expect(page.get_by_test_id("story")).to_contain_text(f"called {CUSTOMER}")

    async def kinds() -> set[str | None]:
        await page.get_by_test_id("ticket").first.click()
        found = page.get_by_test_id("timeline-entry")
        await expect(found.first).to_be_visible()
        return {await one.get_attribute("data-kind") for one in await found.all()}

    async with asyncio.timeout(20):
        while not {"ticket", "thread", "call"} <= await kinds():  # noqa: ASYNC110  # the record is written after the call
            await asyncio.sleep(0.3)
    await page.get_by_test_id("address-join").click()
    await expect(page.get_by_test_id("address-join")).to_have_count(0)


async def test_what_stands_beside_is_the_scene_of_what_is_written(site: Site) -> None:
    page, beside = site.page, site.page.get_by_test_id("customer")
    await expect(beside).to_have_attribute("data-scene", "ticket")
    await site.open_inbox("李强")
    await expect(beside).to_have_attribute("data-scene", "message")
    answer = await site.server.api("/api/v1/threads?limit=5")
    thread = next(one["id"] for one in answer["threads"] if one["name"] == "李强")
    await beside.get_by_test_id("step-read").check()
    await expect(beside.get_by_test_id("cards-pushed")).to_be_attached()
    await page.reload()
    await site.open_inbox("李强")
    await expect(beside.get_by_test_id("step-read")).to_be_checked()
    marks = (await site.server.api(f"/api/v1/desk/contacts/{thread}/work"))["marks"]
    assert [(one["name"], one["agent_id"]) for one in marks] == [("answer_in_writing.read", "emma")]


async def test_a_ticket_comes_by_the_queue_and_goes_back(site: Site) -> None:
    page = site.page
    await page.get_by_test_id("view-call").click()
    async with httpx.AsyncClient(
        base_url=site.server.url, headers={"Authorization": f"Bearer {site.server.token()}"}
    ) as client:
        made = await client.post("/api/v1/inbox/tickets", json={"subject": "No line", "assignee": "", "priority": "urgent"})
        assert made.status_code == 201, made.text
        number = made.json()["id"]
    await expect(page.get_by_test_id("inbox-unread")).to_have_text("1")
    await page.get_by_test_id("view-inbox").click()
    await page.locator(f'[data-testid="ticket"][data-id="{number}"]').click()
    await expect(page.get_by_test_id("ticket-owner")).to_have_value("emma")
    await expect(page.get_by_test_id("inbox-unread")).to_have_count(0)
    await expect(page.get_by_test_id("customer")).to_have_attribute("data-scene", "ticket")
    await page.get_by_test_id("ticket-status").select_option("solved")
    await expect(page.locator(f'[data-testid="ticket"][data-id="{number}"]')).to_have_count(0)


async def test_a_gateway_brings_messages_and_takes_answers_that_are_signed(site: Site) -> None:
    first = await site.hook(id="1", **{"from": "+49 151 999"}, text="Where is my order?", name="Tom")
    again = await site.hook(id="1", **{"from": "+49 151 999"}, text="Where is my order?", name="Tom")
    assert (first.status_code, first.json()) == (202, again.json()), "told twice, taken once"
    async with httpx.AsyncClient(base_url=site.server.url) as client:
        forged = await client.post("/api/v1/messages/hooks/gate", json={"id": "2", "from": "x", "text": "y"})
    assert (forged.status_code, forged.json()["error"]["code"]) == (401, "sign_in_needed")
    await site.open_inbox("Tom")
    await site.write("On its way.")
    answer = await site.outside.until(site.outside.answers)
    assert (answer["to"], answer["text"], answer["thread"]) == ("+49151999", "On its way.", first.json()["threads"][0])


async def test_an_e_mail_is_answered_by_e_mail(site: Site) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Anna <anna@example.com>", BOX, "Invoice"
    mail["Message-ID"] = "<one@example.com>"
    mail.set_content("Please send it again.\n\nOn Monday, Support wrote:\n> Hello")

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", site.smtp_port, timeout=10) as client:
            client.send_message(mail)

    await asyncio.to_thread(send)
    await site.open_inbox("Anna")
    await expect(site.page.get_by_test_id("message").first).to_contain_text("Please send it again.")
    await site.page.get_by_test_id("composer").fill("Here it is.")
    await site.page.get_by_test_id("composer").press("Enter")
    answer = await site.outside.until(site.outside.mails)
    assert (answer["To"], answer["Subject"], answer["In-Reply-To"]) == ("anna@example.com", "Re: Invoice", "<one@example.com>")
    assert answer.get_content().strip() == "Here it is."
    await expect(site.page.get_by_test_id("talk")).to_have_attribute("data-status", "pending")
    assert site.server.log_lines(r"Traceback|CRITICAL") == []
