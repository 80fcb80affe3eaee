"""The files of scorecards: read, checked, and read again when one of them changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.dialplan import shelf
from ivr.dialplan.problems import Problem
from ivr.dialplan.shelf import read_sheets
from ivr.quality.checking import House, check_pages
from ivr.quality.model import Card
from ivr.quality.reading import merged, read_page

NOTHING_ASKED = House()

Cards = Mapping[str, Card]


def read_cards(folders: Iterable[Path], house: House = NOTHING_ASKED) -> tuple[Cards, list[Problem], str]:
    """The cards, what is wrong with their files, and a version, as `read_sheets`."""
    pages, problems, version = read_sheets(folders, read_page)
    return merged(pages), problems + check_pages(pages, house), version


@dataclass(slots=True)
class Shelf(shelf.Shelf[Cards]):
    """The cards that are in force."""

    WHAT = "scorecards"

    house: Callable[[], House] = House
    cards: Cards = field(default_factory=dict)

    def read(self) -> tuple[Cards, list[Problem], str]:
        return read_cards(self.folders, self.house())

    def take(self, held: Cards) -> None:
        self.cards = held
