"""The whole web room on a free port, with a real Redis and legs that keep what was done to them."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect

from ivr.acd.embedded import start_embedded
from ivr.errors import Conflict, NotFound
from ivr.web import caller
from ivr.web.app import build_web
from ivr.web.desk import DeskHub
from ivr.web.parts import Account, BrowserLeg, CallerLimits, CallerPage, WebParts
from telephony.errors import TransportError
from telephony.leg import CallInfo, CallLeg, EndCause, Ended, LegEvent, LegKind, LegState, Party
from telephony.media.codec import Codec

TOKEN = "token-of-the-api"
CONTACT = {"id": "c-1", "phase": "offered", "queue": "support", "turns": [], "note": ""}
FIGURES = ({"name": "support", "waiting": 0, "longest_since": None},)
AGENT = {"id": "wang", "name": "Wang Fang", "state": "available", "reason": "", "since": 1.0, "until": None}


class RecordedLeg:
    """A browser's leg without a browser."""

    kind = LegKind.WEBRTC

    def __init__(self, number: int, caller: Party, callee: Party, languages: Sequence[str]) -> None:
        self.id = self.correlation = f"web-{number}"
        self.caller, self.callee, self.languages = caller, callee, tuple(languages)
        self.state = LegState.OFFERED
        self.info = CallInfo()
        self.answers: list[str] = []
        self.pressed = ""
        self.patience = 0.0
        self.watchers: list[Callable[[Ended], None]] = []
        self.ended: Ended | None = None

    async def accept_answer(self, sdp: str) -> None:
        self.answers.append(sdp)
        if sdp == "bad":
            self._end(EndCause.FAILED, True)
            raise TransportError("bad answer")

    def when_ended(self, watcher: Callable[[Ended], None]) -> None:
        self.watchers.append(watcher)

    def press(self, digits: str) -> None:
        self.pressed += digits

    def expect_media(self, seconds: float) -> None:
        self.patience = seconds

    def sounded(self) -> None:
        return None

    def left(self, detail: str = "") -> None:
        self._end(EndCause.HUNG_UP, True)

    def subscribe(self, handler: Callable[[LegEvent], None]) -> None: ...
    def ring(self) -> None: ...
    def answer(self) -> None:
        self.state = LegState.UP

    def play(self, clips: Sequence[Any], *, repeat: bool = False) -> int:
        return 1

    def stop(self) -> None: ...
    def hear(self, listener: object) -> None: ...
    def send_digits(self, digits: str) -> None: ...
    def progress(self) -> None: ...
    def set_hold(self, on: bool) -> None: ...
    def renegotiate(self, codecs: Sequence[Codec]) -> None: ...
    def transfer(self, target: str) -> None: ...
    def transfer_to(self, other: CallLeg) -> None: ...
    def report_transfer(self, status: int) -> None: ...
    def quality(self) -> dict[str, Any]:
        return {}

    def hang_up(self, cause: EndCause = EndCause.RELEASED, status: int | None = None) -> None:
        self._end(cause, False)

    def _end(self, cause: EndCause, by_peer: bool) -> None:
        if self.ended is None:
            self.state = LegState.ENDED
            self.ended = Ended(0.0, cause, by_peer)
            for watcher in self.watchers:
                watcher(self.ended)


