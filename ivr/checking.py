"""`ivr check`: every mistake of dialplans, before a caller meets it."""

from __future__ import annotations

import contextlib
import os
import sys
import wave
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from ivr.dialplan.environment import NOTHING, Environment
from ivr.dialplan.environment_file import read_environment
from ivr.dialplan.linking import calls
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.lint_words import LONGEST
from ivr.dialplan.loader import flow_files, read_flows
from ivr.dialplan.model import Flow, Return
from ivr.dialplan.problems import Findings, Place, Problem
from ivr.dialplan.reporting import report
from ivr.dialplan.triggers_file import read_triggers
from ivr.doubts import data_in_the_open, keys_in_the_open, missing_listeners
from ivr.errors import ConfigError, DialplanError
from ivr.settings import Settings, load_settings
from ivr.speech.prompts import languages_in, recording_files
from ivr.unheard import with_models
from ivr.wiring_flows import surroundings, today
from ivr.wiring_net import check_certificates
from ivr.wiring_recording import recording_settings
from ivr.wiring_scenes import checked_scenes
from ivr.wiring_scorecards import checked_cards
from ivr.wiring_sources import check_questions, sources_of
from ivr.wiring_speech import speech_settings
from ivr.wiring_trunks import doubts as trunk_doubts


def check_dialplans(
    paths: Sequence[Path],
    form: str,
    prompt_folders: Sequence[Path] | None,
    config: Path | None = None,
    *,
    strict: bool = False,
    longest: float = LONGEST,
) -> int:
    """`ivr check`: print every problem; 1 where one of them is an error, with `strict` also where one is a warning.

    Queues, skills, sources, environment, trunks and outbound rules are those of the settings file `config`, and not checked
    without one; so are the flows and prompts where none are named, and else those of this folder. `longest` is in seconds.
    Raises ConfigError for a settings file that is wrong, DialplanError where there is nothing to check.
    """
    settings = load_settings(config) if config is not None else None
    if settings is not None and config is not None:
        paths = paths or [_beside(config, one) for one in settings.dialplans]
        prompt_folders = prompt_folders or [folder for one in settings.prompts if (folder := _beside(config, one)).is_dir()]
    paths = [_with_its_flows(path) for path in paths] or [Path("dialplans")]
    files = flow_files(paths)
    if not files:
        where = ", ".join(str(path) for path in paths)
        raise DialplanError(f"{where}: no flow there (*.yaml); name a file, or the folder it is in")
    folders = list(prompt_folders or [path for path in (Path("prompts"),) if path.is_dir()])
    wrong = _wrong(settings, config) if settings is not None and config is not None else []
    environment, problems = _environment(settings, config)
    shared, mistakes = _shared(settings, config)
    problems += mistakes
    flows, found = read_flows(files, replace(_around(folders, settings, environment), longest=longest, triggers=shared))
    problems += [*found, *_uncalled(flows, settings), *_unheard(flows, settings, config)]
    beside, told = _scenes(paths, flows, settings, config)
    judged, wanting = _cards(paths, flows, settings, config)
    beside, problems = beside + judged, [*problems, *told, *wanting]
    _print([*problems], wrong, form, _sum(len(files) + beside, [*problems, *wrong]))
    failing = ("error", "warning") if strict else ("error",)
    return 1 if any(problem.severity in failing for problem in (*problems, *wrong)) else 0


def _with_its_flows(path: Path) -> Path:
    """The folder of flows for scenes or scorecards that stand in it: what they may name is there."""
    folder = path if path.is_dir() else path.parent
    return Path(os.path.normpath(folder / "..")) if folder.resolve().name in ("scenes", "scorecards") else path


def _print(problems: Sequence[Problem], wrong: Sequence[Problem], form: str, counted: str) -> None:
    if form != "text":
        if text := report([*problems, *wrong], form, version=version("hotline")):
            print(text)
        return
    if problems:
        print(report(problems, "text", colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ))
    for problem in wrong:
        print(f"{problem.file}: {problem.severity}: {problem.message}")
    print(counted)


