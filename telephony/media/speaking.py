"""What a far end hears of us: prompts, keys, a conference, an announcement over a bridged voice. No I/O, no clock.

Packets go out through `transmit`. Whoever neither plays nor sends digits needs no ticks: `active` says so, and `on_active`
wakes the pump.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from telephony.media.announcement import Announcement
from telephony.media.clip import Clip, frames_of
from telephony.media.codec import Codec
from telephony.media.coding import Encoder, Frame, make_encoder
from telephony.media.hearing import FrameSource, Hearing
from telephony.media.outgoing import Outgoing
from telephony.media.reference import Reference
from telephony.media.telephone_event import EventSender

_FRAME_MS = 20
_SETTLED = Clip.silence(0.2)
"""Long enough for a codec with memory to have come to rest before its last frames."""
_MOST_TURNS = 3
"""Playbacks that may follow each other within one tick: enough for `play` inside `on_playback`, too few for an endless loop."""


class Speaking:
    """The sending half of a `MediaStream`."""

    __slots__ = (
        "_announcement",
        "_busy",
        "_clips",
        "_codec",
        "_digits",
        "_ears",
        "_encoder",
        "_event_type",
        "_frames",
        "_index",
        "_keeping",
        "_keying",
        "_murmuring",
        "_on_playback",
        "_out",
        "_payload_type",
        "_playback",
        "_played",
        "_plays",
        "_reference",
        "_repeat",
        "_sending",
        "_silence",
        "_source",
        "_wants",
        "on_active",
    )

    def __init__(self, out: Outgoing, on_playback: Callable[[int, bool, int], None]) -> None:
        self._out = out
        self._on_playback = on_playback
        self.on_active: Callable[[Any], None] | None = None
        """Called when ticks become necessary; the pump sets it."""
        self._codec = Codec.PCMU
        self._payload_type = -1
        self._event_type = -1
        self._sending = False
        self._wants: Codec | None = None
        """The codec of forwarded packets while they may pass: the far end wants to hear, and nothing of ours has the floor."""
        self._keying = self._murmuring = False
        self._busy = False
        """True while a tick has more to do than to send the next frame."""
        self._digits = EventSender()
        self._ears = Hearing()
        self._source: FrameSource | None = None
        self._encoder: Encoder | None = None
        self._announcement: Announcement | None = None
        self._plays = 0
        self._playback = 0
        self._clips: tuple[Clip, ...] = ()
        self._frames: Sequence[bytes] = ()
        self._index = self._played = 0
        self._repeat = False
        self._reference: Reference | None = None
        self._keeping = False
        self._silence = b""
        """20 ms of silence, coded; "" until it is needed."""

    @property
    def codec(self) -> Codec:
        return self._codec

    @property
    def sending(self) -> bool:
        return self._sending

    @property
    def playback(self) -> int:
        """The number of the running playback, 0 where none runs."""
        return self._playback

    @property
    def active(self) -> bool:
        """True while `tick` has something to do."""
        return self._playback != 0 or self._busy or self._source is not None or self._idles

    @property
    def keeping(self) -> bool:
        """Whether silence is sent while there is nothing else: some far ends end a call that falls silent."""
        return self._keeping

    @keeping.setter
    def keeping(self, keeping: bool) -> None:
        self._keeping = keeping
        if keeping:
            self._awake()

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
        if source is not None:
            self._awake()

    def play(self, clips: Sequence[Clip], repeat: bool = False) -> int:
        """Send `clips` one after another in place of what is playing, `repeat` for ever; return the playback's number.

        The first frame goes out with the next tick; forwarded voice waits until the last.
        """
        return self._begin(tuple(clips), frames_of(tuple(clips), self._codec), None, repeat)

    def announce(self, clips: Sequence[Clip], gain_db: float = 0.0, duck_db: float = -10.0) -> int:
        """Mix `clips`, louder by `gain_db`, over the voice that is forwarded here, or over `source`, which go on at `duck_db`.

        A playback like any other in number and report. Only while it runs is the forwarded voice decoded, buffered and encoded.
        """
        return self._begin((), (), Announcement(clips, gain_db, duck_db), False)

    def stop(self) -> None:
        """End the running playback at once. Without effect where none runs."""
        if self._playback:
            self._finish(False)

    def sounded(self) -> Frame | None:
        """20 ms of what is being played, to be compared with 20 ms heard; None where nothing is, or a mix of voices.

        Ask once for each frame heard: it keeps in step with what is sent. Not asked, it costs nothing.
        """
        if not self._clips:
            return None
        reference = self._reference
        if reference is None or reference.playback != self._playback:
            reference = self._reference = Reference(self._playback, self._clips, self._codec)
        return reference.frame(self._index)

    def send_digits(self, digits: str) -> None:
        """Send keys as RFC 4733 events, 100 ms each, 60 ms apart; a playback pauses for them.

        Without effect where the far end negotiated no telephone-event.
        """
        if self._event_type < 0:
            return
        self._digits.add(digits)
        self._key(bool(self._digits))
        if self._keying:
            self._awake()

    def tick(self, now: float) -> bool:
        """Send what is due. Call every 20 ms while `active`, with the deadline as `now`; returns `active`."""
        if self._busy:
            return self._tick_busy(now)
        index = self._index
        if index < len(self._frames):
            self._index = index + 1
            self._played += 1
            if self._sending:
                self._out.send_frame(self._payload_type, self._frames[index], now)
            return True
        return self._turn_over(now)

    def _tick_busy(self, now: float) -> bool:
        """Let listeners hear a far end's silence, and send keys."""
        if self._murmuring:
            self._murmur(self._ears.murmur())
        if not self._keying:
            if self._playback or self._source is not None or self._idles:
                busy, self._busy = self._busy, False
                self.tick(now)
                self._busy = self._busy or busy
            return self.active
        due = self._digits.next()
        if due is not None and self._sending and self._event_type >= 0:
            self._out.send_event(self._event_type, *due, now)
        self._key(bool(self._digits))
        return self.active

    @property
    def _idles(self) -> bool:
        return self._keeping and self._sending and not self._out.lent

    def _turn_over(self, now: float) -> bool:
        """The frames are through: begin again, or end, and send what follows at once."""
        if not self._playback and self._source is None:
            return self._idle(now)
        if self._announcement is not None:
            return self._speak_over(self._announcement, now)
        for _ in range(_MOST_TURNS):
            if self._repeat:
                self._index = 0
            elif self._playback:
                self._finish(True)
            if self._index < len(self._frames):
                return self.tick(now)
        if self._playback:
            return True
        if self._source is None:
            return self._idle(now)
        frame = self._source.frame(now)
        if frame is None:
            self._idle(now)
        else:
            self._send(frame, now)
        return True

    def _idle(self, now: float) -> bool:
        """Nothing to say: silence, unless somebody else's voice is forwarded."""
        if not self._idles:
            return self._busy
        if not self._silence:
            self._silence = _SETTLED.frames(self._codec)[-2]
        self._out.send_frame(self._payload_type, self._silence, now)
        return True

    def _speak_over(self, announcement: Announcement, now: float) -> bool:
        frame = announcement.frame(now, self._source)
        if frame is None:
            self._finish(True)
            return self.active and self.tick(now)
        self._played += 1
        self._send(frame, now)
        return True

    def _send(self, frame: Frame | None, now: float) -> None:
        """Encode and send 20 ms; they go by unheard while the far end holds us."""
        if frame is not None and self._sending:
            if self._encoder is None:
                self._encoder = make_encoder(self._codec)
            self._out.send_frame(self._payload_type, self._encoder.encode(frame), now)

    def _begin(self, clips: tuple[Clip, ...], frames: Sequence[bytes], announcement: Announcement | None, repeat: bool) -> int:
        ended, played = self._playback, self._played
        self._clips, self._frames, self._announcement = clips, frames, announcement
        self._encoder = None
        self._index = self._played = 0
        self._repeat = repeat and bool(frames)
        self._plays += 1
        self._playback = number = self._plays
        self._settle_floor()
        self._awake()
        if ended:
            self._on_playback(ended, False, played * _FRAME_MS)
        return number

    def _finish(self, completed: bool) -> None:
        number, self._playback = self._playback, 0
        self._clips, self._frames, self._announcement = (), (), None
        self._index, self._repeat, self._reference = 0, False, None
        self._encoder = None
        self._out.release()
        self._settle_floor()
        self._on_playback(number, completed, self._played * _FRAME_MS)

    def _recode(self, codec: Codec) -> None:
        """Go on at the same place in another codec."""
        self._codec = codec
        self._encoder = self._reference = None
        self._silence = b""
        self._out.follow(codec)
        self._digits.step = codec.timestamp_step
        if self._clips:
            self._frames = frames_of(self._clips, codec)

    def _key(self, keying: bool) -> None:
        self._keying = keying
        self._busy = keying or self._murmuring
        self._settle_floor()

    def _murmur(self, murmuring: bool) -> None:
        self._murmuring = murmuring
        self._busy = self._keying or murmuring

    def _settle_floor(self) -> None:
        free = self._sending and not self._playback and not self._keying and self._source is None
        self._wants = self._codec if free else None
        if free and self._keeping:
            self._awake()

    def _awake(self) -> None:
        if self.on_active is not None:
            self.on_active(self)
