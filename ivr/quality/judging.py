"""A contact judged by the rules of its card: what the record says is read, the rest is done in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.quality.facts import MOST_TURNS, facts_of
from ivr.quality.model import Card, fitting
from ivr.quality.rules import answers
from ivr.quality.scoring import Score, score
from ivr.quality.spotting import Ear
from ivr.quality.sql import Row, rows
from ivr.records.schema import contacts, desk_marks, surveys, turns


class Cards(Protocol):
    """What is in force."""

    @property
    def cards(self) -> Mapping[str, Card]: ...

    def ear(self, cards: Mapping[str, Card]) -> Ear:
        """What listens for these cards. Blocking."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules found."""

    card: Card
    answers: Mapping[str, Any]
    score: Score
    about: Row = field(default_factory=dict)
    """`contact_id agent_id queue mood ended_at`: what reviews keep of the contact."""


def judge(card: Card, row: Row, said: Sequence[Row], ticked: Sequence[str], csat: float | None, ear: Ear) -> Judged:
    """Some milliseconds of work for a long talk."""
    facts = facts_of(row, said, ticked, csat)
    given = answers(card, facts, ear.hits(facts.said, str(row.get("language") or "")))
    return Judged(card, given, score(card, given), about(row))


def about(row: Row) -> Row:
    """What reviews keep of a contact."""
    handover = row.get("handover")
    mood = handover.get("mood") if isinstance(handover, Mapping) else None
    return {
        "contact_id": row["id"],
        "agent_id": row["agent_id"] or "",
        "queue": row["queue"] or "",
        "mood": str(mood or ""),
        "ended_at": float(row["ended_at"]),
    }


class Judge:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, cards: Cards) -> None:
        self._engine, self._cards = engine, cards

    async def contact(self, contact_id: str) -> Row:
        """One that is over and had an agent. Raises NotFound, and Conflict for another."""
        found = await rows(self._engine, select(contacts).where(contacts.c.id == contact_id))
        if not found:
            raise NotFound(f"there is no contact {contact_id[:64]} that is over")
        if not found[0]["agent_id"] or found[0]["ended_at"] is None:
            raise Conflict("no agent had this contact: there is nobody to review")
        return found[0]

    async def of(self, row: Row, name: str = "") -> Judged | None:
        """Judge by the card of this name, or by the one that fits best; None where none does. Raises NotFound."""
        cards = self._cards.cards
        card = cards.get(name) if name else fitting(cards, row)
        if card is None:
            if name:
                raise NotFound(f"there is no scorecard {name[:48]}")
            return None
        mine = turns.c.contact_id == row["id"]
        said = await rows(self._engine, select(turns).where(mine).order_by(turns.c.index).limit(MOST_TURNS))
        lines = (desk_marks.c.contact_id == row["id"], desk_marks.c.kind == "line")
        ticked = [one["name"] for one in await rows(self._engine, select(desk_marks.c.name).where(*lines).limit(200))]
        asked = (surveys.c.contact_id == row["id"], surveys.c.score.is_not(None))
        points = await rows(self._engine, select(surveys.c.score).where(*asked).order_by(surveys.c.created_at.desc()).limit(1))
        csat = float(points[0]["score"]) if points else None
        return await asyncio.to_thread(lambda: judge(card, row, said, ticked, csat, self._cards.ear(cards)))
