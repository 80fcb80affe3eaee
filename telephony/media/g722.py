"""G.722 at 64 kbit/s through PyAV (ITU-T G.722, RFC 3551 §4.5.2): 16 kHz samples under an 8 kHz clock. No I/O, no clock."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from telephony.media.coding import Frame
from telephony.media.resampling import Resampler

G722_RATE = 16000
G722_FRAME = 320
"""Samples in 20 ms; 160 octets."""

_MOST_OCTETS = 1280
"""160 ms in one packet; what is longer is no voice."""

_NOTHING = np.zeros(0, np.int16)


class G722Decoder:
    """`telephony.media.coding.Decoder`: an octet gives two samples at 16 kHz, one at 8 kHz. Every octet is valid."""

    __slots__ = ("_context", "_resampler")

    def __init__(self, rate: int) -> None:
        """`rate` is 8000 or 16000."""
        context = av.AudioCodecContext.create("g722", "r")
        context.sample_rate, context.layout, context.format = G722_RATE, "mono", "s16"
        context.open()
        self._context = context
        self._resampler = Resampler(G722_RATE, rate)

    def decode(self, payload: bytes) -> Frame:
        if not 0 < len(payload) <= _MOST_OCTETS:
            return _NOTHING
        try:
            frames = self._context.decode(av.Packet(payload))
        except av.FFmpegError:
            return _NOTHING
        if not frames:
            return _NOTHING
        return self._resampler.resample(np.frombuffer(bytes(frames[0].planes[0]), np.int16, frames[0].samples))

    def conceal(self, count: int) -> Frame | None:
        return None

    def recover(self, payload: bytes, count: int) -> Frame | None:
        return None


class G722Encoder:
    """`telephony.media.coding.Encoder`: 20 ms of samples at `rate` give 160 octets."""

    __slots__ = ("_context", "_frame", "_padding", "_position", "_resampler")

    def __init__(self, rate: int) -> None:
        context = av.AudioCodecContext.create("g722", "w")
        context.sample_rate, context.layout, context.format = G722_RATE, "mono", "s16"
        context.time_base = Fraction(1, G722_RATE)
        context.open()
        self._context = context
        self._frame = av.AudioFrame("s16", "mono", G722_FRAME)
        self._frame.sample_rate = G722_RATE
        self._padding = bytes(self._frame.planes[0].buffer_size - 2 * G722_FRAME)
        self._position = 0
        self._resampler = Resampler(rate, G722_RATE)

    def encode(self, samples: Frame) -> bytes:
        self._frame.planes[0].update(self._resampler.resample(samples).tobytes() + self._padding)
        self._frame.pts = self._position
        self._position += G722_FRAME
        return b"".join(bytes(packet) for packet in self._context.encode(self._frame))
