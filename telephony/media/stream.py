"""One leg's voice, both ways: what it plays, who hears it, where it is forwarded. No I/O, no clock.

Packets and ticks come in with `now` (seconds, monotonic), packets go out through `transmit`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telephony.media.codec import COMFORT_NOISE, Codec
from telephony.media.hearing import Hearing, Listener, Tap
from telephony.media.outgoing import Outgoing
from telephony.media.rtp import HEADER, HEADER_SIZE, MARKER, Reception, payload_of
from telephony.media.speaking import Speaking
from telephony.media.telephone_event import EventReceiver
from telephony.media.transcoding import TRANSLATE, Transcoder

_unpack_header = HEADER.unpack_from


class MediaStream(Speaking):
    """The media of one leg, towards one far end.

    `on_digit` gets each key press once; `on_playback` gets (playback number, completed, milliseconds played) once for each
    `play` and `announce`. Both are called from within `receive`, `tick`, `play` or `stop`, and may call `play` again.
    """

    __slots__ = (
        "_codecs",
        "_events",
        "_forward_to",
        "_hearing",
        "_on_digit",
        "_reception",
        "_transcoder",
        "_transmit",
        "last_received",
        "malformed",
        "on_control",
        "unwanted",
    )

    def __init__(
        self,
        *,
        ssrc: int,
        sequence: int,
        timestamp: int,
        transmit: Callable[[bytes], object],
        on_digit: Callable[[str], None],
        on_playback: Callable[[int, bool, int], None],
    ) -> None:
        """`ssrc`, `sequence` and `timestamp` are random tokens (RFC 3550 §5.1). Nothing is sent before `configure`."""
        super().__init__(Outgoing(ssrc, sequence, timestamp, transmit), on_playback)
        self._on_digit = on_digit
        self.on_control: Callable[[bytes, float], None] | None = None
        """Gets RTCP that shares the port (RFC 5761 §4), which else counts as malformed."""
        self.last_received = 0.0
        """When the last RTP packet came, in the clock of `receive`; 0.0 before the first."""
        self.malformed = 0
        """Packets that were not RTP, or whose lengths contradict each other."""
        self.unwanted = 0
        """Packets of a payload type that was not negotiated."""
        self._transmit = transmit
        self._codecs: dict[int, Codec] = {}
        self._reception = Reception()
        self._events = EventReceiver()
        self._hearing: Hearing | None = None
        self._forward_to: MediaStream | None = None
        self._transcoder: Transcoder | None = None

    def configure(self, codec: Codec, payload_type: int, telephone_event: int | None, sending: bool = True) -> None:
        """Take over what offer and answer came to; again after each re-INVITE.

        `telephone_event` is the payload type of keys, None where the far end has none; they count in the codec's clock. With
        `sending` False (the far end holds us) nothing is sent while playbacks run on unheard.
        """
        if codec is not self._codec:
            self._recode(codec)
            self._transcoder = None
            if self._forward_to is not None and self._forward_to._forward_to is self:
                self._forward_to._transcoder = None
            self._reception.clock = codec.clock_rate
            self._events = EventReceiver(codec.clock_rate)
        self._payload_type = payload_type
        self._codecs = {0: Codec.PCMU, 8: Codec.PCMA, payload_type: codec}
        self._event_type = -1 if telephone_event is None else telephone_event
        self._sending = sending
        self._out.release()
        self._settle_floor()

    @property
    def numbers(self) -> tuple[Outgoing, Reception]:
        """Both directions, for reports."""
        return self._out, self._reception

    def close(self) -> None:
        """Fall silent and deaf for good, and let go of everybody who was told; the counters stay."""
        self.stop()
        self._ears = Hearing()
        self._transmit = _nobody
        self._settle_ears()
        self._on_digit = self._on_playback = _nobody
        self.on_control = None
        self._keeping = False
        self.forward_to = self.source = None

    # Who hears the far end

    @property
    def listener(self) -> Listener | None:
        """Gets each 20 ms of the far end's voice: 160 samples, int16, 8 kHz; they may be kept."""
        return self._ears.first

    @listener.setter
    def listener(self, listener: Listener | None) -> None:
        self._ears.first = listener
        self._settle_ears()

    def add_listener(self, listener: Listener) -> None:
        """Let `listener` hear too, beside `self.listener`. Without effect the second time."""
        self._ears.add(listener)
        self._settle_ears()

    def remove_listener(self, listener: Listener) -> None:
        """Take back `add_listener`. Without effect where it was not added."""
        self._ears.remove(listener)
        self._settle_ears()

    def add_tap(self, tap: Tap) -> None:
        """Give `tap` each voice packet of both directions. Without effect the second time."""
        self._ears.add_tap(tap)
        self._settle_ears()

    def remove_tap(self, tap: Tap) -> None:
        """Take back `add_tap`. Without effect where it was not added."""
        self._ears.remove_tap(tap)
        self._settle_ears()

    def _settle_ears(self) -> None:
        """A stream that nobody hears pays nothing: packets then pass without a look at the ears."""
        self._hearing = self._ears if self._ears else None
        self._out.redirect(self._transmit_tapped if self._ears.taps else self._transmit)

    def _transmit_tapped(self, packet: bytes) -> None:
        self._transmit(packet)
        if packet[1] & 0x7F == self._payload_type:
            self._ears.sent(self._codec, packet[HEADER_SIZE:], self._out.sent_at)

    @property
    def forward_to(self) -> MediaStream | None:
        """The stream whose far end hears this one's, or None."""
        return self._forward_to

    @forward_to.setter
    def forward_to(self, target: MediaStream | None) -> None:
        if target is not self._forward_to:
            if self._forward_to is not None:
                self._forward_to._out.release()
                self._forward_to._settle_floor()
            self._forward_to = target
            self._transcoder = None

    # What the far end says

    def receive(self, packet: bytes, now: float) -> None:
        """Take a datagram from the far end. Whatever its bytes are, nothing is raised."""
        if len(packet) < HEADER_SIZE:
            self.malformed += 1
            return
        first, second, sequence, timestamp, ssrc = _unpack_header(packet)
        kind = second & 0x7F
        if first & 0xC0 != 0x80 or 64 <= kind <= 95:
            if self.on_control is not None and first & 0xC0 == 0x80:
                self.on_control(packet, now)
            else:
                self.malformed += 1
            return
        codec = self._codec if kind == self._payload_type else self._codecs.get(kind)
        if codec is None:
            self._receive_other(packet, kind, second & MARKER, sequence, timestamp, ssrc, now)
            return
        self.last_received = now
        self._reception.arrived(sequence, timestamp, ssrc, now)
        hearing, target = self._hearing, self._forward_to
        if hearing is None and target is None:
            return
        payload = packet[HEADER_SIZE:] if first == 0x80 else payload_of(packet)
        if not payload:
            self.malformed += payload is None
            return
        if target is not None:
            if target._wants is codec:
                target._out.forward(self, target._payload_type, second & MARKER, sequence, timestamp, ssrc, payload, now)
            else:
                self._relay(target, codec, payload, second & MARKER, sequence, timestamp, ssrc, now)
        if hearing is not None:
            hearing.heard(codec, payload, sequence, timestamp, ssrc, now)

    def _relay(
        self,
        target: MediaStream,
        codec: Codec,
        payload: bytes,
        marker: int,
        sequence: int,
        timestamp: int,
        ssrc: int,
        now: float,
    ) -> None:
        """Forward voice to a leg that speaks another codec, or that hears an announcement over it."""
        wanted = target._wants
        if wanted is None:
            if target._announcement is not None:
                target._announcement.heard(codec, payload, sequence, timestamp, ssrc, now)
            return
        kind, out = target._payload_type, target._out
        table = TRANSLATE.get((codec, wanted))
        if table is not None:
            out.forward(self, kind, marker, sequence, timestamp, ssrc, payload.translate(table), now)
            return
        transcoder = self._transcoding(codec, wanted)
        for voice in transcoder.convert(payload, marker, sequence, timestamp, ssrc):
            out.forward(transcoder, kind, voice.marker, voice.sequence, voice.timestamp, ssrc, voice.payload, now)

    def _transcoding(self, source: Codec, target: Codec) -> Transcoder:
        kept = self._transcoder
        if kept is None or kept.source is not source or kept.target is not target:
            kept = self._transcoder = Transcoder(source, target)
        return kept

    def _receive_other(
        self, packet: bytes, kind: int, marker: int, sequence: int, timestamp: int, ssrc: int, now: float
    ) -> None:
        """Keys, comfort noise, and what nobody asked for."""
        self.last_received = now
        fresh = ssrc != self._reception.ssrc
        self._reception.counted(sequence, ssrc)
        target = self._forward_to
        if kind != self._event_type:
            if target is not None:
                self._pass_over(target, sequence, ssrc)
            if kind == COMFORT_NOISE:
                self._fell_silent(payload_of(packet))
            else:
                self.unwanted += 1
            return
        payload = payload_of(packet)
        if payload is None:
            self.malformed += 1
            return
        if target is not None:
            self._relay_event(target, marker, sequence, timestamp, ssrc, payload, now)
        if fresh:
            self._events = EventReceiver(self._codec.clock_rate)
        digit = self._events.receive(payload, timestamp)
        if digit is not None:
            self._on_digit(digit)

    def _fell_silent(self, payload: bytes | None) -> None:
        """The far end sends no voice for a while (RFC 3389): listeners hear its noise, in time, until it speaks again."""
        if payload is None:
            self.malformed += 1
        elif self._ears.quieten(payload) and not self._murmuring:
            self._murmur(True)
            self._awake()

    def _pass_over(self, target: MediaStream, sequence: int, ssrc: int) -> None:
        """Leave no gap for a packet that `target` does not get."""
        target._out.pass_over(self, sequence, ssrc)
        if self._transcoder is not None:
            self._transcoder.skip(sequence, ssrc)

    def _relay_event(
        self, target: MediaStream, marker: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, now: float
    ) -> None:
        """Forward a key, in the other clock where legs differ."""
        kind, wanted = target._event_type, target._wants
        if kind < 0:
            self._pass_over(target, sequence, ssrc)
        elif wanted is None:
            return
        elif wanted is self._codec or (self._codec, wanted) in TRANSLATE:
            target._out.forward(self, kind, marker, sequence, timestamp, ssrc, payload, now, True)
        else:
            transcoder = self._transcoding(self._codec, wanted)
            key = transcoder.place(payload, sequence, timestamp, ssrc)
            if key is not None:
                target._out.forward(transcoder, kind, marker, key.sequence, key.timestamp, ssrc, key.payload, now, True)

    def quality(self) -> dict[str, Any]:
        """Packets, loss and jitter so far, with units in the keys."""
        reception = self._reception
        expected = reception.expected
        return {
            "codec": self._codec.encoding_name,
            "packets_sent": self._out.sent,
            "packets_received": reception.received,
            "packets_lost": reception.lost,
            "loss_percent": round(100 * reception.lost / expected, 2) if expected else 0.0,
            "jitter_ms": round(reception.jitter * 1000, 2),
            "packets_malformed": self.malformed,
            "packets_unwanted": self.unwanted,
        }


def _nobody(*_: object) -> None:
    """Who is told after the end."""
