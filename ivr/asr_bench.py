"""`ivr bench asr`: what recognition hears on this machine, how soon, at what cost.

    ivr bench asr --audio DIR [--channel telephone] [--feed bandfill] [--json]

DIR has an `index.json`: a list of {file, language, text}, and voice where it is known. Each recording (any format) is heard
twice: as one of all texts of its language, and freely. With `--live` they are played in real time into turns, as calls are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from ivr.asr_channel import CHANNELS, TELEPHONE, Samples
from ivr.asr_wanted import Wanted, wanted_of
from ivr.errors import SpeechUnavailable
from ivr.speech import bench as live
from ivr.speech.bench_engines import Candidate, candidates, missing, whispers
from ivr.speech.recording import read_recording
from ivr.speech.remote_model import answer_of
from ivr.speech.scoring import Errors, errors, percentile, rate, unit
from ivr.speech.wav import Recording, read_index

BITE = 800
PADDING = np.zeros(2400, np.int16)
"""Silence on both sides, as the pre-roll and the patience of a turn give."""


@dataclass(frozen=True, slots=True)
class Row:
    """One engine, feed and channel in one language."""

    language: str
    engine: str
    model: str
    feed: str
    channel: str
    files: int
    seconds: float
    """Of audio."""
    right: int
    """Heard as their text, of all texts of the language."""
    wrong: int
    """Heard as another one."""
    accuracy: float
    error_rate: float | None
    """Of free hearing; None where that was not asked for."""
    error_unit: str
    cpu_per_audio_second: float
    """With the list."""
    cpu_per_audio_second_free: float | None
    latency_p50: float
    """Seconds of work after the last sample, with the list."""
    latency_p95: float


@dataclass(slots=True)
class Miss:
    file: str
    said: str
    heard: str
    confidence: float


def run(args: argparse.Namespace) -> int:
    """Measure and print; exit code 1 where nothing could be measured. Raises ConfigError."""
    recordings = [r for r in read_index(args.audio) if r.voice in (args.voice or [r.voice])]
    recordings = [r for r in recordings if r.language in (args.language or [r.language])]
    languages = list(dict.fromkeys(recording.language for recording in recordings))
    chosen = {language: [r for r in recordings if r.language == language][: args.limit or None] for language in languages}
    wanted = wanted_of(args, languages)
    if args.live:
        return _live([one for each in chosen.values() for one in each], wanted, args)
    rows: list[Row] = []
    misses: list[Miss] = []
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        for row, missed in measure(chosen, wanted, channels_of(args.channel), args.free, bar):
            rows.append(row)
            misses += missed
    lacking = {**wanted.missing, **missing(wanted.settings)}
    if args.json:
        told = {"machine": machine(), "audio": str(args.audio), "rows": [asdict(row) for row in rows], "missing": lacking}
        print(json.dumps(told | ({"misses": [asdict(one) for one in misses]} if args.misses else {}), ensure_ascii=False))
    else:
        _show(rows, misses if args.misses else [])
    for language, cure in lacking.items():
        sys.stderr.write(f"{language}: {cure}\n")
    return 0 if rows else 1


def _live(recordings: Sequence[Recording], wanted: Wanted, args: argparse.Namespace) -> int:
    """Measure turns; nothing is changed about the voices."""
    settings = replace(wanted.settings, feed=wanted.feeds[0], feed_by_language={}) if args.feed else wanted.settings
    try:
        reports, played = asyncio.run(live.measure(settings, recordings, args.at_once))
    except SpeechUnavailable as error:
        reports, played = [], []
        sys.stderr.write(f"{error}\n")
    if args.json:
        print(json.dumps({"machine": machine(), "audio": str(args.audio), "rows": [asdict(one) for one in reports]}))
    elif reports:
        Console().print(_live_table(reports))
    for one in played if args.misses else ():
        if one.heard != one.recording.text:
            sys.stderr.write(f"{one.recording.path.name}: {one.recording.text} heard as {one.heard!r} in {one.utterances}\n")
    for language, cure in wanted.missing.items():
        sys.stderr.write(f"{language}: {cure}\n")
    return 0 if reports else 1


def _live_table(reports: Sequence[live.Report]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for name in ("", "right", "wrong", "p50", "p95", "start p95", "CPU-s/s", "dropped"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in reports:
        waits = (f"{seconds * 1000:.0f} ms" for seconds in (one.latency_p50, one.latency_p95, one.start_delay_p95))
        right, cost = f"{one.hits}/{one.recordings}", f"{one.cpu_per_audio_second:.4f}"
        table.add_row(one.language, right, str(one.wrong), *waits, cost, str(one.dropped))
    return table


def channels_of(asked: Sequence[str]) -> list[str]:
    """`clean` alone where nothing is asked for; `telephone` stands for all it can do to a voice."""
    if not asked:
        return ["clean"]
    each = [name for one in asked for name in (("clean", *TELEPHONE) if one == "telephone" else (one,))]
    return list(dict.fromkeys(each))


def measure(
    chosen: Mapping[str, Sequence[Recording]], wanted: Wanted, channels: Sequence[str], free: bool, bar: Progress
) -> Iterator[tuple[Row, list[Miss]]]:
    """A row for every engine, feed and channel."""
    audio: dict[str, list[Samples]] = {}
    every = [*candidates(wanted.settings, wanted.feeds), *whispers(wanted.whisper, wanted.whispered, wanted.settings.directory)]
    task = bar.add_task("hearing", total=sum(len(chosen.get(one.language, ())) for one in every) * len(channels) * (1 + free))
    for one in every:
        recordings = chosen.get(one.language, ())
        for channel in channels if recordings else ():
            bar.update(task, description=f"{one.language} {one.engine.name} {one.feed.value if one.feed else ''} {channel}")
            if one.language not in audio:
                audio[one.language] = [read_recording(recording.path) for recording in recordings]
            through = [CHANNELS[channel](samples, seed) for seed, samples in enumerate(audio[one.language])]
            yield _row(one, channel, recordings, through, free, lambda: bar.advance(task))


def _row(
    one: Candidate,
    channel: str,
    recordings: Sequence[Recording],
    audio: Sequence[Samples],
    free: bool,
    step: Callable[[], None],
) -> tuple[Row, list[Miss]]:
    texts = tuple(dict.fromkeys(recording.text for recording in recordings))
    listed = _hear_all(one, texts, audio, step)
    freely = _hear_all(one, (), audio, step) if free else None
    seconds = sum(len(samples) for samples in audio) / 8000
    pairs = list(zip(recordings, listed.heard, strict=True))
    misses = [Miss(r.path.name, r.text, text, sure) for r, (text, sure) in pairs if text != r.text]
    right, wrong = len(pairs) - len(misses), sum(one.heard in texts for one in misses)
    counted: list[Errors] = []
    for recording, (text, _) in zip(recordings, freely.heard if freely else (), strict=False):
        counted.append(errors(recording.text, text, one.language))
    row = Row(
        one.language,
        one.engine.name,
        one.model,
        one.feed.value if one.feed else "",
        channel,
        len(recordings),
        round(seconds, 1),
        right,
        wrong,
        round(right / len(recordings), 4),
        round(rate(counted), 4) if counted else None,
        unit(one.language),
        round(listed.cpu / seconds, 4),
        round(freely.cpu / seconds, 4) if freely else None,
        round(percentile(listed.latencies, 0.5), 4),
        round(percentile(listed.latencies, 0.95), 4),
    )
    return row, misses


@dataclass(frozen=True, slots=True)
class Hearing:
    heard: list[tuple[str, float]]
    latencies: list[float]
    cpu: float
    """Seconds."""


def _hear_all(one: Candidate, phrases: Sequence[str], audio: Sequence[Samples], step: Callable[[], None]) -> Hearing:
    heard: list[tuple[str, float]] = []
    latencies: list[float] = []
    begun = time.process_time()
    for samples in audio:
        text, sure, waited = _hear(one, phrases, np.concatenate((PADDING, samples, PADDING)))
        heard.append((text, round(sure, 4)))
        latencies.append(waited)
        step()
    return Hearing(heard, latencies, time.process_time() - begun)


def _hear(one: Candidate, phrases: Sequence[str], samples: Samples) -> tuple[str, float, float]:
    """Text, confidence, and seconds from the last samples to them; no text where the engine can hear none of the phrases."""
    try:
        stream = one.engine.create_stream(one.language, 8000, phrases)
        last = (len(samples) - 1) // BITE * BITE
        for begin in range(0, last, BITE):
            stream.accept(samples[begin : begin + BITE])
        ended = time.perf_counter()
        stream.accept(samples[last:])
        said = answer_of(stream.final())
    except SpeechUnavailable:
        return "", 0.0, 0.0
    return said.text, said.confidence, time.perf_counter() - ended


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    model = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    return {"cores": os.cpu_count(), "cpu": model, "load": [round(one, 2) for one in os.getloadavg()]}


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8").splitlines()
    except OSError:
        return []


def _show(rows: Sequence[Row], misses: Sequence[Miss]) -> None:
    """Costs and errors are with the list first, then freely."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("", "engine", "feed", "channel"):
        table.add_column(name, no_wrap=True)
    for name in ("right", "wrong", "free", "CPU-s/s", "p50/p95 ms"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        free = "" if row.error_rate is None else f"{row.error_unit} {row.error_rate:.1%}"
        dear = "" if row.cpu_per_audio_second_free is None else f" {row.cpu_per_audio_second_free:.3f}"
        waits = f"{row.latency_p50 * 1000:.0f}/{row.latency_p95 * 1000:.0f}"
        counts, cost = (f"{row.right}/{row.files}", str(row.wrong)), f"{row.cpu_per_audio_second:.3f}"
        table.add_row(row.language, row.engine, row.feed, row.channel, *counts, free, cost + dear, waits)
    console = Console()
    if rows:
        console.print(table)
    for one in misses:
        console.print(f"{one.file}: {one.said} heard as {one.heard!r} ({one.confidence:.2f})", markup=False, soft_wrap=True)
