"""`ivr check`: every mistake of dialplans, before a caller meets it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import check, flow_files
from ivr.dialplan.problems import Problem, render
from ivr.doubts import keys_in_the_open
from ivr.errors import ConfigError, DialplanError
from ivr.settings import load_settings
from ivr.speech.prompts import languages_in, recording_files
from ivr.wiring_net import check_certificates
from ivr.wiring_trunks import doubts as trunk_doubts


def check_dialplans(paths: Sequence[Path], form: str, prompt_folders: Sequence[Path] | None, config: Path | None = None) -> int:
    """`ivr check`: print every problem; 1 where one of them is an error.

    Queues, skills, trunks and outbound rules are those of the settings file `config`, and not checked without one. Raises
    ConfigError for a settings file that is wrong, DialplanError where there is nothing to check.
    """
    files = flow_files(paths)
    if not files:
        where = ", ".join(str(path) for path in paths)
        raise DialplanError(f"{where}: no flow there (*.yaml); name a file, or the folder it is in")
    folders = list(prompt_folders) if prompt_folders else [path for path in (Path("prompts"),) if path.is_dir()]
    problems = check(files, _around(folders, config))
    wrong = trunk_doubts(load_settings(config)) if config is not None else []
    if form != "text" or problems:
        print(render(problems, form))
    if form == "text":
        for line in keys_in_the_open(load_settings(config)) if config is not None else ():
            print(f"{config}: warning: {line}")
        for severity, line in wrong:
            print(f"{config}: {severity}: {line}")
        print(_sum(len(files), problems))
    severities = [*(problem.severity for problem in problems), *(severity for severity, _ in wrong)]
    return 1 if "error" in severities else 0


def _around(folders: Sequence[Path], config: Path | None) -> Surroundings:
    prompts = _names(folders) if folders else None
    if config is None:
        return Surroundings(prompts)
    settings = load_settings(config)
    check_certificates(settings, config)
    return Surroundings(prompts, frozenset(settings.queues), settings.skills)


def _sum(files: int, problems: Sequence[Problem]) -> str:
    """`1 file, 2 errors`."""
    found = Counter(problem.severity for problem in problems)
    counted = [_count(number, severity) for severity, number in sorted(found.items())]
    return f"{_count(files, 'file')} checked: {', '.join(counted) or 'no problems'}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


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
