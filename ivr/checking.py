"""`ivr check`: every mistake of dialplans, before a caller meets it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import check
from ivr.dialplan.problems import render
from ivr.errors import ConfigError
from ivr.speech.prompts import languages_in, recording_files


def check_dialplans(paths: Sequence[Path], form: str, prompt_folders: Sequence[Path] | None) -> int:
    """`ivr check`: print every problem; 1 where one of them is an error."""
    folders = list(prompt_folders) if prompt_folders else [path for path in (Path("prompts"),) if path.is_dir()]
    problems = check(paths, Surroundings(prompts=_names(folders) if folders else None))
    print(render(problems, form))
    return 1 if any(problem.severity == "error" for problem in problems) else 0


def _names(folders: Sequence[Path]) -> dict[str, set[str]]:
    """Prompt name to its languages, by the files alone: nothing is decoded. One without a language speaks them all."""
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"--prompts: {folder}: no such folder")
    languages = languages_in(folders)
    names: dict[str, set[str]] = {}
    for folder in folders:
        for language, name in recording_files(folder, languages):
            names.setdefault(name, set()).update([language] if language else languages)
    return names
