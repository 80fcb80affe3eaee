"""`/ws/chat`: a visitor of a web page who writes. No account; so everything is bounded."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from starlette.websockets import WebSocket

from ivr.errors import Conflict, IvrError, NotFound
from ivr.messages.adapters import stated_in
from ivr.messages.model import File, Incoming, Sender, Status, shown_to_customer
from ivr.messages.parts import ChatRules, MessageParts
from ivr.web.page_socket import PageSocket

log = logging.getLogger(__name__)

MOST_TEXT = 4000
"""Characters of one message."""
PER_MINUTE = 30
"""Messages of one visitor, on however many pages, one after the other or at once."""
FILES_PER_MINUTE = 20
"""Files from one address, whoever sends them there."""
MOST_BEFORE = 200
"""Messages of a conversation that a page gets when it comes; `PageSocket` holds some more."""
TYPING_SECONDS = 1.0
"""Between two signs to the agent that the visitor types."""
SILENCE = 90.0
"""Seconds without a sign of life after which a page counts as gone."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class ChatLine:
    """One page of a visitor."""

    def __init__(self, hub: ChatHub, page: PageSocket, address: str) -> None:
        self._hub, self.page, self.remote = hub, page, address
        self.thread = ""
        self.agent_id = ""
        self.position = 0
        self._token = ""
        self._next = 0
        """Index of the first message that the page has not."""
        self._phase: tuple[Any, ...] = ()
        self._typed = 0.0
        self._woken = asyncio.Event()
        self._greeted = False

    # --- from the page

    async def handle(self, message: Mapping[str, Any]) -> None:
        data = message.get("data")
        fields = data if isinstance(data, dict) else {}
        error, told = "", {}
        try:
            told = await self._perform(str(message["type"]), fields) or {}
        except IvrError as refused:
            error = str(refused)
        request = message.get("id")
        if isinstance(request, str) and len(request) <= 64:
            answer = {"id": request, "ok": not error, **({"error": error} if error else told)}
            self.send("reply", answer)

    async def _perform(self, kind: str, fields: Mapping[str, Any]) -> dict[str, Any] | None:
        match kind:
            case "ping":
                pass
            case "hello" if not self._greeted:
                await self._hello(fields)
            case "say" if self._greeted:
                return await self._say(fields)
            case "typing" if self.thread:
                await self._types()
            case "leave" if self.thread:
                await self._hub.parts.desk.customer_left(self.thread)
            case _:
                raise Conflict("say hello first")
        return None

    async def _types(self) -> None:
        now = time.monotonic()
        if now - self._typed >= TYPING_SECONDS:
            self._typed = now
            await self._hub.parts.desk.customer_types(self.thread, self.agent_id)

    async def _hello(self, fields: Mapping[str, Any]) -> None:
        """`{token, index}`: who was here before gets what came since `index`, the last `MOST_BEFORE` at most."""
        rules, token, index, store = self._hub.rules, fields.get("token"), fields.get("index"), self._hub.parts.desk.store
        if isinstance(token, str) and _TOKEN.fullmatch(token):
            self._token = token
            self.thread = await store.latest_of(_address(token))
        if self.thread:
            had = index if isinstance(index, int) and 0 <= index < 1_000_000 else 0
            self._next = max(had, (await store.get(self.thread))["count"] - MOST_BEFORE)
        self._greeted = True
        self.send(
            "welcome", {"greeting": dict(rules.greeting), "ask": list(rules.ask), "thread": self.thread, "from": self._next}
        )
        if self.thread:
            self._hub.follow(self)
            self._woken.set()

    async def _say(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """`{key, text, name, language, phone, email}`; the first one begins the conversation."""
        given = {name: _text(fields, name, most) for name, most in _FIELDS.items()}
        if not given["text"].strip():
            raise Conflict("there is nothing to send")
        if not self.thread and not self._hub.starts.may(self.remote):  # whatever token the page made up
            raise Conflict("too many conversations begin at your address; wait a minute")
        self._token = self._token or secrets.token_urlsafe(32)
        address, desk = _address(self._token), self._hub.parts.desk
        if not self._hub.said.may(address):
            raise Conflict("that was too fast; wait a little")
        language = given["language"] if _LANGUAGE.fullmatch(given["language"]) else ""
        key = given["key"] or secrets.token_urlsafe(9)
        incoming = Incoming(
            channel="chat",
            source="chat",
            sender=Sender(address, given["name"].strip(), language, stated_in(given)),
            text=given["text"],
            external=f"{address}:{key}",
        )
        thread, row = await desk.incoming(incoming, self._hub.rules.placing)
        if self.thread != thread["id"]:
            self.thread = thread["id"]
            self._hub.follow(self)
            self._woken.set()
        return {"thread": self.thread, "token": self._token, "index": row["index"]}

    # --- to the page

    def send(self, kind: str, data: Mapping[str, Any]) -> None:
        self.page.send({"type": kind, "at": self._hub.clock(), "data": data})

    def heard(self, kind: str, data: Mapping[str, Any]) -> None:
        match kind:
            case "typing":
                self.send("typing", {"agent": self._hub.parts.name_of(str(data.get("agent", "")))})
            case "place":
                self.position = int(data.get("position", 0))
                self._woken.set()
            case _:
                self._woken.set()

    async def feed(self) -> None:
        """Give the page what is new, until cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self.catch_up()
            except NotFound:  # it was forgotten
                self.thread = ""
            except IvrError as error:
                log.warning("a chat is not told what is new: %s", error)
                await asyncio.sleep(1.0)
                self._woken.set()

    async def catch_up(self) -> None:
        store = self._hub.parts.desk.store
        thread = await store.get(self.thread)
        rows = await store.messages(self.thread, self._next)
        for row in await self._hub.parts.desk.with_files(rows, dict):
            self._next = row["index"] + 1
            shown = shown_to_customer({**row, "name": self._hub.parts.name_of(row["author"]) if row["author"] else ""})
            if shown is not None:
                self.send("message", shown)
        self.agent_id = thread["agent_id"] if thread["status"] in (Status.ASSIGNED, Status.PENDING) else ""
        waits = thread["status"] == Status.WAITING
        self.position = self.position if waits else 0
        agent = self._hub.parts.name_of(self.agent_id) if self.agent_id else ""
        phase = (thread["status"], agent, self.position)
        if phase != self._phase:
            self._phase = phase
            self.send("phase", {"status": phase[0], "agent": phase[1], "position": phase[2]})


_FIELDS = {"key": 64, "text": MOST_TEXT, "name": 80, "language": 35, "phone": 40, "email": 254}


class Pace:
    """How often somebody may do something: `most` times a minute."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._times: dict[str, deque[float]] = {}

    def may(self, name: str) -> bool:
        """Whether `name` may once more now; it counts where it does."""
        now = self._clock()
        for idle in [other for other, times in self._times.items() if times[-1] < now - 60]:
            del self._times[idle]
        times = self._times.setdefault(name, deque(maxlen=self._most))
        if len(times) == self._most and times[0] >= now - 60:
            return False
        times.append(now)
        return True


class ChatHub:
    """All visitors' pages of this node."""

    def __init__(self, parts: MessageParts, rules: ChatRules, clock: Callable[[], float] = time.time) -> None:
        self.parts, self.rules, self.clock = parts, rules, clock
        self._lines: set[ChatLine] = set()
        self._threads: dict[str, set[ChatLine]] = {}
        self._addresses: Counter[str] = Counter()
        self.starts, self.said = Pace(rules.starts_per_minute, clock), Pace(PER_MINUTE, clock)
        self.brings = Pace(FILES_PER_MINUTE, clock)
        """New conversations of an address; messages of a visitor; files from an address."""
        parts.desk.news.listen(self._heard)

    def __len__(self) -> int:
        return len(self._lines)

    async def known(self, token: str) -> tuple[str, str]:
        """Address and conversation of the browser that has this token; "" for none. Raises StoreUnavailable."""
        address = _address(token)
        return address, await self.parts.desk.store.latest_of(address) if _TOKEN.fullmatch(token) else ""

    async def brought(self, address: str, thread_id: str, file: File, key: str) -> Mapping[str, Any]:
        """A visitor's file is a message of his."""
        own = f"{address}:{key or secrets.token_urlsafe(9)}"
        incoming = Incoming("chat", "chat", Sender(address), "", own, thread=thread_id, files=(file,))
        _, row = await self.parts.desk.incoming(incoming, self.rules.placing)
        return row

    async def serve(self, socket: WebSocket, address: str) -> None:
        """Run one accepted socket until it closes."""
        page = PageSocket(socket, silence=SILENCE)
        line = ChatLine(self, page, address)
        if len(self._lines) >= self.rules.total or self._addresses[address] >= self.rules.per_address:
            page.close(1013, "busy")
        self._lines.add(line)
        self._addresses[address] += 1
        feeding = asyncio.create_task(line.feed())
        try:
            await page.serve(line.handle)
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            self._lines.discard(line)
            self._leave(line)
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def follow(self, line: ChatLine) -> None:
        self._leave(line)
        self._threads.setdefault(line.thread, set()).add(line)

    def _leave(self, line: ChatLine) -> None:
        for thread, lines in tuple(self._threads.items()):
            lines.discard(line)
            if not lines:
                del self._threads[thread]

    def _heard(self, kind: str, thread_id: str, data: Mapping[str, Any]) -> None:
        lines = self._threads.get(thread_id, ()) if thread_id else [one for one in self._lines if one.thread]
        for line in tuple(lines):
            line.heard(kind, data)


def _address(token: str) -> str:
    """What a browser that shows this token is called: of the token only this hash is kept."""
    return f"chat:{hashlib.sha256(token.encode()).hexdigest()[:32]}"


def _text(fields: Mapping[str, Any], name: str, most: int) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str) or len(value) > most:
        raise Conflict(f"{name}: text of at most {most} characters")
    return value
