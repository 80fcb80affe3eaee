"""From settings to scorecards and reviews: what is done by rule, and who there is."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ivr.accounts.people import People
from ivr.dialplan.loader import FlowStore
from ivr.errors import StoreUnavailable
from ivr.quality.appeals import Appeals
from ivr.quality.browsing import Browsing
from ivr.quality.calibrations import Calibrations
from ivr.quality.coaching import Coaching
from ivr.quality.folder import Shelf
from ivr.quality.house import QualityHouse
from ivr.quality.judging import Judge
from ivr.quality.looking import Looking
from ivr.quality.model import Card
from ivr.quality.reviews import Reviews
from ivr.quality.sampling import Rules
from ivr.quality.spotting import Ear, ear_of
from ivr.quality.trends import Trends
from ivr.quality.worklist import WorkList
from ivr.scenes.model import Line
from ivr.settings import Settings
from ivr.settings_quality import SamplingOptions
from ivr.stores import Stores
from ivr.web.parts import WebParts
from ivr.wiring_scorecards import card_folders, house_of

log = logging.getLogger(__name__)

NAMES_SECONDS = 10.0
"""For which names of accounts are remembered."""


@dataclass(slots=True)
class Book:
    """The cards in force, and what listens for their phrases and for the lines of the scenes."""

    shelf: Shelf
    lines: Callable[[], Mapping[str, Line]]
    """Of the scenes, as they are now."""
    _made: tuple[Mapping[str, Card], Mapping[str, Line], Ear] | None = None

    @property
    def cards(self) -> Mapping[str, Card]:
        return self.shelf.cards

    def ear(self, cards: Mapping[str, Card]) -> Ear:
        """Listens for these cards. Made anew where they or the lines are others than before: that blocks for some 20 ms."""
        made, lines = self._made, self.lines()
        if made is None or made[0] is not cards or made[1] is not lines:
            made = cards, lines, ear_of(cards.values(), {name: line.said for name, line in lines.items()})
            self._made = made
        return made[2]


@dataclass(slots=True)
class Directory:
    """Accounts of the settings and of the database."""

    listed: Sequence[tuple[str, str, tuple[str, ...]]]
    kept: People | None
    clock: Callable[[], float] = time.monotonic
    _people: Sequence[tuple[str, str, tuple[str, ...]]] = ()
    _read: float = float("-inf")

    async def names(self) -> Mapping[str, str]:
        return {who: name for who, name, _ in await self.people()}

    async def people(self) -> Sequence[tuple[str, str, tuple[str, ...]]]:
        """By name. Where the database is away, those known before."""
        if self.clock() - self._read >= NAMES_SECONDS:
            try:
                more = [] if self.kept is None else [(one.id, one.name or one.id, one.roles) for one in await self.kept.all()]
            except StoreUnavailable as error:
                log.warning("names of accounts are not read now: %s", error)
                return self._people or self.listed
            known = {who for who, _, _ in self.listed}
            whole = [*self.listed, *(one for one in more if one[0] not in known)]
            self._people, self._read = sorted(whole, key=lambda one: one[1].casefold()), self.clock()
        return self._people


@dataclass(frozen=True, slots=True)
class QualityParts:
    """A node's part in quality."""

    book: Book
    house: QualityHouse
    looking: Looking | None

    def web(self, parts: WebParts) -> WebParts:
        play = None if parts.play is None else replace(parts.play, shown=self.house.shown_to)
        return replace(parts, quality=self.house, play=play)

    async def run(self) -> None:
        """Read changed files, review what is due; until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.book.shelf.run())
            if self.looking is not None:
                group.create_task(self.looking.run())


Tell = Callable[[str, str, Mapping[str, Any]], Any]


async def quality_parts(
    settings: Settings,
    stores: Stores,
    flows: FlowStore,
    lines: Callable[[], Mapping[str, Line]],
    people: People | None,
    tell: Tell,
) -> QualityParts:
    """Read the cards and make the parts. Files with an error are not taken, and the log says so."""
    shelf = Shelf(card_folders(settings), lambda: house_of(settings, flows.flows.values(), lines()))
    book = Book(shelf, lines)
    for problem in await asyncio.to_thread(shelf.load):
        (log.error if problem.severity == "error" else log.warning)("scorecards: %s", problem)
    options, engine, token = settings.quality, stores.engine, partial(secrets.token_hex, 8)
    judge, reviews, work = Judge(engine, book), Reviews(engine, time.time, token), WorkList(engine, time.time)

    async def told(agent_id: str, data: Mapping[str, Any]) -> None:
        await tell(agent_id, "quality", data)

    house = QualityHouse(
        shelf=shelf,
        judge=judge,
        reviews=reviews,
        appeals=Appeals(engine, time.time, token),
        work=work,
        calibrations=Calibrations(engine, time.time, token),
        coaching=Coaching(engine, time.time, token),
        trends=Trends(engine),
        browsing=Browsing(engine),
        directory=Directory([(one.id, one.name or one.id, one.roles) for one in settings.agents], people),
        clock=time.time,
        tell=told,
        appeal_days=float(options.appeal_days),
    )
    looking = None
    if options.automatic:
        looking = Looking(stores.redis, engine, judge, reviews, work, rules_of(options.sampling), time.time, stores.acd.prefix)
    return QualityParts(book, house, looking)


def rules_of(options: SamplingOptions) -> Rules | None:
    """None where nothing is put before reviewers."""
    if not options.enabled:
        return None
    return Rules(float(options.low_score), options.moods, options.tags, options.random, options.most)