@dataclass
class RecordedActions:
    """What the agents' buttons did."""

    done: list[tuple[str, ...]] = field(default_factory=list)
    agent: dict[str, Any] = field(default_factory=lambda: dict(AGENT))
    reasons: list[str] = field(default_factory=list)
    parts: dict[str, Any] = field(default_factory=dict)
    """What is said of a page that opens besides."""

    async def page_opened(self, agent_id: str) -> Mapping[str, Any]:
        self.done.append(("page_opened", agent_id))
        return {"agent": {**self.agent, "id": agent_id}, "queues": list(FIGURES), **self.parts}

    async def page_closed(self, agent_id: str, reason: str = "page closed") -> None:
        self.done.append(("page_closed", agent_id))
        self.reasons.append(reason)

    async def extend_wrap_up(self, agent_id: str) -> None:
        self.done.append(("extend_wrap_up", agent_id))

    async def why_no_calls(self, agent_id: str) -> None:
        self.done.append(("why_no_calls", agent_id))

    async def set_state(self, agent_id: str, state: str, reason: str) -> None:
        if state == "lunch":
            raise Conflict("'lunch' is not a state")
        self.done.append(("set_state", agent_id, state, reason))

    async def hold(self, agent_id: str, contact_id: str) -> None:
        raise RuntimeError("a defect")

    async def resume_call(self, agent_id: str, contact_id: str) -> None:
        self.done.append(("resume_call", agent_id, contact_id))

    async def hang_up(self, agent_id: str, contact_id: str) -> None:
        raise TransportError("no route")

    async def dtmf(self, agent_id: str, contact_id: str, digits: str) -> None:
        self.done.append(("dtmf", agent_id, contact_id, digits))

    async def note(self, agent_id: str, contact_id: str, text: str) -> None:
        self.done.append(("note", agent_id, contact_id, text))

    async def transfer(self, agent_id: str, contact_id: str, to: str) -> None:
        self.done.append(("transfer", agent_id, contact_id, to))

    async def consult(self, agent_id: str, contact_id: str, to: str) -> None:
        self.done.append(("consult", agent_id, contact_id, to))

    async def toggle(self, agent_id: str, contact_id: str) -> None:
        self.done.append(("toggle", agent_id, contact_id))

    async def three_way(self, agent_id: str, contact_id: str) -> None:
        self.done.append(("three_way", agent_id, contact_id))

    async def complete(self, agent_id: str, contact_id: str) -> None:
        self.done.append(("complete", agent_id, contact_id))

    async def back(self, agent_id: str, contact_id: str) -> None:
        self.done.append(("back", agent_id, contact_id))

    async def park(self, agent_id: str, contact_id: str, slot: str) -> None:
        self.done.append(("park", agent_id, contact_id, slot))

    async def pick_up(self, agent_id: str, slot: str) -> None:
        self.done.append(("pick_up", agent_id, slot))

    async def record(self, agent_id: str, contact_id: str, action: str) -> None:
        self.done.append(("record", agent_id, contact_id, action))

    async def announce(self, agent_id: str, contact_id: str, prompt: str) -> None:
        self.done.append(("announce", agent_id, contact_id, prompt))

    async def listener(self, name: str, there: bool) -> None:
        self.done.append(("listener", name, str(there)))

    async def reattach(self, agent_id: str, contact_id: str) -> None:
        self.done.append(("reattach", agent_id, contact_id))

    async def show(self, agent_id: str, contact_id: str) -> None:
        self.done.append(("show", agent_id, contact_id))

    async def dial(self, agent_id: str, to: str) -> None:
        self.done.append(("dial", agent_id, to))

    async def redial(self, agent_id: str) -> None:
        self.done.append(("redial", agent_id))

    async def directory(self, agent_id: str, query: str) -> None:
        self.done.append(("directory", agent_id, query))

    async def monitor(self, agent_id: str, contact_id: str, mode: str) -> None:
        self.done.append(("monitor", agent_id, contact_id, mode))

    async def wrap_up(self, agent_id: str, contact_id: str, disposition: str, note: str, follow_up: str = "") -> None:
        self.done.append(("wrap_up", agent_id, contact_id, disposition, note))


class ListedAccounts:
    """Passwords are the names."""

    def __init__(self) -> None:
        self.known = {
            account.id: account
            for account in (
                Account("wang", "Wang Fang"),
                Account("li"),
                Account("boss", "Boss", ("supervisor",)),
                Account("mei", "Mei", ("senior",)),
            )
        }

    async def verify(self, username: str, password: str) -> Account | None:
        return self.known.get(username) if username == password else None

    def find(self, account_id: str) -> Account | None:
        return self.known.get(account_id)


class ListedContacts:
    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    async def list(
        self,
        limit: int,
        before: str | float | None = None,
        queue: str | None = None,
        agent: str | None = None,
        disposition: str | None = None,
    ) -> list[dict[str, Any]]:
        self.asked.append((limit, before, queue, agent, disposition))
        return [{"id": "c-2"}, {"id": "c-1"}][:limit]

    async def get(self, contact_id: str) -> dict[str, Any]:
        if contact_id != "c-1":
            raise NotFound(f"there is no contact {contact_id}")
        return {"id": "c-1", "turns": [{"text": "查账单"}]}


