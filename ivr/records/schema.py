"""The tables of record: one row a contact, one row a turn."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

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
    Column("node", String(128), nullable=False),
    Index("contacts_by_time", "started_at", "id"),
    Index("contacts_by_queue", "queue", "started_at"),
    Index("contacts_by_agent", "agent_id", "started_at"),
    Index("contacts_by_disposition", "disposition", "started_at"),
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
)

TIMES = ("started_at", "answered_at", "queued_at", "connected_at", "ended_at", "wrap_up_ended_at")
