"""What the queues told and what the records hold, as events. Pure: the same row gives the same event with the same id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "contacts": (
        *("id", "channel", "queue", "agent_id", "disposition", "agent_disposition", "intent", "language", "tags"),
        *("started_at", "ended_at", "wait_seconds", "talk_seconds", "wrap_up_ended_at"),
    ),
    "tickets": ("id", "contact_id", "kind", "status", "priority", "assignee", "created_at", "updated_at"),
    "callbacks": ("id", "contact_id", "queue", "status", "origin", "created_at", "updated_at"),
    "surveys": ("id", "contact_id", "name", "score", "agent_id", "created_at"),
    "ticket_events": ("id", "ticket_id", "at", "kind", "text", "data"),
    "messages": ("id", "thread_id", "index", "at", "direction"),
    "threads": (
        *("id", "channel", "queue", "agent_id", "status", "tags", "count"),
        *("created_at", "updated_at", "replied_at", "closed_at"),
    ),
    "voicemails": ("id", "contact_id", "box", "seconds", "created_at"),
    "quality_reviews": (
        *("id", "contact_id", "calibration", "agent_id", "card", "evaluator", "score", "passed", "fatal", "published_at"),
    ),
    "quality_appeals": (
        *("id", "review_id", "contact_id", "agent_id", "state", "opened_at", "updated_at", "reasons"),
        *("decided_at", "decided_by", "decisions", "score_before", "score_after"),
    ),
    "quality_coaching": ("id", "agent_id", "contact_id", "review_id", "by", "created_at"),
}
"""What is read of each table."""
_ENDED = (
    *("channel", "queue", "agent_id", "disposition", "intent", "language", "tags"),
    *("started_at", "ended_at", "wait_seconds", "talk_seconds"),
)


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    """At most 80 characters; who brings the same twice gives one."""
    kind: str
    """A name of `ivr.hooks.catalogue`."""
    at: float
    """Epoch seconds."""
    subject: str
    """The contact, agent or ticket that it is about."""
    data: Row


def of_queues(number: str, told: Mapping[str, str]) -> Event | None:
    """An entry of the stream of the queues; None where nobody outside is told."""
    kind = told.get("kind", "")
    read = _OF_QUEUES.get(kind)
    try:
        at = float(told.get("at", ""))
    except ValueError:
        return None
    return None if read is None else read(f"q:{number}", at, told)


def _queued(name: str, *more: str) -> Callable[[str, float, Mapping[str, str]], Event | None]:
    def read(event_id: str, at: float, told: Mapping[str, str]) -> Event | None:
        contact = told.get("contact", "")
        data: dict[str, Any] = {"contact_id": contact, "queue": told.get("queue", "")}
        for field in more:
            data["agent_id" if field == "agent" else field] = told.get(field, "")
        if "until" in data:
            data["until"] = _number(data["until"])
        if "state" in data:
            data["was"] = data.pop("state")
        return Event(event_id, name, at, contact, data) if contact else None

    return read


def _agent(event_id: str, at: float, told: Mapping[str, str]) -> Event | None:
    agent = told.get("agent", "")
    data = {"agent_id": agent, **{name: told.get(name, "") for name in ("state", "reason", "by")}}
    if data["state"] not in ("break", "offline"):
        data["reason"] = ""
    return Event(event_id, "agent.state", at, agent, data) if agent else None


_OF_QUEUES: Mapping[str, Callable[[str, float, Mapping[str, str]], Event | None]] = {
    "enqueued": _queued("queue.entered"),
    "offered": _queued("queue.offered", "agent", "why", "until"),
    "withdrawn": _queued("queue.withdrawn", "agent", "reason"),
    "connected": _queued("queue.connected", "agent"),
    "handed": _queued("queue.connected", "agent"),
    "ended": _queued("queue.left", "agent", "state", "outcome"),
    "agent": _agent,
}


def of_contact(row: Row) -> list[Event]:
    """A contact that is over, and that its agent is done with."""
    name, done = row["id"], row["wrap_up_ended_at"]
    data = {"contact_id": name, **{field: row[field] for field in _ENDED}}
    found = [Event(f"c:{name}", "contact.ended", row["ended_at"], name, data)]
    if done is not None:
        chosen = {field: row[field] for field in ("agent_id", "agent_disposition", "wrap_up_ended_at")}
        found.append(Event(f"w:{name}", "contact.wrapped_up", done, name, {"contact_id": name, **chosen}))
    return found


def of_ticket(row: Row) -> list[Event]:
    number = f"T-{row['id']:06d}"
    names = ("contact_id", "kind", "status", "priority", "assignee")
    return _changing("t", "ticket", number, row, {"ticket_id": number, **{name: row[name] for name in names}}, "opened")


def of_callback(row: Row) -> list[Event]:
    number = f"C-{row['id']:06d}"
    names = ("contact_id", "queue", "status", "origin")
    return _changing("b", "callback", number, row, {"callback_id": number, **{name: row[name] for name in names}}, "promised")


def of_survey(row: Row) -> list[Event]:
    data = {"survey_id": row["id"], **{name: row[name] for name in ("contact_id", "name", "score", "agent_id")}}
    return [Event(f"s:{row['id']}", "survey.answered", row["created_at"], row["id"], data)]


def of_voicemail(row: Row) -> list[Event]:
    data = {"voicemail_id": row["id"], **{name: row[name] for name in ("contact_id", "box", "seconds")}}
    return [Event(f"v:{row['id']}", "voicemail.left", row["created_at"], row["id"], data)]


def of_ticket_event(row: Row) -> list[Event]:
    """A line of a ticket's story: where its clock ran out."""
    if row["kind"] != "late":
        return []
    number = f"T-{row['ticket_id']:06d}"
    due = row["data"].get("due_at") if isinstance(row["data"], Mapping) else None
    data = {"ticket_id": number, "clock": row["text"], "due_at": due}
    return [Event(f"o:{row['id']}", "ticket.overdue", row["at"], number, data)]


