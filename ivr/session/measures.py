"""How a talk goes, told from when each side spoke: silence, speaking at once, shares, rates, and what was named. Pure.

Times are seconds on one clock; holds are left out. An utterance is told once it is over, up to `LATEST` seconds later.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

SIDES = ("caller", "agent")
LATEST = 60.0
"""Seconds after which nothing comes any more about what was said: what lies further back is added up and forgotten."""
OVERLAP = 0.5
"""Seconds for which both must speak at once to count."""
RECENT = 60.0
RATE_FROM = 3.0
"""Seconds of speech from which a rate is told."""
MOST_KEYWORDS = 20
MOST_NAMED = 200
"""Different keywords that are counted."""

_CJK = re.compile(r"[㐀-鿿]")
_WORD = re.compile(r"[a-z0-9']+", re.IGNORECASE)

Span = tuple[float, float]


@dataclass(slots=True)
class Side:
    """One of the two."""

    spans: list[Span] = field(default_factory=list)
    """When it spoke, in order, not added up yet."""
    speaking: float | None = None
    """Since when it speaks."""
    seconds: float = 0.0
    utterances: int = 0
    timed: float = 0.0
    """Seconds of speech whose rate is known."""
    spoken: float = 0.0
    """Syllables or words in them."""

    def add(self, start: float, end: float) -> None:
        """Take an utterance; where it meets the one before, both are one."""
        begin = max(start, self.spans[-1][1]) if self.spans and self.spans[-1][0] <= start else start
        if end > begin:
            self.spans.append((begin, end))
            self.spans.sort()
            self.seconds += end - begin


@dataclass(slots=True)
class Sweep:
    """What was added up until `at`."""

    at: float
    silent: float = 0.0
    longest: float = 0.0
    over: float = 0.0
    overs: list[float] = field(default_factory=list)
    """When both began to speak at once, the last minute's."""
    count: int = 0
    quiet_since: float | None = None
    both_since: float | None = None

    def copy(self) -> Sweep:
        return Sweep(
            *(self.at, self.silent, self.longest, self.over, list(self.overs), self.count, self.quiet_since, self.both_since)
        )

    def run(self, spans: Mapping[str, Iterable[Span]], until: float) -> None:
        """Go on to `until` over what was said."""
        edges = heapq.merge(*(_edges(spans[side], number, self.at, until) for number, side in enumerate(SIDES)))
        on, at = [False, False], self.at
        for when, number, begins in [*edges, (until, -1, False)]:
            if when > at:
                self._pass(at, when, on)
                at = when
            if number >= 0:
                on[number] = begins
        self.at = until

    def _pass(self, begin: float, end: float, on: list[bool]) -> None:
        length = end - begin
        if not any(on):
            self.quiet_since = begin if self.quiet_since is None else self.quiet_since
            self.silent += length
            self.longest = max(self.longest, end - self.quiet_since)
        else:
            self.quiet_since = None
        if not all(on):
            self.both_since = None
            return
        before = 0.0 if self.both_since is None else begin - self.both_since
        self.both_since = begin if self.both_since is None else self.both_since
        self.over += length
        if before < OVERLAP <= before + length:
            self.count += 1
            self.overs = [*(one for one in self.overs if end - one < RECENT), self.both_since]


def _edges(spans: Iterable[Span], number: int, begin: float, end: float) -> list[tuple[float, int, bool]]:
    """Beginnings and ends within a stretch; of one moment the end comes first."""
    found = [(max(start, begin), min(stop, end)) for start, stop in spans if stop > begin and start < end]
    return sorted((at, number, begins) for pair in found for at, begins in zip(pair, (True, False), strict=True))


