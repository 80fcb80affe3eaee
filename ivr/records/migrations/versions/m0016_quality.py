"""Reviews of contacts, what becomes of them, and the list of those to be made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0017"


def upgrade() -> None:
    _reviews()
    _appeals()
    _rounds()
    _work()


def _reviews() -> None:
    op.create_table(
        "quality_cards",
        sa.Column("version", sa.String(12), primary_key=True),
        sa.Column("name", sa.String(48), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("first_at", sa.Float(53), nullable=False),
    )
    op.create_table(
        "quality_reviews",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("calibration", sa.String(32), nullable=False),
        sa.Column("card", sa.String(48), nullable=False),
        sa.Column("version", sa.String(12), nullable=False),
        sa.Column("evaluator", sa.String(128), nullable=False),
        sa.Column("agent_id", sa.String(128), nullable=False),
        sa.Column("queue", sa.String(128), nullable=False),
        sa.Column("mood", sa.String(16), nullable=False),
        sa.Column("ended_at", sa.Float(53), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("score", sa.Float(53)),
        sa.Column("raw", sa.Float(53)),
        sa.Column("passed", sa.Boolean),
        sa.Column("fatal", sa.JSON, nullable=False),
        sa.Column("covered", sa.Float(53), nullable=False),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("updated_at", sa.Float(53), nullable=False),
        sa.Column("published_at", sa.Float(53)),
        sa.Column("seen_at", sa.Float(53)),
    )
    op.create_index("quality_reviews_once", "quality_reviews", ["contact_id", "calibration", "evaluator"], unique=True)
    op.create_index("quality_reviews_by_agent", "quality_reviews", ["agent_id", "ended_at"])
    op.create_index("quality_reviews_by_time", "quality_reviews", ["created_at", "id"])
    op.create_index("quality_reviews_by_end", "quality_reviews", ["ended_at"])
    op.create_index("quality_reviews_published", "quality_reviews", ["published_at"])
    op.create_table(
        "quality_history",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("review_id", sa.String(32), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("by", sa.String(128), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("quality_history_by_review", "quality_history", ["review_id", "id"])


def _appeals() -> None:
    op.create_table(
        "quality_appeals",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("review_id", sa.String(32), nullable=False, unique=True),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(128), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_at", sa.Float(53), nullable=False),
        sa.Column("updated_at", sa.Float(53), nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("decided_at", sa.Float(53)),
        sa.Column("decided_by", sa.String(128), nullable=False),
        sa.Column("decisions", sa.JSON, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("score_before", sa.Float(53)),
        sa.Column("score_after", sa.Float(53)),
    )
    op.create_index("quality_appeals_by_state", "quality_appeals", ["state", "opened_at"])
    op.create_index("quality_appeals_by_change", "quality_appeals", ["updated_at"])
    op.create_index("quality_appeals_by_agent", "quality_appeals", ["agent_id", "opened_at"])
    op.create_index("quality_appeals_by_contact", "quality_appeals", ["contact_id"])


def _rounds() -> None:
    op.create_table(
        "quality_calibrations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("card", sa.String(48), nullable=False),
        sa.Column("version", sa.String(12), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("by", sa.String(128), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("closed_at", sa.Float(53)),
        sa.Column("reference", sa.String(128), nullable=False),
        sa.Column("evaluators", sa.JSON, nullable=False),
        sa.Column("result", sa.JSON),
    )
    op.create_index("quality_calibrations_by_state", "quality_calibrations", ["state", "created_at"])
    op.create_index("quality_calibrations_by_contact", "quality_calibrations", ["contact_id"])
    op.create_table(
        "quality_coaching",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("agent_id", sa.String(128), nullable=False),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("review_id", sa.String(32), nullable=False),
        sa.Column("at", sa.Float(53)),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by", sa.String(128), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("acknowledged_at", sa.Float(53)),
        sa.Column("answer", sa.Text, nullable=False),
    )
    op.create_index("quality_coaching_by_agent", "quality_coaching", ["agent_id", "created_at"])
    op.create_index("quality_coaching_by_time", "quality_coaching", ["created_at", "id"])
    op.create_index("quality_coaching_by_contact", "quality_coaching", ["contact_id"])


def _work() -> None:
    op.create_table(
        "quality_work",
        sa.Column("contact_id", sa.String(64), primary_key=True),
        sa.Column("agent_id", sa.String(128), nullable=False),
        sa.Column("card", sa.String(48), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("week", sa.Integer, nullable=False),
        sa.Column("picked_at", sa.Float(53), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("assignee", sa.String(128), nullable=False),
        sa.Column("changed_at", sa.Float(53), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
    )
    op.create_index("quality_work_by_state", "quality_work", ["state", "picked_at"])
    op.create_index("quality_work_by_week", "quality_work", ["week", "agent_id"])
    op.create_table(
        "quality_looked",
        sa.Column("contact_id", sa.String(64), primary_key=True),
        sa.Column("at", sa.Float(53), nullable=False),
    )
    op.create_index("quality_looked_by_time", "quality_looked", ["at"])


def downgrade() -> None:
    for name in (
        "quality_looked",
        "quality_work",
        "quality_coaching",
        "quality_calibrations",
        "quality_appeals",
        "quality_history",
        "quality_reviews",
        "quality_cards",
    ):
        op.drop_table(name)
