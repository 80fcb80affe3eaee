"""Settings of the SIP transports: `sip.listen`, `sip.advertised`, `sip.local_networks`, `sip.tls`, `sip.dns`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.errors import ConfigError

_LISTEN = re.compile(r"(udp|tcp|tls|ws|wss)://(?:\[([0-9a-fA-F:.]+)\]|([^:/?\s]+)):(\d{1,5})(?:\?advertised=([^&\s]+))?")
_ORIGIN = re.compile(r"https?://[^/\s]+")
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[0-9a-fA-F:.]+|[A-Za-z0-9._-]+?)(?::\d{1,5})?")


@dataclass(frozen=True, slots=True)
class TlsOptions:
    certificate: str = ""
    """PEM file: our certificate, then those between it and its authority. Read again when it changes."""
    key: str = ""
    """PEM file of its private key; empty where the certificate's file holds it too."""
    ca: str = ""
    """PEM file or folder of the authorities of servers that we call; empty: those of the system."""
    client_ca: str = ""
    """PEM file or folder of authorities: whoever connects by TLS must show a certificate of theirs."""
    verify: bool = True
    """Check the certificates of servers that we call; `false` only for tests."""


@dataclass(frozen=True, slots=True)
class DnsOptions:
    nameservers: tuple[str, ...] = ()
    """`ADDRESS` or `ADDRESS:PORT`; empty: those of the system."""
    timeout: float = 3.0
    """Seconds for one answer; `3s`."""


@dataclass(frozen=True, slots=True)
class Listen:
    """One entry of `sip.listen`."""

    transport: str
    host: str
    port: int
    advertised: str
    """`HOST[:PORT]` for this listener alone; "" for `sip.advertised`."""

    @property
    def secure(self) -> bool:
        return self.transport in ("tls", "wss")


def parse_listen(text: str, file: str) -> Listen:
    """`tls://0.0.0.0:5061?advertised=sip.example.com`, `udp://[::]:5060`. Raises ConfigError in one line."""
    place = f"{file}: sip.listen"
    found = _LISTEN.fullmatch(text)
    if found is None:
        raise ConfigError(f"{place}: '{text}' is not udp://HOST:PORT, nor the same with tcp, tls, ws or wss; IPv6 in brackets")
    transport, six, four, port, advertised = found.groups()
    try:
        host = str(ipaddress.ip_address(six or four))
    except ValueError:
        raise ConfigError(f"{place}: '{six or four}' is not an address; listen on one of this machine, or on 0.0.0.0") from None
    if int(port) > 65535:
        raise ConfigError(f"{place}: '{text}': ports go to 65535")
    check_advertised(advertised or "", place)
    return Listen(transport, host, int(port), advertised or "")


def check_advertised(text: str, place: str) -> None:
    """Raises ConfigError."""
    if text and _HOST.fullmatch(text) is None:
        raise ConfigError(f"{place}: '{text}' is not a host, or HOST:PORT, that far ends can be told")


def check_net(
    listen: Sequence[str],
    advertised: str,
    local_networks: Sequence[str],
    origins: Sequence[str],
    tls: TlsOptions,
    dns: DnsOptions,
    file: str,
) -> None:
    """What the settings show by themselves; the files of the certificate are looked at later. Raises ConfigError."""
    listeners = [parse_listen(text, file) for text in listen]
    if len({(one.transport, one.host, one.port) for one in listeners if one.port}) < len(
        [one for one in listeners if one.port]
    ):
        raise ConfigError(f"{file}: sip.listen: an address stands there twice")
    if any(one.secure for one in listeners) and not tls.certificate:
        raise ConfigError(f"{file}: sip.tls.certificate: tls:// and wss:// need one; name its PEM file")
    check_advertised(advertised, f"{file}: sip.advertised")
    for network in local_networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ConfigError(f"{file}: sip.local_networks: {error}; write it as 10.0.0.0/8") from None
    for origin in origins:
        if _ORIGIN.fullmatch(origin) is None:
            raise ConfigError(f"{file}: sip.origins: '{origin}' is not https://HOST or https://HOST:PORT")
    for server in dns.nameservers:
        _check_nameserver(server, f"{file}: sip.dns.nameservers")


def _check_nameserver(text: str, place: str) -> None:
    found = re.fullmatch(r"\[([^\]]+)\](?::\d{1,5})?|([^:]+):\d{1,5}|(.+)", text)
    try:
        ipaddress.ip_address(next(filter(None, found.groups())) if found else "")
    except ValueError:
        raise ConfigError(f"{place}: '{text}' is not an address such as 192.0.2.53 or 192.0.2.53:5353") from None
