"""`ivr prompts`: render what is missing, check what is there, list it, listen to it."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from ivr.dialplan.events import Prompt, Utterance, Value, Words
from ivr.errors import IvrError
from ivr.speech.catalog import CATALOG, write_catalog
from ivr.speech.prompt_faults import Uses, faults, missing_languages, stale, unrecorded, unused
from ivr.speech.prompts import PromptLibrary, recording_files
from ivr.speech.recording import MASTER_RATE, TELEPHONE_RATE, read_recording, write_recording
from ivr.speech.rendering import TEXTS, Studio, Wanted, wanted_texts, wanted_values, wanted_words
from ivr.speech.values import KINDS
from ivr.speech.voice import Voice, make_voice

_SAVE_EVERY = 10
"""Recordings between two writes of the catalogue: what a power cut may cost; Ctrl-C costs nothing."""
INTERRUPTED = 130
FLOWS = Path("dialplans")
PLAYERS = (("ffplay", "-autoexit", "-nodisp", "-loglevel", "error"), ("paplay",), ("aplay", "-q"), ("afplay",))

UsesOf = Callable[[Iterable[Path]], Uses]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the subcommands; `run` takes what it parses."""
    actions = parser.add_subparsers(dest="action", required=True)
    render = actions.add_parser("render", help="render what is missing or outdated; Ctrl-C stops, the same command goes on")
    render.add_argument("--flow", type=Path, action="append", default=[], help="also the texts written in this flow")
    render.add_argument(
        "--rate", type=int, choices=[8000, 16000], default=MASTER_RATE, help="samples a second of what is rendered"
    )
    check = actions.add_parser("check", help="say what is wrong with recordings, and which of them no flow needs")
    check.add_argument(
        "--flow", type=Path, action="append", default=[], help=f"flow or folder that uses the prompts (default: {FLOWS})"
    )
    actions.add_parser("list", help="list the recordings, who speaks, and under which licence")
    preview = actions.add_parser("preview", help="hear a prompt, a value or a text as a caller would")
    preview.add_argument("what", metavar="NAME|KIND:VALUE|TEXT", help="welcome, amount:128.50, or words")
    preview.add_argument("--output", type=Path, help="write it there (default: a temporary file)")
    preview.add_argument("--play", action="store_true", help="play it, where a player is installed")
    for action in actions.choices.values():
        _add_common(action)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--directory", type=Path, default=Path("prompts"), help="prompt directory (default: prompts)")
    parser.add_argument("--language", action="append", default=[], help="only this language (default: zh and en)")
    parser.add_argument("--voice", choices=["kokoro", "espeak"], default="kokoro", help="who speaks (default: kokoro)")
    parser.add_argument("--cache", type=Path, default=Path(".kokoro"), help="where the voice's weights are kept")


def run(args: argparse.Namespace, uses_of: UsesOf | None = None) -> int:
    """Do what was asked; return the exit status: 0, 1 where something is wrong, 130 where it was interrupted."""
    console = Console(stderr=args.action == "render", highlight=False)
    languages = tuple(args.language) or ("zh", "en")
    try:
        voice = make_voice(args.voice, args.cache)
        if args.action == "preview":
            return _preview(console, args, languages[0], voice)
        studio = Studio(args.directory, voice, getattr(args, "rate", MASTER_RATE))
        if args.action == "list":
            return _list(console, studio)
        wanted = wanted_recordings(args.directory, [path for path in args.flow if not path.is_dir()], languages)
        if args.action == "render":
            return _render(console, studio, args.directory, wanted)
        flows = args.flow or ([FLOWS] if FLOWS.is_dir() else [])
        uses = uses_of(flows) if uses_of is not None and flows else None
        return _check(console, studio, args.directory, wanted, languages, uses)
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
    """Whatever ends it, what was rendered is entered, and the same command goes on from there."""
    missing = studio.missing(wanted)
    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    done = 0
    try:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=sum(map(_effort, missing)))
            for one in missing:
                progress.update(task, description=f"{done}/{len(missing)} {one.language or '-'}/{escape(one.name)}")
                studio.render(one)
                done += 1
                progress.update(task, advance=_effort(one), description=f"{done}/{len(missing)}")
                if done % _SAVE_EVERY == 0:
                    write_catalog(directory / CATALOG, studio.entries.values())
    except KeyboardInterrupt:
        console.print(f"stopped: {done} rendered, {len(missing) - done} are still missing; the same command goes on")
        return INTERRUPTED
    finally:
        write_catalog(directory / CATALOG, studio.entries.values())
    console.print(f"{done} rendered, {len(wanted) - done} were there")
    return 0


