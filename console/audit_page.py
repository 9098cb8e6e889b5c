"""The audit: who did and saw what, and whether the record is whole."""

from __future__ import annotations

from starlette.responses import Response

from bot.store import audit, staff
from console.visits import Visit

SHOWN = 50


def show(visit: Visit) -> Response:
    """Newest first; `?before=<number>` goes back in time."""
    text = visit.asked("before")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    actor, act = visit.asked("actor")[:120], visit.asked("act")[:60]
    visit.audit("audit.viewed", "audit", before=before)
    entries = audit.recent(visit.engine, before=before, actor=actor, act=act, limit=SHOWN)
    names = {str(member.id): member.name for member in staff.list_users(visit.engine)}
    check = audit.verify(visit.engine) if visit.asked("verify") else None
    return visit.page(
        "audit.html", entries=entries, names=names, actor=actor, act=act, acts=audit.acts(visit.engine), check=check,
        older=entries[-1].number if len(entries) == SHOWN else None,
    )  # fmt: skip
