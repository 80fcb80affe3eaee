"""Events that other systems are told, and their way there; what changed last is found by its time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

BY_TIME = (
    ("tickets_by_change", "tickets", "updated_at"),
    ("callbacks_by_change", "callbacks", "updated_at"),
    ("surveys_by_time", "surveys", "created_at"),
    ("voicemails_by_time", "voicemails", "created_at"),
)


def upgrade() -> None:
    op.create_table(
        "hook_events",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_index("hook_events_by_time", "hook_events", ["at", "id"])
    op.create_table(
        "hook_deliveries",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("hook", sa.String(64), nullable=False),
        sa.Column("event_id", sa.String(80), sa.ForeignKey("hook_events.id", ondelete="CASCADE"), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Float(53), nullable=False),
        sa.Column("answered", sa.Integer),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("sent_at", sa.Float(53)),
        sqlite_autoincrement=True,
    )
    op.create_index("hook_deliveries_once", "hook_deliveries", ["hook", "event_id"], unique=True)
    op.create_index("hook_deliveries_due", "hook_deliveries", ["hook", "status", "next_at"])
    op.create_index("hook_deliveries_by_event", "hook_deliveries", ["event_id"])
    for name, table, column in BY_TIME:
        op.create_index(name, table, [column])


def downgrade() -> None:
    for name, table, _ in BY_TIME:
        op.drop_index(name, table)
    op.drop_table("hook_deliveries")
    op.drop_table("hook_events")
