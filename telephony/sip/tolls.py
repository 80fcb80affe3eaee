"""What calls out have spent, counted so that no limit is ever passed. Pure: `now` and `day` are inputs.

A call enters all its ceilings at once or none. While it is up it pays in advance for each slice of time, so that a day's budget
holds however many calls run at the same time, on however many nodes: what is not granted is not talked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

HOUR = 3600.0
LEASE = 60.0
"""Seconds after which a call that nobody renews no longer counts: its node has died."""
MAX_SUBJECTS = 100_000


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One bound that a call has to stay under; 0 is no bound."""

    key: str
    """Of the counter."""
    subject: str
    """Who is blocked when a day's budget is burnt: a payer, or `trunk:NAME`."""
    concurrent: int = 0
    calls_per_hour: int = 0
    seconds_per_day: int = 0
    money_per_day: int = 0
    """Millionths."""


@dataclass(frozen=True, slots=True)
class Full:
    """Why a call or its next slice is not granted."""

    what: str
    """`blocked`, `concurrent`, `calls_per_hour`, `minutes_per_day` or `money_per_day`."""
    key: str
    subject: str

    @property
    def burnt(self) -> bool:
        """A day's budget: the subject is to be blocked."""
        return self.what in ("minutes_per_day", "money_per_day")


class Counters(Protocol):
    """Where spending is counted; every method does all of its work or none. Raises what its store raises."""

    async def enter(self, call: str, ceilings: Sequence[Ceiling], now: float, day: str) -> Full | None:
        """Count a new call under each ceiling, or say which one has no room."""

    async def charge(
        self, call: str, ceilings: Sequence[Ceiling], seconds: int, money: int, now: float, day: str
    ) -> Full | None:
        """Pay for the next slice under each ceiling, or say which one has no room. Renews the call's lease in either case."""

    async def leave(self, call: str, ceilings: Sequence[Ceiling], seconds: int, money: int, day: str) -> None:
        """The call is over: give back its place, and what it paid and did not use. The second time nothing happens."""

    async def block(self, subject: str, reason: str) -> bool:
        """Let `subject` make no call until `unblock`. False where it was blocked already."""

    async def unblock(self, subject: str, keys: Sequence[str]) -> bool:
        """Let `subject` call again, and forget what `keys` have spent today. False where it was not blocked."""

    async def blocked(self) -> Mapping[str, str]:
        """Subject to reason."""


@dataclass(slots=True)
class _Count:
    calls: dict[str, float] = field(default_factory=dict)
    """Call to the end of its lease."""
    starts: deque[float] = field(default_factory=deque)
    day: str = ""
    seconds: int = 0
    money: int = 0


class MemoryCounters:
    """Counters of one node."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}
        self._blocked: dict[str, str] = {}

    async def enter(self, call: str, ceilings: Sequence[Ceiling], now: float, day: str) -> Full | None:
        for one in ceilings:
            if (full := self._no_room(one, self._count(one.key, now, day))) is not None:
                return full
        for one in ceilings:
            count = self._count(one.key, now, day)
            count.calls[call] = now + LEASE
            if one.calls_per_hour:
                count.starts.append(now)
        return None

    async def charge(
        self, call: str, ceilings: Sequence[Ceiling], seconds: int, money: int, now: float, day: str
    ) -> Full | None:
        counts = [(one, self._count(one.key, now, day)) for one in ceilings]
        for _, count in counts:
            count.calls[call] = now + LEASE
        for one, count in counts:
            if one.subject in self._blocked:
                return Full("blocked", one.key, one.subject)
            if one.seconds_per_day and count.seconds + seconds > one.seconds_per_day:
                return Full("minutes_per_day", one.key, one.subject)
            if one.money_per_day and count.money + money > one.money_per_day:
                return Full("money_per_day", one.key, one.subject)
        for _, count in counts:
            count.seconds += seconds
            count.money += money
        return None

    async def leave(self, call: str, ceilings: Sequence[Ceiling], seconds: int, money: int, day: str) -> None:
        for one in ceilings:
            count = self._counts.get(one.key)
            if count is None or count.calls.pop(call, None) is None:
                continue
            if count.day == day:
                count.seconds -= min(seconds, count.seconds)
                count.money -= min(money, count.money)

    async def block(self, subject: str, reason: str) -> bool:
        if subject in self._blocked:
            return False
        self._blocked[subject] = reason
        return True

    async def unblock(self, subject: str, keys: Sequence[str]) -> bool:
        for key in keys:
            if (count := self._counts.get(key)) is not None:
                count.seconds = count.money = 0
        return self._blocked.pop(subject, None) is not None

    async def blocked(self) -> Mapping[str, str]:
        return dict(self._blocked)

    def _no_room(self, one: Ceiling, count: _Count) -> Full | None:
        checks = (
            ("blocked", one.subject in self._blocked),
            ("concurrent", 0 < one.concurrent <= len(count.calls)),
            ("calls_per_hour", 0 < one.calls_per_hour <= len(count.starts)),
            ("minutes_per_day", 0 < one.seconds_per_day <= count.seconds),
            ("money_per_day", 0 < one.money_per_day <= count.money),
        )
        return next((Full(what, one.key, one.subject) for what, full in checks if full), None)

    def _count(self, key: str, now: float, day: str) -> _Count:
        count = self._counts.get(key)
        if count is None:
            if len(self._counts) >= MAX_SUBJECTS:
                self._counts = {name: one for name, one in self._counts.items() if one.calls or one.day == day}
            count = self._counts[key] = _Count()
        if count.day != day:
            count.day, count.seconds, count.money = day, 0, 0
        for call in [call for call, until in count.calls.items() if until <= now]:
            del count.calls[call]
        while count.starts and count.starts[0] <= now - HOUR:
            count.starts.popleft()
        return count
