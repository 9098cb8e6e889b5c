"""Telegram: chats, the inbox, buttons, the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "telegram_chats",
        sa.Column("sender_id", sa.String(80), primary_key=True),
        sa.Column("chat_token", sa.Text, nullable=False),
        sa.Column("is_unreachable", sa.Boolean, nullable=False),
        sa.Column("apologised_at", sa.DateTime),
        sa.Column("last_message_id", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "telegram_updates",
        sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
        sa.Column("chat_key", sa.String(80)),
        sa.Column("payload", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_index("ix_telegram_updates_received_at", "telegram_updates", ["received_at"])
    op.create_index("ix_telegram_updates_waiting", "telegram_updates", ["chat_key", "update_id"])
    op.create_table(
        "telegram_buttons",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("sender_id", sa.String(80), nullable=False),
        sa.Column("group_key", sa.String(120), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("chosen_by", sa.BigInteger),
        sa.Column("chosen_at", sa.DateTime),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_telegram_buttons_sender_id", "telegram_buttons", ["sender_id"])
    op.create_index("ix_telegram_buttons_group_key", "telegram_buttons", ["group_key"])
    op.create_table(
        "telegram_outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("sender_id", sa.String(80), nullable=False),
        sa.Column("chat_token", sa.Text),
        sa.Column("body", sa.Text),
        sa.Column("message_id", sa.Integer),
        sa.Column("client_key", sa.String(80)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime, nullable=False),
        sa.Column("after_id", sa.BigInteger, nullable=False),
        sa.Column("telegram_message_id", sa.BigInteger),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("settled_at", sa.DateTime),
        sa.Column("is_noted", sa.Boolean, nullable=False),
        sa.Column("error", sa.String(200)),
        sa.UniqueConstraint("key", name="uq_telegram_outbox_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_telegram_outbox_sender_id", "telegram_outbox", ["sender_id"])
    op.create_index("ix_telegram_outbox_settled_at", "telegram_outbox", ["settled_at"])
    op.create_index("ix_telegram_outbox_waiting", "telegram_outbox", ["state", "sender_id", "id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("telegram_outbox", "telegram_buttons", "telegram_updates", "telegram_chats"):
        op.drop_table(table)
