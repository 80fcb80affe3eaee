from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.errors import MalformedMessage
from telephony.sip.framing import Framer

ONE = b"OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\nContent-Length: 3\r\n\r\nabc"
TWO = b"BYE sip:a@b SIP/2.0\r\nl :\t0\r\nVia: x\r\n\r\n"


@settings(deadline=None)
@given(st.lists(st.sampled_from([ONE, TWO, b"\r\n\r\n", b"\r\n"]), max_size=6), st.randoms())
def test_messages_come_out_whole_however_the_stream_is_cut(parts: list[bytes], random: object) -> None:
    stream, at, found = b"".join(parts), 0, []
    framer = Framer()
    while at < len(stream):
        size = random.randint(1, 20)  # type: ignore[attr-defined]
        found += framer.feed(stream[at : at + size])
        at += size
    assert found == [part for part in parts if len(part) > 4]
    assert framer.pending <= 2


def test_pings_are_counted() -> None:
    framer = Framer()
    framer.feed(b"\r\n")
    framer.feed(b"\r\n\r\n")
    framer.feed(b"\r\n")
    assert framer.pings == 2


@pytest.mark.parametrize(
    "data",
    [
        b"OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n\r\n",
        b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\nab",
        b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 999999\r\n\r\n",
        b"x" * 70_000,
    ],
)
def test_a_stream_that_cannot_be_followed_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        Framer().feed(data)


def test_byte_by_byte_costs_no_more_than_linear_time() -> None:
    framer, started = Framer(), time.process_time()
    for _ in range(60_000):
        framer.feed(b"x")
    assert time.process_time() - started < 1.0
