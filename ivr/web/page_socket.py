"""One WebSocket to a page, with its limits: size, rate, silence, and a bounded way out. It decides nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from ivr.errors import Conflict

log = logging.getLogger(__name__)

MAX_CHARACTERS = 65536
"""Of one message from a page; an SDP answer has some 2,000."""
MAX_WAITING = 400
"""Messages on their way to a page; a page that falls further behind is dropped and comes back for what it missed."""
PER_SECOND = 25.0
BURST = 100.0
SEND_SECONDS = 10.0
"""A message that the network does not take for so long ends the socket."""

SILENT = 4002
TOO_SLOW = 4003
TOO_MANY = 4004
MALFORMED = 4005

Handler = Callable[[Mapping[str, Any]], Awaitable[None]]


class PageSocket:
    """Messages are JSON objects with a `type`. `silence` is how many seconds the page may say nothing, None for ever."""

    def __init__(self, socket: WebSocket, *, silence: float | None = None) -> None:
        self._socket = socket
        self._silence = silence
        self._out: asyncio.Queue[Mapping[str, Any] | str | None] = asyncio.Queue(MAX_WAITING)
        self._code, self._reason = 1000, ""
        self._closing = asyncio.Event()
        self._tokens, self._filled_at = BURST, time.monotonic()

    @property
    def silent(self) -> bool:
        """Whether it was closed because the page said nothing."""
        return self._closing.is_set() and self._code == SILENT

    def send(self, message: Mapping[str, Any] | str) -> None:
        """Put a message on its way, or the text of one that many pages get. Never blocks; without effect once it is closing."""
        if self._closing.is_set():
            return
        try:
            self._out.put_nowait(message)
        except asyncio.QueueFull:
            log.warning("a page took no messages any more and is dropped")
            self.close(TOO_SLOW, "too slow", drop=True)

    def close(self, code: int = 1000, reason: str = "", *, drop: bool = False) -> None:
        """Close after what is on its way, or at once with `drop`. Without effect the second time."""
        if self._closing.is_set():
            return
        self._code, self._reason = code, reason
        self._closing.set()
        if drop:
            while not self._out.empty():
                self._out.get_nowait()
        if not self._out.full():
            self._out.put_nowait(None)

    async def serve(self, handle: Handler) -> None:
        """Give each message to `handle`, one after another, until either side closes. Raises only what `handle` raises."""
        reading = asyncio.ensure_future(self._read(handle))
        writing = asyncio.ensure_future(self._write())
        try:
            await asyncio.wait((reading, writing), return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and self._closing.is_set():
                await asyncio.wait((writing,), timeout=SEND_SECONDS)
        finally:
            self._closing.set()
            for task in (reading, writing):
                task.cancel()
            await asyncio.wait((reading, writing))
        for task in (reading, writing):
            error = None if task.cancelled() else task.exception()
            if error is not None:
                raise error

    async def _read(self, handle: Handler) -> None:
        while not self._closing.is_set():
            try:
                async with asyncio.timeout(self._silence):
                    text = await self._socket.receive_text()
            except TimeoutError:
                self.close(SILENT, "silent", drop=True)
            except (WebSocketDisconnect, KeyError, RuntimeError):  # KeyError: a binary frame; RuntimeError: closed by us
                return
            else:
                message = self._message(text)
                if message is not None:
                    await handle(message)

    def _message(self, text: str) -> Mapping[str, Any] | None:
        """The parsed message, or None after closing on one that breaks a limit."""
        if len(text) > MAX_CHARACTERS:
            self.close(1009, "message too long")
            return None
        if not self._may():
            self.close(TOO_MANY, "too many messages")
            return None
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            self.close(MALFORMED, "not a JSON object with a type")
            return None
        return message

    def _may(self) -> bool:
        now = time.monotonic()
        self._tokens = min(BURST, self._tokens + (now - self._filled_at) * PER_SECOND) - 1
        self._filled_at = now
        return self._tokens >= 0

    async def _write(self) -> None:
        try:
            while (message := await self._out.get()) is not None:
                text = message if isinstance(message, str) else written(message)
                async with asyncio.timeout(SEND_SECONDS):
                    await self._socket.send_text(text)
            if self._socket.application_state is not WebSocketState.DISCONNECTED:
                await self._socket.close(self._code, self._reason)
        except (WebSocketDisconnect, RuntimeError, TimeoutError, OSError):
            return


def text_of(fields: Mapping[str, Any], name: str, most: int) -> str:
    """A text that a page sent. Raises Conflict for what is no text, or too long."""
    value = fields.get(name, "")
    if not isinstance(value, str) or len(value) > most:
        raise Conflict(f"'{name}' must be text of at most {most} characters")
    return value.encode(errors="replace").decode()  # half an emoji, cut by a page, must not cost the rest of a note


def written(message: Mapping[str, Any]) -> str:
    """A message as it goes over the wire; half an emoji becomes a question mark."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(errors="replace").decode()
