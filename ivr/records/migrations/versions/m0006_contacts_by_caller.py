"""Who called before is asked at the beginning of every call."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index("contacts_by_caller", "contacts", ["caller_number", "started_at"])


def downgrade() -> None:
    op.drop_index("contacts_by_caller", "contacts")
