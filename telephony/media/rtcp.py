"""RTCP between two: reports, a name, a good-bye (RFC 3550 §6). No I/O, no clock, no dice.

One compound packet every few seconds: a report of what we sent and what we received, the CNAME, and at the end a BYE. Of what
comes back we keep the far end's view of our packets, the time of its report, and how long the way there and back takes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from telephony.media.outgoing import Outgoing
from telephony.media.rtp import Reception

NTP_EPOCH = 2208988800
"""Seconds from 1900 to 1970."""

INTERVAL = 5.0
"""Seconds between reports, on average (§6.2)."""

MAX_BYTES = 1500
"""Of a compound packet; what lies beyond is not read."""

MAX_ROUND_TRIP = 30.0
"""Seconds; more is a report about a clock that was set meanwhile."""

_SENDER_REPORT = 200
_RECEIVER_REPORT = 201
_SOURCE_DESCRIPTION = 202
_BYE = 203
_BLOCK = struct.Struct("!IB3sIIII")
_WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What one side received of the other's stream (RFC 3550 §6.4.1)."""

    ssrc: int
    fraction_lost: int
    """Of 256, since the last report."""
    cumulative_lost: int
    highest_sequence: int
    """Extended: wraps counted above bit 16."""
    jitter: int
    """In units of the RTP clock."""
    last_report: int = 0
    """Middle 32 bits of the last sender report's NTP time; 0 for none."""
    delay: int = 0
    """Since that report, in 1/65536 s."""


@dataclass(frozen=True, slots=True)
class SenderInfo:
    """The sender's clock and counters (RFC 3550 §6.4.1)."""

    wall: float
    """Seconds since the Unix epoch."""
    timestamp: int
    """RTP timestamp of the same moment."""
    packets: int
    octets: int
    """Payload only."""


def is_rtcp(packet: bytes) -> bool:
    """True where a packet on a shared port is RTCP and not RTP (RFC 5761 §4)."""
    return len(packet) >= 8 and packet[0] & 0xC0 == 0x80 and 192 <= packet[1] <= 223


