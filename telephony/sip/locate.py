"""Locating SIP servers (RFC 3263): which transport, address and port stand for a URI, in the order to try them. Pure.

`locate` is a generator that asks: it yields batches of questions, is sent their records, and returns the targets. Whoever
drives it may answer from the network, a cache, or a test.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from telephony.errors import TransportError
from telephony.sip.flow import DEFAULT_PORTS
from telephony.sip.grammar import Uri

MAX_TARGETS = 16
"""Candidates of one URI; the rest of a long list is not asked for."""
MAX_SERVICES = 4
"""NAPTR records that are followed."""
MAX_RECORDS = 64
"""SRV records of one name that are looked at."""

_SERVICES = {
    "SIP+D2U": "udp",
    "SIP+D2T": "tcp",
    "SIPS+D2T": "tls",
}
"""NAPTR service to transport (RFC 3263 §4.1). WebSocket servers are not called: we are none of their clients."""
_PREFIXES = {"udp": "_sip._udp.", "tcp": "_sip._tcp.", "tls": "_sips._tcp."}


@dataclass(frozen=True, slots=True)
class Question:
    """What a name server is asked."""

    name: str
    kind: str
    """"NAPTR", "SRV", "A" or "AAAA"."""


@dataclass(frozen=True, slots=True)
class NameAuthority:
    """A NAPTR record (RFC 3403 §4)."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Service:
    """An SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str
    """"." where the service is decidedly not offered."""


Record = NameAuthority | Service | str
"""A and AAAA records are their address."""


@dataclass(frozen=True, slots=True)
class Target:
    """One server that may be tried."""

    transport: str
    host: str
    """An IP address without brackets."""
    port: int
    name: str
    """The domain that was asked for, which a certificate has to show (RFC 5922 §4)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What we can speak."""

    transports: tuple[str, ...] = ("udp", "tcp", "tls")
    """The preferred first."""
    families: tuple[str, ...] = ("A", "AAAA")
    """Kinds of address that our listeners reach, the preferred first."""


Lookup = Generator[tuple[Question, ...], Sequence[Sequence[Record]], list[Target]]
"""Yields questions, takes the records of each in the same order."""


def host_of(uri: Uri) -> str:
    """The host that a request to `uri` goes to: `maddr`, else its host; an IPv6 address without brackets."""
    return (uri.parameter("maddr") or uri.host).strip("[]").rstrip(".").lower()


@lru_cache(4096)
def is_address(host: str) -> bool:
    """True for an IPv4 or IPv6 address, without brackets."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def transport_of(uri: Uri) -> str:
    """The transport that `uri` names, by its scheme and parameter; "" where it leaves the choice (RFC 3263 §4.1).

    Raises TransportError for one that is not SIP, or that asks SIPS over UDP.
    """
    if uri.scheme not in ("sip", "sips"):
        raise TransportError(f"no way to {uri.scheme} URIs")
    named = uri.transport
    if uri.scheme == "sip" or not named:
        return named
    secure = {"tcp": "tls", "tls": "tls", "ws": "wss", "wss": "wss"}.get(named)
    if secure is None:
        raise TransportError(f"SIPS does not go over {named}")
    return secure


def locate(uri: Uri, reach: Reach, dice: Callable[[int], int]) -> Lookup:
    """Ask for the servers of `uri` and return them in the order to try; none where its domain tells of none that we reach.

    `dice(n)` is a random number from 0 to n, for the weights. Raises TransportError for a URI that cannot be asked for.
    """
    named, host = transport_of(uri), host_of(uri)
    usable = [one for one in reach.transports if one in _PREFIXES and (uri.scheme == "sip" or one == "tls")]
    if (named and named not in usable) or not usable:
        raise TransportError(f"no way over {named or 'any transport'}")
    if is_address(host) or uri.port is not None:
        transport = named or usable[0 if "udp" not in usable else usable.index("udp")]
        port = uri.port or DEFAULT_PORTS[transport]
        return (yield from _addresses([(transport, host, port)], reach, host))
    if named:
        found = yield from _services([(named, _PREFIXES[named] + host)], reach, dice, host)
        return found if found is not None else (yield from _plain(named, host, reach))
    authorities = yield from _authorities(host, usable)
    if authorities:
        found = yield from _services(authorities, reach, dice, host)
        if found is not None:
            return found
    found = yield from _services([(one, _PREFIXES[one] + host) for one in usable], reach, dice, host)
    if found is not None:
        return found
    return (yield from _plain("udp" if "udp" in usable else usable[0], host, reach))


