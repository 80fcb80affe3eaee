"""The files of scenes: read, checked, and read again when one of them changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.dialplan import shelf
from ivr.dialplan.problems import Problem
from ivr.dialplan.shelf import NOTHING_ELSE, read_sheets
from ivr.scenes.checking import House, check_pages
from ivr.scenes.model import Book
from ivr.scenes.reading import book_of, read_page

NOTHING_ASKED = House()


def read_book(
    folders: Iterable[Path], house: House = NOTHING_ASKED, instead: Mapping[Path, Path] = NOTHING_ELSE
) -> tuple[Book, list[Problem], str]:
    """The book, what is wrong with its files, and a version, as `read_sheets`."""
    pages, problems, version = read_sheets(folders, read_page, instead)
    return book_of(pages), problems + check_pages(pages, house), version


def _nothing_to_do(book: Book) -> None:
    """Stands where nothing is made of a book."""


@dataclass(slots=True)
class Shelf(shelf.Shelf[Book]):
    """The book that is in force."""

    WHAT = "scenes"

    house: Callable[[], House] = House
    book: Book = field(default_factory=Book)
    taken: Callable[[Book], None] = _nothing_to_do
    """Makes ready what a book needs, in the thread that reads it."""

    def read(self) -> tuple[Book, list[Problem], str]:
        return read_book(self.folders, self.house())

    def take(self, held: Book) -> None:
        self.taken(held)
        self.book = held
