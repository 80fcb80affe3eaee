"""What is known of a caller before the flow begins, and what it understands on the way: changes to the call, nothing more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ivr.call import Call, Intent
from ivr.dialplan.events import Note
from ivr.profile.sources import ProfileSource

log = logging.getLogger(__name__)


async def known(call: Call, profiles: ProfileSource, budget: float) -> Call:
    """The call with its caller's profile: one read; a slow or broken source costs its budget (seconds) and nothing else."""
    profile: Mapping[str, Any] = {}
    try:
        async with asyncio.timeout(budget):
            profile = await profiles.find(call.caller)
    except TimeoutError:
        log.warning("%s profile: over its budget of %g s", call.correlation, budget)
    except Exception:
        log.exception("%s profile: the source failed", call.correlation)
    name = call.caller.name or str(profile.get("name") or "")
    language = call.language or str(profile.get("language") or "")
    return replace(call, profile=profile, language=language, caller=replace(call.caller, name=name))


def noted(call: Call, note: Note) -> tuple[Call, dict[str, Any]]:
    """The call with what a flow noted, and the same for its record."""
    changes: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    if note.intent:
        changes["intent"] = Intent(note.intent, 1.0 if note.confidence is None else note.confidence)
        fields |= {"intent": note.intent, "intent_confidence": note.confidence}
    if note.tags:
        changes["tags"] = tuple(dict.fromkeys((*call.tags, *note.tags)))
        fields["tags"] = list(changes["tags"])
    if note.slots:
        fields["slots"] = changes["slots"] = {**call.slots, **note.slots}
    return replace(call, **changes), fields
