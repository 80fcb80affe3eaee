"""A trunk: what it serves, how it is doing, and in which order trunks are tried for a number. Pure; `now` is seconds."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from telephony.sip.digest import Account
from telephony.sip.keying import Srtp
from telephony.sip.message import Response
from telephony.sip.numbers import NumberForm, Rewrite, fits, formatted, rewritten

MAX_RETRY_AFTER = 300.0
"""Seconds: a carrier that asks for more is asked again after these."""


class TrunkState(Enum):
    UP = "up"
    DEGRADED = "degraded"
    """Some probes or calls fail: it is taken where no trunk of the same priority is up."""
    DOWN = "down"
    """Not taken at all."""


class CallerFrom(Enum):
    """Whose number a call over a trunk shows."""

    TRUNK = "trunk"
    CALLER = "caller"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class CallerId:
    source: CallerFrom = CallerFrom.TRUNK
    number: str = ""
    """The trunk's own number; shown with TRUNK, and where a caller has none."""
    form: NumberForm = NumberForm.E164
    assert_identity: bool = False
    """Send P-Asserted-Identity with the trunk's number, or the caller's where `source` is CALLER (RFC 3325)."""


@dataclass(frozen=True, slots=True)
class Health:
    """How OPTIONS tell whether a trunk lives."""

    interval: float = 30.0
    """Seconds between probes; 0 for none, then only calls tell."""
    timeout: float = 5.0
    """Seconds for an answer."""
    down_after: int = 3
    """Failures in a row until DOWN; the first makes it DEGRADED."""
    up_after: int = 2
    """Successes in a row until UP again."""
    jitter: float = 0.1
    """Part of the interval by which probes are spread, so that many trunks are not probed at once."""


@dataclass(frozen=True, slots=True)
class TrunkLimits:
    """0 is no limit."""

    calls_in: int = 0
    calls_out: int = 0
    rate_in: float = 0.0
    """New calls a second."""
    rate_out: float = 0.0
    burst: int = 5
    """Calls that may come at once before the rate counts."""


@dataclass(frozen=True, slots=True)
class RegistrationOptions:
    """With whom a trunk registers (RFC 3261 §10.2)."""

    registrars: tuple[str, ...]
    """SIP URIs, the first is tried first."""
    user: str
    expires: int = 600
    """Seconds asked for; the registrar has the last word."""


@dataclass(frozen=True, slots=True)
class TrunkOptions:
    name: str
    hosts: tuple[str, ...] = ()
    """SIP URIs without a user (`sip:sbc.example.net:5060;transport=tcp`) where calls go, the first is tried first."""
    domain: str = ""
    """Host in From and in the Request-URI; "" for that of the host dialled."""
    account: Account | None = field(default=None, repr=False)
    """What challenges to our calls and registrations are answered with."""
    numbers: tuple[str, ...] = ("*",)
    """Numbers that it serves, in E.164: `+49*`."""
    priority: int = 10
    """The smaller is tried first."""
    weight: int = 1
    """Share of the calls among trunks of the same priority; 0 comes last."""
    patience: float = 4.0
    """Seconds for a first sign of life (100 Trying) before the next host or trunk is tried."""
    sources: tuple[str, ...] = ()
    """Networks (CIDR) whose calls are this trunk's."""
    tls_names: tuple[str, ...] = ()
    """Names in client certificates whose calls are this trunk's."""
    trust_identity: bool = True
    """Believe P-Asserted-Identity, and take it for the caller unless he is private."""
    registration: RegistrationOptions | None = None
    contact: str = field(default="", repr=False)
    """User of the Contact that is registered: a secret between us and the registrar; "" for one of its own at each start."""
    health: Health = Health()
    limits: TrunkLimits = TrunkLimits()
    caller_id: CallerId = CallerId()
    region: str = ""
    """Country (`DE`) in whose way numbers are written by this carrier."""
    form: NumberForm = NumberForm.E164
    """How called numbers are written towards it, before `rewrite_out`."""
    rewrite_in: tuple[Rewrite, ...] = ()
    """Applied to called and calling numbers of calls that come."""
    rewrite_out: tuple[Rewrite, ...] = ()
    codecs: tuple[str, ...] = ()
    """Names in order of preference; empty for all that we have."""
    srtp: Srtp | None = None
    """None for what holds elsewhere."""
    delayed_offer: bool = False
    """Its INVITEs carry no SDP: the carrier makes the offer, and the ACK or PRACK has our answer (RFC 3261 §13.2.1)."""
    handover: str = "none"
    """What its far end is told of a call that comes to it from us: `none`, `link` or `body`, as `telephony.leg.Handed` says."""
    add_headers: Mapping[str, str] = field(default_factory=dict)
    remove_headers: frozenset[str] = frozenset()
    """In lower case."""

    def __post_init__(self) -> None:
        """Raises ValueError for a network that is none."""
        for network in self.sources:
            ipaddress.ip_network(network, strict=False)

    def serves(self, number: str) -> bool:
        return bool(self.hosts) and fits(number, self.numbers)

    def written(self, number: str) -> str:
        """A called E.164 number as this carrier wants it."""
        return rewritten(formatted(number, self.form, self.region), self.rewrite_out)


