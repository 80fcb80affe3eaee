"""Settings of voice: `media`, which codecs phones and browsers are offered, best first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.errors import ConfigError
from ivr.settings_secrecy import SUITES, check_suites, listener_of, mode_of

CODECS = ("pcmu", "pcma", "g722", "opus")


@dataclass(frozen=True, slots=True)
class MediaOptions:
    codecs: tuple[str, ...] = CODECS
    """`pcmu`, `pcma`, `g722`, `opus`: what phones and trunks may speak, in the order of our offers."""
    own_order: bool = True
    """An answer takes the first of ours that the far end offers: a leg that the server hears is cheapest in G.711. `false`:
    the first of the far end's."""
    browser_codecs: tuple[str, ...] = ("pcmu", "opus")
    """`pcmu`, `pcma`, `g722`, `opus`: what browsers are offered; they speak the first that they know."""
    comfort_noise: bool = False
    """Let far ends fall silent (CN, RFC 3389). It costs a recogniser the start of words, and a silent caller may look lost."""
    keepalive: str = "silence"
    """What phones get while a call is up and nothing is played: `silence`, as packets every 20 ms, or `none`: some networks
    and phones end a call that gets no packets."""
    rtcp: bool = True
    """Exchange reports with phones: loss, jitter, round trip and an opinion score with each call's record."""
    srtp: str | bool = "optional"
    """`off`; `optional`: as the far end offers it, and of our own accord over TLS; `required`: never plain."""
    srtp_listeners: Mapping[str, str | bool] = field(default_factory=dict)
    """The same for calls that come by one listener: `tls:5061: required`."""
    srtp_suites: tuple[str, ...] = SUITES
    """Of SDES, best first."""
    dtls: bool = False
    """Offer phones DTLS-SRTP instead of keys in the description (SDES). Offers of theirs are answered either way."""
    ice: bool = True
    """Answer phones that offer ICE, as a lite agent. Browser phones always get it."""


@dataclass(frozen=True, slots=True)
class IceServerOptions:
    """A STUN or TURN server, for browsers and for our own side of their calls."""

    url: str
    """`stun:HOST[:PORT]`, `turn:HOST[:PORT][?transport=udp|tcp]` or `turns:HOST[:PORT][?transport=tcp]`."""
    username: str = ""
    password: str = ""
    """Clear text, or `env:NAME`. Every page that calls gets it: give it an account for nothing else."""


_ICE_SERVER = re.compile(r"(stuns?|turns?):(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?(\?transport=(udp|tcp))?")


def check_ice_servers(servers: tuple[IceServerOptions, ...], file: str) -> None:
    """Raises ConfigError in one line."""
    for one in servers:
        found = _ICE_SERVER.fullmatch(one.url)
        if found is None or (found[4] and found[1].startswith("stun")):
            raise ConfigError(f"{file}: web.ice_servers: '{one.url}' is not stun:HOST:PORT or turn:HOST:PORT?transport=udp")
        if found[1].startswith("turn") and not (one.username and one.password):
            raise ConfigError(f"{file}: web.ice_servers: {one.url} needs a username and a password")


def check_media(media: MediaOptions, file: str) -> None:
    """Raises ConfigError in one line."""
    mode_of(media.srtp, f"{file}: media.srtp")
    if media.keepalive not in ("silence", "none"):
        raise ConfigError(f"{file}: media.keepalive: '{media.keepalive}' is not one of silence, none")
    for text, mode in media.srtp_listeners.items():
        listener_of(text, f"{file}: media.srtp_listeners")
        mode_of(mode, f"{file}: media.srtp_listeners.{text}")
    check_suites(media.srtp_suites, f"{file}: media.srtp_suites")
    for name, codecs in (("codecs", media.codecs), ("browser_codecs", media.browser_codecs)):
        unknown = [codec for codec in codecs if codec.lower() not in CODECS]
        if unknown or not codecs:
            what = f"'{unknown[0]}' is not" if unknown else "expected"
            raise ConfigError(f"{file}: media.{name}: {what} one of {', '.join(CODECS)}")
        if len(set(map(str.lower, codecs))) < len(codecs):
            raise ConfigError(f"{file}: media.{name}: a codec stands there twice")
