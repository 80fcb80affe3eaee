"""Contacts and their turns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _contacts()
    _turns()


def downgrade() -> None:
    op.drop_table("turns")
    op.drop_table("contacts")


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("caller_number", sa.String(128), nullable=False),
        sa.Column("caller_name", sa.String(256), nullable=False),
        sa.Column("called", sa.String(128), nullable=False),
        sa.Column("flow", sa.String(128), nullable=False),
        sa.Column("flow_version", sa.String(64), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("correlation", sa.String(256), nullable=False),
        sa.Column("queue", sa.String(128)),
        sa.Column("agent_id", sa.String(128)),
        sa.Column("started_at", sa.Float(53), nullable=False),
        sa.Column("answered_at", sa.Float(53)),
        sa.Column("queued_at", sa.Float(53)),
        sa.Column("connected_at", sa.Float(53)),
        sa.Column("ended_at", sa.Float(53)),
        sa.Column("wrap_up_ended_at", sa.Float(53)),
        sa.Column("wait_seconds", sa.Float(53)),
        sa.Column("talk_seconds", sa.Float(53)),
        sa.Column("disposition", sa.String(32), nullable=False),
        sa.Column("end_cause", sa.String(32)),
        sa.Column("intent", sa.String(128)),
        sa.Column("intent_confidence", sa.Float(53)),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("agent_disposition", sa.String(128)),
        sa.Column("quality", sa.JSON(), nullable=False),
        sa.Column("node", sa.String(128), nullable=False),
    )
    op.create_index("contacts_by_agent", "contacts", ["agent_id", "started_at"])
    op.create_index("contacts_by_disposition", "contacts", ["disposition", "started_at"])
    op.create_index("contacts_by_queue", "contacts", ["queue", "started_at"])
    op.create_index("contacts_by_time", "contacts", ["started_at", "id"])


def _turns() -> None:
    op.create_table(
        "turns",
        sa.Column("contact_id", sa.String(64), sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("index", sa.Integer(), primary_key=True),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("speaker", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("medium", sa.String(16), nullable=False),
        sa.Column("confidence", sa.Float(53)),
        sa.Column("state", sa.String(128), nullable=False),
        sa.Column("intent", sa.String(128), nullable=False),
    )
