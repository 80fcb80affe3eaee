"""Measure turns in real time (`ivr bench asr --live`): what is heard, how soon after the last word, at what cost.

Every recording is played into a turn whose phrase list is all the texts of its language, several at once, each followed by
silence.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivr.speech.endpointer import Confirmed, Endpointer, Timing
from ivr.speech.pool import RecognizerPool
from ivr.speech.recognizer import RecognitionEvent, SpeechStarted, UtteranceHeard
from ivr.speech.settings import SpeechSettings
from ivr.speech.voicing import WINDOW, Voicing
from ivr.speech.wav import Recording, read_wav
from telephony.leg import FRAME_SAMPLES

SILENCE_BEFORE = 25
SILENCE_AFTER = 75
"""Frames of 20 ms around each recording."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of one recording."""

    recording: Recording
    heard: str
    confidence: float
    latency: float
    """Seconds from the last voiced frame to the result; NaN where there was none."""
    started: bool
    start_delay: float
    """Seconds from the frame that confirmed the speech to `SpeechStarted`; NaN where it was never confirmed."""
    utterances: int
    """1 where the recording was heard as one utterance."""


@dataclass(frozen=True, slots=True)
class Report:
    language: str
    recordings: int
    hits: int
    wrong: int
    """Heard as another phrase."""
    latency_p50: float
    latency_p95: float
    start_delay_p95: float
    """Seconds from confirmed speech to `SpeechStarted`: what a barge-in waits for."""
    cpu_per_audio_second: float
    """Of everything in all workers together."""
    dropped: int


async def play(recognizer: RecognizerPool, recording: Recording, phrases: Sequence[str], padded: Padded) -> Played:
    """Play one recording into a turn in real time."""
    events: list[RecognitionEvent] = []
    stream = recognizer.open(events.append)
    stream.listen(recording.language, phrases)
    loop = asyncio.get_running_loop()
    begin = loop.time()
    samples = padded.samples
    for number in range(len(samples) // FRAME_SAMPLES):
        stream.feed(samples[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES])
        await asyncio.sleep(begin + (number + 1) * 0.02 - loop.time())
    stream.close()
    heard = [event for event in events if isinstance(event, UtteranceHeard)]
    best = max(heard, key=lambda event: event.confidence, default=None)
    starts = [event.at for event in events if isinstance(event, SpeechStarted)]
    delay = starts[0] - begin - padded.confirmed_at if starts else float("nan")
    if best is None:
        return Played(recording, "", 0.0, float("nan"), bool(starts), delay, 0)
    return Played(recording, best.text, best.confidence, best.at - best.speech_ended_at, bool(starts), delay, len(heard))


@dataclass(frozen=True, slots=True)
class Padded:
    """What is played, prepared before anything is, so that preparing does not disturb the clock."""

    samples: NDArray[np.int16]
    confirmed_at: float
    """Seconds."""


def pad(recording: Recording) -> Padded:
    samples = np.pad(read_wav(recording.path), (SILENCE_BEFORE * FRAME_SAMPLES, SILENCE_AFTER * FRAME_SAMPLES))
    return Padded(samples, confirm_point(samples))


def confirm_point(samples: NDArray[np.int16]) -> float:
    """Seconds into the audio at which a turn with the usual timing confirms speech; NaN where it does not."""
    voicing, endpointer = Voicing(), Endpointer(Timing(), window=WINDOW)
    for begin in range(0, len(samples) - WINDOW + 1, WINDOW):
        for decision in endpointer.push(voicing.probability(samples[begin : begin + WINDOW])):
            if isinstance(decision, Confirmed):
                return decision.position / 8000
    return float("nan")


async def play_all(recognizer: RecognizerPool, recordings: Sequence[Recording], at_once: int) -> list[Played]:
    """Play them, so many at once, in order."""
    gate = asyncio.Semaphore(at_once)
    phrases = tuple(dict.fromkeys(recording.text for recording in recordings))
    prepared = [pad(recording) for recording in recordings]

    async def one(number: int, recording: Recording) -> Played:
        async with gate:
            await asyncio.sleep((number % at_once) * 0.13)  # so that they do not all end together
            return await play(recognizer, recording, phrases, prepared[number])

    return list(await asyncio.gather(*(one(number, recording) for number, recording in enumerate(recordings))))


async def measure(settings: SpeechSettings, recordings: Sequence[Recording], at_once: int) -> tuple[list[Report], list[Played]]:
    """One report a language, and everything played. Raises SpeechUnavailable."""
    recognizer = RecognizerPool(settings)
    await recognizer.start()
    reports: list[Report] = []
    everything: list[Played] = []
    try:
        for language in recognizer.languages:
            mine = [recording for recording in recordings if recording.language == language]
            if not mine:
                continue
            cpu, audio, _ = await _cost(recognizer)
            played = await play_all(recognizer, mine, at_once)
            cpu_after, audio_after, dropped = await _cost(recognizer)
            reports.append(_report(language, played, (cpu_after - cpu) / (audio_after - audio), dropped))
            everything += played
    finally:
        await recognizer.close()
    return reports, everything


async def _cost(recognizer: RecognizerPool) -> tuple[float, float, int]:
    workers = await recognizer.metrics()
    return sum(w.cpu_seconds for w in workers), sum(w.audio_seconds for w in workers), sum(w.dropped for w in workers)


def _report(language: str, played: Sequence[Played], cost: float, dropped: int) -> Report:
    latencies = sorted(p.latency for p in played if p.utterances) or [float("nan")]
    hits = sum(p.heard == p.recording.text for p in played)
    wrong = sum(p.heard not in ("", p.recording.text) for p in played)
    delays = sorted(p.start_delay for p in played if p.start_delay == p.start_delay) or [float("nan")]
    return Report(
        language, len(played), hits, wrong, statistics.median(latencies), _p95(latencies), _p95(delays), cost, dropped
    )


def _p95(ordered: Sequence[float]) -> float:
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
