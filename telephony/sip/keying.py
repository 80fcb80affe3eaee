"""How a stream is kept secret, and what the description says of it: SDES, DTLS-SRTP, or not at all. Pure.

`Srtp.OPTIONAL` answers whatever was offered. Its own offers are opportunistic (RFC 8643): RTP/AVP with a=crypto, so that a far
end without SRTP answers too, and only where the signalling hides the key; else they are plain. `Srtp.REQUIRED` offers
RTP/SAVP and refuses what is plain. A secure profile is answered as what it is, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from telephony.sip.sdes import SUITES, Crypto, SdesKeys, usable
from telephony.sip.sdp import Description, Media

PLAIN = ("RTP/AVP", "RTP/AVPF")
SECURE = ("RTP/SAVP", "RTP/SAVPF")
DTLS = ("UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF")
MOST_FINGERPRINTS = 8

_DIGEST = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){15,63}")
_ROLES = {"actpass": "passive", "active": "passive", "passive": "active"}
"""What answers a=setup. Passive where we may choose: the far end's first packet opens its NAT and shows us its address."""


class Srtp(Enum):
    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Secrecy:
    """What one leg does about SRTP."""

    srtp: Srtp = Srtp.OFF
    suites: tuple[str, ...] = tuple(SUITES)
    """Of SDES, as our offers list them."""
    dtls: bool = False
    """Offer DTLS-SRTP instead of SDES."""
    feedback: bool = False
    """Offer it as SAVPF, as browsers do."""
    hidden: bool = False
    """The signalling is encrypted: a key in it is worth something."""
    fingerprint: str = ""
    """`sha-256 AA:BB...` of our certificate; "" leaves DTLS out."""


@dataclass(frozen=True, slots=True)
class DtlsPeer:
    """Who must be at the other end of the handshake, and who begins it."""

    fingerprints: tuple[tuple[str, str], ...]
    """(hash name in lower case, digest in upper case with colons); one that we can compute must match."""
    we_begin: bool
    session: str = ""
    """a=tls-id; another one asks for another handshake (RFC 8842 §5)."""


Keys = SdesKeys | DtlsPeer | None


@dataclass(frozen=True, slots=True)
class Secured:
    """How one stream is kept secret, and what our description says of it."""

    keys: Keys
    lines: tuple[str, ...] = ()


class Keying:
    """Our side of the keys of one session."""

    def __init__(self, policy: Secrecy, random: Callable[[int], bytes]) -> None:
        """`random` gives that many octets fit for keys."""
        self.policy = policy
        self._random = random
        self._own: dict[str, bytes] = {}

    def offer(self, current: Keys, protocol: str) -> tuple[str, tuple[str, ...]]:
        """Profile and lines of an offer; one that renews a session stays with its `protocol` and its `current` keys."""
        policy = self.policy
        if isinstance(current, DtlsPeer) or (not protocol and policy.dtls and policy.srtp is not Srtp.OFF):
            return protocol or (DTLS[1] if policy.feedback else DTLS[0]), (
                f"a=fingerprint:{policy.fingerprint}",
                "a=setup:actpass",
            )
        if isinstance(current, SdesKeys):
            return protocol, (Crypto(current.tag, current.suite, current.ours).line(),)
        if policy.srtp is Srtp.REQUIRED:
            return SECURE[0], self._cryptos(policy.suites)
        # One suite alone: an offer that may well be answered without it should not outgrow a datagram.
        opportunistic = policy.srtp is Srtp.OPTIONAL and policy.hidden and not protocol
        return protocol or PLAIN[0], self._cryptos(policy.suites[:1]) if opportunistic else ()

    def answer(self, description: Description, media: Media, current: Keys) -> Secured | None:
        """What to answer an offered stream with; None where it cannot be taken as it is."""
        policy = self.policy
        if policy.srtp is not Srtp.OFF:
            secured = self._answer_dtls(description, media, current) or self._answer_sdes(media, current)
            if secured is not None:
                return secured
        return Secured(None) if media.protocol in PLAIN and policy.srtp is not Srtp.REQUIRED else None

    def accept(self, description: Description, media: Media, current: Keys, protocol: str) -> Secured | None:
        """What an answer to our offer of `protocol` comes to; None where it is no answer to it."""
        if protocol in DTLS:
            peer = _peer(description, media, {"active": False, "passive": True})
            return Secured(peer) if peer is not None and media.protocol in DTLS else None
        if isinstance(current, SdesKeys):
            mine = [Crypto(current.tag, current.suite, current.ours)]
        else:
            mine = [
                Crypto(tag, suite, self._own[suite]) for tag, suite in enumerate(self.policy.suites, 1) if suite in self._own
            ]
        for theirs in usable(media.values("crypto"), self.policy.suites):
            for ours in mine:
                if (ours.tag, ours.suite) == (theirs.tag, theirs.suite):
                    return Secured(SdesKeys(theirs.suite, ours.key, theirs.key, theirs.tag))
        plain = protocol in PLAIN and media.protocol in PLAIN
        return Secured(None) if plain and self.policy.srtp is not Srtp.REQUIRED else None

    def _answer_dtls(self, description: Description, media: Media, current: Keys) -> Secured | None:
        policy = self.policy
        if not policy.fingerprint or (media.protocol in SECURE and media.value("crypto") is not None):
            return None
        roles = _ROLES | ({"actpass": "active"} if isinstance(current, DtlsPeer) and current.we_begin else {})
        peer = _peer(description, media, {offered: ours == "active" for offered, ours in roles.items()})
        if peer is None:
            return None
        setup = "active" if peer.we_begin else "passive"
        return Secured(peer, (f"a=fingerprint:{policy.fingerprint}", f"a=setup:{setup}"))

    def _answer_sdes(self, media: Media, current: Keys) -> Secured | None:
        found = usable(media.values("crypto"), self.policy.suites) if media.protocol in PLAIN + SECURE else []
        if not found:
            return None
        theirs = found[0]
        if isinstance(current, SdesKeys) and (current.suite, current.theirs) == (theirs.suite, theirs.key):
            ours = current.ours
        else:  # a new key of theirs: both directions begin anew, with a roll-over counter of 0
            ours = self._own[theirs.suite] = self._random(SUITES[theirs.suite])
        keys = SdesKeys(theirs.suite, ours, theirs.key, theirs.tag)
        return Secured(keys, (Crypto(theirs.tag, theirs.suite, ours).line(),))

    def _cryptos(self, suites: tuple[str, ...]) -> tuple[str, ...]:
        for suite in suites:
            if suite not in self._own:
                self._own[suite] = self._random(SUITES[suite])
        return tuple(Crypto(tag, suite, self._own[suite]).line() for tag, suite in enumerate(suites, 1))


def _peer(description: Description, media: Media, roles: dict[str, bool]) -> DtlsPeer | None:
    """The far end's side of DTLS, which may stand with the session or the stream; None where there is none to be had."""
    prints = media.values("fingerprint") or tuple(value for key, value in description.attributes if key == "fingerprint")
    values = dict(description.attributes) | dict(media.attributes)
    setup = values.get("setup", "active").lower()
    found = []
    for value in prints[:MOST_FINGERPRINTS]:
        name, _, digest = value.partition(" ")
        if _DIGEST.fullmatch(digest.strip()):
            found.append((name.lower(), digest.strip().upper()))
    if not found or setup not in roles:
        return None
    return DtlsPeer(tuple(found), roles[setup], values.get("tls-id", "")[:255])
