"""What a dialer needs of a callback: its place in the queue, who dials it, and how each try went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_COLUMNS = (
    ("callee", sa.String(128), ""),
    ("called", sa.String(128), ""),
    ("origin", sa.String(16), "caller"),
    ("queued_at", sa.Float(53), "0"),
    ("place", sa.JSON(), "{}"),
    ("profile", sa.JSON(), "{}"),
    ("outcome", sa.String(32), ""),
    ("tries", sa.JSON(), "[]"),
    ("next_at", sa.Float(53), "0"),
    ("at_once", sa.Boolean(), sa.false()),
    ("holder", sa.String(200), ""),
    ("lease_until", sa.Float(53), "0"),
    ("served_by", sa.String(64), ""),
)
_WORDS = (("waiting", "promised"), ("dialling", "promised"))


def upgrade() -> None:
    for name, kind, default in _COLUMNS:
        op.add_column("callbacks", sa.Column(name, kind, nullable=False, server_default=default))
    rows = sa.table("callbacks", sa.column("status", sa.String))
    for before, after in _WORDS:
        op.execute(rows.update().where(rows.c.status == before).values(status=after))
    op.create_index("callbacks_by_turn", "callbacks", ["status", "next_at"])
    one = sa.text("status = 'dialing' AND callee <> ''")
    op.create_index("callbacks_one_call", "callbacks", ["callee"], unique=True, sqlite_where=one, postgresql_where=one)


def downgrade() -> None:
    op.drop_index("callbacks_one_call", "callbacks")
    op.drop_index("callbacks_by_turn", "callbacks")
    rows = sa.table("callbacks", sa.column("status", sa.String))
    op.execute(rows.update().where(rows.c.status.in_(("promised", "dialing"))).values(status="waiting"))
    for name, _, _ in reversed(_COLUMNS):
        op.drop_column("callbacks", name)
