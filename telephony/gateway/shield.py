"""Between a leg's port and its stream: what both sides agreed to keep packets secret with.

Nothing is here while a leg is plain; then the port hands its packets straight to the stream.
"""

from __future__ import annotations

from collections.abc import Callable

from telephony.net.rtp_socket import Address, RtpSocket
from telephony.net.srtp import Srtp
from telephony.sip.keying import Keys
from telephony.sip.negotiation import Agreement
from telephony.sip.sdes import SdesKeys

OVERLAP = 2.0
"""Seconds for which packets under the key before the newest are still read: those under way when it changed."""


class Shield:
    """Seals and guards one port as each agreement asks."""

    def __init__(self, port: RtpSocket, on_control: Callable[[bytes, float], None]) -> None:
        """`on_control` gets RTCP that shares the port, decrypted."""
        self._port = port
        self._on_control = on_control
        self._keys: Keys = None
        self._srtp: Srtp | None = None
        self._before: Srtp | None = None
        self._before_ends = 0.0

    @property
    def suite(self) -> str:
        """What packets are encrypted with, "" while they are not."""
        return self._keys.suite if isinstance(self._keys, SdesKeys) else ""

    @property
    def rejected(self) -> int:
        """Packets that were forged, replayed or torn."""
        return self._srtp.rejected if self._srtp is not None else 0

    def follow(self, agreed: Agreement, now: float) -> None:
        """Take up the keys of an agreement; the same ones run on as they are."""
        if agreed.keys == self._keys:
            return
        before, self._keys = self._keys, agreed.keys
        if isinstance(agreed.keys, SdesKeys):
            self._take_keys(before, agreed.keys, now)
        else:
            self._srtp = self._before = None
            self._port.seal(None, None)

    def protect_control(self, packet: bytes) -> bytes | None:
        """A compound RTCP packet as it goes out; None where it must not."""
        if self._keys is None:
            return packet
        return self._srtp.protect_rtcp(packet) if self._srtp is not None else None

    def read_control(self, packet: bytes) -> bytes | None:
        """The RTCP packet that came beside the port; None where it is nobody's."""
        if self._keys is None:
            return packet
        return self._srtp.unprotect_rtcp(packet) if self._srtp is not None else None

    def _take_keys(self, before: Keys, keys: SdesKeys, now: float) -> None:
        old = self._srtp
        if old is not None and isinstance(before, SdesKeys) and (before.suite, before.ours) == (keys.suite, keys.ours):
            self._srtp = old.heard_with(keys.suite, keys.theirs)
        else:
            self._srtp = Srtp(keys.suite, keys.ours, keys.theirs)
        self._before, self._before_ends = old, now + OVERLAP
        self._port.seal(self._srtp.protect, self._guard)

    def _guard(self, data: bytes, source: Address, now: float) -> bytes | None:
        if len(data) < 12 or self._srtp is None:
            return None
        if 192 <= data[1] <= 223:  # RFC 5761 §4: packet types of RTCP
            control = self._srtp.unprotect_rtcp(data)
            if control is not None:
                self._on_control(control, now)
            return None
        opened = self._srtp.unprotect(data)
        if opened is None and self._before is not None:
            return self._late(data, now)
        return opened

    def _late(self, data: bytes, now: float) -> bytes | None:
        if self._before is None or now > self._before_ends:
            self._before = None
            return None
        return self._before.unprotect(data)
