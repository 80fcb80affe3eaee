"""One UDP port of SIP: many datagrams a turn, far ends that are not there, and the end."""

from __future__ import annotations

import asyncio
import socket

import pytest

from telephony.errors import TransportError
from telephony.net.udp import MOST_AT_ONCE, UdpEndpoint


async def test_every_datagram_comes_in_order_with_its_source() -> None:
    heard: list[tuple[bytes, str, int]] = []
    done = asyncio.Event()

    def hear(data: bytes, host: str, port: int) -> None:
        heard.append((data, host, port))
        if len(heard) == 5 * MOST_AT_ONCE:
            done.set()

    endpoint = await UdpEndpoint.open("127.0.0.1", 0, hear)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        for n in range(5 * MOST_AT_ONCE):
            far.sendto(b"OPTIONS %d" % n, (endpoint.host, endpoint.port))
        await asyncio.wait_for(done.wait(), 5)
        assert [data for data, _, _ in heard] == [b"OPTIONS %d" % n for n in range(5 * MOST_AT_ONCE)]
        assert {(host, port) for _, host, port in heard} == {far.getsockname()}
        endpoint.send(b"SIP/2.0 200 OK", *far.getsockname())
        assert far.recv(100) == b"SIP/2.0 200 OK"
    endpoint.close()


async def test_a_far_end_that_is_not_there_costs_a_datagram_and_no_more() -> None:
    heard = asyncio.Event()
    endpoint = await UdpEndpoint.open("127.0.0.1", 0, lambda data, host, port: heard.set())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        nowhere = gone.getsockname()
    for _ in range(3):
        endpoint.send(b"OPTIONS", *nowhere)
    endpoint.send(b"OPTIONS", "not an address", 5060)
    endpoint.send(b"OPTIONS", "127.0.0.1", 1 << 17)
    assert endpoint.errors >= 2
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.sendto(b"OPTIONS", (endpoint.host, endpoint.port))
        await asyncio.wait_for(heard.wait(), 5)
    endpoint.close()
    endpoint.close()
    endpoint.send(b"OPTIONS", "127.0.0.1", 5060)
    assert endpoint.fileno() == -1


async def test_a_port_in_use_is_one_clear_line() -> None:
    first = await UdpEndpoint.open("127.0.0.1", 0, lambda *_: None)
    with pytest.raises(TransportError, match=rf"cannot listen on udp 127\.0\.0\.1:{first.port}: "):
        await UdpEndpoint.open("127.0.0.1", first.port, lambda *_: None)
    first.close()
