"""What it costs the media path that both sides of a bridged call are heard: `python -m tests.load.overhear`.

Two legs exchange packets in this process, without sockets, as fast as it goes; CPU time is per second of the call, both
directions. `relayed` passes packets on, `heard` decodes both sides as well and hands 100 ms pieces to nobody: what the
recogniser does with them is in the figures of docs/speech.md.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from telephony.leg import Frame
from telephony.media.codec import Codec
from telephony.media.coding import make_encoder
from telephony.media.rtp import compose
from telephony.media.stream import MediaStream
from tests.unit.telephony.media.waves import blocks, speech

CODECS = {"PCMU": Codec.PCMU, "G722": Codec.G722, "opus": Codec.OPUS}
CHUNK = 5


class Ear:
    """As `ivr.session.overhearing.Ear` and the stream behind it: frames are gathered, and sent by hundreds of milliseconds."""

    def __init__(self) -> None:
        self.chunk: list[Frame] = []
        self.at = 0.0
        self.octets = 0

    def feed(self, frame: Frame) -> None:
        self.at = time.monotonic()
        self.chunk.append(frame)
        if len(self.chunk) >= CHUNK:
            self.octets += len(np.concatenate(self.chunk).tobytes())
            self.chunk = []


def stream(number: int, codec: Codec) -> MediaStream:
    made = MediaStream(
        ssrc=number,
        sequence=0,
        timestamp=0,
        transmit=lambda data: None,
        on_digit=lambda digit: None,
        on_playback=lambda playback, completed, milliseconds: None,
    )
    made.configure(codec, codec.payload_type, 101)
    return made


def packets(codec: Codec, seconds: int) -> list[bytes]:
    encoder = make_encoder(codec)
    voice = [encoder.encode(block) for block in blocks(speech(10.0), 160)]
    step = codec.timestamp_step
    many = (voice[number % len(voice)] for number in range(50 * seconds))
    return [
        compose(codec.payload_type, False, number & 0xFFFF, number * step & 0xFFFFFFFF, 7, payload)
        for number, payload in enumerate(many)
    ]


def cpu(codec: Codec, seconds: int, *, heard: bool) -> float:
    """CPU milliseconds for each second of a call."""
    legs = [stream(1, codec), stream(2, codec)]
    legs[0].forward_to, legs[1].forward_to = legs[1], legs[0]
    if heard:
        for leg in legs:
            leg.listener = Ear().feed
    sent = packets(codec, seconds)
    began = time.process_time()
    for number, packet in enumerate(sent):
        for leg in legs:
            leg.receive(packet, number / 50)
            leg.tick(number / 50)
    return 1000 * (time.process_time() - began) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    print("| codec | relayed, CPU ms a second | heard, CPU ms a second | talks a core, heard |\n| --- | --- | --- | --- |")
    for name, codec in CODECS.items():
        relayed, heard = (min(cpu(codec, args.seconds, heard=one) for _ in range(args.runs)) for one in (False, True))
        print(f"| {name} | {relayed:.2f} | {heard:.2f} | {1000 / heard:.0f} |")


if __name__ == "__main__":
    main()
