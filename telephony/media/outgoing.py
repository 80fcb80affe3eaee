"""The one RTP stream that a far end receives, whoever is speaking. No I/O, no clock.

A prompt, music, a bridged agent and the next prompt come from sources that know nothing of each other. The far end sees one
SSRC: sequence numbers without a hole of our making, timestamps that move on with the wall clock, and a marker where a source
begins (RFC 3550 §5.1, RFC 3551 §4.1).
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

from telephony.media.codec import FRAME_SAMPLES, Codec
from telephony.media.rtp import HEADER, MARKER, MAX_DROPOUT, MAX_MISORDER, VERSION_2

_pack_frame = Struct("!BBHII160s").pack
"""Header and one G.711 frame, joined once."""

_pack_header = HEADER.pack


def _pack_any(first: int, second: int, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    return _pack_header(first, second, sequence, timestamp, ssrc) + payload


_WORD = 0xFFFFFFFF
_SHORT = 0xFFFF
_HALF = 0x80000000
_STEADY = 0.030
"""Seconds; a frame sooner than this after the one before continues its talk spurt."""

_PLAIN_STEP = 0.6
"""Seconds that a source's next packet may move on without being compared with the clock."""

_CLOCK_SLACK = 2.0
"""Seconds by which a source's timestamps may stray from the wall clock across a gap."""

_MOST_MISSING = 64


