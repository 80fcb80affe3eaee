"""`ivr check`: every mistake of dialplans, before a caller meets it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import check, flow_files
from ivr.dialplan.problems import Problem, render
from ivr.doubts import keys_in_the_open, missing_listeners
from ivr.errors import ConfigError, DialplanError
from ivr.settings import Settings, load_settings
from ivr.speech.prompts import languages_in, recording_files
from ivr.wiring_calls import recording_settings
from ivr.wiring_net import check_certificates
from ivr.wiring_sources import check_questions, operations_of, profile_sources_of, sources_of
from ivr.wiring_trunks import doubts as trunk_doubts


def check_dialplans(paths: Sequence[Path], form: str, prompt_folders: Sequence[Path] | None, config: Path | None = None) -> int:
    """`ivr check`: print every problem; 1 where one of them is an error.

    Queues, skills, trunks and outbound rules are those of the settings file `config`, and not checked without one; so are
    the flows and prompts where none are named, and else those of this folder. Raises ConfigError for a settings file that
    is wrong, DialplanError where there is nothing to check.
    """
    settings = load_settings(config) if config is not None else None
    if settings is not None and config is not None:
        paths = paths or [_beside(config, one) for one in settings.dialplans]
        prompt_folders = prompt_folders or [folder for one in settings.prompts if (folder := _beside(config, one)).is_dir()]
    paths = paths or [Path("dialplans")]
    files = flow_files(paths)
    if not files:
        where = ", ".join(str(path) for path in paths)
        raise DialplanError(f"{where}: no flow there (*.yaml); name a file, or the folder it is in")
    folders = list(prompt_folders or [path for path in (Path("prompts"),) if path.is_dir()])
    wrong = _wrong(settings, config) if settings is not None and config is not None else []
    problems = check(files, _around(folders, settings))
    if form != "text":
        print(render([*problems, *wrong], form))
    else:
        if problems:
            print(render(problems))
        for problem in wrong:
            print(f"{problem.file}: {problem.severity}: {problem.message}")
        print(_sum(len(files), [*problems, *wrong]))
    return 1 if any(problem.severity == "error" for problem in (*problems, *wrong)) else 0


def _beside(config: Path, path: str) -> Path:
    """A path of the settings, as one from here."""
    return Path(os.path.normpath(config.parent / path))


def _wrong(settings: Settings, config: Path) -> list[Problem]:
    """What is allowed in the settings and hardly meant. Raises ConfigError for what is wrong in them."""
    check_certificates(settings, config)
    try:
        recording_settings(settings.recording)
        check_questions(*sources_of(settings))
        found = trunk_doubts(settings)
    except ConfigError as error:
        raise ConfigError(f"{config}: {error}") from error
    lines = [*(("warning", line) for line in (*missing_listeners(settings), *keys_in_the_open(settings))), *found]
    return [Problem(str(config), 1, 1, "error" if kind == "error" else "warning", "settings", line) for kind, line in lines]


def _around(folders: Sequence[Path], settings: Settings | None) -> Surroundings:
    prompts = _names(folders) if folders else None
    if settings is None:
        return Surroundings(prompts)
    return Surroundings(
        prompts,
        frozenset(settings.queues),
        settings.skills,
        operations_of(settings),
        profile_sources=profile_sources_of(settings),
    )


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
