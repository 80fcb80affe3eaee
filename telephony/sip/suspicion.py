"""The words of the guard: signs and their points, bans, sources, and its settings. Pure values."""

from __future__ import annotations

import enum
import ipaddress
from dataclasses import dataclass
from functools import lru_cache


class Sign(enum.Enum):
    """What a message says about who sent it."""

    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    """A request that needs credentials and has none of ours; phones send one of these for each call."""
    SCANNER = "scanner"
    """It bears the name of a scanning tool."""
    WRONG_DIGEST = "wrong digest"
    UNKNOWN_USER = "unknown user"
    AUTHENTICATED = "authenticated"


PROVEN = frozenset((Sign.WRONG_DIGEST, Sign.UNKNOWN_USER))
"""Signs that prove a round trip by themselves."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket."""

    each_second: float
    burst: float


@dataclass(frozen=True, slots=True)
class GuardSettings:
    enabled: bool = True
    allow: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    """Networks (CIDR) that are never muted, banned or limited: trunks, proxies, this machine."""
    messages: Rate = Rate(200, 1000)
    """Of one source (an IPv4 address, an IPv6 /64)."""
    invites: Rate = Rate(20, 100)
    registers: Rate = Rate(20, 200)
    octets: Rate = Rate(262_144, 2_097_152)
    """Of one source, its password proven or not: what is kept of requests for 32 s stays small."""
    strangers: Rate = Rate(1000, 2000)
    """Messages of all sources together that have proven nothing."""
    patience: float = 5.0
    """A source with a proven password may send this many times more messages; `patience` squared times more wrong answers."""
    threshold: float = 100.0
    """Points from which a source is banned, or muted."""
    half_life: float = 300.0
    """Seconds in which points halve."""
    ban_seconds: float = 600.0
    """The first ban; each next one lasts `ban_growth` times longer."""
    ban_growth: float = 4.0
    ban_most: float = 86_400.0
    forgive: float = 86_400.0
    """Seconds after a ban in which one earlier ban is forgotten."""
    mute_seconds: float = 30.0
    vouch_seconds: float = 3_900.0
    """How long a proven password protects its source: a little longer than a registration lasts."""
    reply_seconds: float = 40.0
    """How long a host that we sent a request to may answer: 64*T1 and a little."""
    max_sources: int = 20_000
    max_bans: int = 20_000
    scanners: tuple[str, ...] = ()
    """Names in User-Agent or From, in any case, beside those of `telephony/gateway/scanners.txt`."""

    def __post_init__(self) -> None:
        """Raises ValueError for a network that is none, or a number that makes no sense."""
        for network in self.allow:
            ipaddress.ip_network(network, strict=False)
        if min(self.threshold, self.half_life, self.ban_seconds, self.max_sources, self.max_bans) <= 0 or self.ban_growth < 1:
            raise ValueError("guard: threshold, half_life, ban_seconds and table sizes are above 0, ban_growth at least 1")


POINTS = {
    Sign.MALFORMED: 4.0,
    Sign.UNAUTHENTICATED: 1.0,
    Sign.SCANNER: 100.0,
    Sign.WRONG_DIGEST: 10.0,
    Sign.UNKNOWN_USER: 20.0,
}


@dataclass(frozen=True, slots=True)
class Ban:
    source: str
    """An IPv4 address or an IPv6 /64."""
    reason: str
    since: float
    until: float
    """Seconds on the guard's clock."""
    strikes: int = 1
    """Bans of this source that are not forgotten, this one counted in."""


@lru_cache(4096)
def source_of(host: str) -> str:
    """What is counted and banned for `host`: an IPv4 address as it is, mapped ones too, an IPv6 address by its /64."""
    if ":" not in host:
        return host
    try:
        address = ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))


def source_from(text: str) -> str:
    """The source that a person names: an address, or an IPv6 /64. Raises ValueError, in one line."""
    text = text.strip().strip("[]")
    if "/" in text:
        network = ipaddress.ip_network(text, strict=False)
        if network.prefixlen != (64 if network.version == 6 else 32):
            raise ValueError(f"{text}: bans are for one IPv4 address or one IPv6 /64; put larger networks into the firewall")
        return source_of(str(network.network_address))
    return source_of(str(ipaddress.ip_address(text)))
