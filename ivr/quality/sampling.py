"""Which contacts are put before a reviewer: by rule, by chance, fair to each agent. Pure: the same in, the same out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WEEK = 7 * 86400.0
MONDAY = 4 * 86400.0
"""Epoch second of the first Monday."""
REASONS = ("complaint", "bad_mood", "low_score", "random")
"""What is most urgent first."""


@dataclass(frozen=True, slots=True)
class Rules:
    """As the settings `quality.sampling` say."""

    low_score: float = 60.0
    """Automatic scores below it are looked at; 0 for none."""
    moods: tuple[str, ...] = ("angry",)
    """Moods at the end."""
    tags: tuple[str, ...] = ("complaint",)
    """Tags and intents that are complaints."""
    random: int = 2
    """Of each agent a week."""
    most: int = 10
    """Of each agent a week, chance included."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A contact that was reviewed by rule and is in no work list yet."""

    contact_id: str
    agent_id: str
    ended_at: float
    score: float | None = None
    covered: float = 0.0
    mood: str = ""
    tags: frozenset[str] = frozenset()
    """Its intent among them."""
    card: str = ""


@dataclass(frozen=True, slots=True)
class Pick:
    contact_id: str
    reason: str


def week_of(at: float) -> int:
    """Number of the week (from Monday, UTC) in which a time lies."""
    return int((at - MONDAY) // WEEK)


def part_of(at: float, parts: int) -> int:
    """Number of the part in which a time lies, of so many equal `parts` of each week."""
    return int((at - MONDAY) * parts // WEEK)


def week_start(number: int) -> float:
    """Epoch second with which a week begins."""
    return MONDAY + number * WEEK


def reason_of(one: Candidate, rules: Rules) -> str:
    """Why a contact must be looked at, "" where only chance may choose it."""
    if one.tags & set(rules.tags):
        return "complaint"
    if one.mood and one.mood in rules.moods:
        return "bad_mood"
    if one.score is not None and one.covered >= 0.25 and one.score < rules.low_score:
        return "low_score"
    return ""


def choose(candidates: Iterable[Candidate], picked: Sequence[tuple[str, float, str]], rules: Rules, now: float) -> list[Pick]:
    """Those to be put into the work list now. `picked` has (agent, end, reason) of those that are in it already.

    Chance goes by a hash of the contact, so that every node chooses alike. It draws one from each of `random` parts of the
    week once that part is over, so that Fridays come up as Mondays do and nobody knows beforehand; what an agent lacks then,
    since a part of it was not worked, is drawn from all of the week.
    """
    taken = Counter((agent, week_of(at)) for agent, at, _ in picked)
    lots = Counter((agent, week_of(at)) for agent, at, reason in picked if reason == "random")
    drawn = {(agent, part_of(at, rules.random)) for agent, at, reason in picked if reason == "random"}
    listed = sorted(candidates, key=lambda one: (_urgency(one, rules), lot(one.contact_id)))
    found = []
    for one in listed:
        week, part = week_of(one.ended_at), part_of(one.ended_at, rules.random)
        key, reason = (one.agent_id, week), reason_of(one, rules)
        if taken[key] >= rules.most:
            continue
        if not reason:
            open_part = (one.agent_id, part) not in drawn and part < part_of(now, rules.random)
            if lots[key] >= rules.random or not (open_part or week < week_of(now)):
                continue
            lots[key] += 1
            drawn.add((one.agent_id, part))
        taken[key] += 1
        found.append(Pick(one.contact_id, reason or "random"))
    return found


def fairest(rows: Iterable[Mapping[str, object]], reviewed: Mapping[str, int]) -> list[Mapping[str, object]]:
    """The work list in its order: of whom least was reviewed of late comes first, then the next of each agent, and so on.

    `rows` have `agent_id`, `reason` and `picked_at`; `reviewed` is agent to reviews by people within the last weeks.
    """
    waiting: dict[str, list[Mapping[str, object]]] = {}
    for row in sorted(rows, key=lambda one: (REASONS.index(str(one["reason"])), float(str(one["picked_at"])))):
        waiting.setdefault(str(row["agent_id"]), []).append(row)
    placed = [
        ((reviewed.get(agent, 0) + number, REASONS.index(str(row["reason"])), float(str(row["picked_at"]))), row)
        for agent, mine in waiting.items()
        for number, row in enumerate(mine)
    ]
    return [row for _, row in sorted(placed, key=lambda one: one[0])]


def lot(contact_id: str) -> int:
    """A number that looks drawn."""
    return int.from_bytes(hashlib.sha256(f"sample:{contact_id}".encode()).digest()[:8], "big")


def _urgency(one: Candidate, rules: Rules) -> int:
    return REASONS.index(reason_of(one, rules) or "random")
