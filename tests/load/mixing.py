"""CPU of conferences, recordings and detectors without a network: `python tests/load/mixing.py [--seconds 60]`.

Streams are fed packets as fast as they take them, sixty seconds of call time by default; the figure is CPU-s per call-minute.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from telephony.gateway.bridge import bridge
from telephony.gateway.conference import confer
from telephony.gateway.recording import Recorder, RecordingSettings
from telephony.media.amd import AnswerDetector
from telephony.media.codec import Codec
from telephony.media.dtmf_detector import DtmfDetector
from telephony.media.fax_detector import FaxDetector
from tests.unit.telephony.gateway.voices import Clock, Speaker


def speakers(count: int, codec: Codec = Codec.PCMU) -> list[Speaker]:
    return [Speaker(f"leg-{number}", 300.0 + 50 * number, codec, number % 4) for number in range(count)]


def spent(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def conference(members: int, seconds: float, codec: Codec = Codec.PCMU) -> float:
    """CPU-s for each minute of a conference of so many, beyond what feeding the packets costs."""
    idle, busy = speakers(members, codec), speakers(members, codec)
    room = confer()
    for one in busy:
        room.join(one.leg)
    feeding = spent(lambda: Clock(*idle).run(seconds))
    return (spent(lambda: Clock(*busy).run(seconds)) - feeding) * 60 / seconds


async def recording(form: str, seconds: float, key: bytes | None = None) -> float:
    """CPU-s for each minute of one recorded bridge, thread included, beyond the bridge itself."""
    plain, taped = speakers(2), speakers(2)
    bridge(plain[0].leg, plain[1].leg)
    bridge(taped[0].leg, taped[1].leg)
    bare = spent(lambda: Clock(*plain).run(seconds))
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(RecordingSettings(Path(folder), form, key, queue=100_000))
        recorder.start()
        clock = Clock(*taped)
        recorder.now = lambda: clock.now  # type: ignore[method-assign]
        before = time.process_time()
        recorder.record(taped[0].leg, "a", {}, lambda ended: None)
        clock.run(seconds)
        await recorder.close()
        return (time.process_time() - before - bare) * 60 / seconds


def detectors() -> Iterator[tuple[str, float]]:
    """Microseconds a frame of 20 ms."""
    voice = np.random.default_rng(1).normal(0, 3000, (3000, 160)).astype(np.int16)
    for name, hear in (
        ("keys in the voice", DtmfDetector(lambda digit: None).hear),
        ("fax", FaxDetector().hear),
        ("answering machine", AnswerDetector().hear),
    ):
        yield name, spent(lambda hear=hear: [hear(frame) for frame in voice]) / len(voice) * 1e6  # type: ignore[misc]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = min(parser.parse_args().seconds, 60.0)
    for members in (3, 5, 10):
        print(f"conference of {members}, PCMU: {conference(members, seconds):.3f} CPU-s a minute")
    print(f"conference of 3, G.722: {conference(3, seconds, Codec.G722):.3f} CPU-s a minute")
    for form in ("wav", "wav_pcmu", "opus"):
        print(f"recording of a bridge, {form}: {asyncio.run(recording(form, seconds)):.3f} CPU-s a minute")
    print(f"recording of a bridge, wav, sealed: {asyncio.run(recording('wav', seconds, bytes(32))):.3f} CPU-s a minute")
    for name, microseconds in detectors():
        print(f"{name}: {microseconds:.0f} µs for 20 ms")


if __name__ == "__main__":
    main()
