"""What a caller most probably wants, and why: from what was called about before, what is open and what is broken. Pure.

Each sign adds weight to one wish; the confidence is the share of the strongest, with a prior of one for "something else":

    an outage where the caller lives        3
    a matter that is open                   2      (each; the newest ones count)
    a call about it within a day            1
    each earlier call about it              1, halved every 30 days (or by 0.7 each, where no time is known)
    a habit of this part of the month       0.5 for each of the months, 1.5 at most
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

HALF_LIFE_DAYS = 30.0
DECAY = 0.7
"""Of each earlier call, where its time is not known."""
AGAIN_SECONDS = 86_400.0
OPEN_WEIGHT, OUTAGE_WEIGHT, AGAIN_WEIGHT, HABIT_WEIGHT, HABIT_MOST = 2.0, 3.0, 1.0, 0.5, 1.5
HABIT_DAYS = 3
"""How far apart in the month calls of one habit are."""
PRIOR = 1.0
MOST = 50
"""Calls, matters and outages that are looked at."""
FAULT = "fault"
"""What an outage makes people call about, where it does not say."""


@dataclass(frozen=True, slots=True)
class Likely:
    """One wish."""

    intent: str
    confidence: float
    """0..1"""
    why: tuple[str, ...]
    """`outage`, `open`, `again`, `history`, `habit`: the strongest first."""


@dataclass(frozen=True, slots=True)
class Sign:
    intent: str
    why: str
    weight: float


def likely(profile: Mapping[str, Any], now: float, intents: Collection[str] | None = None, zone: tzinfo = UTC) -> Likely | None:
    """The likeliest wish of a caller with this (normal) profile; None where nothing points anywhere.

    `now` is epoch seconds, `zone` where days of the month are counted, `intents` what the flow can do: the rest is ignored.
    Equal weights go to the name that is first in the alphabet, so that every node says the same.
    """
    weights: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for sign in _signs(profile, now, zone):
        if intents is None or sign.intent in intents:
            weights[sign.intent][sign.why] += sign.weight
    if not weights:
        return None
    totals = {intent: sum(parts.values()) for intent, parts in weights.items()}
    best = min(totals, key=lambda intent: (-totals[intent], intent))
    parts = weights[best]
    why = tuple(sorted(parts, key=lambda name: (-parts[name], name)))
    return Likely(best, round(totals[best] / (sum(totals.values()) + PRIOR), 3), why)


def _signs(profile: Mapping[str, Any], now: float, zone: tzinfo) -> Iterator[Sign]:
    for outage in _mappings(profile.get("outages"))[:1]:  # two outages are no two wishes
        yield Sign(_name(outage.get("intent")) or FAULT, "outage", OUTAGE_WEIGHT)
    for matter in _mappings(profile.get("open")):
        if intent := _name(matter.get("intent") or matter.get("kind")):
            yield Sign(intent, "open", OPEN_WEIGHT)
    calls = [(intent, at) for one in _mappings(profile.get("contacts")) if (intent := topic(one)) and (at := when(one, now))]
    if calls:
        yield from _timed(calls, now, zone)
    else:
        names = profile.get("history")
        for index, name in enumerate(names[:MOST] if isinstance(names, list | tuple) else ()):
            if intent := _name(name):
                yield Sign(intent, "history", DECAY**index)


def _timed(calls: Sequence[tuple[str, float]], now: float, zone: tzinfo) -> Iterator[Sign]:
    today = datetime.fromtimestamp(now, zone)
    months: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for intent, at in calls:
        age = max(0.0, now - at)
        yield Sign(intent, "history", 0.5 ** (age / 86_400 / HALF_LIFE_DAYS))
        if age < AGAIN_SECONDS:
            yield Sign(intent, "again", AGAIN_WEIGHT)
        then = datetime.fromtimestamp(at, zone)
        if (then.year, then.month) != (today.year, today.month) and _apart(then.day, today.day) <= HABIT_DAYS:
            months[intent].add((then.year, then.month))
    for intent, found in months.items():
        if len(found) >= 2:
            yield Sign(intent, "habit", min(HABIT_MOST, HABIT_WEIGHT * len(found)))


def _apart(one: int, other: int) -> int:
    """Days between two days of a month, around its end."""
    distance = abs(one - other)
    return min(distance, 31 - distance)


def topic(contact: Mapping[str, Any]) -> str:
    """What an earlier call was about; "" where nothing says so."""
    return _name(contact.get("intent") or contact.get("topic"))


def when(contact: Mapping[str, Any], now: float) -> float | None:
    """When it was, in epoch seconds, from a number or ISO 8601 (UTC where it names no zone); None for no time of the past."""
    at = contact.get("at")
    if isinstance(at, str) and len(at) <= 40:
        try:
            parsed = datetime.fromisoformat(at)
            at = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 < at <= now:
        return None
    return float(at)


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value[:MOST] if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def _name(value: Any) -> str:
    return value if isinstance(value, str) and 0 < len(value) <= 64 else ""
