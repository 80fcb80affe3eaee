"""The tables of record: contacts and their turns, and what a call leaves to be done after it."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

contacts = Table(
    "contacts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("caller_number", String(128), nullable=False),
    Column("caller_name", String(256), nullable=False),
    Column("called", String(128), nullable=False),
    Column("flow", String(128), nullable=False),
    Column("flow_version", String(64), nullable=False),
    Column("language", String(16), nullable=False),
    Column("correlation", String(256), nullable=False),
    Column("queue", String(128)),
    Column("agent_id", String(128)),
    Column("started_at", Float(53), nullable=False),
    Column("answered_at", Float(53)),
    Column("queued_at", Float(53)),
    Column("connected_at", Float(53)),
    Column("ended_at", Float(53)),
    Column("wrap_up_ended_at", Float(53)),
    Column("wait_seconds", Float(53)),
    Column("talk_seconds", Float(53)),
    Column("disposition", String(32), nullable=False),
    Column("end_cause", String(32)),
    Column("intent", String(128)),
    Column("intent_confidence", Float(53)),
    Column("slots", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("profile", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("agent_disposition", String(128)),
    Column("quality", JSON, nullable=False),
    Column("recordings", JSON, nullable=False, server_default="[]"),
    Column("signalling", JSON, nullable=False, server_default="{}"),
    Column("handover", JSON, nullable=False, server_default="{}"),
    Column("queueing", JSON, nullable=False, server_default="{}"),
    Column("moments", JSON, nullable=False, server_default="[]"),
    Column("node", String(128), nullable=False),
    Index("contacts_by_time", "started_at", "id"),
    Index("contacts_by_queue", "queue", "started_at"),
    Index("contacts_by_caller", "caller_number", "started_at"),
    Index("contacts_by_agent", "agent_id", "started_at"),
    Index("contacts_by_disposition", "disposition", "started_at"),
    Index("contacts_by_end", "ended_at"),
)
"""Times are seconds since the Unix epoch (UTC)."""

turns = Table(
    "turns",
    metadata,
    Column("contact_id", String(64), ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("at", Float(53), nullable=False),
    Column("speaker", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(16), nullable=False),
    Column("medium", String(16), nullable=False),
    Column("confidence", Float(53)),
    Column("state", String(128), nullable=False),
    Column("intent", String(128), nullable=False),
    Column("mood", String(16), nullable=False, server_default=""),
)

turn_words = Table(
    "turn_words",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("contact_id", String(64), nullable=False),
    Column("index", Integer, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("words", Text, nullable=False),
    ForeignKeyConstraint(["contact_id", "index"], ["turns.contact_id", "turns.index"], ondelete="CASCADE"),
    Index("turn_words_once", "contact_id", "index", unique=True),
    Index("turn_words_by_time", "at", "id"),
    sqlite_autoincrement=True,
)
"""What is looked for in turns: `ivr.records.words.spaced`. Ids grow as calls end, so the highest are the latest."""

TIMES = ("started_at", "answered_at", "queued_at", "connected_at", "ended_at", "wrap_up_ended_at")


# --- what a call leaves to be done


def _from_the_call() -> tuple[Column[str], ...]:
    """Who called, as it was then: a row stands without its contact, which may be deleted before it."""
    return (
        Column("contact_id", String(64), nullable=False),
        Column("caller_number", String(128), nullable=False),
        Column("caller_name", String(256), nullable=False),
        Column("language", String(16), nullable=False),
        Column("flow", String(128), nullable=False),
    )


tickets = Table(
    "tickets",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("request", String(160), nullable=False, unique=True),
    Column("kind", String(64), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("body", Text, nullable=False),
    Column("priority", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    *_from_the_call(),
    Column("fields", JSON, nullable=False),
    Column("assignee", String(128), nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    Column("due_at", Float(53)),
    Column("customer", String(40), nullable=False, server_default=""),
    Column("queue", String(128), nullable=False, server_default=""),
    Column("tags", JSON, nullable=False, server_default="[]"),
    Column("paused_seconds", Float(53), nullable=False, server_default="0"),
    Column("paused_at", Float(53)),
    Column("responded_at", Float(53)),
    Column("solved_at", Float(53)),
    Column("rounds", Integer, nullable=False, server_default="0"),
    Column("queued_at", Float(53), nullable=False, server_default="0"),
    Column("holder", String(128), nullable=False, server_default=""),
    Column("spared", String(128), nullable=False, server_default=""),
    Column("respond_due", Float(53)),
    Column("resolve_due", Float(53)),
    Column("next_due", Float(53)),
    Column("clock", String(16), nullable=False, server_default=""),
    Column("clock_told", String(40), nullable=False, server_default=""),
    Index("tickets_by_status", "status", "created_at"),
    Index("tickets_by_due", "next_due"),
    Index("tickets_by_assignee", "assignee", "status"),
    Index("tickets_by_change", "updated_at"),
    Index("tickets_by_contact", "contact_id"),
    Index("tickets_by_caller", "caller_number", "created_at"),
    sqlite_autoincrement=True,
)
"""`request` names the step that asked, so that the same step asking twice opens one ticket. Its clock stands still from
`paused_at` on, and stood still for `paused_seconds` before. The three `_due` are reckoned at each change, by the promises that
`clock` names; of `next_due` somebody was told as `clock_told` says. `queued_at` is 0 until it waits in a queue, where node
`holder` keeps its place of the number `rounds`; `spared` gave it back last."""

_ONE_CALL = text("status = 'dialing' AND callee <> ''")

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("request", String(160), nullable=False, unique=True),
    Column("number", String(128), nullable=False),
    *_from_the_call(),
    Column("queue", String(128), nullable=False),
    Column("needs", JSON, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("reason", String(300), nullable=False),
    Column("handover", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("from_at", Float(53), nullable=False),
    Column("until_at", Float(53), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    Column("callee", String(128), nullable=False, default=""),
    Column("called", String(128), nullable=False, default=""),
    Column("origin", String(16), nullable=False, default="caller"),
    Column("queued_at", Float(53), nullable=False, default=0.0),
    Column("place", JSON, nullable=False, default=dict),
    Column("profile", JSON, nullable=False, default=dict),
    Column("outcome", String(32), nullable=False, default=""),
    Column("tries", JSON, nullable=False, default=list),
    Column("next_at", Float(53), nullable=False, default=0.0),
    Column("at_once", Boolean, nullable=False, default=False),
    Column("holder", String(200), nullable=False, default=""),
    Column("lease_until", Float(53), nullable=False, default=0.0),
    Column("served_by", String(64), nullable=False, default=""),
    Index("callbacks_by_status", "status", "from_at"),
    Index("callbacks_by_contact", "contact_id"),
    Index("callbacks_by_turn", "status", "next_at"),
    Index("callbacks_by_change", "updated_at"),
    Index("callbacks_one_call", "callee", unique=True, sqlite_where=_ONE_CALL, postgresql_where=_ONE_CALL),
    sqlite_autoincrement=True,
)
"""To be dialled between `from_at` and `until_at`, not before `next_at`, by whoever holds the lease.

