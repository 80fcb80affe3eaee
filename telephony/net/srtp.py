"""SRTP and SRTCP of one leg (RFC 3711, RFC 7714) by libsrtp: roll-over counter, replay window and keys are its own."""

from __future__ import annotations

import pylibsrtp
from pylibsrtp import Policy, Session

PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}
"""Crypto suite by its name in a=crypto."""

MOST_SOURCES = 32
"""Far ends (SSRC) under one key; libsrtp keeps state for each, so more are turned away."""

WINDOW = 1024
"""Packets by which one may be late and still be told from a replay."""


def available(suite: str) -> bool:
    """False where the libsrtp that is installed was built without it."""
    try:
        Policy(srtp_profile=PROFILES[suite])
    except (KeyError, pylibsrtp.Error):
        return False
    return True


class Srtp:
    """Both directions under one pair of keys. Nothing that comes in raises: what is forged, replayed or torn is counted."""

    __slots__ = ("_known", "_last", "_rx", "_tx", "rejected", "unsent")

    def __init__(self, suite: str, ours: bytes, theirs: bytes) -> None:
        """`ours` and `theirs` are master key and salt in one, as many octets as the suite has."""
        self._tx = _session(suite, ours, Policy.SSRC_ANY_OUTBOUND)
        self._rx = _session(suite, theirs, Policy.SSRC_ANY_INBOUND)
        self._known: set[bytes] = set()
        self._last = b""
        self.rejected = 0
        """Packets of the far end that failed authentication or came twice."""
        self.unsent = 0
        """Packets of ours that were not encrypted: too long, or with a number used already, which would give the key away."""

    def heard_with(self, suite: str, theirs: bytes) -> Srtp:
        """The same way out, whose numbers run on, with another key for the way in."""
        renewed = Srtp.__new__(Srtp)
        renewed._tx, renewed._rx = self._tx, _session(suite, theirs, Policy.SSRC_ANY_INBOUND)
        renewed._known, renewed._last = set(), b""
        renewed.rejected, renewed.unsent = self.rejected, self.unsent
        return renewed

    def protect(self, packet: bytes) -> bytes | None:
        """An RTP packet, encrypted; None where it cannot be."""
        try:
            return self._tx.protect(packet)
        except (pylibsrtp.Error, ValueError):
            self.unsent += 1
            return None

    def unprotect(self, packet: bytes) -> bytes | None:
        """The RTP packet in an SRTP packet; None for what the holder of the key did not send, or not for the first time."""
        try:
            opened = self._rx.unprotect(packet)
        except (pylibsrtp.Error, ValueError):
            self.rejected += 1
            return None
        ssrc = packet[8:12]
        return opened if ssrc == self._last or self._take(ssrc) else None

    def protect_rtcp(self, packet: bytes) -> bytes | None:
        """A compound RTCP packet, encrypted; None where it cannot be."""
        try:
            return self._tx.protect_rtcp(packet)
        except (pylibsrtp.Error, ValueError):
            self.unsent += 1
            return None

    def unprotect_rtcp(self, packet: bytes) -> bytes | None:
        """The RTCP packet in an SRTCP packet; None as for `unprotect`."""
        try:
            opened = self._rx.unprotect_rtcp(packet)
        except (pylibsrtp.Error, ValueError):
            self.rejected += 1
            return None
        return opened if packet[4:8] == self._last or self._take(packet[4:8]) else None

    def _take(self, ssrc: bytes) -> bool:
        """Know one more far end; past `MOST_SOURCES` have libsrtp forget it at once."""
        if ssrc not in self._known:
            if len(self._known) >= MOST_SOURCES:
                self._rx.remove_stream(int.from_bytes(ssrc, "big"))
                self.rejected += 1
                return False
            self._known.add(ssrc)
        self._last = ssrc
        return True


def _session(suite: str, key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=PROFILES[suite])
    policy.window_size = WINDOW
    return Session(policy)
