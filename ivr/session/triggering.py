"""What is done when somebody says what a flow waits for: a task, a tag, an alert, a hint for the agent, a message.

An observer of turns (`ivr.session.turns`), and what a talk calls for a line that was not said in time.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ivr.call import Medium, Speaker, Turn
from ivr.dialplan.events import Note
from ivr.dialplan.triggers import Trigger, task_row
from ivr.records.outbox import notice
from ivr.session.about_call import known_so_far, who
from ivr.session.hinting import Hint
from ivr.session.knowing import noted
from ivr.session.services import Services
from ivr.session.turns import MOST_QUOTED, About

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

MOST_HITS, MOST_HINTS = 50, 20
KINDS_OF_HINT = {"compliance": "compliance", "hesitation": "offer", "churn": "offer", "competitor": "offer"}
"""What a trigger's own hint is; `calm` for the others."""


class Triggering:
    """Of one call."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def see(self, turn: Turn, about: About) -> Turn:
        if turn.speaker is Speaker.BOT or turn.medium is Medium.KEYS or not turn.text:
            return turn
        session = about.session
        awaited = session.services.spotters.of(session.machine.flow)
        for found in awaited.spotter.find(turn.text, turn.language, turn.speaker.value):
            trigger = awaited.triggers[found.name]
            ears = None if session.talk is None else session.talk.ears
            if ears is not None:
                ears.named(trigger, found.phrase)
            cool = turn.at - self._last.get(trigger.name, float("-inf")) >= trigger.cooldown
            if cool and not trigger.within:
                self._last[trigger.name] = turn.at
                react(session, trigger, turn, about.index, found.phrase)
        return turn


def opened(services: Services) -> Triggering:
    """See `ivr.session.turns.Opening`."""
    return Triggering()


def react(session: CallSession, trigger: Trigger, turn: Turn, index: int | None, phrase: str = "") -> None:
    """Do what the trigger says, and tell the agent's page and the record that it was hit."""
    hit: dict[str, Any] = {
        "at": turn.at,
        "name": trigger.name,
        "kind": trigger.kind,
        "speaker": turn.speaker.value,
        "text": turn.text[:MOST_QUOTED],
        "phrase": phrase,
        "turn": index,
        "did": trigger.did,
    }
    if trigger.task is not None:
        hit |= _open_task(session, trigger, turn)
    hits = [*session.call.handover.get("triggers", ()), hit][-MOST_HITS:]
    session.call, fields = noted(session.call, Note(tags=trigger.tags, handover={"triggers": hits}))
    session.record(**fields)
    log.debug("%s trigger %s", session.call.correlation, trigger.name)
    if session.agent_id:
        session.services.desk.push(session.agent_id, "trigger", {"contact_id": session.call.id, "trigger": hit})
    if trigger.tags:
        session.show()
    if trigger.alert:
        _alert(session, trigger, hit)
    if trigger.hint:
        _hint(session, trigger)
    if trigger.notice is not None:
        notice = trigger.notice
        text = notice.text.get(session.call.language) or next(iter(notice.text.values()), "") or _sentence(session, hit)
        _send(session, notice.by, notice.to, notice.subject or f"Hotline: {trigger.name}", text)


def keep_hint(session: CallSession, hint: Hint, at: float) -> None:
    """Put a hint before the agent, and into what is handed over. `at` is seconds since the epoch."""
    told = hint.to_dict(at)
    hints = [*session.call.handover.get("hints", ()), told][-MOST_HINTS:]
    session.call, fields = noted(session.call, Note(handover={"hints": hints}))
    session.record(**fields)
    if session.agent_id:
        session.services.desk.push(session.agent_id, "hint", {"contact_id": session.call.id, "hint": told})


def _open_task(session: CallSession, trigger: Trigger, turn: Turn) -> dict[str, Any]:
    """A row for somebody to work on; the same hit again opens none."""
    task = trigger.task
    assert task is not None
    call, now = session.call, session.services.clock()
    row = task_row(trigger, turn.text, turn.language, now, session.machine.flow.time_zone)
    stamps = {"created_at": now, "updated_at": now, "note": "", "request": f"{call.id}:{trigger.name}:{turn.at:.3f}"}
    if task.by == "callback":
        number = {"number": call.caller.number, "handover": known_so_far(call), "attempts": 0, "status": "promised"}
        session.keep("callbacks", {**who(call), **stamps, **number, **row})
        return {"due_at": row["from_at"]}
    session.keep("tickets", {**who(call), **stamps, "status": "open", "assignee": session.agent_id, **row})
    return {} if row["due_at"] is None else {"due_at": row["due_at"]}


def _alert(session: CallSession, trigger: Trigger, hit: Mapping[str, Any]) -> None:
    """To the agent, to supervisors, into the log (which never has words), and out of the house where there is a webhook."""
    services, call = session.services, session.call
    queue = "" if session.placement is None else session.placement.queue
    data = {
        "contact_id": call.id,
        "queue": queue,
        "agent": session.agent_id,
        "caller": call.caller.number,
        "trigger": dict(hit),
    }
    log.warning("%s alert: %s (%s), said by the %s", call.correlation, trigger.name, trigger.kind, hit["speaker"])
    if session.agent_id:
        services.desk.push(session.agent_id, "alert", data)
    services.alarm(data, session.agent_id)
    if "webhook" in services.channels:
        _send(session, "webhook", "", f"Hotline: {trigger.name}", _sentence(session, hit))


def _sentence(session: CallSession, hit: Mapping[str, Any]) -> str:
    call = session.call
    where = f"{call.id}, {call.flow}" + (f", agent {session.agent_id}" if session.agent_id else "")
    return f"{hit['kind']}: {hit['name']}: {hit['speaker']}: {hit['text']} ({where})"


def _send(session: CallSession, by: str, to: str, subject: str, text: str) -> None:
    now, call = session.services.clock(), session.call
    session.keep("notifications", notice(now, by, to, subject, text, contact_id=call.id, language=call.language))


def _hint(session: CallSession, trigger: Trigger) -> None:
    """While somebody talks it waits for its turn; before that the agent finds it with the call."""
    why = {"zh": f"触发：{trigger.name}", "en": f"Trigger: {trigger.name}"}
    hint = Hint(trigger.name, KINDS_OF_HINT.get(trigger.kind, "calm"), trigger.hint, why)
    ears = None if session.talk is None else session.talk.ears
    if ears is not None:
        ears.advise(hint, trigger.cooldown)
    else:
        keep_hint(session, hint, session.services.clock())