class Measures:
    """Of one talk. `now` may not go back."""

    def __init__(self, now: float, transcribe: str = "phrases") -> None:
        self.transcribe = transcribe
        self._sides = {side: Side() for side in SIDES}
        self._sweep = Sweep(0.0)
        self._shift = now
        """What is taken from a time to leave holds out."""
        self._held = 0.0
        self._paused: float | None = None
        self._keywords: Counter[str] = Counter()
        self._units: dict[str, str] = {}

    # --- what happens

    def hold(self, now: float) -> None:
        """Nobody is measured until `resume`. Without effect the second time."""
        if self._paused is None:
            for side in SIDES:
                self.silent(side, now)
            self._paused = now

    def resume(self, now: float) -> None:
        if self._paused is not None:
            self._held += now - self._paused
            self._shift += now - self._paused
            self._paused = None

    def speaking(self, side: str, at: float) -> None:
        """The side began to speak and goes on."""
        if self._paused is None and self._sides[side].speaking is None:
            self._sides[side].speaking = self._time(at)

    def silent(self, side: str, now: float) -> None:
        """It is not heard any more, in the midst of what it says."""
        one = self._sides[side]
        if one.speaking is not None:
            began, one.speaking = one.speaking, None
            one.add(began, max(began, self._time(now)))

    def spoke(self, side: str, start: float, end: float, text: str = "", language: str = "", rate: float = 0.0) -> None:
        """The side has spoken from `start` to `end`. `rate` is in syllables a second, 0 where it is not known."""
        one = self._sides[side]
        one.speaking = None
        begin, stop = max(0.0, self._time(start), self._sweep.at), self._time(end)
        if stop <= begin:
            return
        one.add(begin, stop)
        one.utterances += 1
        units = self._spoken(side, text, language, rate, stop - begin)
        if units:
            one.timed += stop - begin
            one.spoken += units

    def named(self, phrase: str) -> None:
        """A phrase that somebody waits for was said."""
        if phrase in self._keywords or len(self._keywords) < MOST_NAMED:
            self._keywords[phrase] += 1

    # --- what it comes to

    def quiet_for(self, now: float) -> float:
        """Seconds for which nobody has spoken; 0 on hold."""
        swept = self._swept(now)
        return 0.0 if self._paused is not None or swept.quiet_since is None else swept.at - swept.quiet_since

    def recent_overs(self, now: float) -> int:
        """How often both spoke at once within the last minute."""
        swept = self._swept(now)
        return sum(swept.at - one < RECENT for one in swept.overs)

    def rate(self, side: str) -> float | None:
        """Syllables or words a minute; None while too little was said."""
        one = self._sides[side]
        return 60 * one.spoken / one.timed if one.timed >= RATE_FROM else None

    def utterances(self, side: str) -> int:
        """How often the side has spoken."""
        return self._sides[side].utterances

    def told(self, now: float) -> dict[str, Any]:
        """The object `talk` of docs/desk-protocol.md."""
        swept = self._swept(now)
        seconds = {side: self._seconds(side, swept.at) for side in SIDES}
        both = sum(seconds.values())
        held = self._held + (0.0 if self._paused is None else now - self._paused)
        return {
            "transcribe": self.transcribe,
            "seconds": round(swept.at, 1),
            "held_seconds": round(held, 1),
            "silence": _share(swept.silent, swept.at),
            "longest_silence": round(swept.longest, 1),
            "talk_over": _share(swept.over, swept.at),
            "talk_overs": swept.count,
            "agent_share": round(seconds["agent"] / both, 3) if both >= 0.1 else None,
            **{side: self._side(side, seconds[side]) for side in SIDES},
            "keywords": dict(self._keywords.most_common(MOST_KEYWORDS)),
        }

    def _side(self, side: str, seconds: float) -> dict[str, Any]:
        one, rate = self._sides[side], self.rate(side)
        unit = self._units.get(side, "syllables")
        return {
            "seconds": round(seconds, 1),
            "utterances": one.utterances,
            "rate": None if rate is None else round(rate),
            "unit": unit,
        }

    def _seconds(self, side: str, at: float) -> float:
        one = self._sides[side]
        return one.seconds + (0.0 if one.speaking is None else max(0.0, at - one.speaking))

    def _spoken(self, side: str, text: str, language: str, rate: float, seconds: float) -> float:
        """Syllables or words of an utterance. A closed list tells less than was said, so there the voice alone counts."""
        if self.transcribe == "free" and text:
            chinese = len(_CJK.findall(text))
            words = len(_WORD.findall(text))
            unit = "syllables" if language.startswith("zh") else "words"
            if self._units.setdefault(side, unit) == unit:
                return chinese + words if unit == "syllables" else float(words)
        return rate * seconds if self._units.get(side, "syllables") == "syllables" else 0.0

    def _time(self, at: float) -> float:
        return at - self._shift

    def _swept(self, now: float) -> Sweep:
        """Everything until now; what lies far back is added up for good."""
        until = max(self._sweep.at, self._time(now if self._paused is None else self._paused))
        if until - LATEST > self._sweep.at:
            self._fold(until - LATEST)
        swept = self._sweep.copy()
        open_spans = {
            side: [*one.spans, *([] if one.speaking is None else [(one.speaking, until)])] for side, one in self._sides.items()
        }
        swept.run(open_spans, until)
        return swept

    def _fold(self, cut: float) -> None:
        spans = {
            side: [*one.spans, *([] if one.speaking is None else [(one.speaking, cut)])] for side, one in self._sides.items()
        }
        self._sweep.run(spans, cut)
        for one in self._sides.values():
            one.spans = [span for span in one.spans if span[1] > cut]


def _share(part: float, whole: float) -> float:
    return round(min(1.0, part / whole), 3) if whole > 0 else 0.0
