"""What the wire told of a contact: its trunk, who was asserted, who diverted, and User-to-User."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("contacts", sa.Column("signalling", sa.JSON, nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("contacts", "signalling")
