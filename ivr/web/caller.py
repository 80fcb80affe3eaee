"""`/ws/call`: a caller's browser, from its offer to its end. No account; so everything is bounded."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.websockets import WebSocket

from ivr.web.page_socket import PageSocket
from ivr.web.parts import BrowserLeg, CallerLimits, OnCallerLeg, OpenLeg
from telephony.errors import TelephonyError
from telephony.leg import Ended, Party

log = logging.getLogger(__name__)

START_SECONDS = 15.0
"""For `start`, and then for the answer to the offer: the browser may ask its person for the microphone."""
ANSWER_SECONDS = 60.0
GRACE_SECONDS = 2.0
"""Between the loss of the socket and the end of its call."""
GOODBYE_SECONDS = 0.5
"""After a leg's end, for the call to say why before we do."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_NUMBER = re.compile(r"[A-Za-z0-9_.+*#-]{1,64}")


class CallerLine:
    """One page and its call; what the call tells it goes through `push`."""

    def __init__(self, page: PageSocket, clock: Callable[[], float]) -> None:
        self.page = page
        self.leg: BrowserLeg | None = None
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.start: asyncio.Future[tuple[str, str, str]] = asyncio.get_running_loop().create_future()
        self.over = asyncio.Event()
        """Set when the leg has ended."""
        self._clock = clock
        self._told_end = False

    def push(self, kind: str, data: Mapping[str, Any]) -> None:
        """Send one event; after `ended` nothing more goes out."""
        if self._told_end:
            return
        self._told_end = kind == "ended"
        self.page.send({"type": kind, "at": self._clock(), "data": data})

    async def handle(self, message: Mapping[str, Any]) -> None:
        """Take one message of the page; what makes no sense now is ignored."""
        data = message.get("data")
        fields = data if isinstance(data, dict) else {}
        match message["type"]:
            case "start" if not self.start.done():
                self.start.set_result(_start(fields))
            case "media_answer" if self.leg is not None and not self.answer.done():
                self.answer.set_result(_text(fields, "sdp", 20000))
            case "dtmf" if self.leg is not None:
                self.leg.press(_text(fields, "digits", 32))
            case "hang_up":
                self.hang_up("the page hung up")
            case "ping":
                self.page.send({"type": "reply", "at": self._clock(), "data": {"id": message.get("id"), "ok": True}})

    def hang_up(self, detail: str) -> None:
        if self.leg is not None:
            self.leg.left(detail)
        else:
            self.page.close()

    def ended(self, event: Ended) -> None:
        self.answer.cancel()
        self.over.set()
        loop = asyncio.get_running_loop()
        loop.call_later(GOODBYE_SECONDS, self._goodbye, event.cause.value)

    def _goodbye(self, cause: str) -> None:
        self.push("ended", {"cause": cause})
        self.page.close()


class CallerHub:
    """All callers' pages of this node."""

    def __init__(
        self,
        open_leg: OpenLeg,
        on_caller_leg: OnCallerLeg,
        limits: CallerLimits = CallerLimits(),  # noqa: B008
        clock: Callable[[], float] = time.time,
        ice_servers: Sequence[Mapping[str, str]] = (),
    ) -> None:
        self._ice_servers = list(ice_servers)
        self._open_leg = open_leg
        self._on_caller_leg = on_caller_leg
        self._limits = limits
        self._clock = clock
        self._lines: set[CallerLine] = set()
        self._addresses: Counter[str] = Counter()
        self._starts: dict[str, deque[float]] = {}
        self.refused = 0
        """Calls that a limit turned away."""

    def __len__(self) -> int:
        return len(self._lines)

    async def serve(self, socket: WebSocket, address: str) -> None:
        """Run one accepted socket until it closes and its call has ended."""
        line = CallerLine(PageSocket(socket), self._clock)
        if not self._admit(address):
            self.refused += 1
            line.push("ended", {"cause": "busy"})
            line.page.close(1013, "busy")
            await line.page.serve(line.handle)
            return
        self._lines.add(line)
        self._addresses[address] += 1
        setup = asyncio.ensure_future(self._set_up(line))
        try:
            await line.page.serve(line.handle)
            await self._let_go(line)
        finally:
            setup.cancel()
            await asyncio.wait((setup,))
            line.hang_up("the socket closed")
            self._lines.discard(line)
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def _admit(self, address: str) -> bool:
        now = self._clock()
        starts = self._starts.setdefault(address, deque())
        while starts and starts[0] < now - 60:
            starts.popleft()
        for idle in [other for other, times in self._starts.items() if not times or times[-1] < now - 60]:
            if idle != address:
                del self._starts[idle]
        limits = self._limits
        if (
            len(self._lines) >= limits.total
            or self._addresses[address] >= limits.per_address
            or len(starts) >= limits.starts_per_minute
        ):
            return False
        starts.append(now)
        return True

    async def _set_up(self, line: CallerLine) -> None:
        """From the page's `start` to a connected leg."""
        try:
            async with asyncio.timeout(START_SECONDS):
                name, language, to = await line.start
            line.push("phase", {"phase": "connecting"})
            languages = (language,) if language else ()
            leg, offer = await self._open_leg(Party("", name), Party(to), languages)
            line.leg = leg
            leg.when_ended(line.ended)
            line.push("media_offer", {"leg_id": leg.id, "sdp": offer, "ice_servers": self._ice_servers})
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await line.answer
            await leg.accept_answer(answer)
            self._on_caller_leg(leg, line, name, language, to)
        except (TimeoutError, TelephonyError) as error:
            log.info("a browser's call came to nothing: %s", error)
            line.push("ended", {"cause": "failed"})
            line.page.close()
        except Exception:
            log.exception("a browser's call failed")
            line.push("ended", {"cause": "failed"})
            line.page.close()

    async def _let_go(self, line: CallerLine) -> None:
        """The socket is gone: give the media path a moment to end in its own way."""
        if line.leg is None or line.over.is_set():
            return
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await line.over.wait()
        except TimeoutError:
            line.leg.left("the page's socket was lost")


def _start(fields: Mapping[str, Any]) -> tuple[str, str, str]:
    """Name, language and number, as far as they are such."""
    name = "".join(letter for letter in _text(fields, "name", 200) if letter.isprintable()).strip()[:80]
    language, to = _text(fields, "language", 35), _text(fields, "to", 64)
    return name, language if _LANGUAGE.fullmatch(language) else "", to if _NUMBER.fullmatch(to) else "hotline"


def _text(fields: Mapping[str, Any], name: str, most: int) -> str:
    value = fields.get(name)
    return value[:most] if isinstance(value, str) else ""
