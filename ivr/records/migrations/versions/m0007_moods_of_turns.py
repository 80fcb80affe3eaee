"""How the speaker of each turn felt by then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("turns", sa.Column("mood", sa.String(16), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("turns", "mood")
