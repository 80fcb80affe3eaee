"""Files beside the flows, such as scenes and scorecards: read, and read again when one of them changes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from watchfiles import Change

from ivr.dialplan.loader import read_text
from ivr.dialplan.problems import Findings, Problem
from ivr.dialplan.sheets import Read
from ivr.dialplan.watch import follow

log = logging.getLogger(__name__)

NOTHING_ELSE: Mapping[Path, Path] = {}

Held = TypeVar("Held")


def files_in(folders: Iterable[Path]) -> list[Path]:
    """Every `*.yaml` of the folders that are there, in the order of their names."""
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.yaml"))]


def read_sheets(
    folders: Iterable[Path], read: Callable[[str, str, Findings], Read], instead: Mapping[Path, Path] = NOTHING_ELSE
) -> tuple[list[Read], list[Problem], str]:
    """What `read` makes of each file, what is wrong with them, and a version that changes with what they say. Never raises.

    `instead` has a file whose text is to be taken in the place of another's, to see what would be.
    """
    sheets: list[Read] = []
    problems: list[Problem] = []
    version = hashlib.sha256()
    for path in dict.fromkeys([*files_in(folders), *instead]):
        text, unreadable = read_text(instead.get(path, path))
        version.update(f"{path.name}\0{text}\0".encode())
        problems += unreadable
        if not unreadable:
            findings = Findings(str(path))
            sheets.append(read(text, str(path), findings))
            problems += findings.problems
    return sheets, problems, version.hexdigest()[:16]


@dataclass(slots=True)
class Shelf(ABC, Generic[Held]):
    """What is in force. A change with an error is not taken: what was there before stays."""

    WHAT: ClassVar[str]
    """As the log calls it."""

    folders: Sequence[Path]
    _: KW_ONLY
    version: str = ""
    wrong: int = 0
    """Errors in the files as they are now: what is in force is older."""
    changed: list[Callable[[], None]] = field(default_factory=list)
    """Told after a change."""

    @abstractmethod
    def read(self) -> tuple[Held, list[Problem], str]:
        """What the files say now, what is wrong with them, and their version. Blocking."""

    @abstractmethod
    def take(self, held: Held) -> None:
        """Put it in force. Blocking."""

    def load(self) -> list[Problem]:
        """Take the files as they are now where none has an error; returns what is wrong with them. Blocking."""
        held, problems, version = self.read()
        self.wrong = sum(problem.severity == "error" for problem in problems)
        if not self.wrong and version != self.version:
            self.take(held)
            self.version = version
        return problems

    async def run(self) -> None:
        """Read again when a file changes, until cancelled."""
        there = [folder for folder in self.folders if folder.is_dir()]
        if there:
            await follow(there, self._again, _is_sheet, self.WHAT)

    async def _again(self) -> None:
        before = self.version
        for problem in await asyncio.to_thread(self.load):
            if problem.severity == "error":
                log.error("%s have a problem, the old ones stay: %s", self.WHAT, problem)
        if self.version != before:
            log.info("%s are read again: version %s", self.WHAT, self.version)
            for tell in self.changed:
                tell()


def _is_sheet(change: Change, path: str) -> bool:
    return path.endswith(".yaml") and not Path(path).name.startswith(".")
