"""The SIP listeners of a gateway: where messages come in, where they go out, and by which address of ours."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Protocol

from telephony.errors import TransportError
from telephony.gateway.sip_address import Addresses, parse_advertised, unspecified
from telephony.net.resolver import DnsSettings, Resolver
from telephony.net.stream import Connection, SipConnection, StreamLimits
from telephony.net.streams import StreamEndpoint
from telephony.net.tls import Tls, TlsSettings
from telephony.net.udp import UdpEndpoint
from telephony.net.websocket import WebSocketConnection
from telephony.sip.flow import DEFAULT_PORTS, Flow, Outgoing
from telephony.sip.grammar import Uri
from telephony.sip.locate import Reach, Target, is_address

REMEMBERED = 4096
"""Far ends and names that are kept in mind, each."""
REFRESH = 10.0
"""Seconds between looks at the files of the certificate."""
CHOSEN_FOR = 60.0
"""Seconds for which messages to one name go to one server: those of a dialog belong together (RFC 3263 §4)."""
AVOIDED_FOR = 60.0
"""Seconds for which a server that took no connection comes after the others of its name."""
TRANSPORTS = tuple(DEFAULT_PORTS)


@dataclass(frozen=True, slots=True)
class Listener:
    """One address that takes SIP."""

    transport: str = "udp"
    """"udp", "tcp", "tls", "ws" or "wss"."""
    host: str = "127.0.0.1"
    """An address, which may be the unspecified one."""
    port: int = 5060
    """0 for any free one."""
    trusted: bool = False
    """Calls that come here need no digest, from wherever they are."""
    advertised: str = ""
    """`HOST` or `HOST:PORT` under which far ends reach it; "" for what `WireSettings` say."""
    number: int = 0
    """`Flow.listener` of what comes here; given when it is opened."""

    def check(self) -> None:
        """Raises ValueError for what nobody can listen on."""
        ipaddress.ip_address(self.host)
        parse_advertised(self.advertised)
        if self.transport not in TRANSPORTS or not 0 <= self.port <= 65535:
            raise ValueError(f"not a SIP listener: {self.transport}://{self.host}:{self.port}")

    @property
    def family(self) -> int:
        return 6 if ":" in self.host else 4


@dataclass(frozen=True, slots=True)
class WireSettings:
    advertised: str = ""
    """Host that far ends are told in Via, Contact and SDP; "" for the one that the listener is bound to."""
    local_networks: tuple[str, ...] = ()
    """Networks (CIDR) whose far ends are told the inner address instead of the advertised one."""
    tls: TlsSettings = field(default_factory=TlsSettings)
    dns: DnsSettings = field(default_factory=DnsSettings)
    keepalive: float = 30.0
    """Seconds of silence after which a stream is pinged; 0 for never."""
    origins: tuple[str, ...] = ()
    """Pages (`https://HOST[:PORT]`) that may connect by WebSocket; () for any."""
    limits: StreamLimits = field(default_factory=StreamLimits)

    def __post_init__(self) -> None:
        """Raises ValueError for an advertised address or a network that is none."""
        Addresses(self.advertised, self.local_networks)


class Endpoint(Protocol):
    """A bound listener that sends along flows."""

    host: str
    port: int

    def send(self, data: bytes, flow: Flow) -> None: ...

    def close(self) -> None: ...


@dataclass(slots=True, eq=False)
class _Opened:
    """A listener that stands."""

    listener: Listener
    endpoint: UdpEndpoint | Endpoint | None = None
    flows: dict[tuple[str, int], Flow] = field(default_factory=dict)
    """UDP: one flow for each far end that was heard lately."""


class Wire:
    """Opens listeners and carries messages; another process may do the same behind the same methods.

    `receive` gets each message with its flow. `failed` gets the transport, host and port that could not be reached, and the
    number of the connection that was lost, 0 where none could be opened. `accepts` tells whose connections are taken.
    """

    def __init__(
        self,
        settings: WireSettings,
        receive: Callable[[bytes, Flow], None],
        failed: Callable[[str, str, int, int], None],
        accepts: Callable[[str], bool] = lambda host: True,
    ) -> None:
        self._settings = settings
        self._receive = receive
        self._report = failed
        self._accepts = accepts
        self._tls: Tls | None = None
        self.addresses = Addresses(settings.advertised, settings.local_networks)
        self.refused: Counter[str] = Counter()
        """What was turned away before it became a message, by reason."""
        self._opened: dict[int, _Opened] = {}
        self._connections = count(1)
        self._resolver: Resolver | None = None
        self._chosen: dict[tuple[str, str, int], tuple[float, Target]] = {}
        self._avoided: dict[tuple[str, str, int], float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._refresher: asyncio.TimerHandle | None = None

    def turned_away(self) -> Counter[str]:
        """`refused`, and what the kernel kept from us: datagrams that are no SIP, or more than could be read."""
        endpoints = (one.endpoint for one in self._opened.values())
        return self.refused + Counter({"kernel": sum(one.dropped for one in endpoints if isinstance(one, UdpEndpoint))})

    async def open(self, listener: Listener) -> Listener:
        """Listen, and return where. Raises TransportError, in one clear line, where that cannot be."""
        number = len(self._opened) + 1
        opened = _Opened(replace(listener, number=number))
        opened.endpoint = await self._listen(opened)
        opened.listener = replace(opened.listener, host=opened.endpoint.host, port=opened.endpoint.port)
        self._opened[number] = opened
        self._reach()
        return opened.listener

    def send(self, outgoing: Outgoing) -> None:
        """Send along a flow; a host name is looked up first. Without effect where the flow's listener is closed."""
        flow = outgoing.flow
        opened = self._opened.get(flow.listener) or self._choose(flow.transport, flow.host)
        if opened is None or opened.endpoint is None:
            return
        if flow.connection or flow.pinned or _is_address(flow.host):
            _put(opened.endpoint, outgoing.data, flow)
        elif (target := self._known(flow)) is not None:
            self._put_to(target, outgoing)
        else:
            task = asyncio.get_running_loop().create_task(self._resolve(outgoing))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def way(self, transport: str, host: str, port: int, name: str = "") -> Flow | None:
        """The way to a far end by the listener that suits it best; None where none speaks `transport` in its family.

        `name` is the SIP domain that its certificate has to show.
        """
        opened = self._choose(transport, host)
        if opened is None:
            return None
        return Flow(transport, host, port, *self._told(opened.listener, host), listener=opened.listener.number, name=name)

    async def locate(self, uri: Uri) -> list[Flow]:
        """The ways to the servers of `uri`, in the order to try them (RFC 3263). Raises TransportError where there is none."""
        found = []
        for one in await self._candidates(uri):
            flow = self.way(one.transport, one.host, one.port, one.name)
            if flow is not None:
                found.append(replace(flow, sized=one.transport == "udp" and not uri.transport))
        if not found:
            raise TransportError(f"no listener of ours reaches {uri.host}")
        return found

    def media_host(self, told: str) -> str:
        """The address for media of a far end that is told `told` for SIP, which may be a name."""
        if is_address(told):
            return told
        first = next(iter(self._opened.values()), None)
        return self.addresses.media_host("127.0.0.1" if first is None else first.listener.host)

    def local_host(self, bound: str, peer: str = "") -> str:
        """The host under which `peer` reaches a listener bound to `bound`."""
        return self.addresses.told((bound, 0), peer)[0]

    def refresh(self) -> bool:
        """Take the files of the certificate anew. True where they are in use."""
        return self._tls is not None and self._tls.refresh(force=True)

    def descriptor(self, number: int) -> int:
        """The file descriptor of a UDP listener, for another process to answer by. Raises KeyError for any other."""
        endpoint = self._opened[number].endpoint
        if not isinstance(endpoint, UdpEndpoint):
            raise KeyError(number)
        return endpoint.fileno()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._refresher is not None:
            self._refresher.cancel()
        if self._resolver is not None:
            self._resolver.close()
        for opened in self._opened.values():
            if opened.endpoint is not None:
                opened.endpoint.close()
        self._opened.clear()

    async def _listen(self, opened: _Opened) -> UdpEndpoint | Endpoint:
        """Bind the listener. Another process may own the sockets: `telephony.gateway.worker_wire` gives its own endpoints."""
        if opened.listener.transport == "udp":
            return await UdpEndpoint.open(opened.listener.host, opened.listener.port, partial(self._take_datagram, opened))
        return await self._open_streams(opened)

    # In

    def _take_datagram(self, opened: _Opened, data: bytes, host: str, port: int) -> None:
        flow = opened.flows.get((host, port))
        if flow is None:
            if opened.endpoint is None:
                return  # came before we know our own port; it will be sent again
            if len(opened.flows) >= REMEMBERED:
                opened.flows.clear()
            listener = opened.listener
            flow = Flow("udp", host, port, *self._told(listener, host), listener=listener.number)
            opened.flows[host, port] = flow
        self._receive(data, flow)

    def _take_message(self, opened: _Opened, data: bytes, connection: Connection) -> None:
        if connection.flow is None:
            if opened.endpoint is None:
                return
            listener, (host, port) = opened.listener, connection.peer
            told, number = self._told(listener, host), connection.number
            name, subject = connection.name, connection.subject
            connection.flow = Flow(listener.transport, host, port, *told, number, listener.number, name, subject)
        self._receive(data, connection.flow)

    async def _open_streams(self, opened: _Opened) -> StreamEndpoint:
        listener = opened.listener
        transport = listener.transport
        secure, web = transport in ("tls", "wss"), transport in ("ws", "wss")
        if secure and self._tls is None:
            self._tls = Tls(self._settings.tls)
            self._refresh()
        endpoint = StreamEndpoint(
            partial(self._take_message, opened),
            partial(self._failed, transport),
            make=partial(WebSocketConnection, origins=self._settings.origins) if web else SipConnection,
            tls=self._tls if secure else None,
            limits=self._settings.limits,
            keepalive=self._settings.keepalive,
            numbers=self._connections,
            refused=self.refused,
            accepts=self._accepts,
        )
        await endpoint.open(listener.host, listener.port)
        return endpoint

    def _failed(self, transport: str, host: str, port: int, connection: int = 0) -> None:
        """Hear that a far end cannot be reached, or of a connection that was lost; tell it under each name that led there."""
        peer = transport, host, port
        if not connection:
            if len(self._avoided) >= REMEMBERED:
                self._avoided.clear()
            self._avoided[peer] = asyncio.get_running_loop().time() + AVOIDED_FOR
        for key, (_, target) in list(self._chosen.items()):
            if (target.transport, target.host, target.port) == peer:
                del self._chosen[key]
                self._report(*key, connection)
        self._report(*peer, connection)

    # Out

    def _choose(self, transport: str, host: str) -> _Opened | None:
        """The listener for `host`: of its family, and bound to the address that the route to it leaves from, if any is."""
        found = [one for one in self._opened.values() if one.listener.transport == transport]
        if is_address(host):
            family = 6 if ":" in host else 4
            found = [one for one in found if one.listener.family == family]
            if len(found) > 1:
                source = self.addresses.route(host)
                found.sort(key=lambda one: 0 if one.listener.host == source else 1 if unspecified(one.listener.host) else 2)
        return found[0] if found else None

    def _reach(self) -> None:
        """Tell the resolver what our listeners speak now."""
        listeners = [one.listener for one in self._opened.values()]
        reach = Reach(
            tuple(one for one in ("udp", "tcp", "tls") if any(listener.transport == one for listener in listeners)),
            tuple(kind for kind, family in (("A", 4), ("AAAA", 6)) if any(one.family == family for one in listeners)),
        )
        if self._resolver is None:
            self._resolver = Resolver(self._settings.dns, reach)
        self._resolver.reach = reach

    async def _candidates(self, uri: Uri) -> list[Target]:
        """Servers of `uri`; those that took no connection lately come last. Raises TransportError."""
        if self._resolver is None:
            raise TransportError("nothing is listened on")
        found = await self._resolver.candidates(uri)
        now = asyncio.get_running_loop().time()
        return sorted(found, key=lambda one: self._avoided.get((one.transport, one.host, one.port), now) > now)

    def _known(self, flow: Flow) -> Target | None:
        """The server of a name without waiting, where it is known."""
        found = self._chosen.get((flow.transport, flow.host, flow.port))
        return found[1] if found is not None and found[0] > asyncio.get_running_loop().time() else None

    async def _resolve(self, outgoing: Outgoing) -> None:
        flow = outgoing.flow
        uri = Uri("sip", "", flow.host, flow.port or None, (("transport", flow.transport),))
        try:
            target = self._known(flow) or (await self._candidates(uri))[0]
        except TransportError:
            self._report(flow.transport, flow.host, flow.port, 0)
            return
        target = self._known(flow) or target  # another message may have found it first
        if len(self._chosen) >= REMEMBERED:
            self._chosen.clear()
        self._chosen[flow.transport, flow.host, flow.port] = asyncio.get_running_loop().time() + CHOSEN_FOR, target
        self._put_to(target, outgoing)

    def _put_to(self, target: Target, outgoing: Outgoing) -> None:
        flow = replace(outgoing.flow, host=target.host, port=target.port, name=outgoing.flow.name or target.name)
        opened = self._opened.get(flow.listener)
        if opened is None or opened.listener.family != (6 if ":" in target.host else 4):
            opened = self._choose(flow.transport, target.host)
        if opened is not None and opened.endpoint is not None:
            _put(opened.endpoint, outgoing.data, flow)

    def _told(self, listener: Listener, peer: str) -> tuple[str, int]:
        return self.addresses.told((listener.host, listener.port), peer, listener.advertised)

    def _refresh(self) -> None:
        assert self._tls is not None
        self._refresher = asyncio.get_running_loop().call_later(REFRESH, self._refresh)
        self._tls.refresh()


def _put(endpoint: UdpEndpoint | Endpoint, data: bytes, flow: Flow) -> None:
    if isinstance(endpoint, UdpEndpoint):
        endpoint.send(data, flow.host, flow.port)
    else:
        endpoint.send(data, flow)


def _is_address(host: str) -> bool:
    """True where sending needs no look-up. `sendto` would look up any other name itself, and hold up the loop meanwhile."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except (OSError, ValueError):
        return False
    return True
