"""What every board shows, and what a page that was away has not had: events in a row, without a gap. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

KEPT = 300
"""Events for pages that come back; with more than these a snapshot is the shorter way."""
KEYS: Mapping[str, str] = {"queues": "name", "agents": "id", "calls": "id", "trunks": "name", "nodes": "name", "alerts": "id"}
"""Kinds of rows, and what tells the rows of a kind apart."""

Message = dict[str, Any]
Rows = Iterable[Mapping[str, Any]]


class Board:
    """One a node, for all its pages. `first` is the number before the first event; `settings` go into each snapshot."""

    def __init__(self, first: int, settings: Mapping[str, Any]) -> None:
        self.seq = first
        self.settings = dict(settings)
        self.day: Mapping[str, Any] = {"day": "", "day_start": 0.0}
        self.stale: float | None = None
        """Epoch seconds when the queues were last read, while they cannot be."""
        self.figures: Mapping[str, Any] = {}
        self._rows: dict[str, dict[str, Mapping[str, Any]]] = {kind: {} for kind in KEYS}
        self._kept: deque[Message] = deque(maxlen=KEPT)

    def rows(self, kind: str) -> Sequence[Mapping[str, Any]]:
        return list(self._rows[kind].values())

    def changed(self, kind: str, rows: Rows, at: float, gone: Iterable[str] = ()) -> Message | None:
        """Take rows that may be others than before; the message that says which, None where none is."""
        known, key = self._rows[kind], KEYS[kind]
        fresh = {str(row[key]): row for row in rows}
        fresh = {name: row for name, row in fresh.items() if known.get(name) != row}
        left = [name for name in gone if known.pop(name, None) is not None]
        known.update(fresh)
        if not fresh and not left:
            return None
        data: dict[str, Any] = {kind: list(fresh.values())}
        return self._say(kind, {**data, "gone": left}, at)

    def whole(self, kind: str, rows: Rows, at: float) -> Message | None:
        """Take all the rows that there are: what is not among them is gone."""
        listed = list(rows)
        names = {str(row[KEYS[kind]]) for row in listed}
        return self.changed(kind, listed, at, [name for name in self._rows[kind] if name not in names])

    def told(self, figures: Mapping[str, Any], at: float) -> Message | None:
        """Figures, whole; None where they are as they were."""
        if figures == self.figures:
            return None
        self.figures = figures
        return self._say("figures", figures, at)

    def point(self, data: Mapping[str, Any], at: float) -> Message:
        return self._say("point", data, at)

    def new_day(self, day: Mapping[str, Any], at: float) -> Message | None:
        """The day has come, or is known at last: a page that was there before it has none in its snapshot."""
        if day == self.day:
            return None
        self.day = day
        return self._say("day", day, at)

    def stands_still(self, since: float | None, at: float) -> Message | None:
        """What is shown is of `since`, as the queues cannot be read; None: it is of now."""
        if since == self.stale:
            return None
        self.stale = since
        return self._say("stale", {"since": since}, at)

    def resume(self, seq: int, at: float) -> list[Message]:
        """What a page that has had everything up to `seq` must get: the events since, or one snapshot."""
        if seq == self.seq and seq:
            return []
        if self._kept and self._kept[0]["seq"] - 1 <= seq < self.seq:
            return [message for message in self._kept if message["seq"] > seq]
        return [self.snapshot(at)]

    def snapshot(self, at: float) -> Message:
        """Everything, under the number of the last event in it."""
        rows = {kind: self.rows(kind) for kind in KEYS}
        data = {**self.day, "stale": self.stale, **rows, "figures": self.figures, "settings": self.settings}
        return {"seq": self.seq, "type": "snapshot", "at": at, "data": data}

    def reply(self, request: str, error: str | None, at: float) -> Message:
        """The answer to a request. It takes no number of its own and is not repeated after a reconnect."""
        data = {"id": request, "ok": True} if error is None else {"id": request, "ok": False, "error": error}
        return {"seq": self.seq, "type": "reply", "at": at, "data": data}

    def _say(self, kind: str, data: Mapping[str, Any], at: float) -> Message:
        self.seq += 1
        message = {"seq": self.seq, "type": kind, "at": at, "data": data}
        self._kept.append(message)
        return message
