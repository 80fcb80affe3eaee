"""Who hears a leg on this node: listeners of decoded frames, and taps of the packets themselves. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from telephony.media.codec import Codec
from telephony.media.coding import NARROW, Decoder, Frame, make_decoder
from telephony.media.comfort_noise import ComfortNoise
from telephony.media.listening import Listening

_MOST_NOISES = 3000
"""Frames (60 s) of noise after a single packet of it."""

Listener = Callable[[Frame], None]


class Tap(Protocol):
    """Hears both sides of a stream packet by packet, not decoded: for recording and mixing.

    Called within `MediaStream.receive` and `tick`, so it returns quickly and raises nothing.
    """

    def heard(self, codec: Codec, payload: bytes, sequence: int, timestamp: int, ssrc: int, now: float) -> None:
        """Take a voice packet of the far end, as it came: late, twice or out of order."""

    def sent(self, codec: Codec, payload: bytes, now: float) -> None:
        """Take a voice packet that went to the far end: of our own, or forwarded to it."""


class FrameSource(Protocol):
    """Gives what a far end hears, frame by frame: a conference."""

    def frame(self, now: float) -> Frame | None:
        """The next 20 ms: 160 samples at 8 kHz, int16; None for silence, for which nothing is sent."""


class Hearing:
    """Hands each voice packet to the taps, and decoded once to the listeners; false while there is nobody."""

    __slots__ = ("_codec", "_decoder", "_first", "_listeners", "_listening", "_noise", "_noises", "taps")

    def __init__(self) -> None:
        self.taps: tuple[Tap, ...] = ()
        self._first: Listener | None = None
        self._listeners: tuple[Listener, ...] = ()
        self._codec: Codec | None = None
        self._decoder: Decoder | None = None
        self._listening: Listening | None = None
        self._noise: ComfortNoise | None = None
        self._noises = 0

    def __bool__(self) -> bool:
        return bool(self._listeners or self.taps or self._first is not None)

    @property
    def first(self) -> Listener | None:
        """The listener that a new one takes the place of."""
        return self._first

    @first.setter
    def first(self, listener: Listener | None) -> None:
        self._first = listener
        self._settle()

    def add(self, listener: Listener) -> None:
        if listener not in self._listeners:
            self._listeners = (*self._listeners, listener)
            self._settle()

    def remove(self, listener: Listener) -> None:
        self._listeners = tuple(one for one in self._listeners if one != listener)
        self._settle()

    def add_tap(self, tap: Tap) -> None:
        if tap not in self.taps:
            self.taps = (*self.taps, tap)

    def remove_tap(self, tap: Tap) -> None:
        self.taps = tuple(one for one in self.taps if one is not tap)

    def heard(self, codec: Codec, payload: bytes, sequence: int, timestamp: int, ssrc: int, now: float) -> None:
        """Take a voice packet of the far end."""
        for tap in self.taps:
            tap.heard(codec, payload, sequence, timestamp, ssrc, now)
        if self._listening is not None:
            self._noise = None
            if codec is not self._codec or self._decoder is None:
                self._codec, self._decoder = codec, make_decoder(codec)
            self._listening.receive(self._decoder.decode(payload), timestamp, ssrc, codec.clock_rate // NARROW)

    def quieten(self, payload: bytes) -> bool:
        """Take a packet of comfort noise; True where there is a listener to hear it."""
        if self._listening is None:
            return False
        self._noise, self._noises = ComfortNoise(payload), 0
        return True

    def murmur(self) -> bool:
        """Let listeners hear 20 ms of the noise; False once voice came back, or it lasted too long to be true."""
        if self._noise is None or self._listening is None or self._noises >= _MOST_NOISES:
            self._noise = None
            return False
        self._noises += 1
        self._listening.rest(self._noise.frame())
        return True

    def sent(self, codec: Codec, payload: bytes, now: float) -> None:
        """Take a voice packet that went to the far end."""
        for tap in self.taps:
            tap.sent(codec, payload, now)

    def _settle(self) -> None:
        """Time and concealment run on for listeners as long as there is one."""
        if self._first is None and not self._listeners:
            self._codec = self._decoder = self._listening = self._noise = None
        elif self._listening is None:
            self._listening = Listening(self._tell)

    def _tell(self, frame: Frame) -> None:
        if self._first is not None:
            self._first(frame)
        for listener in self._listeners:
            listener(frame)
