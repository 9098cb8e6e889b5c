"""Conversations, turns, messages, feedback, approvals."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("last_at", sa.DateTime, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sa.Column("region", sa.String(20)),
        sa.Column("language", sa.String(10)),
        sa.Column("is_with_staff", sa.Boolean, nullable=False),
        sa.Column("is_urgent", sa.Boolean, nullable=False),
        sa.Column("is_unreachable", sa.Boolean, nullable=False),
        sa.Column("slots", sa.JSON, nullable=False),
    )
    op.create_index("ix_conversations_last_at", "conversations", ["last_at"])
    op.create_table(
        "turns",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("intent", sa.String(120)),
        sa.Column("kind", sa.String(40)),
        sa.Column("topic", sa.String(120)),
        sa.Column("confidence", sa.Float),
        sa.Column("choices", sa.JSON, nullable=False),
        sa.Column("red_flag", sa.String(60)),
        sa.Column("took_ms", sa.Float),
        sa.Column("flags", sa.JSON, nullable=False),
    )
    for column in ("conversation_id", "at", "kind", "topic"):
        op.create_index(f"ix_turns_{column}", "turns", [column])
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("turn_id", sa.Integer),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("sender", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(40)),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("client_message_id", sa.String(80)),
        sa.Column("delivery", sa.String(20), nullable=False),
        sa.Column("delivery_error", sa.String(200)),
        sa.UniqueConstraint("conversation_id", "client_message_id", name="uq_messages_client_message"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_conversation", "messages", ["conversation_id", "id"])
    op.create_index("ix_messages_turn_id", "messages", ["turn_id"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("message_id", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("is_helpful", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.UniqueConstraint("message_id", name="uq_feedback_message"),
    )
    op.create_index("ix_feedback_conversation_id", "feedback", ["conversation_id"])
    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("topic", sa.String(120), nullable=False),
        sa.Column("version", sa.String(20), nullable=False),
        sa.Column("approved_by", sa.String(120), nullable=False),
        sa.Column("approved_on", sa.Date, nullable=False),
        sa.UniqueConstraint("topic", "version", name="uq_approvals_topic_version"),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("approvals", "feedback", "messages", "turns", "conversations"):
        op.drop_table(table)
