"""Many deadlines, one alarm: what a sans-I/O core hands to its shell. Pure."""

from __future__ import annotations

import heapq
import math
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Timers(Generic[K]):
    """Deadlines by key, in seconds on the clock that the caller passes in. Setting a key again moves it."""

    def __init__(self) -> None:
        self._at: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, key: K) -> bool:
        return key in self._at

    def set(self, key: K, at: float) -> None:
        self._at[key] = at
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, key))
        if len(self._heap) > 4 * len(self._at) + 256:
            self._heap = [(at, index, key) for index, (key, at) in enumerate(self._at.items())]
            self._count = len(self._heap)
            heapq.heapify(self._heap)

    def cancel(self, key: K) -> None:
        """Forget `key`; without effect where it is not set."""
        self._at.pop(key, None)

    def next(self) -> float:
        """The earliest deadline, infinity where there is none."""
        heap = self._heap
        while heap and self._at.get(heap[0][2]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else math.inf

    def pop_due(self, now: float) -> K | None:
        """Take out and return the key whose deadline is the earliest, if it has come."""
        if self.next() > now:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._at[key]
        return key
