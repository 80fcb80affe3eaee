"""Rows of the records, and entries of the stream of the queues."""

from __future__ import annotations

from typing import Any

from tests.unit.ivr.hooks.conftest import T0

CALLER = {"contact_id": "c1", "caller_number": "+8613800138000", "caller_name": "李强", "language": "zh", "flow": "telecom"}


def contact(name: str = "c1", ended_at: float | None = T0 + 300, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": name,
        "channel": "sip",
        "caller_number": "+8613800138000",
        "caller_name": "李强",
        "called": "1000",
    }
    row |= {
        "flow": "telecom",
        "flow_version": "1",
        "language": "zh",
        "correlation": "x",
        "queue": "support",
        "agent_id": "anna",
    }
    row |= {"started_at": T0, "ended_at": ended_at, "wait_seconds": 12.0, "talk_seconds": 200.0, "disposition": "served"}
    row |= {"intent": "bill", "slots": {"card": "4711"}, "tags": ["upset"], "profile": {"tier": "gold"}, "note": "secret note"}
    return row | {"quality": {}, "node": "n1", **more}


def ticket(created: float = T0, updated: float | None = None, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"request": "c1:1", "kind": "fault", "subject": "宽带坏了", "body": "", "priority": "high", **CALLER}
    row |= {"status": "open", "fields": {}, "assignee": "", "note": "", "created_at": created}
    return row | {"updated_at": created if updated is None else updated, **more}


ENDED: dict[Any, Any] = {"kind": "ended", "at": f"{T0:.3f}", "contact": "c1", "queue": "support", "node": "n1", "agent": "anna"}
ENDED |= {"state": "connected", "outcome": "served"}
AGENT: dict[Any, Any] = {
    "kind": "agent",
    "at": f"{T0:.3f}",
    "agent": "anna",
    "state": "break",
    "reason": "meal",
    "until": "",
    "by": "boss",
}