def report(
    ssrc: int, info: SenderInfo | None, block: ReportBlock | None, cname: bytes = b"hotline", *, bye: bool = False
) -> bytes:
    """A compound packet: SR, or RR without `info`; SDES; and BYE where it is the last."""
    body = b""
    if info is not None:
        ntp = int((info.wall + NTP_EPOCH) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
        body = struct.pack("!QIII", ntp, info.timestamp & _WORD, info.packets & _WORD, info.octets & _WORD)
    if block is not None:
        body += _pack_block(block)
    kind = _RECEIVER_REPORT if info is None else _SENDER_REPORT
    whole = struct.pack("!BBHI", 0x80 | (block is not None), kind, len(body) // 4 + 1, ssrc) + body
    chunk = struct.pack("!IBB", ssrc, 1, len(cname)) + cname
    chunk += b"\0" * (4 - len(chunk) % 4)  # at least one null ends the list (§6.5)
    whole += struct.pack("!BBH", 0x81, _SOURCE_DESCRIPTION, len(chunk) // 4) + chunk
    return whole + struct.pack("!BBHI", 0x81, _BYE, 1, ssrc) if bye else whole


def _pack_block(block: ReportBlock) -> bytes:
    lost = max(-0x800000, min(0x7FFFFF, block.cumulative_lost)) & 0xFFFFFF
    return _BLOCK.pack(
        block.ssrc,
        max(0, min(255, block.fraction_lost)),
        lost.to_bytes(3, "big"),
        block.highest_sequence & _WORD,
        block.jitter & _WORD,
        block.last_report,
        block.delay & _WORD,
    )


@dataclass(frozen=True, slots=True)
class PeerReport:
    """What a compound packet told us."""

    blocks: tuple[ReportBlock, ...] = ()
    sent_at: int = 0
    """Middle 32 bits of the sender's NTP time, to be echoed as `last_report`; 0 where it sent no sender report."""
    bye: bool = False
    """The far end's stream has ended."""


def parse(data: bytes) -> PeerReport:
    """Read every report block of a compound packet; whatever is cut short or unknown is left out. Never raises."""
    blocks: list[ReportBlock] = []
    sent_at, bye = 0, False
    offset = 0
    data = data[:MAX_BYTES]
    while offset + 8 <= len(data) and data[offset] >> 6 == 2:
        count, kind = data[offset] & 31, data[offset + 1]
        end = offset + 4 + 4 * int.from_bytes(data[offset + 2 : offset + 4], "big")
        if end > len(data):
            break
        start = offset + 8
        if kind == _SENDER_REPORT and end - offset >= 28:
            sent_at = int.from_bytes(data[offset + 10 : offset + 14], "big")
            start = offset + 28
        if kind in (_SENDER_REPORT, _RECEIVER_REPORT):
            blocks += _blocks(data, start, end, count)
        bye = bye or kind == _BYE
        offset = end
    return PeerReport(tuple(blocks), sent_at, bye)


def _blocks(data: bytes, start: int, end: int, count: int) -> list[ReportBlock]:
    found = []
    for position in range(start, min(end, start + count * _BLOCK.size) - _BLOCK.size + 1, _BLOCK.size):
        ssrc, fraction, lost, highest, jitter, last, delay = _BLOCK.unpack_from(data, position)
        found.append(ReportBlock(ssrc, fraction, int.from_bytes(lost, "big", signed=True), highest, jitter, last, delay))
    return found


def pause(chance: float, *, first: bool = False) -> float:
    """Seconds to the next report, spread so that no two parties fall into step (§6.2); `chance` is random in 0..1."""
    return INTERVAL * (0.5 + chance) * (0.5 if first else 1.0)


class Reporter:
    """Both directions of one stream's reports."""

    __slots__ = (
        "_cname",
        "_expected_before",
        "_heard_at",
        "_highest",
        "_lost_before",
        "_sent_at",
        "_sent_before",
        "_source",
        "block",
        "round_trip",
    )

    def __init__(self, cname: bytes = b"hotline") -> None:
        self._cname = cname
        self._heard_at = 0.0
        self._sent_at = 0
        self._source = -1
        self._highest = 0
        self._lost_before = self._expected_before = self._sent_before = 0
        self.block: ReportBlock | None = None
        """The far end's last word on our packets."""
        self.round_trip: float | None = None
        """Seconds there and back, by its last report; None before one told it."""

    def heard(self, data: bytes, ssrc: int, *, now: float, wall: float) -> PeerReport:
        """Take the far end's compound packet; `ssrc` is ours, `now` monotonic, `wall` since the Unix epoch, the same moment."""
        peer = parse(data)
        if peer.sent_at:
            self._sent_at, self._heard_at = peer.sent_at, now
        for block in peer.blocks:
            if block.ssrc == ssrc:
                self.block = block
                self._measure(block, wall)
        return peer

    def _measure(self, block: ReportBlock, wall: float) -> None:
        """RFC 3550 §6.4.1: what passed since our report, less what the far end kept it for."""
        if not block.last_report:
            return
        arrived = int((wall + NTP_EPOCH) * 65536) & _WORD
        passed = ((arrived - block.last_report - block.delay) & _WORD) / 65536
        if passed > 65535:  # a little below zero: the clocks tick in steps of 15 µs
            passed = 0.0
        if passed <= MAX_ROUND_TRIP:
            self.round_trip = passed

    def compose(self, numbers: tuple[Outgoing, Reception], *, now: float, wall: float, bye: bool = False) -> bytes:
        """Our compound packet: a sender report where something was sent since the last one, else a receiver report."""
        out, reception = numbers
        info = None
        if out.sent != self._sent_before:
            self._sent_before = out.sent
            info = SenderInfo(wall, out.timestamp_at(now), out.sent, out.octets)
        block = self._reception(reception, now) if reception.ssrc >= 0 else None
        return report(out.ssrc, info, block, self._cname, bye=bye)

    def _reception(self, reception: Reception, now: float) -> ReportBlock:
        if reception.ssrc != self._source:
            self._source, self._highest = reception.ssrc, reception.highest
        # Reports are seconds apart and a wrap takes 21 minutes, so the nearest continuation is the right one.
        self._highest += (reception.highest - self._highest) & 0xFFFF
        expected, lost = reception.expected - self._expected_before, reception.lost - self._lost_before
        self._expected_before, self._lost_before = reception.expected, reception.lost
        return ReportBlock(
            reception.ssrc,
            fraction_lost=max(0, min(255, lost * 256 // expected)) if expected > 0 else 0,
            cumulative_lost=reception.lost,
            highest_sequence=self._highest,
            jitter=int(reception.jitter * reception.clock),
            last_report=self._sent_at,
            delay=int((now - self._heard_at) * 65536) if self._sent_at else 0,
        )