def _plain(transport: str, host: str, reach: Reach) -> Lookup:
    """No SRV record: the host itself, at the transport's own port (§4.2)."""
    return (yield from _addresses([(transport, host, DEFAULT_PORTS[transport])], reach, host))


def _authorities(
    host: str, usable: Sequence[str]
) -> Generator[tuple[Question, ...], Sequence[Sequence[Record]], list[tuple[str, str]]]:
    """Transports and SRV names by NAPTR: of the lowest order that we can use, by preference (§4.1, RFC 3403 §4.1)."""
    (records,) = yield (Question(host, "NAPTR"),)
    found = sorted(
        (one.order, one.preference, _SERVICES[one.service.upper()], one.replacement)
        for one in records
        if isinstance(one, NameAuthority)
        and one.flags.lower() == "s"
        and _SERVICES.get(one.service.upper()) in usable
        and one.replacement not in ("", ".")
    )
    return [(transport, name) for order, _, transport, name in found if order == found[0][0]][:MAX_SERVICES]


def _services(
    names: Sequence[tuple[str, str]], reach: Reach, dice: Callable[[int], int], domain: str
) -> Generator[tuple[Question, ...], Sequence[Sequence[Record]], list[Target] | None]:
    """Servers by SRV in their order (RFC 2782); None where there is no such record at all."""
    answers = yield tuple(Question(name, "SRV") for _, name in names)
    servers: list[tuple[str, str, int]] = []
    known = False
    for (transport, _), records in zip(names, answers, strict=True):
        services = [one for one in records if isinstance(one, Service)]
        known = known or bool(services)
        servers += [(transport, one.target, one.port) for one in in_order(services, dice) if one.target not in ("", ".")]
    return (yield from _addresses(servers[:MAX_TARGETS], reach, domain)) if known else None


def _addresses(servers: Sequence[tuple[str, str, int]], reach: Reach, domain: str) -> Lookup:
    """Hosts to addresses of the families that we reach."""
    names = list(dict.fromkeys(host for _, host, _ in servers if not is_address(host)))
    questions = tuple(Question(name, kind) for name in names for kind in reach.families)
    answers: Sequence[Sequence[Record]] = (yield questions) if questions else ()
    known: dict[str, list[str]] = {}
    for question, records in zip(questions, answers, strict=True):
        known.setdefault(question.name, []).extend(one for one in records if isinstance(one, str))
    found = [
        Target(transport, address, port, domain)
        for transport, host, port in servers
        for address in known.get(host, [host] if is_address(host) else [])
    ]
    return list(dict.fromkeys(found))[:MAX_TARGETS]


def in_order(services: Sequence[Service], dice: Callable[[int], int]) -> list[Service]:
    """SRV records by priority, and within one by weighted lot, those of weight 0 having the least chance (RFC 2782)."""
    left = sorted(services, key=lambda one: (one.priority, one.weight))[:MAX_RECORDS]
    ordered: list[Service] = []
    while left:
        same = [one for one in left if one.priority == left[0].priority]
        drawn = _draw(same, dice(sum(one.weight for one in same)))
        ordered.append(drawn)
        left.remove(drawn)
    return ordered


def _draw(services: Sequence[Service], lot: int) -> Service:
    for one in services:
        lot -= one.weight
        if lot <= 0:
            return one
    return services[-1]
