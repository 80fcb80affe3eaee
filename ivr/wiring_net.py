"""From settings to the SIP transports."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ivr.errors import ConfigError
from ivr.settings import Settings, SipOptions
from ivr.settings_net import parse_listen
from telephony.errors import TransportError
from telephony.gateway.sip_wire import Listener, WireSettings
from telephony.net.resolver import DnsSettings
from telephony.net.tls import TlsSettings, check_files


def based(options: SipOptions, base: Path) -> SipOptions:
    """The same with the paths of `tls` taken from `base`."""
    tls = options.tls
    certificate, key, ca, client_ca = (
        os.path.normpath(base / one) if one else "" for one in (tls.certificate, tls.key, tls.ca, tls.client_ca)
    )
    return replace(options, tls=replace(tls, certificate=certificate, key=key, ca=ca, client_ca=client_ca))


def listeners_of(options: SipOptions) -> tuple[Listener, ...]:
    """Raises ConfigError."""
    found = [parse_listen(text, "sip") for text in options.listen]
    return tuple(Listener(one.transport, one.host, one.port, advertised=one.advertised) for one in found)


def wire_settings(options: SipOptions) -> WireSettings:
    """Raises ConfigError."""
    try:
        return WireSettings(
            advertised=options.advertised,
            local_networks=options.local_networks,
            tls=_tls(options),
            dns=DnsSettings(options.dns.nameservers, options.dns.timeout),
            keepalive=options.keepalive,
            origins=options.origins,
        )
    except ValueError as error:
        raise ConfigError(f"sip: {error}") from error


def check_certificates(settings: Settings, config: Path) -> None:
    """Raises ConfigError, in one line, for files of `sip.tls` that are missing, expired, or do not belong together."""
    try:
        check_files(_tls(based(settings.sip, config.resolve().parent)))
    except TransportError as error:
        raise ConfigError(f"{config}: sip.tls: {error}") from error


def _tls(options: SipOptions) -> TlsSettings:
    tls = options.tls
    return TlsSettings(tls.certificate, tls.key, tls.ca, tls.client_ca, tls.verify)
