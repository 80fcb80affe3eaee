"""The tables of reviews and of all that comes of them. Times are epoch seconds."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

AUTOMATIC = "automatic"
"""The evaluator of reviews by rule."""

cards = Table(
    "quality_cards",
    metadata,
    Column("version", String(12), primary_key=True),
    Column("name", String(48), nullable=False),
    Column("body", JSON, nullable=False),
    Column("first_at", Float(53), nullable=False),
)
"""Every card by which something was reviewed, as it was then."""

reviews = Table(
    "quality_reviews",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("contact_id", String(64), nullable=False),
    Column("calibration", String(32), nullable=False),
    Column("card", String(48), nullable=False),
    Column("version", String(12), nullable=False),
    Column("evaluator", String(128), nullable=False),
    Column("agent_id", String(128), nullable=False),
    Column("queue", String(128), nullable=False),
    Column("mood", String(16), nullable=False),
    Column("ended_at", Float(53), nullable=False),
    Column("state", String(16), nullable=False),
    Column("answers", JSON, nullable=False),
    Column("comment", Text, nullable=False),
    Column("score", Float(53)),
    Column("raw", Float(53)),
    Column("passed", Boolean),
    Column("fatal", JSON, nullable=False),
    Column("covered", Float(53), nullable=False),
    Column("rev", Integer, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    Column("published_at", Float(53)),
    Column("seen_at", Float(53)),
    Index("quality_reviews_once", "contact_id", "calibration", "evaluator", unique=True),
    Index("quality_reviews_by_agent", "agent_id", "ended_at"),
    Index("quality_reviews_by_time", "created_at", "id"),
    Index("quality_reviews_by_end", "ended_at"),
    Index("quality_reviews_published", "published_at"),
)
"""`calibration` is "" but for those that are part of one. `mood` and `ended_at` are the contact's."""

history = Table(
    "quality_history",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("review_id", String(32), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("by", String(128), nullable=False),
    Column("what", String(16), nullable=False),
    Column("detail", JSON, nullable=False),
    Index("quality_history_by_review", "review_id", "id"),
    sqlite_autoincrement=True,
)

appeals = Table(
    "quality_appeals",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("review_id", String(32), nullable=False, unique=True),
    Column("contact_id", String(64), nullable=False),
    Column("agent_id", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened_at", Float(53), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    Column("until", Float(53), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("comment", Text, nullable=False),
    Column("decided_at", Float(53)),
    Column("decided_by", String(128), nullable=False),
    Column("decisions", JSON, nullable=False),
    Column("answer", Text, nullable=False),
    Column("score_before", Float(53)),
    Column("score_after", Float(53)),
    Index("quality_appeals_by_state", "state", "opened_at"),
    Index("quality_appeals_by_change", "updated_at"),
    Index("quality_appeals_by_agent", "agent_id", "opened_at"),
    Index("quality_appeals_by_contact", "contact_id"),
)

calibrations = Table(
    "quality_calibrations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("contact_id", String(64), nullable=False),
    Column("card", String(48), nullable=False),
    Column("version", String(12), nullable=False),
    Column("title", String(200), nullable=False),
    Column("by", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("closed_at", Float(53)),
    Column("reference", String(128), nullable=False),
    Column("evaluators", JSON, nullable=False),
    Column("result", JSON),
    Index("quality_calibrations_by_state", "state", "created_at"),
    Index("quality_calibrations_by_contact", "contact_id"),
)

coaching = Table(
    "quality_coaching",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("agent_id", String(128), nullable=False),
    Column("contact_id", String(64), nullable=False),
    Column("review_id", String(32), nullable=False),
    Column("at", Float(53)),
    Column("text", Text, nullable=False),
    Column("by", String(128), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("acknowledged_at", Float(53)),
    Column("answer", Text, nullable=False),
    Index("quality_coaching_by_agent", "agent_id", "created_at"),
    Index("quality_coaching_by_time", "created_at", "id"),
    Index("quality_coaching_by_contact", "contact_id"),
)
"""`at` is a second of the playback."""

work = Table(
    "quality_work",
    metadata,
    Column("contact_id", String(64), primary_key=True),
    Column("agent_id", String(128), nullable=False),
    Column("card", String(48), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("week", Integer, nullable=False),
    Column("picked_at", Float(53), nullable=False),
    Column("state", String(16), nullable=False),
    Column("assignee", String(128), nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Column("note", String(500), nullable=False),
    Index("quality_work_by_state", "state", "picked_at"),
    Index("quality_work_by_week", "week", "agent_id"),
)
"""`state`: `open taken done skipped`. A contact is in it once, for ever."""

looked = Table(
    "quality_looked",
    metadata,
    Column("contact_id", String(64), primary_key=True),
    Column("at", Float(53), nullable=False),
    Index("quality_looked_by_time", "at"),
)
"""Contacts that were looked at by rule, those without a card among them."""
