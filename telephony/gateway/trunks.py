"""The trunks of a gateway: whose call this is, which trunk to take, and how each is doing. The shell around pure parts.

Probes (OPTIONS) and registrations go by the gateway's own transactions, along the same way as calls do.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import random
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from telephony.errors import TelephonyError
from telephony.sip.core import Core
from telephony.sip.flow import Flow
from telephony.sip.grammar import Address, Uri
from telephony.sip.locate import host_of, is_address
from telephony.sip.message import MAX_HOPS, Headers, Request, Response
from telephony.sip.registration import Registration, RegistrationState
from telephony.sip.trunk import Candidate, TokenBucket, TrunkOptions, TrunkState, Vitals, order, retry_after

log = logging.getLogger(__name__)

FAREWELL = 1.0
"""Seconds that `close` waits for registrars to take our bindings back."""
MAX_REGISTRARS = 32
"""Addresses of a trunk's registrars that are remembered."""


@dataclass(frozen=True, slots=True)
class TrunkChanged:
    """A trunk came up, went down or is not what it was."""

    name: str
    state: TrunkState
    registered: bool | None
    """None for a trunk without registration."""
    detail: str


class Trunk:
    """One trunk at run time."""

    def __init__(self, options: TrunkOptions) -> None:
        self.options = options
        self.vitals = Vitals(options.health)
        self.hosts = [Uri.parse(one) for one in options.hosts]
        self.networks = [ipaddress.ip_network(one, strict=False) for one in options.sources]
        self.contact = options.contact or secrets.token_hex(16)
        """User of the Contact that we register: who calls it was told it by the registrar."""
        self.registration: Registration | None = None
        if options.registration is not None:
            token = partial(secrets.token_hex, 8)
            self.registration = Registration(options.registration, options.account, token, random.random)
        self.registrars: set[str] = set()
        """Addresses that we registered with, whose calls to `contact` are this trunk's."""
        self.bucket_in = TokenBucket(options.limits.rate_in, options.limits.burst)
        self.bucket_out = TokenBucket(options.limits.rate_out, options.limits.burst)
        self.calls_in = 0
        self.calls_out = 0
        self.counts: Counter[str] = Counter()
        """`in`, `out` and `failed` calls so far."""
        self.refused: Counter[str] = Counter()

    def open(self, now: float) -> bool:
        """Whether a call may be tried: it lives, is not asked to be left alone, and is registered where it has to be."""
        return self.vitals.open(now) and (self.registration is None or self.registration.registered)

    def take(self, way: str, now: float) -> str:
        """Count one more call `in` or `out`; returns why not, "" where it is taken."""
        limits = self.options.limits
        most, running = (limits.calls_in, self.calls_in) if way == "in" else (limits.calls_out, self.calls_out)
        reason = ""
        if 0 < most <= running:
            reason = f"calls_{way}"
        elif not (self.bucket_in if way == "in" else self.bucket_out).take(now):
            reason = f"rate_{way}"
        if reason:
            self.refused[reason] += 1
            return reason
        self._count(way, 1)
        self.counts[way] += 1
        return ""

    def give_back(self, way: str) -> None:
        self._count(way, -1)

    def _count(self, way: str, change: int) -> None:
        if way == "in":
            self.calls_in += change
        else:
            self.calls_out += change


