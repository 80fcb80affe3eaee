"""By which address of ours a far end reaches us: inside and outside a NAT, by the route that leads there."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

from telephony.errors import MalformedMessage
from telephony.sip.grammar import host_and_port
from telephony.sip.locate import is_address

REMEMBERED = 4096
"""Routes that are kept in mind."""


class Addresses:
    """`advertised` is what far ends are told, unless they are in one of `inner` (CIDR). Raises ValueError."""

    def __init__(self, advertised: str = "", inner: Sequence[str] = ()) -> None:
        self._advertised = parse_advertised(advertised)
        self._inner = [ipaddress.ip_network(one, strict=False) for one in inner]
        self._routes: dict[str, str] = {}

    def told(self, bound: tuple[str, int], peer: str, own: str = "") -> tuple[str, int]:
        """Host and port under which `peer` reaches a listener bound to `bound`; `own` is what it advertises itself."""
        host, port = parse_advertised(own) if own else self._advertised
        if host and not self.is_inner(peer):
            return host, port or bound[1]
        return self.inner_host(bound[0], peer), bound[1]

    def inner_host(self, bound: str, peer: str) -> str:
        """The listener's own address, or where it is bound to all, the one that the route to `peer` leaves from."""
        if not unspecified(bound):
            return bound
        return self.route(peer if is_address(peer) else "2001:db8::1" if ":" in bound else "192.0.2.1")

    def media_host(self, bound: str) -> str:
        """The address for media of far ends outside, who know a name of ours: the advertised one, where it is an address."""
        host = self._advertised[0]
        return host if is_address(host) else self.inner_host(bound, "")

    def is_inner(self, peer: str) -> bool:
        if not self._inner or not is_address(peer):
            return False
        address = ipaddress.ip_address(peer)
        return any(address in network for network in self._inner)

    def route(self, peer: str) -> str:
        """Our own address on the way to `peer`."""
        if peer not in self._routes:
            if len(self._routes) >= REMEMBERED:
                self._routes.clear()
            self._routes[peer] = _route_to(peer)
        return self._routes[peer]


def parse_advertised(text: str) -> tuple[str, int]:
    """`HOST`, `HOST:PORT`, `[v6]:PORT` as host without brackets and port, 0 for none. Raises ValueError."""
    if not text:
        return "", 0
    try:
        host, port = (text, None) if is_address(text) else host_and_port(text)
    except MalformedMessage as error:
        raise ValueError(f"'{text}' is not a host, or HOST:PORT, that far ends can be told") from error
    return host.strip("[]"), port or 0


def unspecified(host: str) -> bool:
    return host in ("0.0.0.0", "::")


def _route_to(peer: str) -> str:
    """Our own address on the way to `peer`, as the system would choose it; nothing is sent."""
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer, 9))
        except OSError:
            return "::1" if family == socket.AF_INET6 else "127.0.0.1"
        return str(probe.getsockname()[0])
