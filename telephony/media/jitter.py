"""An even voice out of uneven packets, for whoever must have a frame each 20 ms: mixing, announcements, recordings to be heard.

No I/O, no clock: packets come in with `now`, frames are taken out with `now`. All positions are samples at 8 kHz.

The delay follows the measured jitter: as long as it takes for nearly every packet to be there in time, not longer. It is
changed where nobody hears it, in silence; only a delay that is far off is put right within speech, by whole pitch periods.
The same corrects a far end whose clock runs fast or slow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from telephony.media.arrivals import Arrivals
from telephony.media.codec import FRAME_SAMPLES, Codec
from telephony.media.coding import Decoder, Frame, make_decoder
from telephony.media.concealment import Concealer
from telephony.media.stretching import LONGEST, lengthened, period, shortened

MOST_PACKETS = 64
"""Kept at a time; the oldest make room."""

LONGEST_DELAY = 2400
"""Samples (300 ms): what is further behind is skipped."""

_RESTART = 24000
"""Samples (3 s): a timestamp that jumps further belongs to a new stream."""

_PATIENCE = 180
"""Samples of delay too much that are let be: a packet, else one could neither keep nor drop it."""

_HASTE = -20
"""Samples (2.5 ms) of delay too little that are let be."""

_TIDY = FRAME_SAMPLES + 40
"""Samples ready when a frame is taken: what is beyond serves nobody and is left out in the next pause."""

_URGENT, _SHORT = 400, -80
"""Samples too much (50 ms), or too little (10 ms), that are put right in speech too."""

_LATE_IN_ROW = 8
_QUIET = 200
"""Peak of a frame that is silence whatever was said before; else an eighth of what is said is."""

_WORD, _HALF = 0xFFFFFFFF, 0x80000000
_SILENCE = np.zeros(FRAME_SAMPLES, np.int16)
_SILENCE.setflags(write=False)
_NOTHING = _SILENCE[:0]


class Playout(NamedTuple):
    frame: Frame
    """160 samples at 8 kHz."""
    concealed: bool
    """True where part of it was made up for a loss; not in pauses of the far end."""


class _Kept(NamedTuple):
    payload: bytes
    sequence: int


class JitterBuffer:
    """One far end's voice. Bounded in memory and time whatever comes; any codec, also changing in between."""

    __slots__ = (
        "_arrivals",
        "_clock",
        "_codec",
        "_concealer",
        "_decoder",
        "_fetch",
        "_late_in_row",
        "_level",
        "_newest",
        "_packets",
        "_ready",
        "_sequence",
        "_ssrc",
        "_started",
        "_timestamp",
        "concealed",
        "late",
        "received",
        "skipped",
    )

    def __init__(self) -> None:
        self._packets: dict[int, _Kept] = {}
        self._arrivals = Arrivals()
        self._concealer = Concealer()
        self._codec: Codec | None = None
        self._decoder: Decoder | None = None
        self._clock = 8000
        self._ssrc = -1
        self._timestamp = self._newest = 0
        self._fetch = 0
        """Position of the next packet to be decoded."""
        self._sequence = -1
        self._ready = _NOTHING
        """Decoded and not played yet."""
        self._started = False
        self._level = self._late_in_row = 0
        self.received = self.late = self.concealed = self.skipped = 0
        """Packets that came; that came too late; samples made up; samples left out to catch up."""

    @property
    def target(self) -> float:
        """Seconds of delay that the measured jitter asks for."""
        return self._arrivals.target / 8000

    @property
    def depth(self) -> int:
        """Packets waiting."""
        return len(self._packets)

    def put(self, codec: Codec, payload: bytes, sequence: int, timestamp: int, ssrc: int, now: float) -> None:
        """Take a voice packet as it came: late, twice or out of order. Signature of `telephony.media.hearing.Tap.heard`."""
        if codec is not self._codec or ssrc != self._ssrc:
            self._restart(codec, ssrc, timestamp)
        step = (timestamp - self._timestamp) & _WORD
        step -= (step >= _HALF) << 32
        samples = step * 8000 // self._clock
        if abs(samples) > _RESTART:
            self._restart(codec, ssrc, timestamp)
            samples = 0
        position = self._newest + samples
        self.received += 1
        self._arrivals.note(now * 8000 - position)
        if samples > 0 or self.received == 1:
            self._timestamp, self._newest = timestamp, position
        if self._started and position < self._fetch and not self._hopeless(codec, ssrc, timestamp):
            return
        if len(self._packets) >= MOST_PACKETS:
            del self._packets[min(self._packets)]
        self._late_in_row = 0
        self._packets[position] = _Kept(payload, sequence)

    def get(self, now: float) -> Playout:
        """The next 20 ms. Call it every 20 ms; silence before the first packet is due."""
        if not self._begun(now):
            return Playout(_SILENCE, False)
        made_up = self.concealed
        excess = self._excess(now)
        if self._packets and excess > 0 and self._fetch not in self._packets:
            excess -= self._hurry(excess)
        self._fill(FRAME_SAMPLES)
        if self.concealed == made_up and (excess < _HASTE or excess > _PATIENCE or len(self._ready) > _TIDY):
            self._adjust(excess)
        frame = self._ready[:FRAME_SAMPLES]
        self._ready = self._ready[FRAME_SAMPLES:]
        peak = max(int(frame.max()), -int(frame.min()))
        self._level = max(peak, self._level - (self._level >> 6))
        return Playout(frame, self.concealed > made_up)

    def _restart(self, codec: Codec, ssrc: int, timestamp: int) -> None:
        """Begin with another source, at the place in time where the last one was."""
        if codec is not self._codec:
            self._codec, self._decoder, self._clock = codec, make_decoder(codec), codec.clock_rate
        self._ssrc, self._timestamp = ssrc, timestamp
        self._packets.clear()
        self._arrivals = Arrivals()
        self._started = False
        self._sequence = -1
        self._late_in_row = 0

    def _begun(self, now: float) -> bool:
        """Start with the first packet once its delay is over."""
        if not self._started and self._packets:
            first = min(self._packets)
            if self._arrivals.lateness(now * 8000 - first) >= self._arrivals.target:
                self._started, self._fetch, self._ready = True, first, self._ready[:0]
        return self._started

    def _hopeless(self, codec: Codec, ssrc: int, timestamp: int) -> bool:
        """Count a packet that comes too late; after several in a row the way has become longer: begin anew with it."""
        self.late += 1
        self._late_in_row += 1
        if self._late_in_row < _LATE_IN_ROW:
            return False
        self._restart(codec, ssrc, timestamp)
        return True

    def _excess(self, now: float) -> int:
        """By how many samples the next packet could have been late beyond what is provided for; negative: too soon."""
        return int(self._arrivals.lateness(now * 8000 - self._fetch) - self._arrivals.target)

    def _fill(self, count: int) -> None:
        """Have `count` samples ready, whatever is missing."""
        while len(self._ready) < count:
            kept = self._packets.pop(self._fetch, None)
            part = self._missing(count - len(self._ready)) if kept is None else self._voice(kept)
            self._ready = np.concatenate((self._ready, part)) if len(self._ready) else part

    def _voice(self, kept: _Kept) -> Frame:
        assert self._decoder is not None
        samples = self._decoder.decode(kept.payload)
        self._sequence = kept.sequence
        self._fetch += len(samples) or FRAME_SAMPLES
        if not len(samples):
            return self._made_up(FRAME_SAMPLES)
        samples = self._concealer.resume(samples)
        self._concealer.heard(samples)
        return samples

    def _missing(self, count: int) -> Frame:
        """What to play where no packet is: a pause of the far end, a loss, or a packet that is still on its way."""
        following = min(self._packets, default=-1)
        if following < 0:
            if not self._concealer.silent:
                self._fetch += count  # time goes on; in a pause it stands still, and what comes then is not late
            return self._made_up(count)
        gap = following - self._fetch
        if gap < 0:
            del self._packets[following]
            return _NOTHING
        kept = self._packets[following]
        if (kept.sequence - self._sequence) & 0xFFFF == 1:
            pause = min(count, gap)
            self._fetch += pause
            return np.zeros(pause, np.int16)
        return self._recovered(kept, gap) if gap <= 3 * FRAME_SAMPLES else self._lost(min(count, gap))

    def _lost(self, count: int) -> Frame:
        self._fetch += count
        return self._made_up(count)

    def _recovered(self, following: _Kept, gap: int) -> Frame:
        """What the codec itself knows of lost packets."""
        assert self._decoder is not None
        known = self._decoder.recover(following.payload, gap) if gap % 80 == 0 else None
        if known is None or not len(known):
            return self._lost(min(gap, FRAME_SAMPLES))
        self._fetch += gap
        self.concealed += gap
        self._concealer.heard(known)
        return known

    def _made_up(self, count: int) -> Frame:
        made_up = self._concealer.conceal(count)
        if self._concealer.silent or self._decoder is None:
            return made_up
        self.concealed += count
        own = self._decoder.conceal(count) if count % 20 == 0 else None
        return made_up if own is None else own

    def _hurry(self, excess: int) -> int:
        """Cut short a pause, and what nobody can be made to wait for any more; by how many samples."""
        following = min(self._packets)
        kept = self._packets[following]
        if (kept.sequence - self._sequence) & 0xFFFF != 1 and excess <= LONGEST_DELAY and not self._concealer.silent:
            return 0
        cut = max(0, min(excess, following - self._fetch))
        self._fetch += cut
        self.skipped += cut
        return cut

    def _adjust(self, excess: int) -> None:
        """Bring the delay nearer to its target, in a quiet frame or, where it is far off, by a pitch period.

        Packets come and go whole: only when what is ready beyond this frame makes up a packet is one fetched later.
        """
        beyond = len(self._ready) - FRAME_SAMPLES
        if excess < _HASTE:
            if self._quiet() or excess < _SHORT:
                count = min(FRAME_SAMPLES - beyond % FRAME_SAMPLES, LONGEST) if self._quiet() else self._period()
                self._ready = lengthened(self._ready, count)
            return
        if excess > _PATIENCE and (self._quiet() or excess > _URGENT) and self._fetch in self._packets:
            self._fill(FRAME_SAMPLES + LONGEST)
            beyond = len(self._ready) - FRAME_SAMPLES
        if len(self._ready) > _TIDY and (self._quiet() or excess > _URGENT):
            count = min(beyond, LONGEST) if self._quiet() else self._period()
            if count <= beyond:
                self._ready = shortened(self._ready, count)
                self.skipped += count

    def _quiet(self) -> bool:
        """True where a change of this frame's length is not heard."""
        ready = self._ready
        return max(int(ready.max()), -int(ready.min())) <= max(_QUIET, self._level >> 3)

    def _period(self) -> int:
        return period(np.resize(self._ready, LONGEST + FRAME_SAMPLES))
