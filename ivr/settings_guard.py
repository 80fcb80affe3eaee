"""Settings of what stands between the internet and SIP: `sip.guard`, `sip.trace`, `sip.hep`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from ivr.errors import ConfigError

_HEP = re.compile(r"(udp|tcp)://(\[[0-9a-fA-F:]+\]|[^:/\s\[\]]+):(\d{1,5})")


@dataclass(frozen=True, slots=True)
class GuardOptions:
    enabled: bool = True
    allow: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    """Networks (CIDR) that are never limited, muted or banned, beside `sip.trusted_networks`: proxies, trunks, offices."""
    scanners: tuple[str, ...] = ()
    """Names in User-Agent or From that get no answer, beside the known ones."""
    messages: int = 200
    """Messages a second from one source (an IPv4 address, an IPv6 /64) that has proven nothing; five times as many at once."""
    calls: int = 20
    """INVITEs a second from such a source; five times as many at once."""
    registers: int = 20
    """REGISTERs a second from such a source; ten times as many at once."""
    strangers: int = 1000
    """Messages a second of all such sources together."""
    threshold: int = 100
    """Points for a ban: a wrong password is 10, an unknown user 20."""
    half_life: float = 300.0
    """Seconds in which points halve; `5m`."""
    ban: float = 600.0
    """Seconds of the first ban; each next one lasts four times longer."""
    ban_most: float = 86_400.0
    mute: float = 30.0
    """Seconds without an answer for floods whose source address may be made up."""


@dataclass(frozen=True, slots=True)
class TraceOptions:
    enabled: bool = True
    megabytes: int = 16
    """Of the last messages, in memory."""


def check_guard(guard: GuardOptions, trace: TraceOptions, hep: str, file: str) -> None:
    """Raises ConfigError in one line."""
    for network in guard.allow:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise ConfigError(f"{file}: sip.guard.allow: {error}; write it as 192.0.2.0/24") from None
    for name in ("messages", "calls", "registers", "strangers", "threshold", "half_life", "ban", "ban_most"):
        if getattr(guard, name) <= 0:
            raise ConfigError(f"{file}: sip.guard.{name}: must be above 0; `enabled: false` turns the guard off")
    if guard.ban_most < guard.ban:
        raise ConfigError(f"{file}: sip.guard.ban_most: must not be below sip.guard.ban, the first ban")
    if not 1 <= trace.megabytes <= 1024:
        raise ConfigError(f"{file}: sip.trace.megabytes: from 1 to 1024; `enabled: false` turns the trace off")
    if hep:
        parse_hep(hep, f"{file}: sip.hep")


def parse_hep(text: str, place: str) -> tuple[str, str, int]:
    """`udp://HOST:PORT` as transport, host and port. Raises ConfigError."""
    found = _HEP.fullmatch(text)
    if found is None or not 0 < int(found[3]) <= 65535:
        raise ConfigError(f"{place}: '{text}' is not udp://HOST:PORT or tcp://HOST:PORT")
    return found[1], found[2].strip("[]"), int(found[3])
