"""RTP packets and what their arrival tells (RFC 3550 §5, appendix A). No I/O, no clock.

Everything here runs once for each packet, fifty times a second for each leg: plain integers, no object for a packet, and
None rather than an exception for bytes that are not RTP, because garbage on an open port is normal.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

HEADER = Struct("!BBHII")
"""The fixed header: version and flags, marker and payload type, sequence, timestamp, SSRC."""

HEADER_SIZE = 12
VERSION_2 = 0x80
MARKER = 0x80

MAX_MISORDER = 100
"""Packets; a sequence number further behind than this is a restarted source, not a late packet (RFC 3550 A.1)."""

MAX_DROPOUT = 3000
"""Packets; a sequence number further ahead than this is a restarted source, not a loss (RFC 3550 A.1)."""

_EXTRAS = 0x3F
"""Bits of the first octet that say padding, extension or CSRC list."""


class Packet(NamedTuple):
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def compose(payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    """Make an RTP packet without CSRC list, extension or padding. Numbers must be within their fields."""
    return HEADER.pack(VERSION_2, MARKER | payload_type if marker else payload_type, sequence, timestamp, ssrc) + payload


def is_rtp(packet: bytes) -> bool:
    """True where the fixed header is RTP version 2 and not RTCP sharing the port (RFC 5761 §4)."""
    return len(packet) >= HEADER_SIZE and packet[0] & 0xC0 == VERSION_2 and not 64 <= packet[1] & 0x7F <= 95


def parse(packet: bytes) -> Packet | None:
    """Read an RTP packet; None where it is not one, or its lengths contradict each other."""
    if not is_rtp(packet):
        return None
    payload = payload_of(packet)
    if payload is None:
        return None
    _, second, sequence, timestamp, ssrc = HEADER.unpack_from(packet)
    return Packet(second & 0x7F, second >= MARKER, sequence, timestamp, ssrc, payload)


def payload_of(packet: bytes) -> bytes | None:
    """The payload of what `is_rtp`, without CSRC list, extension and padding; None where their lengths do not fit."""
    first = packet[0]
    if not first & _EXTRAS:
        return packet[HEADER_SIZE:]
    start, end = HEADER_SIZE + 4 * (first & 0x0F), len(packet)
    if first & 0x10:
        if start + 4 > end:
            return None
        start += 4 + 4 * (packet[start + 2] << 8 | packet[start + 3])
    if first & 0x20:
        padding = packet[-1]
        if padding == 0:
            return None
        end -= padding
    return packet[start:end] if start <= end else None


class Reception:
    """Counts what arrived of one far end: loss by sequence number, interarrival jitter by timestamp.

    A new SSRC or a far jump is a new source: it is neither loss nor jitter, and it costs nothing.
    """

    __slots__ = ("_expected", "_highest", "_jitter", "_ssrc", "_transit", "clock", "received")

    def __init__(self) -> None:
        self.received = 0
        """Packets, late and duplicated ones included."""
        self.clock = 8000
        """Hz of the timestamps."""
        self._expected = 0
        self._highest = -1
        self._ssrc = -1
        self._transit = 0.0
        self._jitter = 0.0

    @property
    def lost(self) -> int:
        """Packets that never came; duplicates count against it, as in RFC 3550 §6.4.1, but never below 0."""
        return max(0, self._expected - self.received)

    @property
    def expected(self) -> int:
        return self._expected

    @property
    def jitter(self) -> float:
        """Seconds, smoothed (RFC 3550 A.8)."""
        return self._jitter / self.clock

    @property
    def ssrc(self) -> int:
        """The current source, or -1 before the first packet."""
        return self._ssrc

    @property
    def highest(self) -> int:
        """The newest sequence number, 16 bits; -1 before the first packet."""
        return self._highest

    def arrived(self, sequence: int, timestamp: int, ssrc: int, now: float) -> None:
        """Take note of a voice packet that arrived `now` (seconds)."""
        transit = now * self.clock - timestamp
        if (sequence - self._highest) & 0xFFFF == 1 and ssrc == self._ssrc:
            self._highest = sequence
            self._expected += 1
            self.received += 1
            change = abs(transit - self._transit)
            if change < 480000:  # else the timestamp wrapped or jumped
                self._jitter += (change - self._jitter) / 16
        else:
            self.counted(sequence, ssrc)
        self._transit = transit

    def counted(self, sequence: int, ssrc: int) -> None:
        """Take note of a packet that tells nothing about jitter: an event, comfort noise, or one out of order."""
        ahead = (sequence - self._highest) & 0xFFFF
        self.received += 1
        if ssrc != self._ssrc or MAX_DROPOUT < ahead < 0x10000 - MAX_MISORDER:
            self._expected = max(self._expected, self.received - 1) + 1
            self._ssrc, self._highest = ssrc, sequence
        elif ahead <= MAX_DROPOUT:
            self._expected += ahead
            self._highest = sequence
