"""From settings to where scenes are looked for, and to the names that they may use; for nodes and for `ivr check`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Problem
from ivr.dialplan.shelf import files_in
from ivr.forms.desk import InvalidForm
from ivr.scenes.checking import House
from ivr.scenes.folder import read_book
from ivr.settings import Settings

_CARDS = re.compile(r"^cards:", re.M)


def scene_folders(settings: Settings) -> list[Path]:
    """Where scenes are looked for."""
    named = settings.workbench.scenes
    return [Path(one) for one in named] if named else [Path(one) / "scenes" for one in settings.dialplans]


def house_of(settings: Settings, flows: Iterable[Flow]) -> House:
    """The names that scenes may use."""
    intents = frozenset(name for flow in flows for name in flow.intents)
    options = settings.workbench
    return House(frozenset(settings.queues), intents, frozenset(options.hooks), frozenset(options.frames))


def checked_scenes(settings: Settings | None, folders: Sequence[Path], flows: Iterable[Flow]) -> tuple[int, list[Problem]]:
    """How many files of scenes there are, and what is wrong with them.

    Without settings no queue, hook or frame is known, and flows may be others than those that were named: no wish either.
    """
    house = House() if settings is None else house_of(settings, flows)
    files = files_in(folders)
    return len(files), read_book(folders, house)[1] if files else []


def cards_file(folders: Sequence[Path]) -> Path | None:
    """The file whose cards are edited as a form: the first that has any, else a new one; None where there is no folder."""
    for path in files_in(folders):
        try:
            if _CARDS.search(path.read_text("utf-8")):
                return path
        except (OSError, UnicodeDecodeError):
            continue
    return next((folder / "cards.yaml" for folder in folders if folder.is_dir()), None)


def check_cards(folders: Sequence[Path], file: Path, trial: Path, house: House) -> None:
    """Raises InvalidForm where the scenes would not be taken with the text of `trial` in the place of `file`'s."""
    problems = [one for one in read_book(folders, house, {file: trial})[1] if one.severity == "error"]
    if problems:
        text = trial.read_text("utf-8")
        told = [{**problem_dict(one), "path": _path_at(text, one.line) if one.file == str(file) else []} for one in problems]
        raise InvalidForm("the cards cannot be taken so", told)


def problem_dict(one: Problem) -> dict[str, Any]:
    """As forms show it."""
    place = {"file": one.file, "line": one.line, "column": one.column}
    return {**place, "severity": one.severity, "code": one.code, "message": one.message, "cure": one.cure}


def _path_at(text: str, line: int) -> list[str]:
    """Keys below `cards` that lead to a line; none where it is somewhere else."""
    found: list[str] = []
    node = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    while isinstance(node, yaml.MappingNode):
        held = next((pair for pair in node.value if pair[0].start_mark.line < line <= pair[1].end_mark.line + 1), None)
        later = [pair for pair in node.value if pair[0].start_mark.line < line]
        if held is None or not later:
            break
        key, node = later[-1]
        found.append(str(key.value))
    return found[1:] if found[:1] == ["cards"] else []
