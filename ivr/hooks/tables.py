"""The tables of events and of their way to each webhook."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table

metadata = MetaData()

events = Table(
    "hook_events",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("data", JSON, nullable=False),
    Index("hook_events_by_time", "at", "id"),
)

deliveries = Table(
    "hook_deliveries",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("hook", String(64), nullable=False),
    Column("event_id", String(80), ForeignKey("hook_events.id", ondelete="CASCADE"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Float(53), nullable=False),
    Column("answered", Integer),
    Column("reason", String(300), nullable=False),
    Column("sent_at", Float(53)),
    Index("hook_deliveries_once", "hook", "event_id", unique=True),
    Index("hook_deliveries_due", "hook", "status", "next_at"),
    Index("hook_deliveries_by_event", "event_id"),
    sqlite_autoincrement=True,
)
"""`status`: `waiting`, `sent`, `dead`. `answered` is the HTTP status that came last."""
