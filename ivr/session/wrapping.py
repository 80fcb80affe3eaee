"""What an agent says became of a contact: which outcomes there are, and the task that a follow-up leaves."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ivr.errors import Conflict, IvrError

log = logging.getLogger(__name__)

FURTHEST = 2 * 366 * 86400.0
"""Seconds ahead that a follow-up may be."""
LONGEST_OUTCOME = 120
KIND = "follow_up"

OpenTicket = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
FindContact = Callable[[str], Awaitable[Mapping[str, Any] | None]]


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What was checked, ready to be kept."""

    outcome: str
    due_at: float | None = None
    """When to follow up, epoch seconds."""


@dataclass(frozen=True, slots=True)
class WrapUps:
    """Checks and keeps. Without `outcomes` any is taken, without `open_ticket` no follow-up."""

    outcomes: Mapping[str, bool] = field(default_factory=dict)
    """What can be chosen, as `branch/name`, to whether it needs a date."""
    open_ticket: OpenTicket | None = None
    find: FindContact | None = None

    def check(self, outcome: str, follow_up: str, now: float) -> Wrapped:
        """Raises Conflict with words for the page."""
        if self.outcomes and outcome and outcome not in self.outcomes:
            raise Conflict(f"'{outcome[:60]}' is no outcome here; reload the page to see those there are")
        due_at = due_of(follow_up, now)
        if due_at is None and self.outcomes.get(outcome, False):
            raise Conflict("this outcome needs a date of the follow-up")
        if due_at is not None and self.open_ticket is None:
            raise Conflict("this server keeps no follow-ups")
        return Wrapped(outcome[:LONGEST_OUTCOME], due_at)

    async def follow_up(self, agent_id: str, contact_id: str, wrapped: Wrapped, note: str) -> str:
        """Open the task, the agent's own, and return its number, "" where none is wanted; the same contact has one at most.

        Raises StoreUnavailable.
        """
        if wrapped.due_at is None or self.open_ticket is None:
            return ""
        known: Mapping[str, Any] = {}
        try:
            known = (await self.find(contact_id) if self.find is not None else None) or {}
        except IvrError as error:
            log.warning("contact %s: its follow-up is kept without who called: %s", contact_id, error)
        caller = str(known.get("caller_name") or known.get("caller_number") or "")
        row = {
            "kind": KIND,
            "subject": f"{wrapped.outcome or KIND}: {caller or contact_id}"[:300],
            "body": note,
            "priority": "normal",
            "contact_id": contact_id,
            **{name: str(known.get(name) or "") for name in ("caller_number", "caller_name", "language", "flow")},
            "fields": {"outcome": wrapped.outcome},
            "assignee": agent_id,
            "due_at": wrapped.due_at,
        }
        return str((await self.open_ticket(f"{KIND}:{contact_id}", row))["number"])


def due_of(follow_up: str, now: float) -> float | None:
    """Epoch seconds of an ISO 8601 time with its zone, None for "". Raises Conflict."""
    if not follow_up:
        return None
    try:
        at = datetime.fromisoformat(follow_up)
        if at.tzinfo is None:
            raise ValueError("no zone")
        due = at.timestamp()
    except (ValueError, OverflowError) as error:
        raise Conflict("the date of the follow-up is no time such as 2026-01-31T09:00:00Z") from error
    if due <= now:
        raise Conflict("the date of the follow-up has passed")
    if due > now + FURTHEST:
        raise Conflict("the date of the follow-up is more than two years ahead")
    return due
