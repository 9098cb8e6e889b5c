"""Home: how many wait, for how long, what is urgent, and whether everything runs."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from bot.core.handoffs import HandoffState
from bot.store.handoff_reads import queue
from console.health import examine, is_database_well
from console.visits import Visit


def show(visit: Visit) -> Response:
    """The page. It shows counts only, so every member of staff may see it."""
    rows = [row.handoff for row in queue(visit.engine)]
    waiting = [handoff for handoff in rows if handoff.state is HandoffState.REQUESTED]
    return visit.page(
        "home.html",
        waiting=len(waiting),
        urgent=sum(handoff.is_urgent for handoff in rows),
        held=len(rows) - len(waiting),
        mine=[h for h in rows if h.is_held_by(visit.me.as_staff, visit.now)],
        longest=min((handoff.requested_at for handoff in waiting), default=None),
        parts=examine(visit.engine, visit.console.settings, now=visit.now),
    )


def health(visit: Visit) -> Response:
    """For the supervisor: 200 when the database answers and is up to date."""
    is_well = is_database_well(visit.engine)
    return JSONResponse({"database": "ok" if is_well else "not ready"}, 200 if is_well else 503)
