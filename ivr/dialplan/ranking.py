"""The order in which a menu offers its options to one caller: open matters, then late and frequent wishes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FADES = 0.8
"""What each wish is worth beside the one after it."""
LATELY = 20
"""Wishes of the past that count."""
OPEN = 3.0
"""What an open matter is worth beside a wish of the last call."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Options, the likeliest first, and why."""

    order: tuple[str, ...]
    why: tuple[str, ...]
    """One reason for each option that has one, in that order; for people."""


def rank(options: Sequence[str], history: Any, open_matters: Any = ()) -> Ranking:
    """Return `options` by what this caller has open and has wanted, newest first in `history`; ties keep their order.

    `history` lists names of intents, or mappings with `intent`; `open_matters` mappings with `kind` (or `intent`) and `id` or
    `label`. Anything else in them counts for nothing: profiles come from elsewhere.
    """
    wishes = [name for name in (_name(one) for one in _listed(history)[:LATELY]) if name in options]
    open_of: dict[str, list[str]] = {}
    for one in _listed(open_matters)[:LATELY]:
        name = _name(one)
        if name in options and isinstance(one, Mapping):
            open_of.setdefault(name, []).append(str(one.get("id") or one.get("label") or name)[:80])
    scores = {name: OPEN * bool(open_of.get(name)) for name in options}
    for age, wish in enumerate(wishes):
        scores[wish] += FADES**age
    order = tuple(sorted(options, key=lambda name: -scores[name]))
    return Ranking(order, tuple(_reason(name, wishes, open_of.get(name, [])) for name in order if scores[name]))


def _listed(data: Any) -> list[Any]:
    return list(data) if isinstance(data, list | tuple) else []


def _name(one: Any) -> str:
    if isinstance(one, Mapping):
        one = one.get("intent") or one.get("kind")
    return one if isinstance(one, str) else ""


def _reason(name: str, wishes: Sequence[str], matters: Sequence[str]) -> str:
    reasons = [f"open: {', '.join(matters)}"] if matters else []
    if name in wishes:
        times = wishes.count(name)
        reasons.append(f"wanted {times} of the last {len(wishes)} times")
    return f"{name}: {'; '.join(reasons)}"


@dataclass(frozen=True, slots=True)
class Guess:
    """The wish that a profile predicts."""

    intent: str
    label: str
    confidence: float
    why: str = ""


def guess(likely: Any) -> Guess | None:
    """The guess in `profile.likely`; None where there is none that can be used."""
    if not isinstance(likely, Mapping) or not isinstance(likely.get("intent"), str) or not likely["intent"]:
        return None
    confidence = likely.get("confidence", 0.0)
    if isinstance(confidence, bool) or not isinstance(confidence, int | float):
        return None
    why = likely.get("why", "")
    reason = ", ".join(str(one) for one in why) if isinstance(why, list | tuple) else str(why or "")
    return Guess(likely["intent"], str(likely.get("label") or ""), float(confidence), reason[:200])
