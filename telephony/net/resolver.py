"""Names to SIP servers: a cache and a name server behind `telephony.sip.locate`. Decides nothing itself.

An answer is kept for the time that it says, no such answer for a shorter one, and a silent name server for a few seconds, so
that a burst of calls to one domain asks once.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver

from telephony.errors import MalformedMessage, TransportError
from telephony.sip.grammar import Uri, host_and_port
from telephony.sip.locate import (
    NameAuthority,
    Question,
    Reach,
    Record,
    Service,
    Target,
    host_of,
    is_address,
    locate,
)

MAX_CACHED = 4096
MAX_ASKING = 256
"""Questions under way at once; more fail at once."""
MAX_RECORDS = 256
"""Of one answer."""
LEAST, MOST = 5.0, 86_400.0
"""Seconds for which an answer is kept at least and at most, whatever it says itself."""
MOST_NEGATIVE = 300.0
FAILED_FOR = 5.0
"""Seconds for which a name server that gave no answer is not asked the same again."""

Records = tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class DnsSettings:
    nameservers: tuple[str, ...] = ()
    """`HOST` or `HOST:PORT`; empty: those of the system."""
    timeout: float = 3.0
    """Seconds for one answer, repeats included."""

    def __post_init__(self) -> None:
        """Raises ValueError for a name server that is no address."""
        for text in self.nameservers:
            _nameserver(text)


class Resolver:
    """`reach` is what our listeners speak; set it again when they change."""

    def __init__(self, settings: DnsSettings, reach: Reach = Reach(), dice: Callable[[int], int] | None = None) -> None:  # noqa: B008
        self.reach = reach
        self._dice = dice or (lambda most: random.randint(0, most))
        self._timeout = settings.timeout
        self._ask = _resolver(settings)
        self._cache: OrderedDict[Question, tuple[float, Records]] = OrderedDict()
        self._asking: dict[Question, asyncio.Task[Records]] = {}

    async def candidates(self, uri: Uri) -> list[Target]:
        """The servers of `uri` in the order to try them (RFC 3263). Raises TransportError where there is none."""
        host = host_of(uri)
        if host == "invalid" or host.endswith(".invalid"):
            raise TransportError(f"{host} names nobody")  # RFC 6761 §6.4; browsers write it into Contact (RFC 7118 §5)
        lookup = locate(uri, self.reach, self._dice)
        try:
            questions = next(lookup)
            while True:
                questions = lookup.send(await asyncio.gather(*map(self._answer, questions)))
        except StopIteration as done:
            return _some(done.value, host)

    def known(self, uri: Uri) -> list[Target] | None:
        """The same without waiting: None where something has to be asked for first. Raises TransportError."""
        lookup = locate(uri, self.reach, self._dice)
        try:
            questions = next(lookup)
            while True:
                answers = [self._cached(one) for one in questions]
                if None in answers:
                    return None
                questions = lookup.send([one for one in answers if one is not None])
        except StopIteration as done:
            return _some(done.value, host_of(uri))

    def close(self) -> None:
        for task in list(self._asking.values()):
            task.cancel()

    def _cached(self, question: Question) -> Records | None:
        found = self._cache.get(question)
        if found is None or found[0] <= asyncio.get_running_loop().time():
            return None
        self._cache.move_to_end(question)
        return found[1]

    async def _answer(self, question: Question) -> Records:
        if (known := self._cached(question)) is not None:
            return known
        task = self._asking.get(question)
        if task is None:
            if len(self._asking) >= MAX_ASKING:
                raise TransportError("too many names are being looked up")
            task = self._asking[question] = asyncio.get_running_loop().create_task(self._fetch(question))
            task.add_done_callback(lambda _: self._asking.pop(question, None))
        return await asyncio.shield(task)  # whoever asked first may give up, and others still wait for it

    async def _fetch(self, question: Question) -> Records:
        records, seconds = await self._query(question)
        if not records and question.kind in ("A", "AAAA"):
            records = await self._ask_system(question)
        self._cache[question] = asyncio.get_running_loop().time() + seconds, records
        while len(self._cache) > MAX_CACHED:
            self._cache.popitem(last=False)
        return records

    async def _query(self, question: Question) -> tuple[Records, float]:
        """Records and for how many seconds they hold. A name without a dot is the business of the system alone."""
        if self._ask is None or "." not in question.name or question.name.endswith(".localhost"):
            return (), LEAST
        try:
            async with asyncio.timeout(self._timeout + 1.0):
                answer = await self._ask.resolve(
                    question.name, question.kind, raise_on_no_answer=False, search=False, lifetime=self._timeout
                )
        except dns.resolver.NXDOMAIN as error:
            return (), _negative(error)
        except (dns.exception.DNSException, OSError, TimeoutError, UnicodeError):  # the last for a name that cannot be one
            return (), FAILED_FOR
        seconds = float(answer.chaining_result.minimum_ttl)
        if answer.rrset is None:
            return (), min(max(seconds, LEAST), MOST_NEGATIVE)
        return tuple(map(_record, answer.rrset[:MAX_RECORDS])), min(max(seconds, LEAST), MOST)

    async def _ask_system(self, question: Question) -> Records:
        """Addresses by the system's own rules: its hosts file, and names of the local network."""
        family = socket.AF_INET if question.kind == "A" else socket.AF_INET6
        try:
            async with asyncio.timeout(self._timeout):
                found = await asyncio.get_running_loop().getaddrinfo(question.name, None, family=family, type=socket.SOCK_DGRAM)
        except (OSError, TimeoutError, UnicodeError):
            return ()
        return tuple(dict.fromkeys(str(one[4][0]) for one in found[:MAX_RECORDS]))


def _some(targets: list[Target], host: str) -> list[Target]:
    if not targets:
        raise TransportError(f"{host}: no SIP server is known by that name")
    return targets


def _resolver(settings: DnsSettings) -> dns.asyncresolver.Resolver | None:
    """None where the system names no name server."""
    if settings.nameservers:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = [_nameserver(text) for text in settings.nameservers]
        return resolver
    try:
        return dns.asyncresolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return None


def _nameserver(text: str) -> dns.nameserver.Nameserver:
    try:
        host, port = (text, None) if is_address(text) else host_and_port(text)
    except MalformedMessage:
        host, port = "", None
    host = host.strip("[]")
    if not is_address(host):
        raise ValueError(f"'{text}' is not the address of a name server, such as 192.0.2.53 or 192.0.2.53:5353")
    return dns.nameserver.Do53Nameserver(host, port or 53)


def _negative(error: dns.resolver.NXDOMAIN) -> float:
    """For how many seconds the zone says that there is no such name (RFC 2308 §5)."""
    responses = error.responses()  # type: ignore[no-untyped-call]
    ttls = [one.resolve_chaining().minimum_ttl for one in responses.values()] if responses else []
    return min(max(float(min(ttls, default=0)), LEAST), MOST_NEGATIVE)


def _record(data: Any) -> Record:
    """What `locate` needs of a record."""
    if data.rdtype == dns.rdatatype.NAPTR:
        flags, service = data.flags.decode("ascii", "replace"), data.service.decode("ascii", "replace")
        return NameAuthority(data.order, data.preference, flags, service, _name(data.replacement))
    if data.rdtype == dns.rdatatype.SRV:
        return Service(data.priority, data.weight, data.port, _name(data.target))
    return str(data.address)


def _name(name: Any) -> str:
    """A domain name without its last dot; the root stays a dot."""
    return name.to_text(omit_final_dot=True).lower() or "."
