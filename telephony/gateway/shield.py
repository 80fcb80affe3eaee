"""Between a leg's port and its stream: what both sides agreed to keep packets secret with, and the path that ICE found.

Nothing is here while a leg is plain and without ICE; then the port hands its packets straight to the stream.
"""

from __future__ import annotations

from collections.abc import Callable

from telephony.errors import Misuse
from telephony.gateway.handshaking import Handshaking
from telephony.media import stun
from telephony.media.rtcp import is_rtcp
from telephony.net import dtls
from telephony.net.rtp_socket import Address, RtpSocket
from telephony.net.srtp import Srtp
from telephony.sip.ice_lite import IceSession
from telephony.sip.keying import DtlsPeer, Keys
from telephony.sip.negotiation import Agreement
from telephony.sip.sdes import SdesKeys

OVERLAP = 2.0
"""Seconds for which packets under the key before the newest are still read: those under way when it changed."""


class Shield:
    """Seals and guards one port as each agreement asks."""

    def __init__(
        self,
        port: RtpSocket,
        identity: dtls.Identity | None,
        on_control: Callable[[bytes, float], None],
        on_failed: Callable[[str], None],
    ) -> None:
        """`on_control` gets RTCP that shares the port, decrypted; `on_failed` why there will be no keys."""
        self._port = port
        self._identity = identity
        self._on_control = on_control
        self._on_failed = on_failed
        self._keys: Keys = None
        self._ice: IceSession | None = None
        self._path: Address | None = None
        self._handshaking: Handshaking | None = None
        self._srtp: Srtp | None = None
        self._before: Srtp | None = None
        self._before_ends = 0.0
        self.suite = ""
        """What packets are encrypted with, "" while they are not."""

    @property
    def rejected(self) -> int:
        """Packets that were forged, replayed or torn."""
        return self._srtp.rejected if self._srtp is not None else 0

    @property
    def ready(self) -> bool:
        """False while voice cannot go out: no keys yet, or no path."""
        return (self._keys is None or self._srtp is not None) and (self._ice is None or self._path is not None)

    def follow(self, agreed: Agreement, now: float) -> None:
        """Take up the keys and the path of an agreement; the same ones run on as they are."""
        if agreed.ice != self._ice:
            self._ice = agreed.ice
            if agreed.ice is None:
                self._path = None
                self._port.roam(None)
        if agreed.keys != self._keys:
            before, self._keys = self._keys, agreed.keys
            if isinstance(agreed.keys, SdesKeys):
                self._take_sdes(before, agreed.keys, now)
            elif isinstance(agreed.keys, DtlsPeer):
                self._shake_hands(agreed.keys, agreed)
            else:
                self._drop_keys()
        self._settle()

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

    def answer_check(self, data: bytes, source: Address) -> bytes | None:
        """The answer to a check of ICE, of whichever component; None for what is none, or not signed."""
        ice = self._ice
        check = stun.read_check(data, ice.password) if ice is not None else None
        if ice is None or check is None or not check.username.startswith(f"{ice.ufrag}:"):
            return None
        return stun.success(check, source, ice.password)

    def close(self) -> None:
        """End a handshake, and let go of whoever was told."""
        if self._handshaking is not None:
            self._handshaking.close()
        self._on_control, self._on_failed = _unheard, _untold

    # Keys

    def _take_sdes(self, before: Keys, keys: SdesKeys, now: float) -> None:
        old = self._srtp
        self._drop_keys()
        if old is not None and isinstance(before, SdesKeys) and (before.suite, before.ours) == (keys.suite, keys.ours):
            self._srtp = old.heard_with(keys.suite, keys.theirs)
        else:
            self._srtp = Srtp(keys.suite, keys.ours, keys.theirs)
        self.suite = keys.suite
        self._before, self._before_ends = old, now + OVERLAP

    def _shake_hands(self, peer: DtlsPeer, agreed: Agreement) -> None:
        if self._identity is None:
            raise Misuse("DTLS was agreed without a certificate")
        self._drop_keys()
        self._handshaking = Handshaking(self._identity, peer, self._port, agreed.host, self._take_dtls, self._on_failed)
        if self._ice is None or self._path is not None:
            self._handshaking.start()

    def _take_dtls(self, keys: dtls.Keys) -> None:
        self._srtp, self.suite = Srtp(keys.suite, keys.ours, keys.theirs), keys.suite
        self._settle()

    def _drop_keys(self) -> None:
        if self._handshaking is not None:
            self._handshaking.close()
        self._handshaking = self._srtp = self._before = None
        self.suite = ""

    def _settle(self) -> None:
        """Seal and guard the port as far as things are known."""
        if self._keys is None:
            self._port.seal(None, self._guard_plain if self._ice is not None else None)
        else:
            self._port.seal(self._srtp.protect if self._srtp is not None else _silence, self._guard)

    # Datagrams

    def _guard(self, data: bytes, source: Address, now: float) -> bytes | None:
        first = data[0] if data else 255
        if first < 128:
            self._take_other(data, source)
            return None
        if self._srtp is None or len(data) < 12:
            return None
        if is_rtcp(data):
            control = self._srtp.unprotect_rtcp(data)
            if control is not None:
                self._on_control(control, now)
            return None
        opened = self._srtp.unprotect(data)
        if opened is None and self._before is not None:
            return self._late(data, now)
        return opened

    def _guard_plain(self, data: bytes, source: Address, now: float) -> bytes | None:
        """Voice comes by the path that ICE found, and by no other."""
        if data and data[0] < 128:
            self._take_other(data, source)
            return None
        return data if source == self._path else None

    def _take_other(self, data: bytes, source: Address) -> None:
        """RFC 7983: STUN is below 4, DTLS from 20 to 63."""
        if self._ice is not None and stun.is_stun(data):
            self._take_check(self._ice, data, source)
        elif 20 <= data[0] <= 63 and self._handshaking is not None and (self._ice is None or source == self._path):
            self._handshaking.receive(data, source)

    def _take_check(self, ice: IceSession, data: bytes, source: Address) -> None:
        """Answer a signed check; the path is the one that the far end nominated last, or the first that it tried."""
        check = stun.read_check(data, ice.password)
        if check is None or not check.username.startswith(f"{ice.ufrag}:"):
            return
        self._port.send_bare(stun.success(check, source, ice.password), source)
        if source != self._path and (check.nominates or self._path is None):
            self._path = source
            self._port.roam(source)
            if self._handshaking is not None:
                self._handshaking.moved(source)
                self._handshaking.start()

    def _late(self, data: bytes, now: float) -> bytes | None:
        if self._before is None or now > self._before_ends:
            self._before = None
            return None
        return self._before.unprotect(data)


def _silence(packet: bytes) -> bytes | None:
    """Send nothing before there are keys."""
    return None


def _unheard(packet: bytes, now: float) -> None:
    """What comes after the end."""


def _untold(detail: str) -> None:
    """Nobody asks any more."""
