"""What was recorded of a contact: a list of files below the recordings' folder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("contacts", sa.Column("recordings", sa.JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("contacts", "recordings")
