"""How hard an agent's last hours were, as one number from 0 to 1 with its reasons, and who should breathe. Pure.

Hard calls weigh, and weigh less the longer they are over; a rest takes weight from all that was before it; a long stretch
without one, and hour after hour without a pause between calls, add to it. It is there to care for people, and is no figure
of their work: nothing else is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

HOUR = 3600.0
FADES = 45 * 60.0
"""Seconds in which what a call weighs is halved."""
RELIEF = 8 * 60.0
"""Seconds of rest that halve what was before it."""
LEAST_REST = 60.0
ANGRY, TENSE, LONG = 0.28, 0.1, 0.08
LONG_TALK = 15 * 60.0
NO_REST = 0.12
"""For each hour beyond the first without a rest."""
MOST_NO_REST = 0.36
DENSE, FROM = 0.3, 0.8
"""What an hour that was all work weighs; the share of work from which it does."""
HIGH = 0.7
EIGHT_HOURS = 8 * HOUR


@dataclass(frozen=True, slots=True)
class Talked:
    """A call that the agent had. Times are epoch seconds."""

    ended_at: float
    seconds: float
    mood: str = ""
    """The worst that its caller felt: `calm tense angry`, "" for unknown."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Off the calls, for whatever reason."""

    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    """`angry_calls tense_calls long_calls no_rest dense`."""
    value: float
    weight: float

    def told(self) -> dict[str, Any]:
        zh, en = _WORDS[self.code]
        shown = f"{self.value:.0f}"
        return {"code": self.code, "value": self.value, "zh": zh.replace("{}", shown), "en": en.replace("{}", shown)}


_WORDS = {
    "angry_calls": ("{} 通客户发火的电话", "calls with an angry caller: {}"),
    "tense_calls": ("{} 通气氛紧张的电话", "calls with a tense caller: {}"),
    "long_calls": ("{} 通很长的电话", "very long calls: {}"),
    "no_rest": ("{} 分钟没有休息", "minutes without a rest: {}"),
    "dense": ("最近一小时 {} % 在处理电话", "share of the last hour at work, in %: {}"),
}


def strain(now: float, since: float, calls: Sequence[Talked], rests: Sequence[Rest]) -> tuple[float, tuple[Reason, ...]]:
    """The index, 0 to 1, and its reasons, the heaviest first. `since` is when the agent came on duty today."""
    rested = [one for one in rests if min(one.end, now) - one.begin >= LEAST_REST]
    weights: dict[str, tuple[int, float]] = {}
    for call in calls:
        left = 0.5 ** (max(0.0, now - call.ended_at) / FADES) * _relieved(call.ended_at, rested, now)
        for code, weight, holds in (
            ("angry_calls", ANGRY, call.mood == "angry"),
            ("tense_calls", TENSE, call.mood == "tense"),
            ("long_calls", LONG, call.seconds >= LONG_TALK),
        ):
            if holds:
                count, sum_ = weights.get(code, (0, 0.0))
                weights[code] = count + 1, sum_ + weight * left
    reasons = [Reason(code, float(count), weight) for code, (count, weight) in weights.items() if weight >= 0.01]
    reasons += _without_rest(now, since, rested) + _dense(now, since, calls)
    reasons.sort(key=lambda one: -one.weight)
    return round(min(1.0, sum(one.weight for one in reasons)), 2), tuple(reasons)


def _relieved(at: float, rests: Sequence[Rest], now: float) -> float:
    """What rests since then leave of a weight."""
    seconds = sum(max(0.0, min(one.end, now) - max(one.begin, at)) for one in rests)
    return float(0.5 ** (seconds / RELIEF))


def _without_rest(now: float, since: float, rests: Sequence[Rest]) -> list[Reason]:
    last = max([since, *(min(one.end, now) for one in rests)])
    hours = (now - last) / HOUR
    weight = min(MOST_NO_REST, max(0.0, hours - 1.0) * NO_REST)
    return [Reason("no_rest", round(hours * 60), weight)] if weight >= 0.01 else []


def _dense(now: float, since: float, calls: Sequence[Talked]) -> list[Reason]:
    """Of the last hour, as much of it as there was."""
    length = min(HOUR, now - since)
    if length < HOUR / 2:
        return []
    begin = now - length
    worked = sum(max(0.0, min(call.ended_at, now) - max(call.ended_at - call.seconds, begin)) for call in calls)
    share = min(1.0, worked / length)
    weight = DENSE * max(0.0, share - FROM) / (1 - FROM)
    return [Reason("dense", round(share * 100), weight)] if weight >= 0.01 else []


@dataclass(frozen=True, slots=True)
class Breather:
    """The rule: see `ivr.settings_wall.BreathingOptions`."""

    mood: float
    strain: float
    most: int
    unless_waiting: int
    at_once: int


@dataclass(frozen=True, slots=True)
class Busy:
    """An agent who talks."""

    agent: str
    call: str
    mood: float
    """Of the caller, the worst in this call."""
    strain: float
    given: Sequence[float] = ()
    """When breathing spaces were given before, epoch seconds."""


def breathers(rule: Breather, talking: Sequence[Busy], waiting: int, breathing: int, now: float) -> list[Busy]:
    """Who gets a breathing space after the present call, the hardest pressed first.

    Nobody while `unless_waiting` wait; no more than `at_once` at the same time, `breathing` among them; and none who had
    `most` within eight hours.
    """
    if rule.unless_waiting and waiting >= rule.unless_waiting:
        return []
    due = [
        one
        for one in talking
        if (one.mood >= rule.mood or one.strain >= rule.strain) and sum(now - at < EIGHT_HOURS for at in one.given) < rule.most
    ]
    due.sort(key=lambda one: (-one.strain, -one.mood, one.agent))
    return due[: max(0, rule.at_once - breathing)]
