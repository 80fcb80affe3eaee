"""SIP over WebSocket against an independent client: the `websockets` library's own connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from telephony.net import streams
from telephony.net.stream import Connection, StreamLimits
from telephony.net.streams import StreamEndpoint
from telephony.net.websocket import WebSocketConnection
from telephony.sip.flow import Flow
from telephony.sip.message import MAX_BYTES
from tests.unit.telephony.net.test_stream import until

HOST = "127.0.0.1"
SIP = [Subprotocol("sip")]
MESSAGE = "OPTIONS sip:a SIP/2.0\r\nSubject: grüße\r\n\r\n"


class Server:
    """A WebSocket endpoint and what it heard."""

    def __init__(self, origins: Sequence[str], limits: StreamLimits, keepalive: float) -> None:
        self.heard: list[tuple[bytes, Connection]] = []
        self.gone: list[tuple[str, int, int]] = []
        self.endpoint = StreamEndpoint(
            lambda data, connection: self.heard.append((data, connection)),
            lambda *peer: self.gone.append(peer),
            make=partial(WebSocketConnection, origins=origins),
            limits=limits,
            keepalive=keepalive,
        )

    @property
    def url(self) -> str:
        return f"ws://{HOST}:{self.endpoint.port}/sip"

    def send(self, data: bytes, number: int) -> None:
        self.endpoint.send(data, Flow("ws", HOST, 9, HOST, self.endpoint.port, connection=number))


@asynccontextmanager
async def server(
    origins: Sequence[str] = (),
    limits: StreamLimits = StreamLimits(),  # noqa: B008
    keepalive: float = 0.0,
) -> AsyncIterator[Server]:
    one = Server(origins, limits, keepalive)
    await one.endpoint.open(HOST, 0)
    try:
        yield one
    finally:
        one.endpoint.close()


async def test_one_sip_message_is_one_websocket_message_in_text_or_binary() -> None:
    async with server() as one, connect(one.url, subprotocols=SIP) as client:
        assert client.subprotocol == "sip"
        await client.send(MESSAGE)
        await client.send(MESSAGE.encode())
        await client.send([MESSAGE[:10], MESSAGE[10:30], MESSAGE[30:]])
        await until(lambda: len(one.heard) == 3)
        assert {data for data, _ in one.heard} == {MESSAGE.encode()}
        number = one.heard[0][1].number
        one.send(MESSAGE.encode(), number)
        one.send(b"\xff\xfe", number)
        assert await client.recv() == MESSAGE
        assert await client.recv() == b"\xff\xfe"


async def test_blank_lines_are_a_keep_alive_here_too() -> None:
    async with server() as one, connect(one.url, subprotocols=SIP) as client:
        await client.send("\r\n\r\n")
        assert await client.recv() == "\r\n"
        await client.send("\r\n")
        await client.send(MESSAGE)
        await until(lambda: bool(one.heard))
        assert len(one.heard) == 1


@pytest.mark.parametrize("offered", [None, [Subprotocol("xmpp")]])
async def test_a_client_that_does_not_speak_sip_is_refused(offered: list[Subprotocol] | None) -> None:
    async with server() as one:
        with pytest.raises(InvalidStatus, match="400"):
            await connect(one.url, subprotocols=offered)
        await until(lambda: len(one.endpoint) == 0)
        assert one.endpoint.refused == {"websocket handshake": 1} and not one.gone


async def test_only_pages_that_are_named_may_connect() -> None:
    async with server(["https://phone.example"]) as one:
        async with connect(one.url, subprotocols=SIP, origin=Origin("https://phone.example")):
            await until(lambda: len(one.endpoint) == 1)
        for origin in (Origin("https://evil.example"), None):
            with pytest.raises(InvalidStatus, match="403"):
                await connect(one.url, subprotocols=SIP, origin=origin)
        assert one.endpoint.refused["origin"] == 2


async def test_what_is_too_large_closes_with_1009() -> None:
    async with server() as one, connect(one.url, subprotocols=SIP) as client:
        await client.send("x" * (MAX_BYTES + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
        assert one.endpoint.refused["broken stream"] == 1 and not one.heard


async def test_what_is_too_large_in_pieces_closes_with_1009() -> None:
    async with server() as one, connect(one.url, subprotocols=SIP) as client:
        with pytest.raises(ConnectionClosed) as closed:
            await client.send("y" * 10_000 for _ in range(50))
            await client.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
        assert not one.heard


async def test_bytes_that_are_no_websocket_cost_one_connection() -> None:
    async with server() as one:
        for garbage in (
            b"\x00" * 100 + b"\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"OPTIONS sip:a SIP/2.0\r\n\r\n",
            b"GET " + b"x" * 20_000,
        ):
            reader, writer = await asyncio.open_connection(HOST, one.endpoint.port)
            writer.write(garbage)
            async with asyncio.timeout(5):
                await reader.read()
            writer.close()
        await until(lambda: len(one.endpoint) == 0)
        assert not one.heard and one.endpoint.refused == {"websocket handshake": 4}


async def test_a_handshake_that_never_ends_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SWEEP", 0.02)
    async with server(limits=StreamLimits(handshake=0.1, half_open=2)) as one:
        pairs = [await asyncio.open_connection(HOST, one.endpoint.port) for _ in range(3)]
        await until(lambda: one.endpoint.refused["handshake limit"] == 1)
        pairs[0][1].write(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        await until(lambda: one.endpoint.refused["handshake timeout"] == 2)
        await until(lambda: not one.endpoint._half_open)
        for _, writer in pairs:
            writer.close()


async def test_a_browser_is_pinged_and_dropped_where_it_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SWEEP", 0.02)
    async with server(keepalive=0.03, limits=StreamLimits(pong=0.15)) as one:
        async with connect(one.url, subprotocols=SIP, ping_interval=None, close_timeout=0.1) as client:
            await client.send(MESSAGE)
            await asyncio.sleep(0.4)
            assert len(one.endpoint) == 1, "it answers pings"
            client.transport.pause_reading()
            await until(lambda: len(one.endpoint) == 0)
            assert one.endpoint.refused["no pong"] == 1
        assert one.gone and one.gone[0][2] == one.heard[0][1].number


async def test_whoever_is_gone_cannot_be_called() -> None:
    """RFC 7118 §5: nobody can connect to a browser; what goes there fails at once."""
    async with server() as one:
        async with connect(one.url, subprotocols=SIP) as client:
            await client.send(MESSAGE)
            await until(lambda: bool(one.heard))
        number = one.heard[0][1].number
        await until(lambda: bool(one.gone))
        assert one.gone[0][2] == number
        one.send(MESSAGE.encode(), number)
        await until(lambda: len(one.gone) == 2)
        assert one.gone[1] == (HOST, 9, number)


async def test_our_end_says_that_it_goes_away() -> None:
    async with server() as one, connect(one.url, subprotocols=SIP) as client:
        await until(lambda: len(one.endpoint) == 1)
        one.endpoint.close()
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1001
