"""What was said can be looked for, and when callers were held or handed on is known."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from ivr.records.indexing import CREATE, INDEX, word_rows
from ivr.records.schema import contacts, turn_words, turns

revision = "0017"
down_revision = "0018"

log = logging.getLogger(__name__)

CONTACTS = 200
"""Whose turns are taken at once: the memory that this needs does not grow with the table."""
TOLD_EVERY = 20_000


def upgrade() -> None:
    op.add_column("contacts", sa.Column("moments", sa.JSON, nullable=False, server_default="[]"))
    op.create_table(
        "turn_words",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("index", sa.Integer, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["contact_id", "index"], ["turns.contact_id", "turns.index"], ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("turn_words_once", "turn_words", ["contact_id", "index"], unique=True)
    op.create_index("turn_words_by_time", "turn_words", ["at", "id"])
    _fill()
    if op.get_bind().dialect.name == "sqlite":
        _index()


def _fill() -> None:
    """The words of what is there, the oldest calls first."""
    connection, done = op.get_bind(), 0
    for names in _contacts():
        rows = connection.execute(
            sa.select(turns.c.contact_id, turns.c.index, turns.c.at, turns.c.text)
            .where(turns.c.contact_id.in_(names))
            .order_by(turns.c.at, turns.c.contact_id, turns.c.index)
        ).mappings()
        if made := word_rows(dict(row) for row in rows):
            connection.execute(turn_words.insert(), made)
        done += len(names)
        if done % TOLD_EVERY == 0:
            log.warning("the words of %d contacts are indexed", done)


def _contacts() -> Iterator[list[str]]:
    at, name, connection = float("-inf"), "", op.get_bind()
    by = (contacts.c.started_at, contacts.c.id)
    while True:
        later = sa.or_(by[0] > at, sa.and_(by[0] == at, by[1] > name))
        found = connection.execute(sa.select(*by).where(later).order_by(*by).limit(CONTACTS)).all()
        if not found:
            return
        yield [row[1] for row in found]
        at, name = found[-1]


def _index() -> None:
    """A SQLite without FTS5 is searched row by row."""
    connection = op.get_bind()
    if not connection.execute(sa.text("SELECT sqlite_compileoption_used('ENABLE_FTS5')")).scalar():
        return
    for statement in CREATE:
        op.execute(statement)
    op.execute(f"INSERT INTO {INDEX}({INDEX}) VALUES ('rebuild')")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("added", "gone", "changed"):
            op.execute(f"DROP TRIGGER IF EXISTS turn_words_{name}")
        op.execute(f"DROP TABLE IF EXISTS {INDEX}")
    op.drop_table("turn_words")
    op.drop_column("contacts", "moments")
