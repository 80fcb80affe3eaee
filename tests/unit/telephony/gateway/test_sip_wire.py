"""The SIP listeners' own decisions."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from telephony.gateway.sip_wire import Listener, Wire, _is_address
from telephony.sip.flow import Flow, Outgoing


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("a.invalid", False),
        ("a.1", False),
        ("300.1.1.1", False),
        ("127.1", False),
        ("", False),
    ],
)
def test_only_an_address_is_sent_to_without_a_look_up(host: str, address: bool) -> None:
    assert _is_address(host) is address


async def test_a_name_that_ends_in_digits_is_looked_up_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sendto` would ask the name server itself, and every call on the node would wait for it."""
    asked: list[str] = []
    failed: asyncio.Queue[str] = asyncio.Queue()

    async def getaddrinfo(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    wire = Wire("", lambda data, flow: None, lambda transport, host, port: failed.put_nowait(host))
    listener = await wire.open(Listener("udp", "127.0.0.1", 0))
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
    wire.send(Outgoing(b"x", Flow("udp", "peer.1", 5060, "127.0.0.1", listener.port)))
    assert await asyncio.wait_for(failed.get(), 5) == "peer.1"
    assert asked == ["peer.1"]
    await wire.close()
