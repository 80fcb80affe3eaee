"""What calls leave to be done (tickets, callbacks, surveys, messages, notifications), and what agents are handed with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("contacts", sa.Column("handover", sa.JSON, nullable=False, server_default="{}"))
    _tickets()
    _callbacks()
    _surveys()
    _voicemails()
    _notifications()


def downgrade() -> None:
    for name in ("notifications", "voicemails", "surveys", "callbacks", "tickets"):
        op.drop_table(name)
    op.drop_column("contacts", "handover")


def _caller() -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("caller_number", sa.String(128), nullable=False),
        sa.Column("caller_name", sa.String(256), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("flow", sa.String(128), nullable=False),
    )


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("request", sa.String(160), nullable=False, unique=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        *_caller(),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("assignee", sa.String(128), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("updated_at", sa.Float(53), nullable=False),
        sa.Column("due_at", sa.Float(53)),
        sqlite_autoincrement=True,
    )
    op.create_index("tickets_by_status", "tickets", ["status", "created_at"])
    op.create_index("tickets_by_contact", "tickets", ["contact_id"])
    op.create_index("tickets_by_caller", "tickets", ["caller_number", "created_at"])


def _callbacks() -> None:
    op.create_table(
        "callbacks",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("request", sa.String(160), nullable=False, unique=True),
        sa.Column("number", sa.String(128), nullable=False),
        *_caller(),
        sa.Column("queue", sa.String(128), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("handover", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("from_at", sa.Float(53), nullable=False),
        sa.Column("until_at", sa.Float(53), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("updated_at", sa.Float(53), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("callbacks_by_status", "callbacks", ["status", "from_at"])
    op.create_index("callbacks_by_contact", "callbacks", ["contact_id"])


def _surveys() -> None:
    op.create_table(
        "surveys",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        *_caller(),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("score", sa.Float(53)),
        sa.Column("agent_id", sa.String(128), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
    )
    op.create_index("surveys_by_name", "surveys", ["name", "created_at"])
    op.create_index("surveys_by_contact", "surveys", ["contact_id"])


def _voicemails() -> None:
    op.create_table(
        "voicemails",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("box", sa.String(64), nullable=False),
        *_caller(),
        sa.Column("file", sa.String(300), nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.Column("transcript", sa.Text(), nullable=False),
        sa.Column("heard", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("updated_at", sa.Float(53), nullable=False),
    )
    op.create_index("voicemails_by_box", "voicemails", ["box", "created_at"])
    op.create_index("voicemails_by_contact", "voicemails", ["contact_id"])


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("by", sa.String(16), nullable=False),
        sa.Column("recipient", sa.String(300), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("next_at", sa.Float(53), nullable=False),
        sa.Column("sent_at", sa.Float(53)),
    )
    op.create_index("notifications_by_status", "notifications", ["status", "next_at"])
    op.create_index("notifications_by_contact", "notifications", ["contact_id"])
