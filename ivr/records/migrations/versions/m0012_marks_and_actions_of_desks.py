"""What agents tick during a contact, and what they have done by other systems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "desk_marks",
        sa.Column("contact_id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(160), primary_key=True),
        sa.Column("value", sa.String(40), nullable=False),
        sa.Column("agent_id", sa.String(128), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
    )
    op.create_index("desk_marks_by_name", "desk_marks", ["kind", "name"])
    op.create_table(
        "desk_actions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("hook", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(128), nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Float(53), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("answer", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("updated_at", sa.Float(53), nullable=False),
    )
    op.create_index("desk_actions_by_contact", "desk_actions", ["contact_id"])
    op.create_index("desk_actions_by_status", "desk_actions", ["status", "next_at"])


def downgrade() -> None:
    op.drop_table("desk_actions")
    op.drop_table("desk_marks")
