"""Encoders and decoders by codec: one object for each direction of a leg, made when first needed. No I/O, no clock.

G.711 has no memory; the state of the others lives in the object, so an object serves one stream of packets and never two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from telephony.media.codec import Codec
from telephony.media.g711 import decode_pcma, decode_pcmu, encode_pcma, encode_pcmu

Frame = NDArray[np.int16]

NARROW = 8000
"""Hz of everything that is heard, mixed or played here."""

WIDE = 16000
"""Hz between two wideband codecs."""


class Decoder(Protocol):
    """Turns the payloads of one source into mono samples, in the order in which they are given."""

    def decode(self, payload: bytes) -> Frame:
        """Samples of one payload; none where it cannot be decoded. Nothing is raised."""

    def conceal(self, count: int) -> Frame | None:
        """`count` samples in place of a lost packet, as the codec itself would make them; None where it has no way."""

    def recover(self, payload: bytes, count: int) -> Frame | None:
        """The lost packet's samples from what the packet after it, `payload`, repeats of it; None where it has no way."""


class Encoder(Protocol):
    """Turns mono frames of 20 ms into the payloads of one stream."""

    def encode(self, samples: Frame) -> bytes: ...


class G711Decoder:
    """No memory, so nothing of its own to conceal with."""

    __slots__ = ("decode",)

    def __init__(self, decode: Callable[[bytes], Frame]) -> None:
        self.decode = decode

    def conceal(self, count: int) -> Frame | None:
        return None

    def recover(self, payload: bytes, count: int) -> Frame | None:
        return None


class G711Encoder:
    """Takes any number of samples."""

    __slots__ = ("encode",)

    def __init__(self, encode: Callable[[Frame], bytes]) -> None:
        self.encode = encode


_G711_DECODERS = {Codec.PCMU: G711Decoder(decode_pcmu), Codec.PCMA: G711Decoder(decode_pcma)}
_G711_ENCODERS = {Codec.PCMU: G711Encoder(encode_pcmu), Codec.PCMA: G711Encoder(encode_pcma)}


def make_decoder(codec: Codec, rate: int = NARROW) -> Decoder:
    """A fresh decoder that gives samples at `rate` (8000, or 16000 for the wideband codecs)."""
    # A server that speaks G.711 alone never loads FFmpeg: it takes 0.2 s and 20 MB.
    if codec is Codec.G722:
        from telephony.media.g722 import G722Decoder

        return G722Decoder(rate)
    if codec is Codec.OPUS:
        from telephony.media.opus import make_opus_decoder

        return make_opus_decoder(rate)
    return _G711_DECODERS[codec]


def make_encoder(codec: Codec, rate: int = NARROW) -> Encoder:
    """A fresh encoder that takes samples at `rate` (8000, or 16000 for the wideband codecs)."""
    if codec is Codec.G722:
        from telephony.media.g722 import G722Encoder

        return G722Encoder(rate)
    if codec is Codec.OPUS:
        from telephony.media.opus import make_opus_encoder

        return make_opus_encoder(rate)
    return _G711_ENCODERS[codec]
