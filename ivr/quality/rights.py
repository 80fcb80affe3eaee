"""Who may do what with a review. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr.errors import NotAllowed
from ivr.quality.tables import AUTOMATIC

REVIEWERS = frozenset({"quality", "supervisor", "admin"})
AGENTS = frozenset({"agent", "senior"})
SHOWN = ("published", "appealed", "settled")
"""States in which an agent sees a review of his."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks."""

    id: str
    roles: frozenset[str] = frozenset()

    @property
    def reviews(self) -> bool:
        return bool(self.roles & REVIEWERS)


def appeal_until(review: Row, days: float) -> float | None:
    """Until when the agent may appeal; None where there is nothing to appeal."""
    published = review["published_at"]
    return None if published is None or review["calibration"] or days <= 0 else float(published) + days * 86400.0


def others(person: Person, agent_id: str) -> None:
    """Raises NotAllowed for a contact of one's own."""
    if person.id == agent_id:
        raise NotAllowed("this is your own contact; somebody else reviews it")


def sees(person: Person, review: Row, closed: bool = True) -> bool:
    """`closed`: of a review that is part of a calibration, whether that is over; until then each sees the own one alone."""
    if review["calibration"] and not closed:
        return bool(person.id == review["evaluator"])
    if person.reviews and (person.id != review["agent_id"] or review["evaluator"] == AUTOMATIC):
        return True
    return bool(person.id == review["agent_id"] and review["state"] in SHOWN and not review["calibration"])


def may(person: Person, review: Row, days: float, now: float) -> dict[str, bool]:
    """`may` of docs/quality.md."""
    own = person.id == review["evaluator"] and person.reviews
    subject = person.id == review["agent_id"] and not review["calibration"]
    draft, until = review["state"] == "draft", appeal_until(review, days)
    return {
        "edit": own and draft,
        "publish": own and draft,
        "drop": own and draft,
        "acknowledge": subject and review["state"] in SHOWN and review["seen_at"] is None,
        "appeal": subject and review["state"] == "published" and until is not None and now <= until,
        "decide": person.reviews and review["state"] == "appealed" and not own and not subject,
    }
