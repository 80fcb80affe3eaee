"""Opus for voice (RFC 6716, RFC 7587): 20 ms packets, mono, any rate of ours. No I/O, no clock."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from telephony.media.coding import Decoder, Encoder, Frame
from telephony.media.libopus import DirectOpusDecoder, DirectOpusEncoder, library
from telephony.media.resampling import Resampler

OPUS_RATE = 48000

NARROW_COMPLEXITY, WIDE_COMPLEXITY = 3, 1
"""0-10, for 8 and 16 kHz; what each costs: docs/media.md."""

NARROW_BITRATE, WIDE_BITRATE = 24000, 28000
"""bit/s for 8 and 16 kHz. With less, error correction takes too much from the voice: a tone of 3 kHz lost 1.8 dB at 20000."""

EXPECTED_LOSS = 5
"""Percent."""

_NOTHING = np.zeros(0, np.int16)


def make_opus_decoder(rate: int) -> Decoder:
    opus = library()
    return FfmpegOpusDecoder(rate) if opus is None else DirectOpusDecoder(opus, rate)


def make_opus_encoder(rate: int) -> Encoder:
    bitrate, complexity = (NARROW_BITRATE, NARROW_COMPLEXITY) if rate <= 8000 else (WIDE_BITRATE, WIDE_COMPLEXITY)
    opus = library()
    if opus is None:
        return FfmpegOpusEncoder(rate, bitrate, complexity)
    return DirectOpusEncoder(opus, rate, bitrate, complexity, EXPECTED_LOSS)


class FfmpegOpusDecoder:
    """`telephony.media.coding.Decoder` through PyAV, where libopus cannot be called directly: decodes at 48 kHz only, and has
    no way to repair a loss.
    """

    __slots__ = ("_context", "_resampler")

    def __init__(self, rate: int) -> None:
        context = av.AudioCodecContext.create("libopus", "r")
        context.sample_rate, context.layout, context.format = OPUS_RATE, "mono", "s16"
        context.open()
        self._context = context
        self._resampler = Resampler(OPUS_RATE, rate)

    def decode(self, payload: bytes) -> Frame:
        try:
            frames = self._context.decode(av.Packet(payload)) if payload else []
        except av.FFmpegError:
            return _NOTHING
        parts = [self._resampler.resample(np.frombuffer(bytes(frame.planes[0]), np.int16, frame.samples)) for frame in frames]
        return parts[0] if len(parts) == 1 else np.concatenate((_NOTHING, *parts))

    def conceal(self, count: int) -> Frame | None:
        return None

    def recover(self, payload: bytes, count: int) -> Frame | None:
        return None


class FfmpegOpusEncoder:
    """`telephony.media.coding.Encoder` through PyAV."""

    __slots__ = ("_context", "_frame", "_position")

    def __init__(self, rate: int, bitrate: int, complexity: int) -> None:
        context = av.AudioCodecContext.create("libopus", "w")
        context.sample_rate, context.layout, context.format = rate, "mono", "s16"
        context.bit_rate, context.time_base = bitrate, Fraction(1, rate)
        context.options = {
            "application": "voip",
            "frame_duration": "20",
            "compression_level": str(complexity),
            "fec": "1",
            "packet_loss": str(EXPECTED_LOSS),
        }
        context.open()
        self._context = context
        self._frame = av.AudioFrame("s16", "mono", rate // 50)
        self._frame.sample_rate = rate
        self._position = 0

    def encode(self, samples: Frame) -> bytes:
        self._frame.planes[0].update(_filled(samples.tobytes(), self._frame.planes[0].buffer_size))
        self._frame.pts = self._position
        self._position += self._frame.samples
        return b"".join(bytes(packet) for packet in self._context.encode(self._frame))


def _filled(pcm: bytes, size: int) -> bytes:
    """Planes are a little longer than their samples."""
    return pcm + bytes(size - len(pcm))
