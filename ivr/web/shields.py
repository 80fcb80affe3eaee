"""What stands before every route: other sites' pages, bodies that do not end, and headers that every answer carries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ivr.accounts.roles import READING
from ivr.web.api import error_response

BODY_SECONDS = 20.0
"""Between two pieces of a body."""
WHOLE_SECONDS = 300.0
"""For a whole body; the largest is a recording over a slow line."""

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Of an answer that does not say otherwise itself: nobody guesses its type, keeps it, frames it or runs anything in it."""


class OwnPages:
    """Refuses what a page of another site sends: every request that could change something, and every socket.

    A browser says whose page it is (`Origin`, `Sec-Fetch-Site`); programs say nothing and pass, for no cookie is put into them
    by somebody else. `same_origin` decides.
    """

    def __init__(self, app: ASGIApp, same_origin: Callable[[HTTPConnection], bool]) -> None:
        self._app, self._same_origin = app, same_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        changes = scope["type"] == "http" and scope["method"] not in READING
        if (changes or scope["type"] == "websocket") and not self._same_origin(HTTPConnection(scope)):
            if scope["type"] == "websocket":
                await receive()  # the opening
                await send({"type": "websocket.close", "code": 4403, "reason": "another site's page"})
                return
            response = error_response(403, "not_allowed", "this came from another site's page", {"connection": "close"})
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


class Patience:
    """Ends a request whose body comes too slowly, so that nobody holds a place here for nothing."""

    def __init__(self, app: ASGIApp, piece: float = BODY_SECONDS, whole: float = WHOLE_SECONDS) -> None:
        self._app, self._piece, self._whole = app, piece, whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, more, slow, answering = asyncio.get_running_loop().time(), True, False, False

        async def patient() -> Message:
            nonlocal more, slow
            if not more:  # what comes now is that the client left, whenever it does
                return await receive()
            left = began + self._whole - asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(max(0.0, min(self._piece, left))):
                    message = await receive()
            except TimeoutError:
                slow = True
                raise
            more = message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def answer(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        try:
            await self._app(scope, patient, answer)
        except TimeoutError:
            if answering or not slow:  # what else took too long is an error of ours
                raise
            response = error_response(408, "too_slow", "the body came too slowly", {"connection": "close"})
            await response(scope, receive, send)


class PlainHeaders:
    """Puts `HEADERS` on every response that has not its own, the API's too."""

    def __init__(self, app: ASGIApp, headers: Iterable[tuple[bytes, bytes]] = HEADERS) -> None:
        self._app, self._headers = app, tuple(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"].extend(pair for pair in self._headers if pair[0] not in present)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
