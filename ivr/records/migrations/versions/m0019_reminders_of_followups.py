"""Of which follow-ups their agents were reminded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "follow_up_reminders",
        sa.Column("ticket_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("due_at", sa.Float(53), primary_key=True),
        sa.Column("shown_at", sa.Float(53)),
        sa.Column("mailed_at", sa.Float(53)),
    )


def downgrade() -> None:
    op.drop_table("follow_up_reminders")