def _environment(settings: Settings | None, config: Path | None) -> tuple[Environment | None, list[Problem]]:
    """The environment, None where it is not known or wrong, and what is wrong with it."""
    if settings is None or config is None:
        return None, []
    if not settings.environment:
        return NOTHING, []
    return read_environment(_beside(config, settings.environment), today())


def _shared(settings: Settings | None, config: Path | None) -> tuple[frozenset[str], list[Problem]]:
    """The names of the triggers that all flows share, and what is wrong with their file."""
    if settings is None or config is None or not settings.understanding.triggers:
        return frozenset(), []
    found, problems = read_triggers(_beside(config, settings.understanding.triggers))
    return frozenset(found), problems


def _unheard(flows: Sequence[Flow], settings: Settings | None, config: Path | None) -> list[Problem]:
    """Phrases that the installed models cannot hear."""
    if settings is None or config is None or not settings.speech.enabled:
        return []
    languages = sorted({language for flow in flows for language in flow.languages})
    return with_models(flows, speech_settings(settings, languages, Path(_beside(config, settings.data))))


def _uncalled(flows: Sequence[Flow], settings: Settings | None) -> list[Problem]:
    """Sub-flows that nothing leads to."""
    if settings is None:
        return []
    used = {route.flow for route in settings.routes}.union(*(calls(flow) for flow in flows))
    found = []
    for flow in flows:
        returns = any(isinstance(state.leave, Return) for state in flow.states.values())
        if returns and flow.name not in used:
            findings = Findings(flow.file)
            message = f"the sub-flow `{flow.name}` is called by no flow and reached by no route"
            findings.warn(Place(), "unused-flow", message, f"`call: {flow.name}`, a route, or remove the file")
            found += findings.problems
    return found


def _scenes(
    paths: Sequence[Path], flows: Sequence[Flow], settings: Settings | None, config: Path | None
) -> tuple[int, list[Problem]]:
    """How many files of scenes stand beside the flows, and what is wrong with them."""
    named = settings.workbench.scenes if settings is not None else ()
    if settings is None or config is None or not named:
        return checked_scenes(settings, [path / "scenes" for path in paths if path.is_dir()], flows)
    return checked_scenes(settings, [_beside(config, one) for one in named], flows)


def _cards(
    paths: Sequence[Path], flows: Sequence[Flow], settings: Settings | None, config: Path | None
) -> tuple[int, list[Problem]]:
    """How many files of scorecards stand beside the flows, and what is wrong with them."""
    folders = [path for path in paths if path.is_dir()]
    cards, scenes = [one / "scorecards" for one in folders], [one / "scenes" for one in folders]
    if settings is not None and config is not None:
        cards = [_beside(config, one) for one in settings.quality.scorecards] or cards
        scenes = [_beside(config, one) for one in settings.workbench.scenes] or scenes
    return checked_cards(settings, cards, scenes, flows)


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
    doubts = (*missing_listeners(settings), *keys_in_the_open(settings), *data_in_the_open(settings))
    lines = [*(("warning", line) for line in doubts), *found]
    return [Problem(str(config), 1, 1, "error" if kind == "error" else "warning", "settings", line) for kind, line in lines]


def _around(folders: Sequence[Path], settings: Settings | None, environment: Environment | None) -> Surroundings:
    prompts = _names(folders) if folders else None
    if settings is None:
        return Surroundings(prompts, seconds=_seconds(folders))
    return replace(surroundings(settings, prompts, environment), seconds=_seconds(folders))


def _seconds(folders: Sequence[Path]) -> dict[tuple[str, str], float]:
    """How long every recording is, by the heads of the files; what is no WAV counts for nothing."""
    found: dict[tuple[str, str], float] = {}
    languages = languages_in(folders)
    for folder in folders:
        for (language, name), path in recording_files(folder, languages).items():
            with contextlib.suppress(wave.Error, EOFError, OSError), wave.open(str(path), "rb") as file:
                found[name, language] = file.getnframes() / (file.getframerate() or 1)
    return found


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
