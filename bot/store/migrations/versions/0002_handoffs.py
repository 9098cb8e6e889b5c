"""Hand-offs: requests, their history, contacts, what staff say, notifications."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('requested', 'claimed', 'active')")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "handoffs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("topic", sa.String(120)),
        sa.Column("requested_at", sa.DateTime, nullable=False),
        sa.Column("waiting_since", sa.DateTime, nullable=False),
        sa.Column("is_urgent", sa.Boolean, nullable=False),
        sa.Column("holder_id", sa.String(120)),
        sa.Column("holder_name", sa.String(120)),
        sa.Column("holder_role", sa.String(120)),
        sa.Column("lease_until", sa.DateTime),
        sa.Column("claimed_at", sa.DateTime),
        sa.Column("first_reply_at", sa.DateTime),
        sa.Column("escalated_at", sa.DateTime),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("outcome", sa.String(20)),
        sa.Column("helped", sa.Boolean),
        sa.Column("version", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_handoffs_conversation_id", "handoffs", ["conversation_id"])
    op.create_index("ix_handoffs_state", "handoffs", ["state", "requested_at"])
    op.create_index(
        "uq_handoffs_open", "handoffs", ["conversation_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_table(
        "handoff_moves",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("handoff_id", sa.Integer, nullable=False),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("move", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("by_id", sa.String(120), nullable=False),
        sa.Column("by_name", sa.String(120), nullable=False),
        sa.Column("note", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("handoff_id", sa.Integer, nullable=False, unique=True),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_contacts_conversation_id", "contacts", ["conversation_id"])
    op.create_table(
        "staff_messages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("handoff_id", sa.Integer, nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("staff_id", sa.String(120)),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("events", sa.JSON, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime, nullable=False),
        sa.Column("delivered_at", sa.DateTime),
        sa.Column("error", sa.String(200)),
        sa.UniqueConstraint("key", name="uq_staff_messages_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_staff_messages_due", "staff_messages", ["state", "next_at"])
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("handoff_id", sa.Integer, nullable=False),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime, nullable=False),
        sa.Column("sent_at", sa.DateTime),
        sa.Column("error", sa.String(200)),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notifications_due", "notifications", ["state", "next_at"])
    for table in ("handoff_moves", "staff_messages", "notifications"):
        for column in ("handoff_id", "conversation_id"):
            op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("notifications", "staff_messages", "contacts", "handoff_moves", "handoffs"):
        op.drop_table(table)