class Vitals:
    """Whether one trunk can be taken: probes, calls and Retry-After together."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self.state = TrunkState.UP
        """UP until shown otherwise: a node that starts must be able to call."""
        self.closed_until = 0.0
        """No call goes here before (Retry-After of a 503)."""
        self._failures = 0
        self._successes = 0

    def answered(self) -> bool:
        """A probe or call showed life. Returns whether the state changed."""
        self._failures = 0
        self._successes += 1
        return self._successes >= self._health.up_after and self._enter(TrunkState.UP)

    def failed(self) -> bool:
        """A probe or call failed: no answer, no way, or 503. Returns whether the state changed."""
        self._successes = 0
        self._failures += 1
        return self._enter(TrunkState.DOWN if self._failures >= self._health.down_after else TrunkState.DEGRADED)

    def rest(self, now: float, seconds: float) -> None:
        """Take no call for so long: Retry-After of a 503."""
        self.closed_until = max(self.closed_until, now + min(seconds, MAX_RETRY_AFTER))

    def open(self, now: float) -> bool:
        """Whether a call may be tried."""
        return self.state is not TrunkState.DOWN and now >= self.closed_until

    def _enter(self, state: TrunkState) -> bool:
        if state is self.state or (self.state is TrunkState.DOWN and state is TrunkState.DEGRADED):
            return False
        self.state = state
        return True


class TokenBucket:
    """`rate` calls a second, `burst` at once. Never lets more than burst + rate * t pass in t seconds."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._most = float(max(1, burst))
        self._tokens = self._most
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Take one token; False where there is none. A rate of 0 always gives."""
        if self._rate <= 0:
            return True
        if self._at is not None:
            self._tokens = min(self._most, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now if self._at is None else max(self._at, now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass(frozen=True, slots=True)
class Candidate:
    """What choosing needs to know of a trunk now."""

    name: str
    priority: int
    weight: int
    state: TrunkState
    open: bool
    serves: bool


def order(candidates: Iterable[Candidate], draw: Iterable[float]) -> list[str]:
    """Names of trunks in the order in which to try them: by priority, UP before DEGRADED, then by weighted lot (RFC 2782).

    `draw` gives numbers in [0, 1), one for each candidate. A trunk that is not open or does not serve the number is left out.
    """
    lots = iter(draw)
    ranked = []
    for one in candidates:
        lot = next(lots, 0.5)
        if one.open and one.serves:
            # Weighted order without replacement: the larger u ** (1 / weight) comes first (Efraimidis and Spirakis, 2006).
            key = max(lot, 1e-12) ** (1 / one.weight) if one.weight > 0 else -1.0
            ranked.append((one.priority, one.state is not TrunkState.UP, -key, one.name))
    return [name for *_, name in sorted(ranked)]


FAILOVER = frozenset((408, 430, 500, 502, 503, 504))
"""Final responses after which the next host or trunk is tried; any other says something about the number, not the trunk."""


def moves_on(status: int, *, alerted: bool) -> bool:
    """Whether a call that failed goes to the next trunk.

    Never once somebody was alerted (18x): the phone would ring again, for a caller who has already heard it ring.
    """
    return status in FAILOVER and not alerted


def retry_after(response: Response | None) -> float:
    """Seconds of Retry-After, without its comment and parameters (RFC 3261 §20.33); 0 where there is none."""
    text = "" if response is None else response.headers.get("retry-after")
    found = re.match(r"\s*(\d{1,10})(?!\d)", text, re.ASCII)
    return float(found[1]) if found else 0.0
