"""Which versions of topics a clinician has approved."""

from __future__ import annotations

import time
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot.core.composer import ApprovalState
from bot.core.settings import load_settings
from bot.core.topics import Topic
from bot.store.database import make_engine
from bot.store.tables import Approval

REREAD_AFTER_S = 30.0
"""An approval given in the console shows in answers after at most this long."""


def read_approvals(engine: sa.engine.Engine) -> dict[tuple[str, str], ApprovalState]:
    """All approvals by topic and version."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(Approval.topic, Approval.version, Approval.approved_on))
        return {(row.topic, row.version): ApprovalState("approved", row.approved_on) for row in rows}


def approval_lookup() -> Callable[[Topic], ApprovalState]:
    """A function that says whether a topic's present version is approved.

    Without a database every topic counts as a draft: an answer must not depend on it.
    """
    engine = make_engine(load_settings().database)
    known: dict[tuple[str, str], ApprovalState] = {}
    read_at = 0.0

    def approval_of(topic: Topic) -> ApprovalState:
        nonlocal known, read_at
        now = time.monotonic()
        if not read_at or now - read_at > REREAD_AFTER_S:
            read_at = now
            try:
                known = read_approvals(engine)
            except SQLAlchemyError:
                known = {}
        return known.get((topic.id, topic.version), ApprovalState("draft"))

    return approval_of
