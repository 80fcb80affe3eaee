"""The SIP listeners of a gateway: where messages come in, where they go out, and by which address of ours."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace

from telephony.net.stream import StreamEndpoint
from telephony.net.udp import UdpEndpoint
from telephony.sip.flow import Flow, Outgoing

RESOLVE = 5.0
"""Seconds that looking up a name may take."""
REMEMBERED_ROUTES = 4096


@dataclass(frozen=True, slots=True)
class Listener:
    """One address that takes SIP."""

    transport: str = "udp"
    """"udp" or "tcp"."""
    host: str = "127.0.0.1"
    """An address, which may be the unspecified one."""
    port: int = 5060
    """0 for any free one."""
    trusted: bool = False
    """Calls that come here need no digest, from wherever they are."""


class Wire:
    """`receive` gets each message with its flow; `failed` the transport, host and port that could not be reached."""

    def __init__(
        self, advertised: str, receive: Callable[[bytes, Flow], None], failed: Callable[[str, str, int], None]
    ) -> None:
        self._advertised = advertised
        self._receive = receive
        self._failed = failed
        self._endpoints: dict[tuple[str, int], UdpEndpoint | StreamEndpoint] = {}
        self._routes: dict[tuple[str, str], str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, listener: Listener) -> Listener:
        """Listen, and return where. Raises TransportError, in one clear line, where that cannot be."""
        transport, host = listener.transport, listener.host
        endpoint: UdpEndpoint | StreamEndpoint | None = None

        def receive(data: bytes, peer: str, peer_port: int, connection: int = 0) -> None:
            if endpoint is None:
                return  # came before we know our own port; it will be sent again
            local = self.local_host(host, peer)
            self._receive(data, Flow(transport, peer, peer_port, local, endpoint.port, connection))

        if transport == "udp":
            endpoint = await UdpEndpoint.open(host, listener.port, receive)
        else:
            endpoint = await StreamEndpoint.open(
                host, listener.port, receive, lambda peer, port: self._failed(transport, peer, port)
            )
        self._endpoints[transport, endpoint.port] = endpoint
        return replace(listener, host=endpoint.host, port=endpoint.port)

    def send(self, outgoing: Outgoing) -> None:
        """Send along a flow; a host name is looked up first. Without effect where the flow's listener is closed."""
        flow = outgoing.flow
        endpoint = self._endpoints.get((flow.transport, flow.local_port))
        if isinstance(endpoint, StreamEndpoint):
            endpoint.send(outgoing.data, flow.host, flow.port, flow.connection)
        elif endpoint is not None and _is_address(flow.host):
            endpoint.send(outgoing.data, flow.host, flow.port)
        elif endpoint is not None:
            task = asyncio.get_running_loop().create_task(self._resolve(endpoint, outgoing))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _resolve(self, endpoint: UdpEndpoint, outgoing: Outgoing) -> None:
        flow = outgoing.flow
        family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(RESOLVE):
                found = await loop.getaddrinfo(flow.host, flow.port, family=family, type=socket.SOCK_DGRAM)
        except (OSError, TimeoutError, UnicodeError):
            self._failed(flow.transport, flow.host, flow.port)
            return
        endpoint.send(outgoing.data, str(found[0][4][0]), flow.port)

    def local_host(self, bound: str, peer: str = "") -> str:
        """The host under which `peer` reaches a listener bound to `bound`."""
        if self._advertised:
            return self._advertised
        if not ipaddress.ip_address(bound).is_unspecified:
            return bound
        key = bound, peer
        if key not in self._routes:
            if len(self._routes) >= REMEMBERED_ROUTES:
                self._routes.clear()
            self._routes[key] = _route_to(peer or ("2001:db8::1" if ":" in bound else "192.0.2.1"))
        return self._routes[key]

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        for endpoint in self._endpoints.values():
            endpoint.close()
        self._endpoints.clear()


def _is_address(host: str) -> bool:
    """True where sending needs no look-up. `sendto` would look up any other name itself, and hold up the loop meanwhile."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except (OSError, ValueError):
        return False
    return True


def _route_to(peer: str) -> str:
    """Our own address on the way to `peer`, as the system would choose it; nothing is sent."""
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer, 9))
        except OSError:
            return "::1" if family == socket.AF_INET6 else "127.0.0.1"
        return str(probe.getsockname()[0])
