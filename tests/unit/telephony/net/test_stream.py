"""SIP over TCP: what a far end that is slow, or a name that cannot be one, may cost."""

from __future__ import annotations

import asyncio

from telephony.net.stream import IDLE, STALLED, Connection, StreamEndpoint

HEAD = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n"


def ignored(*_: object) -> None:
    pass


async def test_a_byte_now_and_then_does_not_keep_an_endless_message_alive() -> None:
    taken: list[bytes] = []
    endpoint = StreamEndpoint(lambda data, host, port, number: taken.append(data), ignored)
    connection = Connection(endpoint)
    connection.data_received(HEAD)
    connection.begun -= STALLED
    connection.data_received(b"X")
    now = asyncio.get_running_loop().time()
    assert now - connection.heard < 1.0
    assert connection.overdue(now + 1.0)
    connection.data_received(b": y\r\n\r\n" + HEAD)
    assert len(taken) == 1 and not connection.overdue(now + 1.0), "the next message has its own time"


async def test_between_messages_a_connection_may_be_idle() -> None:
    connection = Connection(StreamEndpoint(ignored, ignored))
    connection.data_received(HEAD + b"\r\n")
    now = asyncio.get_running_loop().time()
    assert not connection.overdue(now + STALLED + 1.0)
    assert connection.overdue(now + IDLE + 1.0)


async def test_a_name_that_cannot_be_one_fails_and_is_forgotten() -> None:
    failed = asyncio.Event()
    endpoint = await StreamEndpoint.open("127.0.0.1", 0, ignored, lambda host, port: failed.set())
    endpoint.send(b"x", f"{'a' * 64}.invalid", 5060, 0)
    await asyncio.wait_for(failed.wait(), 5)
    assert not endpoint._opening
    endpoint.close()
