"""One leg's voice, both ways: what it plays, who hears it, where it is forwarded. No I/O, no clock.

Packets and ticks come in with `now` (seconds, monotonic), packets go out through `transmit`. A stream that neither plays nor
sends digits needs no ticks: `active` says so, and `on_active` wakes the pump.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from telephony.media.clip import Clip, frames_of
from telephony.media.codec import Codec
from telephony.media.coding import Encoder, make_encoder
from telephony.media.g711 import PCMA_TO_PCMU, PCMU_TO_PCMA
from telephony.media.hearing import FrameSource, Hearing, Listener, Tap
from telephony.media.outgoing import Outgoing
from telephony.media.rtp import HEADER, HEADER_SIZE, MARKER, Reception, payload_of
from telephony.media.telephone_event import EventReceiver, EventSender

_FRAME_MS = 20
_MOST_TURNS = 3
"""Playbacks that may follow each other within one tick: enough for `play` inside `on_playback`, too few for an endless loop."""

_unpack_header = HEADER.unpack_from
_TRANSLATE = {(Codec.PCMU, Codec.PCMA): PCMU_TO_PCMA, (Codec.PCMA, Codec.PCMU): PCMA_TO_PCMU}


class MediaStream:
    """The media of one leg, towards one far end.

    `on_digit` gets each key press once; `on_playback` gets (playback number, completed, milliseconds played) once for each
    `play`. Both are called from within `receive`, `tick`, `play` or `stop`, and may call `play` again.
    """

    __slots__ = (
        "_clips",
        "_codec",
        "_codecs",
        "_digits",
        "_ears",
        "_encoder",
        "_event_type",
        "_events",
        "_forward_to",
        "_frames",
        "_hearing",
        "_index",
        "_keying",
        "_on_digit",
        "_on_playback",
        "_open",
        "_out",
        "_payload_type",
        "_playback",
        "_played",
        "_plays",
        "_reception",
        "_repeat",
        "_sending",
        "_source",
        "_transmit",
        "last_received",
        "malformed",
        "on_active",
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
        self._out = Outgoing(ssrc, sequence, timestamp, transmit)
        self._on_digit = on_digit
        self._on_playback = on_playback
        self.on_active: Callable[[MediaStream], None] | None = None
        """Called when ticks become necessary; the pump sets it."""
        self.on_control: Callable[[bytes, float], None] | None = None
        """Gets RTCP that shares the port (RFC 5761 §4), which else counts as malformed."""
        self.last_received = 0.0
        """When the last RTP packet came, in the clock of `receive`; 0.0 before the first."""
        self.malformed = 0
        """Packets that were not RTP, or whose lengths contradict each other."""
        self.unwanted = 0
        """Packets of a payload type that was not negotiated."""
        self._codec = Codec.PCMU
        self._codecs: dict[int, Codec] = {}
        self._payload_type = -1
        self._event_type = -1
        self._sending = False
        self._keying = False
        self._open = False
        """True while forwarded packets may pass: the far end wants to hear, and nothing of our own has the floor."""
        self._reception = Reception()
        self._events = EventReceiver()
        self._digits = EventSender()
        self._transmit = transmit
        self._ears = Hearing()
        self._hearing: Hearing | None = None
        self._source: FrameSource | None = None
        self._encoder: Encoder | None = None
        self._forward_to: MediaStream | None = None
        self._plays = 0
        self._playback = 0
        self._clips: tuple[Clip, ...] = ()
        self._frames: Sequence[bytes] = ()
        self._index = self._played = 0
        self._repeat = False

    # What was negotiated

    def configure(self, codec: Codec, payload_type: int, telephone_event: int | None, sending: bool = True) -> None:
        """Take over what offer and answer came to; again after each re-INVITE.

        `telephone_event` is the payload type of keys, None where the far end has none. With `sending` False (the far end
        holds us) nothing is sent while playbacks run on unheard.
        """
        if codec is not self._codec and self._playback:
            self._codec = codec
            self._frames = frames_of(self._clips, self._codec)
        if codec is not self._codec:
            self._encoder = None
        self._codec, self._payload_type = codec, payload_type
        self._codecs = {0: Codec.PCMU, 8: Codec.PCMA, payload_type: codec}
        self._event_type = -1 if telephone_event is None else telephone_event
        self._sending = sending
        self._out.release()
        self._settle_floor()

    @property
    def codec(self) -> Codec:
        return self._codec

    @property
    def sending(self) -> bool:
        return self._sending

    @property
    def numbers(self) -> tuple[Outgoing, Reception]:
        """Both directions, for reports."""
        return self._out, self._reception

    # What the far end hears

    @property
    def playback(self) -> int:
        """The number of the running playback, 0 where none runs."""
        return self._playback

    @property
    def active(self) -> bool:
        """True while `tick` has something to do."""
        return self._playback != 0 or self._keying or self._source is not None

    @property
    def source(self) -> FrameSource | None:
        """Asked for a frame at each tick while nothing plays; forwarded voice waits as long as there is one."""
        return self._source

    @source.setter
    def source(self, source: FrameSource | None) -> None:
        self._source = source
        self._encoder = None
        self._out.release()
        self._settle_floor()
        if source is not None and self.on_active is not None:
            self.on_active(self)

    def play(self, clips: Sequence[Clip], repeat: bool = False) -> int:
        """Send `clips` one after another in place of what is playing, `repeat` for ever; return the playback's number.

        The first frame goes out with the next tick; forwarded voice waits until the last.
        """
        ended, played = self._playback, self._played
        self._clips = tuple(clips)
        self._frames = frames_of(self._clips, self._codec)
        self._index = self._played = 0
        self._repeat = repeat and bool(self._frames)
        self._plays += 1
        self._playback = number = self._plays
        self._settle_floor()
        if self.on_active is not None:
            self.on_active(self)
        if ended:
            self._on_playback(ended, False, played * _FRAME_MS)
        return number

    def stop(self) -> None:
        """End the running playback at once. Without effect where none runs."""
        if self._playback:
            self._finish(False)

    def send_digits(self, digits: str) -> None:
        """Send keys as RFC 4733 events, 100 ms each, 60 ms apart; a playback pauses for them.

        Without effect where the far end negotiated no telephone-event.
        """
        if self._event_type < 0:
            return
        self._digits.add(digits)
        self._keying = bool(self._digits)
        self._settle_floor()
        if self._keying and self.on_active is not None:
            self.on_active(self)

    def tick(self, now: float) -> bool:
        """Send what is due. Call every 20 ms while `active`, with the deadline as `now`; returns `active`."""
        if not self._keying:
            index = self._index
            if index < len(self._frames):
                self._index = index + 1
                self._played += 1
                if self._sending:
                    self._out.send_frame(self._payload_type, self._frames[index], now)
                return True
            return self._turn_over(now)
        due = self._digits.next()
        if due is not None and self._sending and self._event_type >= 0:
            self._out.send_event(self._event_type, *due, now)
        self._keying = bool(self._digits)
        self._settle_floor()
        return self.active

    def _turn_over(self, now: float) -> bool:
        """The frames are through: begin again, or end, and send what follows at once."""
        for _ in range(_MOST_TURNS):
            if self._repeat:
                self._index = 0
            elif self._playback:
                self._finish(True)
            if self._index < len(self._frames):
                return self.tick(now)
        if self._source is not None and not self._playback:
            self._pull(self._source, now)
        return self.active

    def _pull(self, source: FrameSource, now: float) -> None:
        """Send the next 20 ms of `source`, which goes on unheard while the far end holds us."""
        frame = source.frame(now)
        if frame is not None and self._sending:
            if self._encoder is None:
                self._encoder = make_encoder(self._codec)
            self._out.send_frame(self._payload_type, self._encoder.encode(frame), now)

    def _finish(self, completed: bool) -> None:
        number, self._playback = self._playback, 0
        self._clips, self._frames = (), ()
        self._index, self._repeat = 0, False
        self._out.release()
        self._settle_floor()
        self._on_playback(number, completed, self._played * _FRAME_MS)

    def _settle_floor(self) -> None:
        self._open = self._sending and not self._playback and not self._keying and self._source is None

    # What the far end says

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
            self._forward_to = target

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
        if target is not None and target._open:
            wanted = target._codec
            voice = payload if codec is wanted else payload.translate(_TRANSLATE[codec, wanted])
            target._out.forward(self, target._payload_type, second & MARKER, sequence, timestamp, ssrc, voice, now)
        if hearing is not None:
            hearing.heard(codec, payload, sequence, timestamp, ssrc, now)

    def _receive_other(
        self, packet: bytes, kind: int, marker: int, sequence: int, timestamp: int, ssrc: int, now: float
    ) -> None:
        """Keys, and what nobody asked for."""
        self.last_received = now
        fresh = ssrc != self._reception.ssrc
        self._reception.counted(sequence, ssrc)
        target = self._forward_to
        if kind != self._event_type:
            self.unwanted += 1
            if target is not None:
                target._out.pass_over(self, sequence, ssrc)
            return
        payload = payload_of(packet)
        if payload is None:
            self.malformed += 1
            return
        if target is not None:
            target._relay_event(self, marker, sequence, timestamp, ssrc, payload, now)
        if fresh:
            self._events = EventReceiver()
        digit = self._events.receive(payload, timestamp)
        if digit is not None:
            self._on_digit(digit)

    def _relay_event(
        self, source: MediaStream, marker: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, now: float
    ) -> None:
        if self._event_type < 0:
            self._out.pass_over(source, sequence, ssrc)
        elif self._open:
            self._out.forward(source, self._event_type, marker, sequence, timestamp, ssrc, payload, now, True)

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
