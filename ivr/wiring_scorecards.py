"""From settings to where scorecards are looked for, and to the names that they may use; for nodes and for `ivr check`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Problem
from ivr.dialplan.shelf import files_in
from ivr.quality.checking import House
from ivr.quality.folder import read_cards
from ivr.scenes.folder import read_book
from ivr.settings import Settings


def card_folders(settings: Settings) -> list[Path]:
    """Where scorecards are looked for."""
    named = settings.quality.scorecards
    return [Path(one) for one in named] if named else [Path(one) / "scorecards" for one in settings.dialplans]


def house_of(settings: Settings | None, flows: Iterable[Flow], lines: Iterable[str]) -> House:
    """The names that scorecards may use. Without settings no queue is known, and flows may be others than those named."""
    if settings is None:
        return House(lines=frozenset(lines))
    listed = list(flows)
    intents = frozenset(name for flow in listed for name in flow.intents)
    return House(frozenset(settings.queues), frozenset(flow.name for flow in listed), intents, frozenset(lines))


def checked_cards(
    settings: Settings | None, folders: Sequence[Path], scenes: Sequence[Path], flows: Iterable[Flow]
) -> tuple[int, list[Problem]]:
    """How many files of scorecards there are, and what is wrong with them; `scenes` are the folders that have the lines."""
    files = files_in(folders)
    if not files:
        return 0, []
    lines = read_book(scenes)[0].lines
    return len(files), read_cards(folders, house_of(settings, flows, lines))[1]
