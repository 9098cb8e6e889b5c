"""A clinician's approval of one version of one topic: give it, take it back, look it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.store.tables import Approval


@dataclass(frozen=True)
class GivenApproval:
    """Who approved a version, and when."""

    topic: str
    version: str
    by: str
    on: date


def approve(engine: sa.engine.Engine, *, topic: str, version: str, by: str, on: date) -> bool:
    """Whether the approval is new; a version that is approved already stays as it is."""
    values = {"topic": topic, "version": version, "approved_by": by[:120], "approved_on": on}
    try:
        with engine.begin() as connection:
            connection.execute(sa.insert(Approval).values(values))
    except IntegrityError:
        return False
    return True


def withdraw(engine: sa.engine.Engine, *, topic: str, version: str) -> bool:
    """Whether there was an approval to take back."""
    statement = sa.delete(Approval).where(Approval.topic == topic, Approval.version == version)
    with engine.begin() as connection:
        return bool(connection.execute(statement).rowcount)


def given_approvals(engine: sa.engine.Engine) -> Mapping[tuple[str, str], GivenApproval]:
    """All approvals by topic and version."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(Approval.topic, Approval.version, Approval.approved_by, Approval.approved_on)
        )
        return {(row[0], row[1]): GivenApproval(*row) for row in rows}
