"""What triggers make of a simulated call: hits, and the tasks that they leave. Pure; finding words is handed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ivr.dialplan.model import Flow
from ivr.dialplan.triggers import Trigger, task_row

Spot = Callable[[Flow, str, str, str], Sequence[Trigger]]
"""A flow, what was said, its language and by whom (`caller`, `agent`) to the triggers that it hits."""


class Overheard:
    """Of one call."""

    def __init__(self, flow: Flow, spot: Spot | None) -> None:
        self._flow, self._spot = flow, spot
        self._last: dict[str, float] = {}
        self.hits: list[Trigger] = []
        self.tasks: list[dict[str, Any]] = []
        """What was opened, as test cases speak of it: `trigger by kind subject priority due`."""
        self.with_agent = False
        """An agent talks with the caller."""

    def heard(self, speaker: str, text: str, language: str, now: float) -> list[str]:
        """Take what somebody said; the names of the triggers that it hit. `now` is seconds since the epoch."""
        if self._spot is None or not text:
            return []
        found = []
        for trigger in self._spot(self._flow, text, language, speaker):
            if trigger.within or now - self._last.get(trigger.name, float("-inf")) < trigger.cooldown:
                continue
            self._last[trigger.name] = now
            self.hits.append(trigger)
            found.append(trigger.name)
            if trigger.task is not None:
                self.tasks.append(self._task(trigger, text, language, now))
        return found

    def _task(self, trigger: Trigger, text: str, language: str, now: float) -> dict[str, Any]:
        assert trigger.task is not None
        zone = self._flow.time_zone
        row = task_row(trigger, text, language, now, zone)
        due = row.get("due_at", row.get("from_at"))
        when = "" if due is None else f"{datetime.fromtimestamp(due, ZoneInfo(zone)):%Y-%m-%d %H:%M}"
        told = {"trigger": trigger.name, "by": trigger.task.by, "kind": row.get("kind", ""), "due": when}
        return {**told, "subject": row.get("subject", row.get("reason", "")), "priority": str(row["priority"])}
