"""Calls that agents make, in the minutes of the wallboard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0019"

WHOLE, ADDED = ("outbound", "reached"), ("outbound_talk",)


def upgrade() -> None:
    with op.batch_alter_table("wall_minutes") as table:
        for name in WHOLE:
            table.add_column(sa.Column(name, sa.Integer, nullable=False, server_default="0"))
        for name in ADDED:
            table.add_column(sa.Column(name, sa.Float(53), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("wall_minutes") as table:
        for name in (*WHOLE, *ADDED):
            table.drop_column(name)
