"""What each contact asked of its queue: needs and how they relax, priority, language, agents by name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("contacts", sa.Column("queueing", sa.JSON, nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("contacts", "queueing")