def of_message(row: Row) -> list[Event]:
    if row["direction"] != "in":
        return []
    data = {"thread_id": row["thread_id"], "index": row["index"]}
    return [Event(f"m:{row['id']}", "message.received", row["at"], row["thread_id"], data)]


def of_thread(row: Row) -> list[Event]:
    """A conversation that is closed; one that is opened again and closed once more is so twice."""
    closed = row["closed_at"]
    if row["status"] != "closed" or closed is None or row["updated_at"] < closed:  # or its look as it came
        return []
    same = ("channel", "queue", "agent_id", "tags", "created_at", "replied_at", "closed_at")
    data = {"thread_id": row["id"], **{name: row[name] for name in same}, "messages": row["count"]}
    return [Event(f"d:{row['id']}:{closed:.3f}"[:80], "thread.closed", closed, row["id"], data)]


def of_review(row: Row) -> list[Event]:
    """A review that its agent sees; those of a calibration are nobody's but the evaluators'."""
    if row["calibration"] or row["published_at"] is None:
        return []
    same = ("contact_id", "agent_id", "score", "card", "passed", "fatal", "evaluator")
    data = {"review_id": row["id"], **{name: row[name] for name in same}}
    return [Event(f"r:{row['id']}", "review.published", row["published_at"], row["id"], data)]


def of_appeal(row: Row) -> list[Event]:
    """One that was opened, and decided."""
    data = {"review_id": row["review_id"], "contact_id": row["contact_id"], "agent_id": row["agent_id"], "appeal_id": row["id"]}
    opened = {**data, "score": row["score_before"], "questions": sorted(row["reasons"])}
    found = [Event(f"a:{row['id']}", "appeal.opened", row["opened_at"], row["review_id"], opened)]
    if row["decided_at"] is not None:
        granted = sorted(name for name, one in row["decisions"].items() if one["granted"])
        decided = {**data, "score": row["score_after"], "score_before": row["score_before"], "granted": granted}
        decided |= {"by": row["decided_by"]}
        found.append(Event(f"e:{row['id']}", "appeal.decided", row["decided_at"], row["review_id"], decided))
    return found


def of_coaching(row: Row) -> list[Event]:
    data = {"coaching_id": row["id"], **{name: row[name] for name in ("agent_id", "contact_id", "review_id", "by")}}
    return [Event(f"n:{row['id']}", "coaching.added", row["created_at"], row["id"], data)]


def _changing(letter: str, what: str, number: str, row: Row, data: Row, first: str) -> list[Event]:
    """Of a row that changes: its first look, or this change."""
    at = float(row["updated_at"])
    fresh = at <= float(row["created_at"])
    return [Event(f"{letter}:{number}:{at:.3f}", f"{what}.{first if fresh else 'changed'}", at, number, data)]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
