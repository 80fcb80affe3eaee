"""Whatever bytes a stranger sends, on a stream or a WebSocket: nothing raises, and no message is made up."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.net.stream import Connection, SipConnection
from telephony.net.websocket import WebSocketConnection
from telephony.sip.framing import Framer
from telephony.sip.message import MAX_BYTES
from tests.unit.telephony.net.test_stream import MESSAGE, Owner, Pipe

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
)
FRAMES = [b"\x81\x85\0\0\0\0hello", b"\x01\x83\0\0\0\0abc", b"\x80\x83\0\0\0\0def", b"\x89\x80\0\0\0\0", b"\x88\x80\0\0\0\0"]
PIECES = st.lists(
    st.one_of(st.binary(max_size=60), st.sampled_from([*FRAMES, UPGRADE, MESSAGE, b"\r\n\r\n", b"\xff\xff" + b"\xff" * 8])),
    max_size=12,
)


class Guarded(Owner):
    """Sees to it that no message is larger than it may be, and that a connection is closed once."""

    def heard(self, message: bytes, connection: Connection) -> None:
        assert len(message) <= MAX_BYTES and message
        super().heard(message, connection)


def feed(connection: Connection, pieces: list[bytes]) -> Pipe:
    pipe = Pipe()
    connection.connection_made(pipe)
    for piece in pieces:
        if not pipe.over:
            connection.data_received(piece)
    connection.keep_alive(1.0)
    connection.farewell()
    return pipe


@given(PIECES, st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_bytes_on_a_stream(pieces: list[bytes], dialled: bool) -> None:
    async def run() -> None:
        owner = Guarded()
        feed(SipConnection(owner, dialled=dialled), pieces)
        assert set(owner.refused) <= {"broken stream"} and len(owner.refused) <= 1

    asyncio.run(run())


@given(PIECES, st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_bytes_on_a_websocket(pieces: list[bytes], greeted: bool) -> None:
    async def run() -> None:
        owner = Guarded()
        connection = WebSocketConnection(owner)
        pipe = feed(connection, [UPGRADE, *pieces] if greeted else pieces)
        assert connection.greeted is pipe.sent.startswith(b"HTTP/1.1 101") and len(owner.refused) <= 1
        assert connection.greeted or not owner.messages

    asyncio.run(run())


@given(st.lists(st.sampled_from([MESSAGE, b"\r\n", b"\r\n\r\n"]), max_size=12), st.integers(1, 40))
@settings(max_examples=150, deadline=None)
def test_answers_to_our_pings_are_no_pings_however_they_are_cut(parts: list[bytes], size: int) -> None:
    data = b"".join(parts)
    framer = Framer(dialled=True)
    found = [message for at in range(0, len(data), size) for message in framer.feed(data[at : at + size])]
    assert found == [part for part in parts if part == MESSAGE]
    assert framer.pings == 0 and (framer.pongs > 0) == any(part != MESSAGE for part in parts)