class Page:
    """A page's end of a socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._kept: list[dict[str, Any]] = []

    async def settle(self) -> None:
        """Wait for the first message and keep it for `next`."""
        self._kept.append(await self.next())

    async def send(self, kind: str, data: Mapping[str, Any] | None = None, request: str | None = None) -> None:
        message: dict[str, Any] = {"type": kind, "data": data or {}}
        if request is not None:
            message["id"] = request
        await self.socket.send(json.dumps(message))

    async def next(self, kind: str = "") -> dict[str, Any]:
        """The next message, or the next of a kind."""
        async with asyncio.timeout(5):
            while True:
                message: dict[str, Any] = self._kept.pop() if self._kept else json.loads(await self.socket.recv())
                if not kind or message["type"] == kind:
                    return message

    async def request(self, kind: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        await self.send(kind, data, "c1")
        return dict((await self.next("reply"))["data"])

    async def closed(self) -> tuple[int, str]:
        async with asyncio.timeout(5):
            await self.socket.wait_closed()
        return self.socket.close_code or 0, self.socket.close_reason or ""


async def metrics() -> str:
    return "hotline_calls 3\n"


@dataclass
class Web:
    """The running web room and everything behind it."""

    url: str
    hub: DeskHub
    actions: RecordedActions
    contacts: ListedContacts
    static: Path
    legs: list[RecordedLeg] = field(default_factory=list)
    callers: list[tuple[BrowserLeg, CallerPage, str, str, str]] = field(default_factory=list)
    health: dict[str, Any] = field(default_factory=lambda: {"status": "ok", "version": "0.1.0"})
    sockets: list[ClientConnection] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, trust_env=False)

    async def cookie(self, name: str = "wang") -> str:
        async with self.client() as client:
            response = await client.post("/api/v1/login", json={"username": name, "password": name})
            assert response.status_code == 200, response.text
            return response.headers["set-cookie"].split(";")[0]

    async def socket(self, path: str, **headers: str) -> Page:
        socket = await connect(self.url.replace("http", "ws") + path, additional_headers=headers, proxy=None)
        self.sockets.append(socket)
        return Page(socket)

    async def desk(self, name: str = "wang", seq: int = 0) -> Page:
        """A desk page that leads."""
        page = await self.socket("/ws/desk", cookie=await self.cookie(name))
        await page.send("resume", {"seq": seq})
        await page.settle()
        return page

    async def call(self) -> Page:
        return await self.socket("/ws/call")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        server = runner.run(start_embedded(Path(folder)))
        yield server.url
        runner.run(server.aclose())


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    await client.flushdb()
    yield client
    await client.aclose()


StartWeb = Callable[..., Awaitable[Web]]


@pytest.fixture
async def start_web(redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StartWeb]:
    """Starts a web room; its options are those of `DeskHub`, and `limits` for callers."""
    monkeypatch.setattr(caller, "GRACE_SECONDS", 0.05)
    running: list[tuple[uvicorn.Server, asyncio.Task[None], Web]] = []

    async def start(*, limits: CallerLimits = CallerLimits(), **options: Any) -> Web:  # noqa: B008
        legs: list[RecordedLeg] = []
        callers: list[tuple[BrowserLeg, CallerPage, str, str, str]] = []

        async def open_leg(caller: Party, callee: Party, languages: Sequence[str]) -> tuple[BrowserLeg, str]:
            leg = RecordedLeg(len(legs) + 1, caller, callee, languages)
            legs.append(leg)
            return leg, f"offer of {leg.id}"

        def on_caller_leg(leg: BrowserLeg, page: CallerPage, name: str, language: str, to: str) -> None:
            callers.append((leg, page, name, language, to))

        hub = DeskHub(open_leg, settings={"ring_seconds": 20, "wrap_up_seconds": 30, "dispositions": ["solved"]}, **options)
        actions, contacts = RecordedActions(), ListedContacts()
        hub.start(actions)
        web = Web("", hub, actions, contacts, tmp_path, legs, callers)
        parts = WebParts(
            accounts=ListedAccounts(),
            redis=redis,
            desk=hub,
            contacts=contacts,
            admin_token=TOKEN,
            open_leg=open_leg,
            on_caller_leg=on_caller_leg,
            health=lambda: web.health,
            metrics=metrics,
            static=tmp_path,
            caller_limits=limits,
        )
        config = uvicorn.Config(build_web(parts), host="127.0.0.1", port=0, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server.serve())
        async with asyncio.timeout(5):
            while not server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        web.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        running.append((server, task, web))
        return web

    yield start
    for server, task, web in running:
        for socket in web.sockets:
            await socket.close()
        await web.hub.close()
        server.should_exit = True
        await task


@pytest.fixture
async def web(start_web: StartWeb) -> Web:
    return await start_web()


async def until(condition: Callable[[], bool], *, within: float = 5.0) -> None:
    for _ in range(int(within / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")
