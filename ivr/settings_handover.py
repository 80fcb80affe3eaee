"""Settings of what is told to those outside who get a call: `handover`, and of each trunk its own `handover`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ivr.errors import ConfigError
from ivr.settings_trunks import TrunkSettings

WAYS = ("none", "link", "body")
LONGEST = 7 * 24 * 3600.0
LEAST, MOST, MOST_BODY = 4096, 1 << 20, 32 * 1024


@dataclass(frozen=True, slots=True)
class HandoverOptions:
    url: str = ""
    """Where those outside reach this node, `https://hotline.example.org`; empty: `web.public_url`. Links begin with it."""
    expires: float = 3600.0
    """How long a link is valid, `1h`."""
    size: int = 65536
    """Octets that a link gives at most."""
    body: int = 8192
    """Octets that stand beside the SDP at most."""
    phones: str = "link"
    """What phones that are registered here are told: `none`, `link`, or `body`."""


def check_handover(options: HandoverOptions, trunks: Mapping[str, TrunkSettings], public_url: str, file: str) -> None:
    """Raises ConfigError."""
    url = options.url or public_url
    if options.url:
        parts = urlsplit(options.url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or len(options.url) > 200:
            raise ConfigError(f"{file}: handover.url: '{options.url}' is not such as https://hotline.example.org")
    if options.phones not in WAYS:
        raise ConfigError(f"{file}: handover.phones: '{options.phones}' is not {_or(WAYS)}")
    if not 60 <= options.expires <= LONGEST:
        raise ConfigError(f"{file}: handover.expires: {options.expires:g} s; from 60s to 168h")
    for name, value, most in (("size", options.size, MOST), ("body", options.body, MOST_BODY)):
        if not LEAST <= value <= most:
            raise ConfigError(f"{file}: handover.{name}: {value} octets; from {LEAST} to {most}")
    for name, trunk in trunks.items():
        if trunk.handover not in WAYS:
            raise ConfigError(f"{file}: trunks.{name}.handover: '{trunk.handover}' is not {_or(WAYS)}")
        if trunk.handover == "link" and not url:
            raise ConfigError(f"{file}: trunks.{name}.handover: a link leads nowhere; set handover.url or web.public_url")
        if trunk.handover == "body" and trunk.delayed_offer:
            raise ConfigError(f"{file}: trunks.{name}.handover: without an offer in the INVITE there is no body; use link")


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