`callee` is the number in the form in which two can be compared, "" until somebody looked; of one number at most one row is
`dialing` (a unique index). `queued_at` is the place that is kept, `place` how the caller waited, `served_by` the call that
kept the promise.
"""

surveys = Table(
    "surveys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    *_from_the_call(),
    Column("answers", JSON, nullable=False),
    Column("score", Float(53)),
    Column("agent_id", String(128), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Index("surveys_by_name", "name", "created_at"),
    Index("surveys_by_contact", "contact_id"),
    Index("surveys_by_time", "created_at"),
)

voicemails = Table(
    "voicemails",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("box", String(64), nullable=False),
    *_from_the_call(),
    Column("file", String(300), nullable=False),
    Column("seconds", Float(53), nullable=False),
    Column("transcript", Text, nullable=False),
    Column("heard", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    Index("voicemails_by_box", "box", "created_at"),
    Index("voicemails_by_contact", "contact_id"),
    Index("voicemails_by_time", "created_at"),
)

agent_states = Table(
    "agent_states",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("agent_id", String(128), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("by", String(128), nullable=False),
    Index("agent_states_by_agent", "agent_id", "at"),
    Index("agent_states_by_time", "at"),
)
"""`id` is the number of the event. `by` is "" for the agent, `system`, `schedule`, or who ordered it."""

notifications = Table(
    "notifications",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("contact_id", String(64), nullable=False),
    Column("by", String(16), nullable=False),
    Column("recipient", String(300), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", String(300), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("next_at", Float(53), nullable=False),
    Column("sent_at", Float(53)),
    Index("notifications_by_status", "status", "next_at"),
    Index("notifications_by_contact", "contact_id"),
)

follow_up_reminders = Table(
    "follow_up_reminders",
    metadata,
    Column("ticket_id", Integer, primary_key=True, autoincrement=False),
    Column("due_at", Float(53), primary_key=True),
    Column("shown_at", Float(53)),
    Column("mailed_at", Float(53)),
)
"""Of which follow-ups their agents were reminded; one that is put off is another."""

desk_marks = Table(
    "desk_marks",
    metadata,
    Column("contact_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("name", String(160), primary_key=True),
    Column("value", String(40), nullable=False),
    Column("agent_id", String(128), nullable=False),
    Column("at", Float(53), nullable=False),
    Index("desk_marks_by_name", "kind", "name"),
)
"""What agents ticked during a contact: `step` of a procedure, `line` that was said, `offer`, `card`."""

desk_actions = Table(
    "desk_actions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("contact_id", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("hook", String(64), nullable=False),
    Column("agent_id", String(128), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("body", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Float(53), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("answer", JSON, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    Index("desk_actions_by_contact", "contact_id"),
    Index("desk_actions_by_status", "status", "next_at"),
)
"""What agents had done by other systems; `body` is what those are sent."""
