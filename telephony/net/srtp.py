"""SRTP and SRTCP of one leg (RFC 3711, RFC 7714) by libsrtp: roll-over counter, replay window and keys are its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pylibsrtp
from pylibsrtp import Policy, Session

try:
    from pylibsrtp import _binding
except ImportError:  # another pylibsrtp than 1.0, see `_direct`
    _binding = None

PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}
"""Crypto suite by its name in a=crypto."""

MOST_SOURCES = 32
"""Far ends (SSRC) under one key; libsrtp keeps state for each, so more are turned away."""

_TRAILER = 16 + 128
"""Octets that libsrtp may add to a packet: the longest tag and the longest MKI."""

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

    __slots__ = ("_known", "_last", "_open", "_rx", "_seal", "_tx", "rejected", "unsent")

    def __init__(self, suite: str, ours: bytes, theirs: bytes) -> None:
        """`ours` and `theirs` are master key and salt in one, as many octets as the suite has."""
        self._take_over(_session(suite, ours, Policy.SSRC_ANY_OUTBOUND), _session(suite, theirs, Policy.SSRC_ANY_INBOUND))

    @classmethod
    def over(cls, tx: Session, rx: Session) -> Srtp:
        """Both directions by sessions that were made elsewhere, which nobody else uses from now on."""
        made = cls.__new__(cls)
        made._take_over(tx, rx)
        return made

    def _take_over(self, tx: Session, rx: Session) -> None:
        self._tx, self._rx = tx, rx
        self._seal, self._open = _direct(tx, "protect"), _direct(rx, "unprotect")
        self._known: set[bytes] = set()
        self._last = b""
        self.rejected = 0
        """Packets of the far end that failed authentication or came twice."""
        self.unsent = 0
        """Packets of ours that were not encrypted: too long, or with a number used already, which would give the key away."""

    def heard_with(self, suite: str, theirs: bytes) -> Srtp:
        """The same way out, whose numbers run on, with another key for the way in."""
        renewed = Srtp.over(self._tx, _session(suite, theirs, Policy.SSRC_ANY_INBOUND))
        renewed.rejected, renewed.unsent = self.rejected, self.unsent
        return renewed

    def protect(self, packet: bytes) -> bytes | None:
        """An RTP packet, encrypted; None where it cannot be."""
        try:
            seal = self._seal
            return seal(packet)
        except (pylibsrtp.Error, ValueError):
            self.unsent += 1
            return None

    def unprotect(self, packet: bytes) -> bytes | None:
        """The RTP packet in an SRTP packet; None for what the holder of the key did not send, or not for the first time."""
        try:
            open_ = self._open
            opened = open_(packet)
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


def _direct(session: Session, name: str) -> Callable[[bytes], bytes]:
    """`session.protect` or `session.unprotect` with everything kept that pylibsrtp 1.0 makes anew for each packet.

    That is 2 µs of 4 to 8. Where a later one is built otherwise it is the method itself.
    """
    method: Callable[[bytes], bytes] = getattr(session, name)
    process: Any = getattr(getattr(_binding, "lib", None), f"srtp_{name}", None)
    if process is None or not all(hasattr(session, kept) for kept in ("_srtp", "_cdata", "_buffer")):
        return method
    context, data, buffer = session._srtp, session._cdata, session._buffer
    length, most = _binding.ffi.new("int *"), len(data) - (_TRAILER if name == "protect" else 0)

    def run(packet: bytes) -> bytes:
        size = len(packet)
        if size > most:
            raise ValueError("packet is too long")
        length[0] = size
        buffer[0:size] = packet
        if process(context[0], data, length):
            raise pylibsrtp.Error(name)
        return buffer[0 : length[0]]  # type: ignore[no-any-return]

    return run
