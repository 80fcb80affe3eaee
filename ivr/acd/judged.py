"""What a replayed day comes to: service level, waits, work, fairness, and how true the estimates were. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ivr.acd.model import Contact
from ivr.acd.replay import Day, Fate

NEAR = 0.25
"""Share of the true wait by which an estimate may be off and still count as right."""
COARSE = 15.0
"""Seconds that nobody minds: announcements are no finer."""
CLASSES = 12
"""Classes of callers that are told apart; the smallest are left out."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds until the talk, of callers who were served."""

    p50: float = 0.0
    p90: float = 0.0
    p99: float = 0.0
    mean: float = 0.0


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many estimates were right: off by a quarter of the true wait at most.

    The truth of callers who left is when their turn would have come; those whose turn never came, or who could be told nothing,
    are counted apart.
    """

    told: int = 0
    within_quarter: float = 0.0
    """Share."""
    within_quarter_or_15s: float = 0.0
    nothing_told: int = 0
    never_came: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """Shares are 0 to 1."""

    rules: str
    callers: int
    served: int
    served_at_once: int
    abandoned: int
    overflowed: int
    """Taken elsewhere by the flow, or refused because too many waited."""
    unserved: int
    """Still waiting when the last agent went home."""
    within_seconds: float
    service_level: float
    """Share of all callers who were served within that."""
    waits: Waits
    occupancy: float
    """Share of their duty that agents rang, talked and wrapped up."""
    occupancy_spread: tuple[float, float]
    """Of the agents at 10 % and at 90 %."""
    fairness_agents: float
    """Jain's index over their occupancy: 1 where all are as busy."""
    fairness_callers: float
    """The same over the mean waits of classes of callers."""
    classes: dict[str, dict[str, float]] = field(default_factory=dict)
    """Class to callers, mean and p90 wait, and share that gave up."""
    estimate_at_entry: Accuracy | None = None
    """Of callers who had to wait; those served at once were told nothing."""
    estimate_later: Accuracy | None = None
    estimate_all_callers: float | None = None
    """Share of all callers for whom it was right on entry; who is served at once is told nothing, which is right."""

    def told(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def judged(day: Day, within: float = 20.0) -> Judged:
    """Sum up a day; `within` seconds is the promise that the service level counts."""
    fates = day.fates
    served = [fate for fate in fates if fate.outcome == "served"]
    waits = sorted(fate.waited for fate in served)
    busy = [(one.talk + one.other) / one.duty for one in day.work.values() if one.duty > 0]
    duty = sum(one.duty for one in day.work.values())
    classes = _classes(fates)
    entry, later = accuracy(fates, entry=True), accuracy(fates, entry=False)
    estimated = any(fate.told for fate in fates)
    at_once = sum(fate.at_once for fate in fates)
    return Judged(
        rules=day.rules.name,
        callers=len(fates),
        served=len(served),
        served_at_once=at_once,
        abandoned=sum(fate.outcome == "abandoned" for fate in fates),
        overflowed=sum(fate.outcome in ("overflowed", "full") for fate in fates),
        unserved=sum(fate.outcome == "waiting" for fate in fates),
        within_seconds=within,
        service_level=_share(sum(wait <= within for wait in waits), len(fates)),
        waits=Waits(quantile(waits, 0.5), quantile(waits, 0.9), quantile(waits, 0.99), _mean(waits)),
        occupancy=_share(sum(one.talk + one.other for one in day.work.values()), duty),
        occupancy_spread=(quantile(sorted(busy), 0.1), quantile(sorted(busy), 0.9)),
        fairness_agents=jain(busy),
        fairness_callers=jain([one["mean"] for one in classes.values()]),
        classes=classes,
        estimate_at_entry=entry if estimated else None,
        estimate_later=later if estimated else None,
        estimate_all_callers=_share(at_once + entry.within_quarter * entry.told, at_once + entry.told) if estimated else None,
    )


def accuracy(fates: Iterable[Fate], *, entry: bool) -> Accuracy:
    """How true the estimates were that were told on entry, or those that were told later."""
    pairs, nothing, never = [], 0, 0
    for fate in fates:
        for at, told in fate.told[:1] if entry else fate.told[1:]:
            if told is None:
                nothing += 1
            elif fate.turn is None:
                never += 1
            else:
                pairs.append((told, fate.turn - at))
    near = sum(abs(told - true) <= NEAR * true for told, true in pairs)
    coarse = sum(abs(told - true) <= max(COARSE, NEAR * true) for told, true in pairs)
    return Accuracy(len(pairs), _share(near, len(pairs)), _share(coarse, len(pairs)), nothing, never)


def jain(values: Sequence[float]) -> float:
    """Jain's fairness index: 1 where all are equal, 1/n where one has all; 1 for nothing."""
    squares = len(values) * sum(one * one for one in values)
    return sum(values) ** 2 / squares if squares > 0 else 1.0


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which this share lies, of sorted ones; 0 of none."""
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1 if share else 0)] if ordered else 0.0


def class_of(contact: Contact) -> str:
    """Callers who ask for the same: `support telecom 6 zh priority 7`."""
    words = [contact.queue, *(f"{need.skill} {need.level}" for need in contact.needs), contact.language]
    return " ".join([*filter(None, words), *([f"priority {contact.priority}"] if contact.priority != 5 else [])])


def _classes(fates: Iterable[Fate]) -> dict[str, dict[str, float]]:
    found: dict[str, list[Fate]] = {}
    for fate in fates:
        found.setdefault(class_of(fate.arrival.contact), []).append(fate)
    largest = sorted(found, key=lambda name: -len(found[name]))[:CLASSES]
    return {name: _class(found[name]) for name in sorted(largest)}


def _class(fates: Sequence[Fate]) -> dict[str, float]:
    waits = sorted(fate.waited for fate in fates if fate.outcome == "served")
    gone = _share(sum(fate.outcome == "abandoned" for fate in fates), len(fates))
    return {"callers": len(fates), "mean": _mean(waits), "p90": quantile(waits, 0.9), "abandoned": gone}


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
