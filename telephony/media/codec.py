"""The voice codecs that a leg may carry (RFC 3551 §6, RFC 7587)."""

from __future__ import annotations

from enum import Enum

FRAME_SAMPLES = 160
"""Samples, and G.711 octets, in one 20 ms frame at 8 kHz."""

FRAME_SECONDS = 0.020

COMFORT_NOISE = 13
"""The static payload type of comfort noise at 8 kHz (RFC 3389 §4)."""

_PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8, "G722": 9, "opus": 111}
_SAMPLE_RATES = {"G722": 16000, "opus": 48000}


class Codec(Enum):
    """A voice codec; the value is its name in `a=rtpmap`, which peers may write in either case (RFC 4855 §3)."""

    PCMU = "PCMU"
    PCMA = "PCMA"
    G722 = "G722"
    OPUS = "opus"

    @property
    def payload_type(self) -> int:
        """The static RTP payload type: 0, 8 or 9; for Opus, which has none, that of our own offers: 111."""
        return _PAYLOAD_TYPES[self.value]

    @property
    def encoding_name(self) -> str:
        return self.value

    @property
    def clock_rate(self) -> int:
        """Hz of the RTP timestamp: 8000 for G.722 too, by an old error kept for ever (RFC 3551 §4.5.2); 48000 for Opus."""
        return 48000 if self is Codec.OPUS else 8000

    @property
    def sample_rate(self) -> int:
        """Hz at which the codec's own decoder gives samples."""
        return _SAMPLE_RATES.get(self.value, 8000)

    @property
    def channels(self) -> int:
        """Channels in `a=rtpmap`: 2 for Opus whatever is sent (RFC 7587 §7)."""
        return 2 if self is Codec.OPUS else 1

    @property
    def rtpmap(self) -> str:
        """What stands after the payload type in `a=rtpmap`: "PCMU/8000", "opus/48000/2"."""
        return f"{self.value}/{self.clock_rate}" + (f"/{self.channels}" if self.channels > 1 else "")

    @property
    def fmtp(self) -> str:
        """What stands after the payload type in `a=fmtp`, "" for none: wideband mono with error correction (RFC 7587 §6.1)."""
        if self is not Codec.OPUS:
            return ""
        return "maxplaybackrate=16000;sprop-maxcapturerate=16000;stereo=0;sprop-stereo=0;useinbandfec=1"

    @property
    def timestamp_step(self) -> int:
        """Timestamp units in 20 ms: 160, or 960."""
        return self.clock_rate // 50
