"""The files of scenes: read, checked, and read again when one of them changes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watchfiles import Change, awatch

from ivr.dialplan.loader import read_text
from ivr.dialplan.problems import Findings, Problem
from ivr.scenes.checking import House, check_pages
from ivr.scenes.model import Book
from ivr.scenes.reading import Page, book_of, read_page

log = logging.getLogger(__name__)

NOTHING_ASKED = House()


def scene_files(folders: Iterable[Path]) -> list[Path]:
    """Every `*.yaml` of the folders that are there, in the order of their names."""
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.yaml"))]


def read_book(folders: Iterable[Path], house: House = NOTHING_ASKED) -> tuple[Book, list[Problem], str]:
    """The book, what is wrong with its files, and a version that changes with what they say. Never raises."""
    pages: list[Page] = []
    problems: list[Problem] = []
    version = hashlib.sha256()
    for path in scene_files(folders):
        text, unreadable = read_text(path)
        version.update(f"{path.name}\0{text}\0".encode())
        problems += unreadable
        if not unreadable:
            findings = Findings(str(path))
            pages.append(read_page(text, str(path), findings))
            problems += findings.problems
    problems += check_pages(pages, house)
    return book_of(pages), problems, version.hexdigest()[:16]


def _nothing_to_do(book: Book) -> None:
    """Stands where nothing is made of a book."""


@dataclass(slots=True)
class Shelf:
    """The book that is in force. A change with an error is not taken: the one before stays."""

    folders: Sequence[Path]
    house: Callable[[], House] = House
    book: Book = field(default_factory=Book)
    version: str = ""
    taken: Callable[[Book], None] = _nothing_to_do
    """Makes ready what a book needs, in the thread that reads it."""
    changed: list[Callable[[], None]] = field(default_factory=list)
    """Told after a change."""

    def load(self) -> list[Problem]:
        """Take the files as they are now where none has an error; returns what is wrong with them. Blocking."""
        book, problems, version = read_book(self.folders, self.house())
        if any(problem.severity == "error" for problem in problems) or version == self.version:
            return problems
        self.taken(book)
        self.book, self.version = book, version
        return problems

    async def run(self) -> None:
        """Read again when a file changes, until cancelled."""
        there = [folder for folder in self.folders if folder.is_dir()]
        if not there:
            return
        async for _ in awatch(*there, watch_filter=_is_scene, debounce=300, step=100):
            before = self.version
            problems = await asyncio.to_thread(self.load)
            for problem in problems:
                if problem.severity == "error":
                    log.error("scenes have a problem, the old ones stay: %s", problem)
            if self.version != before:
                log.info("scenes are read again: version %s", self.version)
                for tell in self.changed:
                    tell()


def _is_scene(change: Change, path: str) -> bool:
    return path.endswith(".yaml") and not Path(path).name.startswith(".")
