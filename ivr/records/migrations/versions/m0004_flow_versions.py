"""Versions of flows: texts, publishes, what is live, drafts, and what the files held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    house = op.create_table(
        "flow_house", sa.Column("id", sa.Integer, primary_key=True), sa.Column("serial", sa.Integer, nullable=False)
    )
    op.bulk_insert(house, [{"id": 1, "serial": 0}])
    _history()
    _present()


def downgrade() -> None:
    for name in ("files", "drafts", "live", "versions", "joined", "texts", "changes", "house"):
        op.drop_table(f"flow_{name}")


def _history() -> None:
    op.create_table(
        "flow_changes",
        sa.Column("serial", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("what", sa.JSON, nullable=False),
    )
    op.create_table(
        "flow_texts",
        sa.Column("flow", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "flow_joined",
        sa.Column("flow", sa.String(64), primary_key=True),
        sa.Column("pinned", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("parts", sa.JSON, nullable=False),
    )
    op.create_table(
        "flow_versions",
        sa.Column("flow", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("added", sa.Integer, nullable=False),
        sa.Column("removed", sa.Integer, nullable=False),
        sa.Column("percent", sa.Float(53), nullable=False),
        sa.Column("from_at", sa.Float(53)),
        sa.Column("until_at", sa.Float(53)),
        sa.Column("fate", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("flow_versions_by_fate", "flow_versions", ["fate", "from_at"])
    op.create_index("flow_versions_by_serial", "flow_versions", ["serial"])


def _present() -> None:
    op.create_table(
        "flow_live",
        sa.Column("flow", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("candidate", sa.String(64), nullable=False),
        sa.Column("candidate_number", sa.Integer, nullable=False),
        sa.Column("percent", sa.Float(53), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("until_at", sa.Float(53)),
        sa.Column("back", sa.String(64), nullable=False),
    )
    op.create_table(
        "flow_drafts",
        sa.Column("flow", sa.String(64), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("stamp", sa.String(64), nullable=False),
        sa.Column("base", sa.String(64), nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
    )
    op.create_table(
        "flow_files",
        sa.Column("place", sa.String(512), primary_key=True),
        sa.Column("flow", sa.String(64), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("serial", sa.Integer, nullable=False),
    )
