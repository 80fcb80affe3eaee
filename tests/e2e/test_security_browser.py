"""What strangers try on people at their pages, in Chromium against a running server: markup in every name and word, pages of
other sites, stolen and ended sessions, and peers that are slow, deaf or too loud.
"""

from __future__ import annotations

import asyncio
import json
import smtplib
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ivr.messages.signing import signed
from ivr.web.auth import COOKIE, SIGNED_OUT
from telephony.leg import Party
from tests.e2e.baresip import free_port
from tests.e2e.browser import Browser
from tests.e2e.hostile import LONG, MARKUP, NAME, TEXT, Watch
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess, direct
from tests.e2e.wall_client import WallClient

STATIC = Path(__file__).parents[2] / "ivr" / "web" / "static"
SECRET, BOX = "a-secret-of-the-gateway", "support@example.org"
SLOW = 20_000
"""Milliseconds in which a page shows something, on a busy machine."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not (STATIC / "quality.html").is_file(), reason="the pages are not built: make pages"),
]

FLOW = direct("{ tag: complaint }")


def scenes() -> str:
    """Whoever writes them is trusted with words, not with scripts. (JSON is YAML.)"""
    both = {"zh": TEXT, "en": TEXT}
    return json.dumps(
        {
            "scenes": {
                "hotline": {
                    "who": ["caller", "facts", "why", "tickets", "offers", "history"],
                    "do": ["lines", "procedure", "cards", "actions", "wrap_up"],
                    "procedure": "steps",
                    "lines": ["answer"],
                    "actions": ["refund"],
                }
            },
            "cards": {"keep": {"title": both, "text": both, "said": {"en": ["hello"]}}},
            "procedures": {"steps": {"title": both, "steps": {"first": both}}},
            "lines": {"answer": {"text": both, "said": {"en": ["good bye"]}}},
            "actions": {"refund": {"title": both, "hook": "shop", "fields": {}}},
        }
    )


@dataclass
class House:
    folder: Path
    server: HotlineProcess
    phones: Phones
    browser: Browser
    smtp_port: int

    async def page(self, path: str, who: str) -> Page:
        """A page in a context of its own, watched by nobody yet."""
        page = await self.browser.page(f"{self.server.url}{path}")
        page.set_default_timeout(SLOW)
        await page.get_by_test_id("login-user").fill(who)
        await page.get_by_test_id("login-password").fill(self.server.password(who))
        await page.get_by_test_id("login-submit").click()
        await expect(page.get_by_test_id("login")).to_have_count(0)
        return page

    @asynccontextmanager
    async def client(self, who: str, browser: str = "Mozilla/5.0 test") -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(base_url=self.server.url, headers={"user-agent": browser}, timeout=20) as client:
            body = {"username": who, "password": self.server.password(who)}
            (await client.post("/api/v1/login", json=body)).raise_for_status()
            yield client

    async def call(self, user: str, name: str) -> Phone:
        """A caller who calls himself what he likes."""
        phone = Phone(self.phones.gateway.dial(self.server.sip, Party(user, name)), 403.0)
        await phone.up()
        return phone


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows" / "scenes").mkdir(parents=True)
    (folder / "flows" / "direct.yaml").write_text(FLOW, "utf-8")
    (folder / "flows" / "scenes" / "scenes.yaml").write_text(scenes(), "utf-8")
    smtp_port = free_port()
    async with AsyncExitStack() as stack:
        phones = await stack.enter_async_context(Phones.open({"emma": 719.0}))
        server = HotlineProcess(
            folder,
            speech={"enabled": False, "voice": "none"},
            routes=[{"to": "*", "flow": "direct"}],
            queues={"support": {"ring": "20s", "wrap_up": "60s"}},
            agents=[
                {
                    "id": "emma",
                    "name": NAME,
                    "team": "<script>team</script>",
                    "device": phones.uri("emma"),
                    "skills": {"telecom": 3},
                    "capacity": {"voice": 1, "message": 9, "blend": ["message"]},
                },
                {"id": "boss", "name": NAME, "roles": ["supervisor", "quality"]},
                {"id": "root", "name": NAME, "roles": ["admin"]},
            ],
            outbound={"rules": [{"name": "here", "who": ["*"], "hosts": ["127.0.0.1"]}]},
            notices={"email": {"host": "127.0.0.1", "port": 9, "sender": BOX, "tls": "none"}},
            messages={
                "chat": {"enabled": True, "ask": ["name"], "greeting": {"zh": TEXT[:900], "en": TEXT[:900]}},
                "hooks": {"gate": {"kind": "sms", "secret": SECRET}},
                "email": {"address": BOX, "listen": f"127.0.0.1:{smtp_port}"},
            },
            workbench={"hooks": {"shop": {"url": "http://127.0.0.1:9/actions", "secret": SECRET}}},
        )
        server.flows = str(folder / "flows")
        await stack.enter_async_context(server)
        browser = await stack.enter_async_context(Browser())
        yield House(folder, server, phones, browser, smtp_port)


async def test_markup_is_text_where_people_talk_and_write(house: House) -> None:
    await written_to(house)
    emma = await house.page("/desk", "emma")
    watch = await Watch.on(emma, house.server.url)
    await emma.get_by_test_id("state-select").select_option("available")
    caller = await house.call("8613911112222", f"{NAME}{LONG}")
    phone = await house.phones.answered("emma")
    await expect(emma.get_by_test_id("contact")).to_have_attribute("data-phase", "connected", timeout=SLOW)
    await expect(emma.get_by_test_id("contact")).to_contain_text("<b>Li</b>")
    await expect(emma.get_by_test_id("do")).to_contain_text("<script>window.__xss=2</script>")
    await watch.clean()
    await on_the_wall(house)
    phone.leg.hang_up()
    await caller.ended()
    await emma.get_by_test_id("note").fill(TEXT)
    await emma.get_by_test_id("disposition-solved").click()
    await emma.get_by_test_id("finish").click()
    await in_the_inbox(emma, watch)
    await emma.context.close()
    await with_the_visitor(house)
    assert not house.server.log_lines(r"Traceback|CRITICAL")


async def test_markup_is_text_where_people_manage_and_judge(house: House) -> None:
    await in_the_account(house)
    await in_administration(house)
    await in_quality(house)
    assert not house.server.log_lines(r"Traceback|CRITICAL")


async def written_to(house: House) -> None:
    """A gateway, a mail server: strangers choose every word of what they bring."""
    body = json.dumps({"id": "1", "from": f"+49151{'9' * 8}", "text": TEXT, "name": NAME}).encode()
    async with httpx.AsyncClient(base_url=house.server.url) as client:
        sent = await client.post("/api/v1/messages/hooks/gate", content=body, headers=signed(SECRET, body, time.time()))
    assert sent.status_code == 202, sent.text
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f'"{NAME.replace(chr(34), "")}" <eve@example.com>', BOX, TEXT[:600]
    mail["Message-ID"] = "<one@example.com>"
    mail.set_content(f"<html><head><style>body{{display:none}}</style></head><body><h1>{TEXT}</h1></body></html>", "html")

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", house.smtp_port, timeout=10) as client:
            client.send_message(mail)

    await asyncio.to_thread(send)


async def in_the_inbox(page: Page, watch: Watch) -> None:
    await page.get_by_test_id("view-inbox").click()
    await expect(page.get_by_test_id("thread")).to_have_count(2, timeout=SLOW)
    await watch.clean()
    for number in range(2):
        await page.get_by_test_id("thread").nth(number).click()
        await expect(page.get_by_test_id("messages")).to_contain_text("W" * 300, timeout=SLOW)
        await watch.clean()
        await page.get_by_test_id("inbox-back").click() if await page.get_by_test_id("inbox-back").is_visible() else None
    await page.get_by_test_id("thread").first.click()
    await page.get_by_test_id("composer").fill(TEXT)
    await page.get_by_test_id("composer").press("Enter")
    await page.get_by_test_id("talk-ticket").click()
    await page.get_by_test_id("new-ticket-subject").fill(TEXT[:180])
    await page.get_by_test_id("new-ticket-make").click()
    await expect(page.get_by_test_id("ticket-open")).to_have_attribute("data-status", "open", timeout=SLOW)
    await page.get_by_test_id("ticket-tags").fill(f"{MARKUP[:30]}, {'W' * 30}")
    await page.get_by_test_id("ticket-comment").fill(TEXT)
    await page.get_by_test_id("ticket-comment-send").click()
    await expect(page.get_by_test_id("story")).to_contain_text("W" * 300, timeout=SLOW)
    await watch.clean()


async def on_the_wall(house: House) -> None:
    wall = await house.page("/wall", "boss")
    watch = await Watch.on(wall, house.server.url)
    await expect(wall.get_by_test_id("wall")).to_have_attribute("data-ready", "true", timeout=SLOW)
    await expect(wall.get_by_test_id("agent-emma")).to_contain_text("<b>Li</b>")
    await watch.clean()
    await wall.locator("[data-testid^=call-][data-phase=connected]").click()
    await watch.clean()
    await wall.get_by_test_id("card-close").click()
    await wall.get_by_test_id("agent-emma").get_by_role("button").first.click()
    await watch.clean()
    await wall.context.close()


async def with_the_visitor(house: House) -> None:
    page = await house.browser.page(f"{house.server.url}/chat")
    watch = await Watch.on(page, house.server.url)
    await page.get_by_test_id("chat-name").fill(NAME[:80])
    await page.get_by_test_id("chat-text").fill(TEXT)
    await page.get_by_test_id("chat-send").click()
    await expect(page.get_by_test_id("chat-message")).to_have_count(1, timeout=SLOW)
    await watch.clean()
    await page.context.close()


async def in_the_account(house: House) -> None:
    async with house.client("emma", f"Mozilla/5.0 {MARKUP}{LONG}") as other:
        (
            await other.post("/api/v1/account/tokens", json={"name": NAME[:80], "scopes": ["contacts:read"], "days": None})
        ).raise_for_status()
        page = await house.page("/account", "emma")
        watch = await Watch.on(page, house.server.url)
        await expect(page.get_by_test_id("tokens")).to_contain_text("<b>Li</b>", timeout=SLOW)
        await watch.clean()
        await page.context.close()


async def in_administration(house: House) -> None:
    page = await house.page("/admin", "root")
    watch = await Watch.on(page, house.server.url)
    await page.wait_for_selector("[data-testid=admin][data-link=open]")
    for section in ("live", "audit", "people"):
        await page.get_by_test_id(f"nav-{section}").click()
        await expect(page.locator("main")).to_contain_text("emma", timeout=SLOW)
        await watch.clean()
    await expect(page.get_by_test_id("person-emma")).to_contain_text("<b>Li</b>")
    await page.context.close()


async def in_quality(house: House) -> None:
    page = await house.page("/quality", "boss")
    watch = await Watch.on(page, house.server.url)
    await expect(page.get_by_test_id("quality")).to_have_attribute("data-ready", "true", timeout=SLOW)
    for section in await page.locator("[data-testid^=section-]").all():
        await section.click()
        await expect(section).to_have_attribute("aria-current", "page")
        await watch.clean()
    await page.get_by_test_id("section-find").click()
    await expect(page.locator("main")).to_contain_text("<b>Li</b>", timeout=SLOW)
    await watch.clean()
    await page.context.close()


EVIL = """<!doctype html><title>Prizes</title>
<iframe id=frame src="URL/desk"></iframe>
<form id=form method=post enctype="text/plain" action="URL/api/v1/logout"><input name='{"a":"' value='"}'></form>
<script src="URL/api/v1/me"></script>"""

TRY = """
async (url) => {
  const found = {};
  const tried = async (name, what) => { try { found[name] = await what(); } catch (error) { found[name] = 'refused'; } };
  const sent = { method: 'POST', credentials: 'include' };
  await tried('read', async () => (await fetch(`${url}/api/v1/me`, { credentials: 'include' })).status);
  await tried('plain', async () => (await fetch(`${url}/api/v1/logout`, { ...sent, mode: 'no-cors', body: '{}' })).type);
  await tried('json', async () => (await fetch(`${url}/api/v1/people`, {
    ...sent, headers: { 'content-type': 'application/json' }, body: '{"id":"eve","roles":["admin"]}' })).status);
  await tried('beacon', async () => navigator.sendBeacon(`${url}/api/v1/logout`, '{}') && 'sent');
  for (const path of ['desk', 'wall', 'admin', 'call']) {
    await tried(path, () => new Promise((resolve) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/${path}`);
      socket.onopen = () => resolve('open');
      socket.onclose = () => resolve('refused');
    }));
  }
  const other = window.open(`${url}/desk`);
  await new Promise((resolve) => setTimeout(resolve, 600));
  await tried('window', async () => (other === null || other.closed ? 'refused' : String(other.location.href)));
  await tried('frame', async () => String(document.getElementById('frame').contentWindow.document.body.innerText));
  return found;
}
"""


@asynccontextmanager
async def site(host: str, html: str) -> AsyncIterator[str]:
    async def page(_request: Request) -> Response:
        return HTMLResponse(html)

    app = Starlette(routes=[Route("/", page)])
    server = uvicorn.Server(uvicorn.Config(app, host=host, port=0, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    yield f"http://{host}:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
async def test_another_sites_page_reaches_nothing(house: House, host: str) -> None:
    """127.0.0.1 at another port is another origin of the same site: the browser sends the cookie. 127.0.0.2 is another site."""
    root = await house.page("/admin", "root")
    async with site(host, EVIL.replace("URL", house.server.url)) as evil:
        page = await root.context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        await page.goto(evil)
        found = await page.evaluate(TRY, house.server.url)
        assert found.pop("plain") in ("opaque", "refused"), "a browser sends it; the server refuses it"
        assert found.pop("beacon") == "sent"
        assert set(found.values()) == {"refused"}, found
        assert any("frame-ancestors" in line for line in refused), refused
        async with page.expect_response(lambda one: one.url.endswith("/api/v1/logout")) as answered:
            await page.evaluate("() => document.getElementById('form').submit()")
        assert (await answered.value).status == 403
    me = await root.evaluate("async () => (await fetch('/api/v1/me')).status")
    assert me == 200, "still signed in"
    assert "eve" not in {one["id"] for one in (await house.server.api("/api/v1/people"))["people"]}
    await root.context.close()


PLACES = {"/desk": "emma", "/wall": "boss", "/admin": "root", "/quality": "boss"}


async def test_a_session_that_was_ended_leaves_every_page(house: House) -> None:
    """An administrator ends them, or a thief uses a copy of the cookie: the page says so by itself, without a click."""
    pages = {path: await house.page(path, who) for path, who in PLACES.items()}
    sockets = {path: await held(house, path, page) for path, page in pages.items() if path in ("/desk", "/wall", "/admin")}
    try:
        thief = {"cookie": await cookie_of(pages["/desk"]), "user-agent": "curl/8.5.0"}
        async with httpx.AsyncClient(base_url=house.server.url) as client:
            assert (await client.get("/api/v1/me", headers=thief)).status_code == 401
        token = {"authorization": f"Bearer {house.server.token()}"}
        async with httpx.AsyncClient(base_url=house.server.url, headers=token) as admin:
            for who in ("boss", "root"):
                assert (await admin.delete(f"/api/v1/people/{who}/sessions")).status_code == 200
        for path, socket_ in sockets.items():
            async with asyncio.timeout(5):
                with suppress(ConnectionClosed):
                    while True:
                        await socket_.recv()
            assert socket_.close_code == SIGNED_OUT, path
        for path in ("/desk", "/wall", "/admin"):
            await expect(pages[path].get_by_test_id("login")).to_be_visible(timeout=SLOW)
        await pages["/quality"].get_by_test_id("section-find").click()
        await expect(pages["/quality"].get_by_test_id("login")).to_be_visible(timeout=SLOW)
    finally:
        for socket_ in sockets.values():
            await socket_.close()
        for page in pages.values():
            await page.context.close()


async def cookie_of(page: Page) -> str:
    found = [one for one in await page.context.cookies() if one["name"] == COOKIE]
    assert found and found[0]["httpOnly"] and found[0]["sameSite"] == "Strict"
    return f"{COOKIE}={found[0]['value']}"


async def held(house: House, path: str, page: Page) -> Any:
    """A socket of the same session, to see when the server ends it."""
    agent = await page.evaluate("() => navigator.userAgent")
    headers = {"cookie": await cookie_of(page), "origin": house.server.url}
    url = f"{house.server.url.replace('http', 'ws')}/ws{'/wall' if path == '/desk' else path}"
    if path == "/desk":  # a second desk would replace the first
        url = url.replace("/wall", "/desk")
    return await connect(url, additional_headers=headers, user_agent_header=agent, max_size=None)


async def test_the_slow_the_deaf_and_the_loud_hold_nobody_up(house: House) -> None:
    async with WallClient.open(house.server, "boss") as wall, AsyncExitStack() as stack:
        for _ in range(20):
            stack.push_async_callback(closed, await deaf(house, "/ws/wall", wall.cookie))
        for _ in range(50):
            _, writer = await asyncio.open_connection("127.0.0.1", house.server.web_port)
            writer.write(b"GET /api/v1/me HTTP/1.1\r\nhost: a\r\nx-slow: ")
            stack.callback(writer.close)
        began = time.monotonic()
        assert (await wall.ask("ping"))["ok"]
        async with httpx.AsyncClient(base_url=house.server.url, timeout=20) as client:
            assert (await client.get("/api/v1/health")).status_code == 200
            huge = await client.post("/api/v1/login", content=b'{"username": "' + b"x" * 2_000_000)
            assert huge.status_code == 400
            long_headers = await client.get("/api/v1/me", headers={"x-long": "x" * 60_000})
            assert long_headers.status_code in (400, 401, 431)
        assert time.monotonic() - began < 8.0
        url = f"{house.server.url.replace('http', 'ws')}/ws/call"
        async with connect(url) as loud:
            with pytest.raises(ConnectionClosed):
                async with asyncio.timeout(20):
                    await loud.send(json.dumps({"type": "hello", "data": "x" * 1_000_000}))
                    while True:
                        await loud.recv()
            assert loud.close_code == 1009
        with pytest.raises(InvalidStatus):
            await connect(f"{house.server.url.replace('http', 'ws')}/ws/wall", additional_headers={"cookie": f"{COOKIE}=x"})
        assert (await wall.ask("ping"))["ok"]
    assert not house.server.log_lines(r"Traceback|CRITICAL")


async def deaf(house: House, path: str, cookie: str) -> socket.socket:
    """A socket that asks for everything again and again and reads nothing of it, once it is open."""
    loop, peer = asyncio.get_running_loop(), socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.setblocking(False)
    await loop.sock_connect(peer, ("127.0.0.1", house.server.web_port))
    head = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    head += "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n\r\n"
    text = b'{"type":"resume","data":{"seq":0}}'
    frame = bytes([0x81, 0x80 | len(text)]) + bytes(4) + text
    await loop.sock_sendall(peer, head.encode() + frame * 60)
    opened = b"HTTP/1.1 101"
    assert await loop.sock_recv(peer, len(opened)) == opened
    return peer


async def closed(peer: socket.socket) -> None:
    peer.close()
