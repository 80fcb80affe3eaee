"""States that agents had, with the reasons for their breaks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "agent_states",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("agent_id", sa.String(128), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(100), nullable=False),
        sa.Column("by", sa.String(128), nullable=False),
    )
    op.create_index("agent_states_by_agent", "agent_states", ["agent_id", "at"])
    op.create_index("agent_states_by_time", "agent_states", ["at"])


def downgrade() -> None:
    op.drop_table("agent_states")
