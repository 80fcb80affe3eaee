"""Tickets that wait in queues and have clocks by the hour; files that come with messages; what of them is masked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0015"

TICKETS = ("rounds", "queued_at", "holder", "spared", "respond_due", "resolve_due", "next_due", "clock", "clock_told")


def upgrade() -> None:
    op.add_column("tickets", sa.Column("rounds", sa.Integer, nullable=False, server_default="0"))
    op.add_column("tickets", sa.Column("queued_at", sa.Float(53), nullable=False, server_default="0"))
    op.add_column("tickets", sa.Column("holder", sa.String(128), nullable=False, server_default=""))
    op.add_column("tickets", sa.Column("spared", sa.String(128), nullable=False, server_default=""))
    op.add_column("tickets", sa.Column("respond_due", sa.Float(53)))
    op.add_column("tickets", sa.Column("resolve_due", sa.Float(53)))
    op.add_column("tickets", sa.Column("next_due", sa.Float(53)))
    op.add_column("tickets", sa.Column("clock", sa.String(16), nullable=False, server_default=""))
    op.add_column("tickets", sa.Column("clock_told", sa.String(40), nullable=False, server_default=""))
    op.create_index("tickets_by_due", "tickets", ["next_due"])
    op.create_index("ticket_events_by_time", "ticket_events", ["at"])
    op.add_column("threads", sa.Column("masked", sa.Integer, nullable=False, server_default="0"))
    op.create_index("threads_by_change", "threads", ["updated_at"])
    op.create_index("messages_by_time", "messages", ["at"])
    op.create_table(
        "message_files",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("thread_id", sa.String(40), sa.ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("message_files_by_thread", "message_files", ["thread_id"])
    op.create_index("message_files_by_message", "message_files", ["message_id"])


def downgrade() -> None:
    op.drop_table("message_files")
    op.drop_index("messages_by_time", "messages")
    op.drop_index("threads_by_change", "threads")
    op.drop_column("threads", "masked")
    op.drop_index("ticket_events_by_time", "ticket_events")
    op.drop_index("tickets_by_due", "tickets")
    for column in reversed(TICKETS):
        op.drop_column("tickets", column)
