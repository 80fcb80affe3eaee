"""The few RTCP packets a browser wants to see (RFC 3550 §6). No I/O, no clock.

One compound packet every few seconds: a sender report with one report block, and the CNAME. Of what comes back only the
browser's view of our stream and the time of its report are kept.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

NTP_EPOCH = 2208988800
"""Seconds from 1900 to 1970."""

_SENDER_REPORT = 200
_RECEIVER_REPORT = 201
_SOURCE_DESCRIPTION = 202
_BLOCK = struct.Struct("!IB3sIIII")


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
    """In 1/8000 s."""
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


def report(ssrc: int, info: SenderInfo, block: ReportBlock | None, cname: bytes = b"hotline") -> bytes:
    """A compound SR + SDES packet, ready for SRTCP."""
    ntp = int((info.wall + NTP_EPOCH) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
    body = struct.pack("!IQIII", ssrc, ntp, info.timestamp & 0xFFFFFFFF, info.packets & 0xFFFFFFFF, info.octets & 0xFFFFFFFF)
    if block is not None:
        body += _pack_block(block)
    sender = struct.pack("!BBH", 0x80 | (block is not None), _SENDER_REPORT, len(body) // 4) + body
    chunk = struct.pack("!IBB", ssrc, 1, len(cname)) + cname
    chunk += b"\0" * (4 - len(chunk) % 4)  # at least one null ends the list (§6.5)
    return sender + struct.pack("!BBH", 0x81, _SOURCE_DESCRIPTION, len(chunk) // 4) + chunk


def _pack_block(block: ReportBlock) -> bytes:
    lost = max(-0x800000, min(0x7FFFFF, block.cumulative_lost)) & 0xFFFFFF
    return _BLOCK.pack(
        block.ssrc,
        max(0, min(255, block.fraction_lost)),
        lost.to_bytes(3, "big"),
        block.highest_sequence & 0xFFFFFFFF,
        block.jitter & 0xFFFFFFFF,
        block.last_report,
        block.delay & 0xFFFFFFFF,
    )


@dataclass(frozen=True, slots=True)
class PeerReport:
    """What a compound packet told us."""

    blocks: tuple[ReportBlock, ...] = ()
    sent_at: int = 0
    """Middle 32 bits of the sender's NTP time, to be echoed as `last_report`; 0 where it sent no sender report."""


def parse(data: bytes) -> PeerReport:
    """Read every report block of a compound packet; whatever is cut short or unknown is left out. Never raises."""
    blocks: list[ReportBlock] = []
    sent_at = 0
    offset = 0
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
        offset = end
    return PeerReport(tuple(blocks), sent_at)


def _blocks(data: bytes, start: int, end: int, count: int) -> list[ReportBlock]:
    found = []
    for position in range(start, min(end, start + count * _BLOCK.size) - _BLOCK.size + 1, _BLOCK.size):
        ssrc, fraction, lost, highest, jitter, last, delay = _BLOCK.unpack_from(data, position)
        found.append(ReportBlock(ssrc, fraction, int.from_bytes(lost, "big", signed=True), highest, jitter, last, delay))
    return found


@dataclass(frozen=True, slots=True)
class Counters:
    """What the media path counted so far."""

    packets: int
    """Sent."""
    octets: int
    """Sent, payload only."""
    last_sent: bytes
    """The last RTP packet that went out."""
    last_sent_at: float
    """Seconds, in the clock of `now`."""
    last_received: bytes
    """The last RTP packet that came in, or b""."""
    lost: int
    """Packets that never came."""
    jitter: float
    """Seconds."""


class Reporter:
    """Both directions of one stream's reports."""

    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        self._heard_at = 0.0
        self._sent_at = 0
        self._source = -1
        self._highest = 0
        self._lost = 0
        self.block: ReportBlock | None = None
        """The browser's last word on our packets."""

    def heard(self, data: bytes, now: float) -> None:
        """Take the browser's compound packet."""
        peer = parse(data)
        if peer.sent_at:
            self._sent_at, self._heard_at = peer.sent_at, now
        for block in peer.blocks:
            if block.ssrc == self._ssrc:
                self.block = block

    def compose(self, counters: Counters, *, now: float, wall: float) -> bytes:
        """Our compound packet; `now` is monotonic and `wall` is seconds since the Unix epoch, of the same moment."""
        sent = int.from_bytes(counters.last_sent[4:8], "big")
        timestamp = sent + int((now - counters.last_sent_at) * 8000)
        info = SenderInfo(wall, timestamp, counters.packets, counters.octets)
        return report(self._ssrc, info, self._reception(counters, now) if counters.last_received else None)

    def _reception(self, counters: Counters, now: float) -> ReportBlock:
        sequence = int.from_bytes(counters.last_received[2:4], "big")
        source = int.from_bytes(counters.last_received[8:12], "big")
        if source != self._source:
            self._source, self._highest = source, sequence
        # Reports are seconds apart and a wrap takes 21 minutes, so the nearest continuation is the right one.
        highest = self._highest + ((sequence - self._highest) & 0xFFFF)
        expected, lost = highest - self._highest, counters.lost - self._lost
        self._highest, self._lost = highest, counters.lost
        return ReportBlock(
            source,
            fraction_lost=max(0, min(255, lost * 256 // expected)) if expected else 0,
            cumulative_lost=counters.lost,
            highest_sequence=highest,
            jitter=int(counters.jitter * 8000),
            last_report=self._sent_at,
            delay=int((now - self._heard_at) * 65536) if self._sent_at else 0,
        )
