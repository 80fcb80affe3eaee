"""What is known of a caller before the flow begins, and what it understands on the way: changes to the call, nothing more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from ivr.call import Call, Intent
from ivr.dialplan.events import Note
from ivr.dialplan.model import AGENT, Flow
from ivr.profile.joined import JoinedProfiles, Wanted
from ivr.profile.likely import likely
from ivr.profile.normal import normal
from ivr.session.services import Services

log = logging.getLogger(__name__)

MOST_NOTES, MOST_FACTS, MOST_REASONS = 4000, 50, 20


SLACK = 0.5
"""Seconds beyond its budget after which a profile that keeps it by itself is not waited for: only a defect takes so long."""


async def known(call: Call, services: Services, flow: Flow) -> Call:
    """The call with its caller's profile, read as the flow wants it; slow or broken sources cost their budget and no more."""
    wish, profiles, profile = flow.profile, services.profiles, dict[str, Any]()
    try:
        if isinstance(profiles, JoinedProfiles):
            within = profiles.within if wish.within is None else wish.within
            async with asyncio.timeout(within + SLACK):
                profile = await profiles.find_for(call, Wanted(wish.lookup, wish.by, within, wish.otherwise))
        elif wish.lookup != ():
            async with asyncio.timeout(services.profile_budget if wish.within is None else wish.within):
                profile = {**wish.otherwise, **await profiles.find(call.caller)}
    except TimeoutError:
        log.warning("%s profile: over its budget", call.correlation)
    except Exception:
        log.exception("%s profile: the source failed", call.correlation)
    return _knowing(call, profile, flow, services.clock())


def identified(call: Call, found: Mapping[str, Any], flow: Flow, now: float) -> Call:
    """The call of a caller who turned out to be somebody else, by a typed account: nothing of the old profile stays.

    A block stays, for it belongs to the number.
    """
    blocked = {"blocked": True} if call.profile.get("blocked") else {}
    fresh = replace(call, caller=replace(call.caller, name=""))
    return _knowing(fresh, {**normal(found), **blocked, "known": True}, flow, now)


def _knowing(call: Call, profile: Mapping[str, Any], flow: Flow, now: float) -> Call:
    """The call with a profile and what follows from it: name, language and the likely wish."""
    name = call.caller.name or str(profile.get("name") or "")
    language = call.language or str(profile.get("language") or "")
    told = language if language in flow.languages else flow.languages[0]
    wish = {} if "likely" in profile else _likely(profile, flow, told, now)
    return replace(call, profile={**profile, **wish}, language=language, caller=replace(call.caller, name=name))


def _likely(profile: Mapping[str, Any], flow: Flow, language: str, now: float) -> dict[str, Any]:
    """`likely`: a wish that this flow can serve, with the words for it in the caller's language; empty where none is known."""
    found = likely(profile, now, flow.intents, ZoneInfo(flow.time_zone))
    if found is None:
        return {}
    intent = flow.intents[found.intent]
    examples = intent.examples.get(language, ())
    label = intent.label.get(language) or (examples[0][0] if examples else found.intent)
    told = {"intent": found.intent, "label": label, "confidence": found.confidence, "why": list(found.why)}
    return {"likely": told}


def noted(call: Call, note: Note) -> tuple[Call, dict[str, Any]]:
    """The call with what a flow noted, and the same for its record."""
    changes: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    if note.intent and (note.intent != AGENT or call.intent is None):  # who wants a person wants it for what was said before
        changes["intent"] = wish = Intent(note.intent, 1.0 if note.confidence is None else note.confidence)
        fields |= {"intent": wish.name, "intent_confidence": wish.confidence}
    if note.tags:
        changes["tags"] = tuple(dict.fromkeys((*call.tags, *note.tags)))
        fields["tags"] = list(changes["tags"])
    if note.slots:
        fields["slots"] = changes["slots"] = {**call.slots, **note.slots}
    told = {**note.handover, **({"mood": note.mood} if note.mood else {}), **({"why": list(note.why)} if note.why else {})}
    if told:
        fields["handover"] = changes["handover"] = handed(call.handover, told)
    return replace(call, **changes), fields


def handed(before: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """What the agent is to know, with what was noted now: notes and reasons are added, facts, mood and summary the latest."""
    notes = [text for text in (before.get("note"), more.get("note")) if text]
    facts = {**before.get("facts", {}), **more.get("facts", {})}
    found: dict[str, Any] = {**before, **more}
    if notes:
        found["note"] = "\n".join(notes)[-MOST_NOTES:]
    if before.get("why") or more.get("why"):
        found["why"] = list(dict.fromkeys([*before.get("why", ()), *more.get("why", ())]))[-MOST_REASONS:]
    if facts:
        found["facts"] = dict(list(facts.items())[-MOST_FACTS:])
    return found
