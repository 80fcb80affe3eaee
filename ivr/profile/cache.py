"""Answers that need not be asked for again, and those that are old but better than none. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from ivr.profile.answer import Answer


@dataclass(slots=True)
class Cache:
    """Keeps at most `most` answers, the least used go first. Seconds by the clock of `now`."""

    stale: float = 0.0
    """Seconds for which an answer may still be served, after its time, while its source is away."""
    most: int = 10_000
    _held: OrderedDict[Hashable, tuple[float, Answer]] = field(default_factory=OrderedDict)
    """Key to when the time to live ends, and the answer."""

    def __len__(self) -> int:
        return len(self._held)

    def put(self, key: Hashable, answer: Answer, ttl: float, now: float) -> None:
        if ttl <= 0 and self.stale <= 0:
            return
        self._held[key] = now + ttl, answer
        self._held.move_to_end(key)
        if len(self._held) > self.most:
            self._held.popitem(last=False)

    def fresh(self, key: Hashable, now: float) -> Answer | None:
        """The answer within its time to live."""
        held = self._held.get(key)
        if held is None or now >= held[0]:
            return None
        self._held.move_to_end(key)
        return held[1]

    def old(self, key: Hashable, now: float) -> Answer | None:
        """The last answer, marked stale where its time is over; None where it is older than may be served."""
        held = self._held.get(key)
        if held is None:
            return None
        if now >= held[0] + self.stale:
            del self._held[key]
            return None
        return held[1] if now < held[0] else replace(held[1], stale=True)
