"""What the records say of each minute, for the wallboard; contacts by the time they ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0011"

WHOLE = (
    *("calls", "offered", "answered", "within", "abandoned", "short", "overflowed", "callbacks", "self_served", "left_flow"),
    *("known", "again", "surveys", "recognised", "moods", "angry"),
)
ADDED = ("waited", "longest", "talk", "wrap", "csat", "confidence", "mood", "duty", "busy")


def upgrade() -> None:
    op.create_table(
        "wall_minutes",
        sa.Column("minute", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("queue", sa.String(128), primary_key=True),
        *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in WHOLE),
        *(sa.Column(name, sa.Float(53), nullable=False, server_default="0") for name in ADDED),
    )
    op.create_index("contacts_by_end", "contacts", ["ended_at"])


def downgrade() -> None:
    op.drop_index("contacts_by_end", "contacts")
    op.drop_table("wall_minutes")
