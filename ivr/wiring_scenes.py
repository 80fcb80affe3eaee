"""From settings to where scenes are looked for, and to the names that they may use; for nodes and for `ivr check`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Problem
from ivr.scenes.checking import House
from ivr.scenes.folder import read_book, scene_files
from ivr.settings import Settings


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
    files = scene_files(folders)
    return len(files), read_book(folders, house)[1] if files else []