class Outgoing:
    """Numbers and sends packets of our own and packets forwarded from other legs."""

    __slots__ = (
        "_clock",
        "_missing",
        "_pack",
        "_plain_step",
        "_sent_at",
        "_sequence",
        "_sequence_offset",
        "_source",
        "_source_sequence",
        "_source_ssrc",
        "_source_timestamp",
        "_ssrc",
        "_step",
        "_timestamp",
        "_timestamp_offset",
        "_transmit",
        "sent",
    )

    def __init__(self, ssrc: int, sequence: int, timestamp: int, transmit: Callable[[bytes], object]) -> None:
        """`sequence` (16 bits) and `timestamp` (32 bits) are those of the first packet; draw them at random (§5.1)."""
        self._ssrc = ssrc & _WORD
        self._sequence = (sequence - 1) & _SHORT
        self._timestamp = timestamp & _WORD
        self._transmit = transmit
        self._sent_at: float | None = None
        self.sent = 0
        """Packets handed to `transmit`."""
        self._source: object = None
        self._source_ssrc = self._source_sequence = self._source_timestamp = 0
        self._sequence_offset = self._timestamp_offset = 0
        self._missing: dict[int, int] = {}
        self.follow(Codec.PCMU)

    def follow(self, codec: Codec) -> None:
        """Count in the clock of `codec` from now on; the timestamp runs on from where it stands (RFC 7160 §4.2)."""
        self._clock, self._step = codec.clock_rate, codec.timestamp_step
        self._plain_step = int(_PLAIN_STEP * self._clock)
        self._pack = _pack_any if codec is Codec.OPUS else _pack_frame
        self.release()

    @property
    def sent_at(self) -> float:
        """When the newest packet was sent, in the clock of its caller; 0.0 before the first."""
        return self._sent_at or 0.0

    @property
    def ssrc(self) -> int:
        return self._ssrc

    @property
    def octets(self) -> int:
        """Of payload, for sender reports: packets times their usual size, since a counter would cost each of them."""
        return self.sent * (60 if self._pack is _pack_any else FRAME_SAMPLES)

    def timestamp_at(self, now: float) -> int:
        """What the RTP timestamp is at `now`, in the clock of `send_frame`: for sender reports (RFC 3550 §6.4.1)."""
        return (self._timestamp + int((now - self.sent_at) * self._clock)) & _WORD

    def redirect(self, transmit: Callable[[bytes], object]) -> None:
        """Hand packets to `transmit` from now on."""
        self._transmit = transmit

    @property
    def lent(self) -> bool:
        """True while forwarded packets have the floor."""
        return self._source is not None and self._source is not self

    def release(self) -> None:
        """Nobody has the floor: whatever comes next begins a talk spurt."""
        self._source = None

    def send_frame(self, payload_type: int, payload: bytes, now: float) -> None:
        """Send 20 ms of our own voice: 160 octets, with Opus any number."""
        sent_at = self._sent_at
        if self._source is self and sent_at is not None and now - sent_at < _STEADY:
            self._timestamp = (self._timestamp + self._step) & _WORD
            self._sent_at = now
        else:
            self._begin(now)
            self._source = self
            payload_type |= MARKER
        self._sequence = sequence = (self._sequence + 1) & _SHORT
        self.sent += 1
        transmit, pack = self._transmit, self._pack  # locals: calling an attribute in place is slower (CPython 3.11 to 3.13)
        transmit(pack(VERSION_2, payload_type, sequence, self._timestamp, self._ssrc, payload))

    def send_event(self, payload_type: int, payload: bytes, starts: bool, now: float) -> None:
        """Send a packet of a telephone event; all of one event carry the timestamp of its start (RFC 4733 §2.5.1.2)."""
        if starts or self._source is not self:
            self._begin(now)
            self._source = self
            payload_type |= MARKER
        self._sequence = sequence = (self._sequence + 1) & _SHORT
        self.sent += 1
        self._transmit(_pack_header(VERSION_2, payload_type, sequence, self._timestamp, self._ssrc) + payload)

    def forward(
        self,
        source: object,
        payload_type: int,
        marker: int,
        sequence: int,
        timestamp: int,
        ssrc: int,
        payload: bytes,
        now: float,
        event: bool = False,
    ) -> None:
        """Send a packet of `source` at its place among that source's packets; `marker` is 0 or `MARKER`.

        Gaps and swaps of the source are kept, so that the far end's own concealment sees them. Duplicates, packets later
        than the source's turn, and the rest of an event whose start was before it are dropped.
        """
        if (
            (sequence - self._source_sequence) & _SHORT == 1
            and 0 < (timestamp - self._source_timestamp) & _WORD <= self._plain_step
            and source is self._source
            and ssrc == self._source_ssrc
            and not event
        ):
            self._source_sequence, self._source_timestamp = sequence, timestamp
            self._sequence = out = (sequence + self._sequence_offset) & _SHORT
            self._timestamp = stamp = (timestamp + self._timestamp_offset) & _WORD
            self._sent_at = now
            self.sent += 1
            transmit = self._transmit
            transmit(_pack_header(VERSION_2, payload_type | marker, out, stamp, self._ssrc) + payload)
            return
        verdict = self._judge(source, sequence, timestamp, ssrc, now, event)
        if verdict is None or (verdict and event and not marker):
            return
        if verdict:
            self._turn(source, sequence, timestamp, ssrc, now)
            marker = MARKER
        self._place(payload_type | marker, sequence, timestamp, payload, now, event)

    def _place(self, second: int, sequence: int, timestamp: int, payload: bytes, now: float, event: bool) -> None:
        """Send a packet that is not simply the next where `_judge` found room for it."""
        out = self._missing.pop(sequence, -1)
        if out < 0:
            self._sequence = out = (sequence + self._sequence_offset) & _SHORT
        stamp = (timestamp + self._timestamp_offset) & _WORD
        if 0 < (stamp - self._timestamp) & _WORD < _HALF:
            self._timestamp, self._sent_at = stamp, now
        if not event and (timestamp - self._source_timestamp) & _WORD < _HALF:
            self._source_timestamp = timestamp
        self.sent += 1
        self._transmit(_pack_header(VERSION_2, second, out, stamp, self._ssrc) + payload)

    def pass_over(self, source: object, sequence: int, ssrc: int) -> None:
        """Close the gap that a packet of `source` leaves which this far end did not negotiate."""
        if source is self._source and ssrc == self._source_ssrc and (sequence - self._source_sequence) & _SHORT == 1:
            self._source_sequence = sequence
            self._sequence_offset -= 1

    def _judge(self, source: object, sequence: int, timestamp: int, ssrc: int, now: float, event: bool) -> bool | None:
        """Decide about a packet that is not simply the next: False to send it, True to begin anew with it, None to drop."""
        if source is not self._source or ssrc != self._source_ssrc:
            return True
        ahead = (sequence - self._source_sequence) & _SHORT
        step = (timestamp - self._source_timestamp) & _WORD
        if ahead == 0:
            return None
        if ahead >= 0x10000 - MAX_MISORDER:
            if sequence in self._missing and (event or step >= _HALF or step == 0):
                return False
            return None if event or step >= _HALF or step == 0 else True
        assert self._sent_at is not None
        elapsed = (now - self._sent_at) * self._clock
        if ahead > MAX_DROPOUT or (not event and not (step < _HALF and abs(step - elapsed) <= _CLOCK_SLACK * self._clock)):
            return True
        self._miss(ahead)
        self._source_sequence = sequence
        return False

    def _miss(self, ahead: int) -> None:
        """Keep places for packets that may still come, for a short gap."""
        if not 1 < ahead <= _MOST_MISSING:
            return
        if len(self._missing) > _MOST_MISSING:
            self._missing.clear()
        first = self._source_sequence + 1
        for sequence in range(first, first + ahead - 1):
            self._missing[sequence & _SHORT] = (sequence + self._sequence_offset) & _SHORT

    def _turn(self, source: object, sequence: int, timestamp: int, ssrc: int, now: float) -> None:
        """Give the floor to `source`, whose packet with these numbers becomes our next."""
        self._begin(now)
        self._missing.clear()
        self._source, self._source_ssrc = source, ssrc
        self._source_sequence, self._source_timestamp = sequence, timestamp
        self._sequence_offset = self._sequence + 1 - sequence
        self._timestamp_offset = self._timestamp - timestamp

    def _begin(self, now: float) -> None:
        """Move the timestamp on by the wall time since the last one, at least by one frame."""
        if self._sent_at is not None:
            elapsed = int((now - self._sent_at) * self._clock + 0.5)
            self._timestamp = (self._timestamp + max(self._step, elapsed)) & _WORD
        self._sent_at = now
