"""Every kind of event that other systems are told, and what it says. Pure; docs/events.md is made of it.

Events name contacts, agents and numbers of tickets, and no callers: who needs more asks the API, which knows whom it answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

PING = "ping"


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    when: str
    """One sentence."""
    says: Mapping[str, str]
    """Member of `data` to what it is."""
    example: Mapping[str, Any]


_CONTACT = {"contact_id": "the contact: `GET /api/v1/contacts/ID`"}
_QUEUED = {**_CONTACT, "queue": "the queue"}
_RUNG = {**_QUEUED, "agent_id": "the agent"}
_C, _Q = {"contact_id": "4f6c0b52"}, {"contact_id": "4f6c0b52", "queue": "support"}
_A = {**_Q, "agent_id": "anna"}
_TICKET = {
    "ticket_id": "its number: `GET /api/v1/tickets/ID`",
    **_CONTACT,
    "kind": "what it is about, as the flow or the agent said",
    "status": "`open pending solved closed`",
    "priority": "`low normal high urgent`",
    "assignee": "agent, or empty",
}
_T = {
    "ticket_id": "T-000123",
    **_C,
    "kind": "fault",
    "status": "open",
    "priority": "high",
    "assignee": "",
}
_CALLBACK = {
    "callback_id": "its number: `GET /api/v1/callbacks/ID`",
    **_CONTACT,
    "queue": "the queue whose agents call",
    "status": "`promised waiting dialing done failed cancelled`",
    "origin": "who asked: `caller`, `api`, `lost` (a call that broke off)",
}
_B = {"callback_id": "C-000012", **_C, "queue": "support", "status": "promised", "origin": "caller"}

_REVIEW = {
    "review_id": "`GET /api/v1/quality/reviews/ID`",
    **_CONTACT,
    "agent_id": "the agent whom it is about",
    "score": "0 to 100, as it is then",
}
_R = {"review_id": "0f3b6e7a91c2d845", **_C, "agent_id": "anna", "score": 86.0}

KINDS: tuple[Kind, ...] = (
    Kind("queue.entered", "Somebody waits in a queue, or waits again after a talk that had no sound.", _QUEUED, _Q),
    Kind(
        "queue.offered",
        "It rings at an agent.",
        {**_RUNG, "why": "why this agent", "until": "end of the ring, epoch seconds"},
        {**_A, "why": "telecom 5, idle longest", "until": 1790000051.0},
    ),
    Kind(
        "queue.withdrawn",
        "A ring came to nothing; the contact waits on.",
        {**_RUNG, "reason": "`declined missed taken gone media`, or another word"},
        {**_A, "reason": "missed"},
    ),
    Kind("queue.connected", "The agent has it.", _RUNG, _A),
    Kind(
        "queue.left",
        "It is out of the queues: the talk is over, or nobody talked.",
        {
            **_RUNG,
            "was": "`waiting offered connected`",
            "outcome": "`abandoned overflowed callback served lost`; of one who was connected it says nothing",
        },
        {**_A, "was": "connected", "outcome": "served"},
    ),
    Kind(
        "agent.state",
        "An agent's state changed.",
        {
            "agent_id": "the agent",
            "state": "`offline available reserved in_call wrap_up break`",
            "reason": "of a break, or of being offline",
            "by": "empty: the agent; `system`, `schedule`, or the account that ordered it",
        },
        {"agent_id": "anna", "state": "break", "reason": "meal", "by": ""},
    ),
    Kind(
        "contact.ended",
        "A contact is over and its record is written.",
        {
            **_CONTACT,
            "channel": "`sip webrtc phone callback` and others",
            "queue": "the last one, or null",
            "agent_id": "the last one, or null",
            "disposition": "how it ended: `served abandoned overflowed self_served` and others",
            "intent": "what it was about, or null",
            "language": "`zh`, `en`",
            "tags": "list",
            "started_at": "epoch seconds",
            "ended_at": "epoch seconds",
            "wait_seconds": "number or null",
            "talk_seconds": "number or null",
        },
        {
            **_C,
            "channel": "sip",
            "queue": "support",
            "agent_id": "anna",
            "disposition": "served",
            "intent": "bill",
            "language": "zh",
            "tags": [],
            "started_at": 1790000000.0,
            "ended_at": 1790000312.5,
            "wait_seconds": 31.0,
            "talk_seconds": 240.2,
        },
    ),
    Kind(
        "contact.wrapped_up",
        "The agent is done with a contact.",
        {
            **_CONTACT,
            "agent_id": "the agent",
            "agent_disposition": "what the agent chose, or null",
            "wrap_up_ended_at": "epoch seconds",
        },
        {**_C, "agent_id": "anna", "agent_disposition": "solved", "wrap_up_ended_at": 1790000340.0},
    ),
    Kind("ticket.opened", "A ticket is there.", _TICKET, _T),
    Kind(
        "ticket.changed",
        "Something in it changed; of several changes within seconds the last is told.",
        _TICKET,
        {**_T, "status": "solved", "assignee": "anna"},
    ),
    Kind(
        "ticket.overdue",
        "A clock of a ticket has run out.",
        {
            "ticket_id": "its number: `GET /api/v1/tickets/ID`",
            "clock": "`respond`: nobody has answered; `resolve`: it is not solved",
            "due_at": "epoch seconds",
        },
        {"ticket_id": "T-000123", "clock": "respond", "due_at": 1790000000.0},
    ),
    Kind(
        "message.received",
        "A customer wrote.",
        {"thread_id": "the conversation: `GET /api/v1/threads/ID`", "index": "number of the message in it, from 0"},
        {"thread_id": "m-4f6c0b52a1b2c3d4", "index": 0},
    ),
    Kind(
        "thread.closed",
        "A conversation in writing is closed.",
        {
            "thread_id": "the conversation: `GET /api/v1/threads/ID`",
            "channel": "`chat email` or the kind of a hook",
            "queue": "the queue",
            "agent_id": "who had it last, or empty",
            "tags": "list",
            "messages": "how many there are",
            "created_at": "epoch seconds",
            "replied_at": "first answer, epoch seconds or null",
            "closed_at": "epoch seconds",
        },
        {
            "thread_id": "m-4f6c0b52a1b2c3d4",
            "channel": "chat",
            "queue": "support",
            "agent_id": "anna",
            "tags": [],
            "messages": 7,
            "created_at": 1790000000.0,
            "replied_at": 1790000060.0,
            "closed_at": 1790000600.0,
        },
    ),
    Kind("callback.promised", "Somebody will be called back.", _CALLBACK, _B),
    Kind(
        "callback.changed",
        "It was put off, dialled, kept or given up; of several changes within seconds the last is told.",
        _CALLBACK,
        {**_B, "status": "done"},
    ),
    Kind(
        "survey.answered",
        "Somebody said how it was.",
        {
            "survey_id": "`GET /api/v1/surveys/ID`",
            **_CONTACT,
            "name": "of the survey",
            "score": "the first answer with a scale, or null",
            "agent_id": "whom the caller had talked with, or empty",
        },
        {"survey_id": "4f6c0b52:3", **_C, "name": "csat", "score": 4.0, "agent_id": "anna"},
    ),
    Kind(
        "voicemail.left",
        "Somebody left a message.",
        {"voicemail_id": "`GET /api/v1/voicemails/ID`", **_CONTACT, "box": "where it is", "seconds": "its length"},
        {"voicemail_id": "4f6c0b52:5", **_C, "box": "sales", "seconds": 12.4},
    ),
    Kind(
        "review.published",
        "A reviewer published a scorecard about a contact; drafts, reviews by rule and calibrations are not told.",
        {
            **_REVIEW,
            "card": "the scorecard",
            "passed": "true or false",
            "fatal": "questions that failed the whole card",
            "evaluator": "the reviewer",
        },
        {**_R, "card": "hotline", "passed": True, "fatal": [], "evaluator": "wei"},
    ),
    Kind(
        "appeal.opened",
        "An agent disagrees with a review.",
        {**_REVIEW, "appeal_id": "of the appeal", "questions": "those appealed"},
        {**_R, "appeal_id": "5c0a9d2e41b7f386", "questions": ["greeting"]},
    ),
    Kind(
        "appeal.decided",
        "Somebody other than the evaluator decided it.",
        {
            **_REVIEW,
            "appeal_id": "of the appeal",
            "granted": "questions whose answer was changed",
            "score_before": "before the appeal",
            "by": "who decided",
        },
        {**_R, "appeal_id": "5c0a9d2e41b7f386", "granted": ["greeting"], "score_before": 78.0, "by": "boss"},
    ),
    Kind(
        "coaching.added",
        "A coaching note was written to an agent.",
        {
            "coaching_id": "`GET /api/v1/quality/coaching`",
            "agent_id": "the agent",
            "contact_id": "the contact, or empty",
            "review_id": "the review, or empty",
            "by": "who wrote it",
        },
        {"coaching_id": "7d21c8e05f9ab463", "agent_id": "anna", **_C, "review_id": "", "by": "wei"},
    ),
)
NAMES: tuple[str, ...] = tuple(one.name for one in KINDS)


def wanted(patterns: Iterable[str], name: str) -> bool:
    """Whether one of `*`, `queue.*`, `contact.ended` names this kind."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def envelope(event_id: str, kind: str, at: float, data: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent; `id` is the same in every try and every replay."""
    return {"id": event_id, "type": kind, "at": at, "data": dict(data)}


def markdown() -> str:
    """The catalogue for docs/events.md."""
    lines = []
    for one in KINDS:
        lines += [f"### {one.name}", "", one.when, "", "| member | |", "| --- | --- |"]
        lines += [f"| `{name}` | {words} |" for name, words in one.says.items()]
        lines.append("")
    return "\n".join(lines)
