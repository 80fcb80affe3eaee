"""What is due on a virtual clock, and when. No clock of its own. Pure."""

from __future__ import annotations

from ivr.dialplan.events import Event

SOUND = "sound"
"""The end of what is being said."""
TIMER = "timer "
TASK = "task "
"""The answer of something that was asked outside."""
MESSAGE = "message "
"""The end of a message that the caller leaves."""
QUEUE = "queue"
TOLD = "told"
"""The place in the queue, told again."""


class Agenda:
    """Events by name, each with its time; a name that is set again replaces the one before."""

    def __init__(self) -> None:
        self._due: dict[str, tuple[float, int, Event]] = {}
        self._count = 0

    def set(self, name: str, at: float, event: Event) -> None:
        self._count += 1
        self._due[name] = (at, self._count, event)

    def drop(self, *names: str) -> None:
        for name in names:
            self._due.pop(name, None)

    def clear(self) -> None:
        self._due.clear()

    def has(self, *beginnings: str) -> bool:
        """Whether anything is due whose name begins so."""
        return any(name.startswith(beginnings) for name in self._due)

    def at(self, name: str) -> float | None:
        found = self._due.get(name)
        return None if found is None else found[0]

    def next(self) -> tuple[str, float] | None:
        """Name and time of what is due first; of two at the same time the one that was set first."""
        if not self._due:
            return None
        name = min(self._due, key=lambda one: self._due[one][:2])
        return name, self._due[name][0]

    def take(self, name: str) -> Event:
        """Remove it and give its event. Raises KeyError."""
        return self._due.pop(name)[2]

    def get(self, name: str) -> Event | None:
        found = self._due.get(name)
        return None if found is None else found[2]

    def names(self) -> tuple[str, ...]:
        return tuple(self._due)