def _effort(one: Wanted) -> int:
    """About how long it takes: so that the time left is not that of the short ones, which come first."""
    return 10 + len(one.text) * (3 if one.language == "zh" else 1)


def _check(
    console: Console,
    studio: Studio,
    directory: Path,
    wanted: list[Wanted],
    languages: Sequence[str],
    uses: Uses | None,
) -> int:
    problems = [f"{one.language or '-'}/{one.name}: not rendered, or outdated" for one in studio.missing(wanted)]
    seconds = 0.0
    files = recording_files(directory, languages)
    for key, path in files.items():
        samples = read_recording(path)
        seconds += len(samples) / TELEPHONE_RATE
        problems += [f"{path}: {problem}" for problem in faults(samples, studio.entries.get(key))]
    problems += stale(files, studio.entries, wanted)
    problems += missing_languages(files, languages, uses)
    texts = {key: entry.text for key, entry in studio.entries.items()}
    spare = list(unused(files, texts, uses)) if uses is not None else []
    for problem in (*problems, *spare):
        console.print(problem, markup=False, soft_wrap=True)
    left = f", {unrecorded(files, texts, uses, languages)} texts of flows are left to the voice" if uses is not None else ""
    sums = f"{len(files)} recordings, {seconds:.0f} s, {len(problems)} problems, {len(spare)} unused"
    console.print(sums + left, soft_wrap=True)
    return 1 if problems else 0


def _list(console: Console, studio: Studio) -> int:
    table = Table("name", "language", "seconds", "voice", "licence", "text", box=None)
    for entry in studio.entries.values():
        table.add_row(entry.name, entry.language or "-", f"{entry.seconds:.1f}", entry.voice, entry.licence, entry.text)
    console.print(table)
    return 0


def _preview(console: Console, args: argparse.Namespace, language: str, voice: Voice) -> int:
    """Write what a caller would hear, and say which words it is."""
    library = PromptLibrary.load([args.directory], [language], voice)
    said = [utterance_of(args.what, language, library)]
    clips = library.clips(said)
    if not clips:
        print(f"ivr prompts: there is no word in {args.what!r}", file=sys.stderr)
        return 1
    path: Path = args.output or Path(tempfile.gettempdir()) / "hotline-preview.wav"
    samples = np.concatenate([clip.samples for clip in clips])
    write_recording(path, samples, TELEPHONE_RATE)
    console.print(f"{path}: {len(samples) / TELEPHONE_RATE:.1f} s, {library.text(said)}", markup=False, soft_wrap=True)
    if args.play:
        player = next((one for one in PLAYERS if shutil.which(one[0]) is not None), None)
        if player is None:
            print(f"ivr prompts: none of {', '.join(one[0] for one in PLAYERS)} is installed to play it", file=sys.stderr)
            return 1
        return subprocess.run([*player, str(path)], check=False).returncode
    return 0


def utterance_of(what: str, language: str, library: PromptLibrary) -> Utterance:
    """What somebody wants to hear: a prompt that there is, a value by its kind, else a text."""
    if language in library.names().get(what, ()):
        return Prompt(what, language)
    kind, colon, value = what.partition(":")
    if colon and kind in KINDS:
        return Value(kind, value.strip(), language)
    return Words(what, language)