class Trunks:
    """`flush` sends what was put into the core."""

    def __init__(
        self,
        options: Sequence[TrunkOptions],
        core: Core,
        flush: Callable[[], None],
    ) -> None:
        """Raises MalformedMessage for a host or registrar that is no SIP URI."""
        self._trunks = {one.name: Trunk(one) for one in options}
        self._core = core
        self._flush = flush
        self.changed: list[Callable[[TrunkChanged], None]] = []
        """Who hears of every change of state; none may block."""
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._learning: dict[str, asyncio.Task[None]] = {}
        self._unregistered = asyncio.Event()
        self._started = False
        self._closing = False

    def __getitem__(self, name: str) -> Trunk:
        return self._trunks[name]

    def get(self, name: str) -> Trunk | None:
        return self._trunks.get(name)

    def __iter__(self) -> Iterator[Trunk]:
        return iter(self._trunks.values())

    def __len__(self) -> int:
        return len(self._trunks)

    def start(self, locate: Callable[[Uri], Awaitable[list[Flow]]]) -> None:
        """Begin to register and to probe; `locate` gives the servers of a URI and raises TransportError."""
        self._loop = asyncio.get_running_loop()
        self._locate = locate
        self._started = True
        for trunk in self._trunks.values():
            if trunk.registration is not None:
                self._register(trunk)
            if trunk.options.health.interval > 0 and trunk.hosts:
                self._probe_later(trunk, random.random() * min(1.0, trunk.options.health.interval))

    async def close(self) -> None:
        """Take our registrations back, and stop."""
        if self._closing or not self._started:
            return
        self._closing = True
        for task in self._learning.values():
            task.cancel()
        for timer in self._timers.values():
            timer.cancel()
        now = self._loop.time()
        leaving = [one for one in self._trunks.values() if one.registration is not None]
        for trunk in leaving:
            assert trunk.registration is not None
            trunk.registration.stop(now)
            self._register(trunk)
        try:
            async with asyncio.timeout(FAREWELL):
                while any(one.registration.state is RegistrationState.REMOVING for one in leaving if one.registration):
                    self._unregistered.clear()
                    await self._unregistered.wait()
        except TimeoutError:
            log.info("a registrar did not answer our farewell")
        for timer in self._timers.values():
            timer.cancel()

    # Whose call

    def of_request(self, request: Request, flow: Flow) -> str:
        """The trunk that an INVITE comes over, "" for none: by the contact we registered, by its certificate, by its address.

        The contact counts only from the registrar's own address or one of `sources`: it may have been read on its way.
        """
        try:
            user, address = request.uri.user, ipaddress.ip_address(flow.host)
        except (TelephonyError, ValueError):
            return ""
        for name, trunk in self._trunks.items():
            if user and user == trunk.contact and (flow.host in trunk.registrars or _among(address, trunk)):
                return name
        for name, trunk in self._trunks.items():
            if flow.subject and any(one.lower() in flow.subject for one in trunk.options.tls_names):
                return name
        matches = [
            (network.prefixlen, name) for name, one in self._trunks.items() for network in one.networks if address in network
        ]
        return max(matches, key=lambda one: one[0])[1] if matches else ""

    def is_host(self, host: str) -> bool:
        """Whether a SIP URI's host is one of a trunk: calls there count as calls to numbers."""
        bare = _bare(host)
        known = {_bare(host_of(one)) for trunk in self._trunks.values() for one in trunk.hosts}
        return bare in known or any(bare == _bare(trunk.options.domain) for trunk in self._trunks.values())

    def route(self, number: str, wanted: str, allowed: Sequence[str], now: float) -> list[Trunk]:
        """The trunks to try for a number, in order: those in `allowed` (all where it is empty), or `wanted` alone."""
        names = [one for one in self._trunks if (not allowed or one in allowed) and wanted in ("", one)]
        candidates = []
        for name in names:
            trunk, options = self._trunks[name], self._trunks[name].options
            state, free = trunk.vitals.state, trunk.open(now)
            candidates.append(Candidate(name, options.priority, options.weight, state, free, options.serves(number)))
        return [self._trunks[name] for name in order(candidates, (random.random() for _ in candidates))]

    # How it is doing

    def lives(self, trunk: Trunk) -> None:
        """A call or probe was answered."""
        if trunk.vitals.answered():
            self._tell(trunk, "answers again")

    def fails(self, trunk: Trunk, detail: str) -> None:
        """A call or probe found nobody, or was turned away with 503."""
        if trunk.vitals.failed():
            self._tell(trunk, detail)

    def rests(self, trunk: Trunk, seconds: float) -> None:
        """A 503 asked to be left alone for so long (RFC 3261 §21.5.4)."""
        trunk.vitals.rest(self._loop.time(), seconds)

    def _tell(self, trunk: Trunk, detail: str) -> None:
        state = trunk.vitals.state
        registered = None if trunk.registration is None else trunk.registration.registered
        level = logging.INFO if state is TrunkState.UP and registered is not False else logging.WARNING
        log.log(level, "trunk %s: %s%s: %s", trunk.options.name, state.value, _words(registered), detail)
        for hear in self.changed:
            hear(TrunkChanged(trunk.options.name, state, registered, detail))

    # Probes

    def _probe_later(self, trunk: Trunk, seconds: float) -> None:
        if not self._closing:
            self._set("probe", trunk, seconds, self._probe)

    def _probe(self, trunk: Trunk) -> None:
        health = trunk.options.health
        self._probe_later(trunk, health.interval * (1 + health.jitter * (2 * random.random() - 1)))
        answered = asyncio.Event()

        def hear(status: int, response: Response | None, now: float) -> None:
            if status < 200 or answered.is_set():
                return
            answered.set()
            if response is None or status in (408, 503):
                self.rests(trunk, retry_after(response))
                self.fails(trunk, f"OPTIONS: {status}")
            else:
                self.lives(trunk)

        def silent() -> None:
            if not answered.is_set():
                answered.set()
                self.fails(trunk, "OPTIONS: no answer")

        host = trunk.hosts[0]
        try:
            flow = self._core.flow_to(host)
        except TelephonyError as error:
            self.fails(trunk, str(error))
            return
        request = options_request(host, Uri("sip", "ping", flow.local_host), self._core.token)
        self._core.transactions.request(request, flow, self._loop.time(), hear)
        self._loop.call_later(health.timeout, silent)
        self._flush()

    # Registrations

    def _register(self, trunk: Trunk) -> None:
        registration = trunk.registration
        assert registration is not None
        now, before = self._loop.time(), registration.registered
        registrar = registration.due(now)
        if before is not registration.registered:
            self._tell(trunk, registration.detail)
        if registrar is not None:
            self._send_register(trunk, registration, registrar)
        wait = (registration.until if registrar is None and registration.registered else registration.deadline) - now
        wait = min(wait, registration.deadline - now)
        if wait < 1e9:
            self._set("register", trunk, max(0.02, wait), self._register)

    def _send_register(self, trunk: Trunk, registration: Registration, registrar: Uri) -> None:
        now = self._loop.time()
        try:
            flow = self._core.flow_to(registrar)
        except TelephonyError as error:
            registration.request("<sip:nowhere.invalid>")
            registration.answered(503, None, now)
            log.warning("trunk %s: %s: %s", trunk.options.name, registrar, error)
            return

        def hear(status: int, response: Response | None, at: float) -> None:
            if status < 200:
                return
            changed = registration.answered(status, response, at)
            if registration.registered:
                self._learn(trunk, registrar, flow)
            if changed and not self._closing:
                self._tell(trunk, "registered" if registration.registered else registration.detail)
            elif registration.state is RegistrationState.FAILED:
                log.debug("trunk %s: not registered: %s", trunk.options.name, registration.detail)
            self._unregistered.set()
            self._register(trunk)

        request = registration.request(self._core.contact(flow, trunk.contact))
        self._core.transactions.request(request, flow, now, hear)
        self._flush()

    def _learn(self, trunk: Trunk, registrar: Uri, flow: Flow) -> None:
        """Remember from where a registrar may call: every server of its name."""
        if is_address(flow.host):
            trunk.registrars = {*list(trunk.registrars)[-MAX_REGISTRARS:], flow.host}
        elif trunk.options.name not in self._learning:
            self._learning[trunk.options.name] = self._loop.create_task(self._ask(trunk, registrar))

    async def _ask(self, trunk: Trunk, registrar: Uri) -> None:
        try:
            found = await self._locate(registrar)
            trunk.registrars = {*list(trunk.registrars)[-MAX_REGISTRARS:], *(flow.host for flow in found)}
        except TelephonyError as error:
            log.warning("trunk %s: %s: %s", trunk.options.name, registrar, error)
        finally:
            self._learning.pop(trunk.options.name, None)

    def _set(self, what: str, trunk: Trunk, seconds: float, then: Callable[[Trunk], None]) -> None:
        key = what, trunk.options.name
        if (running := self._timers.get(key)) is not None:
            running.cancel()
        self._timers[key] = self._loop.call_later(seconds, then, trunk)


def options_request(target: Uri, sender: Uri, token: Callable[[], str]) -> Request:
    """An OPTIONS outside a dialog (RFC 3261 §11)."""
    headers = Headers(
        {
            "Max-Forwards": (str(MAX_HOPS),),
            "From": (f"{Address(sender)};tag={token()}",),
            "To": (str(Address(target)),),
            "Call-ID": (token(),),
            "CSeq": ("1 OPTIONS",),
            "Accept": ("application/sdp",),
        }
    )
    return Request("OPTIONS", str(target), headers)


def _among(address: ipaddress.IPv4Address | ipaddress.IPv6Address, trunk: Trunk) -> bool:
    return any(address in network for network in trunk.networks)


def _bare(host: str) -> str:
    """A host in the one way in which it is compared: an address has many spellings, a name may end with a dot."""
    host = host.strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    return str(getattr(address, "ipv4_mapped", None) or address)


def _words(registered: bool | None) -> str:
    return "" if registered is None else ", registered" if registered else ", not registered"
