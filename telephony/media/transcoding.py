"""One direction of a bridge whose legs speak different codecs: other payloads, another clock, its own numbers.

No I/O, no clock. Losses stay losses: a hole in the source's sequence becomes one in ours, because the far end conceals better
than we can after the fact; only what Opus itself repeats of a lost packet is filled in. Silence stays silence: a jump of the
timestamp alone.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

import numpy as np

from telephony.media.codec import Codec
from telephony.media.coding import NARROW, WIDE, Frame, make_decoder, make_encoder
from telephony.media.g711 import PCMA_TO_PCMU, PCMU_TO_PCMA
from telephony.media.rtp import MARKER, MAX_DROPOUT, MAX_MISORDER

TRANSLATE = {(Codec.PCMU, Codec.PCMA): PCMU_TO_PCMA, (Codec.PCMA, Codec.PCMU): PCMA_TO_PCMU}
"""Pairs for which `payload.translate` does it, without any state."""

_ANY_LENGTH = (Codec.PCMU, Codec.PCMA)
_WIDEBAND = (Codec.G722, Codec.OPUS)
_WORD, _SHORT, _HALF = 0xFFFFFFFF, 0xFFFF, 0x80000000
_EVENT = Struct("!BBH")
_NOTHING = np.zeros(0, np.int16)

_FAR = 10
"""Seconds: a timestamp that jumps further than this tells nothing."""


class Voice(NamedTuple):
    """A packet for the other leg, in its clock and in numbers of ours."""

    marker: int
    """0 or `MARKER`."""
    sequence: int
    timestamp: int
    payload: bytes


class Transcoder:
    """Takes the packets of one source in the order of their arrival; late ones are left out."""

    __slots__ = (
        "_clock_in",
        "_clock_out",
        "_decoder",
        "_encoder",
        "_event",
        "_expected",
        "_marker",
        "_rate",
        "_remainder",
        "_rest",
        "_sequence",
        "_sequence_out",
        "_size",
        "_ssrc",
        "_timestamp_out",
        "_whole",
        "source",
        "target",
    )

    def __init__(self, source: Codec, target: Codec) -> None:
        self.source, self.target = source, target
        self._rate = WIDE if source in _WIDEBAND and target in _WIDEBAND else NARROW
        self._decoder, self._encoder = make_decoder(source, self._rate), make_encoder(target, self._rate)
        self._clock_in, self._clock_out = source.clock_rate, target.clock_rate
        self._size = self._rate // 50
        """Samples of 20 ms, the packet of codecs with memory."""
        self._whole = target not in _ANY_LENGTH
        self._ssrc = -1
        self._sequence = self._sequence_out = 0
        self._expected = 0
        """The source's timestamp after its newest voice."""
        self._timestamp_out = 0
        """Ours for `_rest` and what comes after it."""
        self._remainder = 0
        self._rest = _NOTHING
        self._marker = 0
        self._event = (-1, 0)

    def convert(self, payload: bytes, marker: int, sequence: int, timestamp: int, ssrc: int) -> list[Voice]:
        """Turn a voice packet into none, one or several."""
        lost = self._advance(sequence, timestamp, ssrc)
        if lost is None:
            return []
        self._marker |= marker
        gap = self._signed(timestamp)
        known = self._recovered(payload, gap) if lost == 1 else None
        before = [] if known is None else self._cut(known)
        if known is None:
            self._leap(gap, lost)
        samples = self._decoder.decode(payload)
        self._expected = (timestamp + len(samples) * self._clock_in // self._rate) & _WORD
        return before + self._cut(samples)

    def place(self, payload: bytes, sequence: int, timestamp: int, ssrc: int) -> Voice | None:
        """Turn a packet of a telephone event: its start and its duration into the other clock (RFC 4733 §2.3.5)."""
        if len(payload) < 4:
            return None
        lost = self._advance(sequence, timestamp, ssrc)
        if lost is None:
            return None
        self._sequence_out = (self._sequence_out + lost + 1) & _SHORT
        if timestamp != self._event[0]:
            start = self._signed(timestamp) * self._clock_out // self._clock_in
            self._event = timestamp, (self._timestamp_out + start) & _WORD
        code, flags, duration = _EVENT.unpack_from(payload)
        duration = min(0xFFFF, duration * self._clock_out // self._clock_in)
        return Voice(0, self._sequence_out, self._event[1], _EVENT.pack(code, flags, duration))

    def skip(self, sequence: int, ssrc: int) -> None:
        """Pass over a packet that the other leg does not get."""
        if ssrc == self._ssrc and (sequence - self._sequence) & _SHORT == 1:
            self._sequence = sequence

    def _advance(self, sequence: int, timestamp: int, ssrc: int) -> int | None:
        """Move on to a packet; how many are missing before it, None where it comes too late."""
        ahead = (sequence - self._sequence) & _SHORT
        if ssrc != self._ssrc or MAX_DROPOUT < ahead < 0x10000 - MAX_MISORDER:
            self._ssrc, self._sequence, self._expected = ssrc, sequence, timestamp
            self._rest, self._marker = _NOTHING, MARKER
            self._event = (-1, 0)
            return 0
        if ahead == 0 or ahead >= 0x10000 - MAX_MISORDER:
            return None
        self._sequence = sequence
        return ahead - 1

    def _signed(self, timestamp: int) -> int:
        """How far `timestamp` is from where the source's voice should go on; 0 for what no clock can have done."""
        ahead = (timestamp - self._expected) & _WORD
        ahead -= (ahead >= _HALF) << 32
        return ahead if abs(ahead) <= _FAR * self._clock_in else 0

    def _recovered(self, payload: bytes, gap: int) -> Frame | None:
        count = gap * self._rate // self._clock_in
        if not 0 < count <= 3 * self._size or count % (self._rate // 100):
            return None
        return self._decoder.recover(payload, count)

    def _leap(self, gap: int, lost: int) -> None:
        """Leave a hole of `lost` packets, or a pause, of `gap` units of the source's clock."""
        if not gap and not lost:
            return
        units = max(0, gap) * self._clock_out + self._remainder
        step, self._remainder = divmod(units, self._clock_in)
        self._timestamp_out = (self._timestamp_out + step + len(self._rest) * self._clock_out // self._rate) & _WORD
        self._rest = _NOTHING
        if gap < 0 or not lost:
            self._marker = MARKER
        if lost:
            packets = max(1, round(gap / self._clock_in * 50)) if self._whole and gap > 0 else lost
            self._sequence_out = (self._sequence_out + min(packets, MAX_DROPOUT)) & _SHORT

    def _cut(self, samples: Frame) -> list[Voice]:
        """Encode what makes whole packets and keep the rest."""
        if not self._whole:
            return [self._packet(samples)] if len(samples) else []
        if len(self._rest):
            samples = np.concatenate((self._rest, samples))
        size = self._size
        whole = len(samples) - len(samples) % size
        self._rest = samples[whole:]
        return [self._packet(samples[start : start + size]) for start in range(0, whole, size)]

    def _packet(self, samples: Frame) -> Voice:
        self._sequence_out = (self._sequence_out + 1) & _SHORT
        voice = Voice(self._marker, self._sequence_out, self._timestamp_out, self._encoder.encode(samples))
        self._marker = 0
        self._timestamp_out = (self._timestamp_out + len(samples) * self._clock_out // self._rate) & _WORD
        return voice
