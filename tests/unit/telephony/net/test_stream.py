"""SIP over TCP: what a far end that is slow, silent or gone may cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from telephony.net import streams
from telephony.net.stream import MAX_UNSENT, Connection, SipConnection, StreamLimits
from telephony.net.streams import StreamEndpoint
from telephony.sip.flow import Flow

HOST = "127.0.0.1"
HEAD = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n"
MESSAGE = HEAD + b"\r\n"
LIMITS = StreamLimits()


class Owner:
    """Takes what a connection tells."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.refused: list[str] = []

    def arrived(self, connection: Connection) -> None:
        connection.start()

    def opened(self, connection: Connection) -> None:
        pass

    def heard(self, message: bytes, connection: Connection) -> None:
        self.messages.append(message)

    def refuse(self, reason: str) -> None:
        self.refused.append(reason)

    def closed(self, connection: Connection) -> None:
        pass


class Pipe(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.over = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.7", 5060) if name == "peername" else default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def is_closing(self) -> bool:
        return self.over

    def abort(self) -> None:
        self.over = True

    def close(self) -> None:
        self.over = True

    def get_write_buffer_size(self) -> int:
        return 0


def connection(owner: Owner, *, dialled: bool = False) -> tuple[SipConnection, Pipe]:
    one, pipe = SipConnection(owner, dialled=dialled), Pipe()
    one.connection_made(pipe)
    return one, pipe


async def until(check: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not check():  # noqa: ASYNC110 - what is waited for is in another task of the same loop
            await asyncio.sleep(0.005)


@asynccontextmanager
async def endpoint(**options: Any) -> AsyncIterator[tuple[StreamEndpoint, list[bytes], list[tuple[str, int, int]]]]:
    heard: list[bytes] = []
    gone: list[tuple[str, int, int]] = []
    one = StreamEndpoint(lambda data, _: heard.append(data), lambda *peer: gone.append(peer), **options)
    await one.open(HOST, 0)
    try:
        yield one, heard, gone
    finally:
        one.close()


async def test_a_byte_now_and_then_does_not_keep_an_endless_message_alive() -> None:
    owner = Owner()
    one, _ = connection(owner)
    one.data_received(HEAD)
    one.begun -= LIMITS.stalled
    one.data_received(b"X")
    now = asyncio.get_running_loop().time()
    assert now - one.heard < 1.0
    assert one.overdue(now + 1.0, LIMITS) == "slow sender"
    one.data_received(b": y\r\n\r\n" + HEAD)
    assert len(owner.messages) == 1 and not one.overdue(now + 1.0, LIMITS), "the next message has its own time"


async def test_a_connection_that_says_nothing_does_not_keep_its_place() -> None:
    one, _ = connection(Owner())
    now = asyncio.get_running_loop().time()
    assert one.overdue(now + LIMITS.silent - 1.0, LIMITS) == ""
    assert one.overdue(now + LIMITS.silent + 1.0, LIMITS) == "silent connection"


async def test_between_messages_a_connection_may_be_idle_longer_than_any_registration_lasts() -> None:
    one, _ = connection(Owner())
    one.data_received(MESSAGE)
    now = asyncio.get_running_loop().time()
    assert one.overdue(now + 3600.0, LIMITS) == ""
    assert one.overdue(now + LIMITS.idle + 1.0, LIMITS) == "idle connection"
    assert one.overdue(now + LIMITS.idle_when_full + 1.0, LIMITS, full=True) == "idle connection"


async def test_the_side_that_opened_the_connection_pings_and_hears_the_answers() -> None:
    """RFC 5626 §3.5.1 and §4.4.1: a pong that is late ends the flow, once pongs were seen to come."""
    one, pipe = connection(Owner(), dialled=True)
    now = asyncio.get_running_loop().time()
    one.keep_alive(now)
    assert pipe.sent == b"\r\n\r\n"
    assert one.overdue(now + LIMITS.pong + 1.0, LIMITS) == "", "it may not speak RFC 5626"
    for _ in range(3):
        one.data_received(b"\r\n")
    assert pipe.sent == b"\r\n\r\n", "no pong is answered by a pong"
    one.keep_alive(now + 30.0)
    one.keep_alive(now + 31.0)
    assert pipe.sent == b"\r\n\r\n" * 2
    assert one.overdue(now + 30.0 + LIMITS.pong + 1.0, LIMITS) == "no pong"
    one.data_received(b"\r\n" + MESSAGE)
    assert one.overdue(now + 30.0 + LIMITS.pong + 1.0, LIMITS) == ""


async def test_the_other_side_answers_pings_and_never_pings() -> None:
    one, pipe = connection(Owner())
    one.data_received(b"\r\n\r\n")
    assert pipe.sent == b"\r\n"
    one.keep_alive(1.0)
    assert pipe.sent == b"\r\n"
    one.data_received(b"\r\n\r\n" * 50)
    assert len(pipe.sent) <= 2 + 8, "a segment full of pings is not a lever"


async def test_a_stream_that_cannot_be_followed_is_cut_and_counted() -> None:
    owner = Owner()
    one, pipe = connection(owner)
    one.data_received(b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n")
    assert pipe.over and owner.refused == ["broken stream"]


async def test_a_name_that_cannot_be_one_fails_and_is_forgotten() -> None:
    async with endpoint() as (one, _, gone):
        name = f"{'a' * 64}.invalid"
        one.send(b"x", Flow("tcp", name, 5060, HOST, 5060))
        await until(lambda: bool(gone))
        assert gone == [(name, 5060, 0)] and not one._opening


async def test_one_connection_carries_what_goes_to_one_far_end_both_ways() -> None:
    async with endpoint() as (here, answers, _), endpoint() as (there, heard, _):
        flow = Flow("tcp", HOST, there.port, HOST, here.port)
        for _ in range(5):
            here.send(MESSAGE, flow)
        await until(lambda: len(heard) == 5)
        here.send(MESSAGE, flow)
        await until(lambda: len(heard) == 6)
        assert len(here) == len(there) == 1
        (number,) = there._connections
        there.send(MESSAGE, Flow("tcp", HOST, 9, HOST, there.port, connection=number))
        await until(lambda: len(answers) == 1)


async def test_whoever_used_a_connection_hears_of_its_end() -> None:
    async with endpoint() as (here, _, gone), endpoint() as (there, heard, lost):
        here.send(MESSAGE, Flow("tcp", HOST, there.port, HOST, here.port))
        await until(lambda: bool(heard))
        (number,) = there._connections
        next(iter(here._connections.values())).abort()
        await until(lambda: bool(gone) and bool(lost))
        assert gone[0][:2] == (HOST, there.port) and gone[0][2] > 0
        assert lost[0][2] == number
        await asyncio.open_connection(HOST, there.port)
        await until(lambda: len(there) == 1)
    assert len(lost) == 1, "one that never said anything is nobody's"


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (StreamLimits(connections=3), "connection limit"),
        (StreamLimits(per_host=3), "connections of one host"),
    ],
)
async def test_connections_are_bounded_in_all_and_by_host(limits: StreamLimits, reason: str) -> None:
    async with endpoint(limits=limits) as (one, _, _):
        writers = [(await asyncio.open_connection(HOST, one.port))[1] for _ in range(5)]
        await until(lambda: one.refused[reason] == 2)
        assert len(one) == 3
        for writer in writers:
            writer.close()
        await until(lambda: len(one) == 0)
        assert not one._hosts


async def test_whom_the_guard_does_not_want_gets_no_connection() -> None:
    async with endpoint(accepts=lambda host: False) as (one, _, _):
        reader, _ = await asyncio.open_connection(HOST, one.port)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        assert one.refused == {"banned connection": 1} and len(one) == 0


async def test_a_far_end_that_does_not_read_is_cut_off() -> None:
    async with endpoint() as (one, heard, _):
        _, writer = await asyncio.open_connection(HOST, one.port)
        writer.write(MESSAGE)
        await until(lambda: bool(heard))
        (number,) = one._connections
        for _ in range(400):
            one.send(b"x" * 60_000, Flow("tcp", HOST, 9, HOST, one.port, connection=number))
        await until(lambda: len(one) == 0)
        assert one.refused["slow reader"] == 1
        writer.close()


async def test_opening_is_bounded_in_far_ends_and_bytes() -> None:
    async with endpoint(limits=StreamLimits(opening=2)) as (one, _, gone):
        for last in range(1, 5):
            for _ in range(3):
                one.send(b"x" * MAX_UNSENT, Flow("tcp", "127.0.0.9", last, HOST, one.port))
        assert all(len(waiting) == 1 for waiting in one._opening.values()) and len(one._opening) == 2
        await until(lambda: len(gone) >= 2)
        assert {3, 4} <= {peer[1] for peer in gone}


async def test_the_sweep_ends_what_is_overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SWEEP", 0.02)
    async with endpoint(limits=StreamLimits(silent=0.05)) as (one, _, _):
        reader, _ = await asyncio.open_connection(HOST, one.port)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            async with asyncio.timeout(5):
                await reader.readexactly(1)
        assert one.refused["silent connection"] == 1


async def test_the_sweep_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SWEEP", 0.02)
    async with endpoint(keepalive=0.03) as (here, _, _), endpoint() as (there, heard, _):
        here.send(MESSAGE, Flow("tcp", HOST, there.port, HOST, here.port))
        await until(lambda: bool(heard))
        (dialled,) = here._connections.values()
        await until(lambda: dialled.answers)
        assert not dialled.pinged
