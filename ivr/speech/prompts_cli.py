"""`ivr prompts`: render what is missing, check what is there, list it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ivr.errors import IvrError
from ivr.speech.catalog import CATALOG, Entry, write_catalog
from ivr.speech.prompts import recording_files
from ivr.speech.recording import PEAK_LEVEL, SPEECH_LEVEL, TELEPHONE_RATE, level, read_recording
from ivr.speech.rendering import TEXTS, Studio, Wanted, wanted_texts, wanted_values, wanted_words
from ivr.speech.voice import make_voice

_SAVE_EVERY = 10
"""Recordings between two writes of the catalogue: what an interruption may cost."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's own arguments."""
    parser.add_argument("action", choices=["render", "check", "list"], help="render what is missing; check; list")
    parser.add_argument("--directory", type=Path, default=Path("prompts"), help="prompt directory (default: prompts)")
    parser.add_argument("--flow", type=Path, action="append", default=[], help="render the texts written in this flow too")
    parser.add_argument("--language", action="append", default=[], help="only this language (default: zh and en)")
    parser.add_argument("--voice", choices=["kokoro", "espeak"], default="kokoro", help="who speaks (default: kokoro)")
    parser.add_argument("--cache", type=Path, default=Path(".kokoro"), help="where the voice's weights are kept")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; return the exit status: 0, 1 where something is wrong."""
    console = Console(stderr=args.action == "render", highlight=False)
    languages = tuple(args.language) or ("zh", "en")
    try:
        studio = Studio(args.directory, make_voice(args.voice, args.cache))
        wanted = wanted_recordings(args.directory, args.flow, languages)
        match args.action:
            case "render":
                return _render(console, studio, args.directory, wanted)
            case "check":
                return _check(console, studio, args.directory, wanted, languages)
            case _:
                return _list(console, studio)
    except IvrError as error:
        print(f"ivr prompts: {error}", file=sys.stderr)
        return 1


def wanted_recordings(directory: Path, flows: Sequence[Path], languages: Sequence[str]) -> list[Wanted]:
    """Return all that a prompt directory should hold: music, prompts, values, and the texts of `flows`. Raises ConfigError."""
    wanted = [Wanted("music", ""), *wanted_texts(directory / TEXTS), *wanted_values(languages)]
    for flow in flows:
        wanted += wanted_words(flow, languages)
    unique = {(one.language, one.name): one for one in wanted if one.language in ("", *languages)}
    return list(unique.values())


def _render(console: Console, studio: Studio, directory: Path, wanted: list[Wanted]) -> int:
    missing = studio.missing(wanted)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console) as progress:
            for number, one in enumerate(progress.track(missing, description="rendering"), start=1):
                studio.render(one)
                if number % _SAVE_EVERY == 0:
                    write_catalog(directory / CATALOG, studio.entries.values())
    finally:
        write_catalog(directory / CATALOG, studio.entries.values())
    console.print(f"{len(missing)} rendered, {len(wanted) - len(missing)} were there")
    return 0


def _check(console: Console, studio: Studio, directory: Path, wanted: list[Wanted], languages: Sequence[str]) -> int:
    problems = [f"{one.language or '-'}/{one.name}: not rendered, or outdated" for one in studio.missing(wanted)]
    seconds = 0.0
    files = recording_files(directory, languages)
    for (language, name), path in files.items():
        samples = read_recording(path)
        seconds += len(samples) / TELEPHONE_RATE
        problems += [f"{path}: {problem}" for problem in faults(samples, studio.entries.get((language, name)))]
    for problem in problems:
        console.print(problem, markup=False)
    console.print(f"{len(files)} recordings, {seconds:.0f} s, {len(problems)} problems")
    return 1 if problems else 0


def faults(samples: NDArray[np.int16], entry: Entry | None) -> list[str]:
    """Return what is wrong with the sound of a recording (mono int16 at 8 kHz), in words for a person."""
    seconds = len(samples) / TELEPHONE_RATE
    rms, peak = level(samples)
    found: list[str] = []
    if seconds < 0.15:
        return [f"only {seconds:.2f} s long"]
    if peak > PEAK_LEVEL + 2.0:
        found.append(f"its peak is {peak:.1f} dB: it may be clipped")
    if not SPEECH_LEVEL - 6.0 <= rms <= SPEECH_LEVEL + 3.0 and (entry is None or entry.language):
        found.append(f"its level is {rms:.1f} dB, the others have {SPEECH_LEVEL:.0f} dB")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > np.abs(samples.astype(np.int32)).max() / 50)
    if loud[0] > 0.2 * TELEPHONE_RATE:
        found.append(f"{loud[0] / TELEPHONE_RATE:.1f} s of silence before the first sound")
    if len(samples) - loud[-1] > 0.5 * TELEPHONE_RATE:
        found.append(f"{(len(samples) - loud[-1]) / TELEPHONE_RATE:.1f} s of silence after the last sound")
    if entry is not None and entry.text:
        pace = seconds / _syllables(entry.text, entry.language)
        if not 0.08 <= pace <= 0.8:
            found.append(f"{pace:.2f} s a syllable is not how anyone speaks")
    return found


def _syllables(text: str, language: str) -> float:
    """Roughly: a character in Chinese, three letters in English."""
    letters = sum(char.isalnum() for char in text)
    return max(letters if language == "zh" else letters / 3, 1.0)


def _list(console: Console, studio: Studio) -> int:
    table = Table("name", "language", "seconds", "voice", "licence", "text", box=None)
    for entry in studio.entries.values():
        table.add_row(entry.name, entry.language or "-", f"{entry.seconds:.1f}", entry.voice, entry.licence, entry.text)
    console.print(table)
    return 0
