"""The voice codecs that a leg may carry (RFC 3551 §6)."""

from __future__ import annotations

from enum import Enum

FRAME_SAMPLES = 160
"""Samples, and G.711 octets, in one 20 ms frame at 8 kHz."""

FRAME_SECONDS = 0.020


class Codec(Enum):
    """A G.711 flavour; the value is its name in `a=rtpmap`."""

    PCMU = "PCMU"
    PCMA = "PCMA"

    @property
    def payload_type(self) -> int:
        """The static RTP payload type: 0 or 8."""
        return 0 if self is Codec.PCMU else 8

    @property
    def encoding_name(self) -> str:
        return self.value

    @property
    def clock_rate(self) -> int:
        """Hz of the RTP timestamp, which is also the sampling rate."""
        return 8000
