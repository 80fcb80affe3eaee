from __future__ import annotations

import random
import socket
import sys
from collections.abc import Iterator

import pytest

from telephony.net.socket_filter import drop_what_is_not_sip, dropped

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="socket filters are a thing of Linux")


@pytest.fixture(params=[(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["IPv4", "IPv6"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    family, host = request.param
    with socket.socket(family, socket.SOCK_DGRAM) as near, socket.socket(family, socket.SOCK_DGRAM) as far:
        near.bind((host, 0))
        near.setblocking(False)
        far.connect(near.getsockname())
        assert drop_what_is_not_sip(near)
        yield near, far


def arrives(ends: tuple[socket.socket, socket.socket], data: bytes) -> bool:
    near, far = ends
    far.send(data)
    try:
        return near.recv(70_000) == data
    except BlockingIOError:
        return False


@pytest.mark.parametrize(
    "data",
    [b"INVITE sip:a SIP/2.0\r\n", b"SIP/2.0 200 OK\r\n", b"ack sip:", b"\r\n", b"\r\n\r\n", b"\n", b"x~.9" + b"\xff" * 1400],
)
def test_what_can_be_sip_arrives_whole(ends: tuple[socket.socket, socket.socket], data: bytes) -> None:
    assert arrives(ends, data)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"\x00\x01\x00\x00", b"\x80\x00abcdefghijkl", b"1234", b"@bcd", b"[bcd", b"`bcd", b"{bcd", b"IN", b"INV\x00",
             b"I\x7fVI", b"IN\x1fI", b"I\xffVITE"]
)  # fmt: skip
def test_what_cannot_is_dropped_and_counted(ends: tuple[socket.socket, socket.socket], data: bytes) -> None:
    before = dropped(ends[0])
    assert not arrives(ends, data)
    assert dropped(ends[0]) == before + 1


def test_hardly_any_random_datagram_arrives(ends: tuple[socket.socket, socket.socket]) -> None:
    dice = random.Random(4475)
    passed = sum(arrives(ends, dice.randbytes(60)) for _ in range(2000))
    assert passed < 40, "0.2 of the first octets, a third of each next one"
