"""How long talks, rings and wrap-ups last, how patient callers are, and who arrives: learnt from what was seen. Pure.

What is new counts most: the last `MOST` talks of a queue, and averages that forget. Times are seconds.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST = 200
"""Talks that are kept of a queue, and of all together."""
ENOUGH = 30
"""Talks of a queue that need no others beside them."""
LEAST = 5
"""Talks of all queues, or breaks, without which nothing is known."""
FORGET = 0.97
"""What an average keeps of itself when something new is seen."""
RING = 5.0
"""Seconds from an offer to a talk, before any was seen."""
KEPT_ABANDONED = 0.995
QUEUES = 500
"""Queues of which something is kept at most: names come from settings, but those change."""


@dataclass(slots=True)
class QueuePace:
    talks: deque[float] = field(default_factory=lambda: deque(maxlen=MOST))
    wrap_up: float | None = None
    left: float = 0.0
    """Callers who gave up, the older ones counting less."""
    exposed: float = 0.0
    """Seconds that callers waited, likewise: `left / exposed` a second give up."""


@dataclass(frozen=True, slots=True)
class Handling:
    """How long an agent is taken by a contact of one queue, as it can be drawn."""

    talks: Sequence[float]
    """Sorted."""
    ring: float
    wrap_up: float
    giving_up: float
    """Callers a second, of those who wait, who give up."""

    def talk(self, lot: float, age: float = 0.0) -> float:
        """Seconds that a talk of this age goes on, for a lot in 0..1; infinite where nothing is known."""
        talks = self.talks
        if not talks:
            return math.inf
        first = bisect_right(talks, age)
        left = len(talks) - first
        if left < 3:  # longer than nearly all: the longer it lasted, the longer it may
            return -math.log(max(lot, 1e-9)) * 0.5 * max(age, talks[len(talks) // 2])
        return talks[first + int(lot * left)] - age

    def patience(self, lot: float) -> float:
        """Seconds for which somebody who waits goes on waiting."""
        return -math.log(max(lot, 1e-9)) / self.giving_up if self.giving_up > 0 else math.inf


class Pace:
    """Told of everything that ends; gives the `Handling` of a queue."""

    def __init__(self) -> None:
        self._queues: dict[str, QueuePace] = {}
        self._all: deque[float] = deque(maxlen=MOST)
        self._breaks: deque[float] = deque(maxlen=MOST)
        self._ring = RING

    def talked(self, queue: str, seconds: float) -> None:
        """A talk ended after so long. Less than a second is a mishap, not a talk."""
        if seconds >= 1.0:
            self._of(queue).talks.append(round(seconds, 1))
            self._all.append(round(seconds, 1))

    def rested(self, seconds: float) -> None:
        """An agent came back from a break after so long."""
        if seconds >= 1.0:
            self._breaks.append(round(seconds, 1))

    @property
    def resting(self) -> Handling:
        """How long breaks last, drawn as talks are."""
        known = sorted(self._breaks) if len(self._breaks) >= LEAST else ()
        return Handling(known, 0.0, 0.0, 0.0)

    def rang(self, seconds: float) -> None:
        """An offer became a talk after so long."""
        self._ring += (1 - FORGET) * (min(120.0, max(0.0, seconds)) - self._ring)

    def wrapped_up(self, queue: str, seconds: float) -> None:
        one = self._of(queue)
        one.wrap_up = seconds if one.wrap_up is None else one.wrap_up + 0.1 * (seconds - one.wrap_up)

    def waited(self, queue: str, seconds: float, *, gave_up: bool) -> None:
        """Somebody waited so long for an agent, or for nothing."""
        one = self._of(queue)
        one.left = one.left * KEPT_ABANDONED + gave_up
        one.exposed = one.exposed * KEPT_ABANDONED + max(0.0, seconds)

    def handling(self, queue: str, wrap_up: float = 0.0) -> Handling:
        """What to expect of a queue; `wrap_up` where none was seen. Few talks of it are filled up with those of others."""
        one = self._queues.get(queue) or QueuePace()
        known: list[float] = list(one.talks)
        if len(known) < ENOUGH:
            known += list(self._all)[len(known) - ENOUGH :]
        if len(self._all) < LEAST:
            known = []
        exposed = max(one.exposed, 600.0)  # one impatient caller of two does not make all impatient
        seen = wrap_up if one.wrap_up is None else one.wrap_up
        return Handling(sorted(known), self._ring, seen, one.left / exposed)

    def _of(self, queue: str) -> QueuePace:
        found = self._queues.get(queue)
        if found is None:
            while len(self._queues) >= QUEUES:
                del self._queues[next(iter(self._queues))]
            found = self._queues[queue] = QueuePace()
        return found

    # --- kept over the life of a node

    def told(self) -> dict[str, Any]:
        """Plain data, for `restored`."""
        queues = {
            name: {"talks": list(one.talks), "wrap_up": one.wrap_up, "left": one.left, "exposed": one.exposed}
            for name, one in self._queues.items()
        }
        return {"ring": self._ring, "all": list(self._all), "breaks": list(self._breaks), "queues": queues}

    @classmethod
    def restored(cls, data: Any) -> Pace:
        """What `told` gave; what makes no sense in it counts for nothing."""
        pace = cls()
        if not isinstance(data, Mapping):
            return pace
        pace._ring = _number(data.get("ring"), RING)
        pace._all.extend(_numbers(data.get("all")))
        pace._breaks.extend(_numbers(data.get("breaks")))
        queues = data.get("queues")
        for name, told in list(queues.items())[:QUEUES] if isinstance(queues, Mapping) else ():
            if isinstance(told, Mapping):
                one = pace._of(str(name))
                one.talks.extend(_numbers(told.get("talks")))
                one.wrap_up = None if told.get("wrap_up") is None else _number(told["wrap_up"], 0.0)
                one.left, one.exposed = _number(told.get("left"), 0.0), _number(told.get("exposed"), 0.0)
        return pace


def _number(value: Any, otherwise: float) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9
    return float(value) if plain else otherwise


def _numbers(values: Any) -> Iterable[float]:
    return (_number(one, 0.0) for one in values if _number(one, 0.0) >= 1.0) if isinstance(values, list) else ()
