"""What rows that a call leaves behind say of it. Pure."""

from __future__ import annotations

from typing import Any

from ivr.call import Call


def who(call: Call) -> dict[str, Any]:
    """Columns of every row: who called, in which language and flow."""
    return {
        "contact_id": call.id,
        "caller_number": call.caller.number,
        "caller_name": call.caller.name,
        "language": call.language,
        "flow": call.flow,
    }


def known_so_far(call: Call) -> dict[str, Any]:
    """What whoever calls back should know: what the flow handed over, the wish, slots and tags."""
    found: dict[str, Any] = {**call.handover}
    if call.intent is not None:
        found["intent"] = call.intent.name
    if call.slots:
        found["slots"] = dict(call.slots)
    if call.tags:
        found["tags"] = list(call.tags)
    return found
