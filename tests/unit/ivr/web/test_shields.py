"""Bodies that come too slowly end, those that come do not, and what the application says itself about an answer stays."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from ivr.web.shields import Patience, PlainHeaders

SCOPE: dict[str, Any] = {"type": "http", "method": "POST", "path": "/x", "headers": []}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    headers = [(b"cache-control", b"max-age=5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def answered(app: Any, *pieces: Message) -> list[Message]:
    """What `app` sends for the pieces; then nothing more comes."""
    left, sent = list(pieces), []

    async def receive() -> Message:
        if left:
            return left.pop(0)
        await asyncio.Event().wait()
        raise AssertionError("nothing comes any more")

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(20):
        await app(SCOPE, receive, send)
    return sent


PIECE = {"type": "http.request", "body": b"x", "more_body": True}
LAST = {"type": "http.request", "body": b"x", "more_body": False}


async def test_a_body_that_stops_coming_is_given_up() -> None:
    sent = await answered(Patience(echo, piece=0.01), PIECE)
    assert sent[0]["status"] == 408


async def test_a_body_that_drips_for_ever_is_given_up() -> None:
    sent = await answered(Patience(echo, piece=60.0, whole=0.01), PIECE)
    assert sent[0]["status"] == 408


async def test_a_body_that_comes_is_taken() -> None:
    assert (await answered(Patience(echo), PIECE, PIECE, LAST))[0]["status"] == 200


async def test_what_else_takes_too_long_is_no_slow_body() -> None:
    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        raise TimeoutError("the database")

    with pytest.raises(TimeoutError, match="the database"):
        await answered(Patience(late))


async def test_headers_are_added_and_none_is_replaced() -> None:
    headers = dict((await answered(PlainHeaders(echo), LAST))[0]["headers"])
    assert headers[b"cache-control"] == b"max-age=5"
    assert headers[b"x-content-type-options"] == b"nosniff"
