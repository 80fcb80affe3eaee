"""Threads of messages, where customers are reached, and what tickets got beside: owner's clock, tags, links, their story."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0010"


def upgrade() -> None:
    _threads()
    _tickets()
    op.add_column("tickets", sa.Column("customer", sa.String(40), nullable=False, server_default=""))
    op.add_column("tickets", sa.Column("queue", sa.String(128), nullable=False, server_default=""))
    op.add_column("tickets", sa.Column("tags", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("tickets", sa.Column("paused_seconds", sa.Float(53), nullable=False, server_default="0"))
    op.add_column("tickets", sa.Column("paused_at", sa.Float(53)))
    op.add_column("tickets", sa.Column("responded_at", sa.Float(53)))
    op.add_column("tickets", sa.Column("solved_at", sa.Float(53)))
    op.create_index("tickets_by_assignee", "tickets", ["assignee", "status"])


def _threads() -> None:
    op.create_table(
        "threads",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("address", sa.String(340), nullable=False),
        sa.Column("customer", sa.String(40), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("queue", sa.String(128), nullable=False),
        sa.Column("needs", sa.JSON, nullable=False),
        sa.Column("agent_id", sa.String(128), nullable=False),
        sa.Column("holder", sa.String(128), nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("seen", sa.Integer, nullable=False),
        sa.Column("rounds", sa.Integer, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("updated_at", sa.Float(53), nullable=False),
        sa.Column("queued_at", sa.Float(53), nullable=False),
        sa.Column("asked_at", sa.Float(53)),
        sa.Column("replied_at", sa.Float(53)),
        sa.Column("closed_at", sa.Float(53)),
    )
    op.create_index("threads_by_status", "threads", ["status", "updated_at"])
    op.create_index("threads_by_customer", "threads", ["customer", "created_at"])
    op.create_index("threads_by_address", "threads", ["address", "updated_at"])
    op.create_index("threads_by_agent", "threads", ["agent_id", "status"])
    op.create_table(
        "messages",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("thread_id", sa.String(40), sa.ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
        sa.Column("index", sa.Integer, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("external", sa.String(300), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Float(53), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
    )
    op.create_index("messages_in_order", "messages", ["thread_id", "index"], unique=True)
    op.create_index("messages_told_once", "messages", ["external"], unique=True)
    op.create_index("messages_by_status", "messages", ["status", "next_at"])


def _tickets() -> None:
    op.create_table(
        "customer_addresses",
        sa.Column("address", sa.String(340), primary_key=True),
        sa.Column("customer", sa.String(40), nullable=False),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
    )
    op.create_index("customer_addresses_by_customer", "customer_addresses", ["customer"])
    op.create_table(
        "ticket_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("ticket_id", sa.Integer, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ticket_events_by_ticket", "ticket_events", ["ticket_id", "id"])
    op.create_table(
        "ticket_links",
        sa.Column("ticket_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("ref", sa.String(64), primary_key=True),
        sa.Column("at", sa.Float(53), nullable=False),
    )
    op.create_index("ticket_links_by_ref", "ticket_links", ["kind", "ref"])


def downgrade() -> None:
    op.drop_index("tickets_by_assignee", "tickets")
    for column in ("solved_at", "responded_at", "paused_at", "paused_seconds", "tags", "queue", "customer"):
        op.drop_column("tickets", column)
    for table in ("ticket_links", "ticket_events", "customer_addresses", "messages", "threads"):
        op.drop_table(table)
