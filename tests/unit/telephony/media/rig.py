"""A stream with everything it does recorded, and packets to feed it."""

from __future__ import annotations

from itertools import pairwise

from telephony.media.codec import Codec
from telephony.media.rtp import Packet, parse
from telephony.media.stream import MediaStream


class Rig:
    """A configured `MediaStream`: what it sent, which digits it heard, which playbacks ended."""

    def __init__(
        self, codec: Codec = Codec.PCMU, event: int | None = 101, *, sequence: int = 65530, timestamp: int = 2**32 - 400
    ):
        self.sent: list[Packet] = []
        self.digits: list[str] = []
        self.playbacks: list[tuple[int, bool, int]] = []
        self.stream = MediaStream(
            ssrc=0xABCD,
            sequence=sequence,
            timestamp=timestamp,
            transmit=self._transmit,
            on_digit=self.digits.append,
            on_playback=lambda *ended: self.playbacks.append(ended),
        )
        self.stream.configure(codec, codec.payload_type, event)

    def _transmit(self, data: bytes) -> None:
        packet = parse(data)
        assert packet is not None
        self.sent.append(packet)

    def run(self, seconds: float, start: float) -> float:
        """Tick every 20 ms while active, as the pump does; return the time after."""
        ticks = round(seconds / 0.02)
        for number in range(ticks):
            if self.stream.active:
                self.stream.tick(start + number * 0.02)
        return start + ticks * 0.02


def octets(value: int, count: int = 160) -> bytes:
    return bytes([value]) * count


def sequence_steps(packets: list[Packet]) -> set[int]:
    return {(b.sequence - a.sequence) & 0xFFFF for a, b in pairwise(packets)}


def timestamp_steps(packets: list[Packet]) -> list[int]:
    return [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(packets)]
