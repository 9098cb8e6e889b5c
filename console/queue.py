"""The queue: who waits, since when, urgent ones first."""

from __future__ import annotations

from starlette.responses import Response

from bot.core.handoffs import moves_for
from bot.core.roles import Permission
from bot.store.handoff_reads import queue
from console import live
from console.visits import Visit


def show(visit: Visit) -> Response:
    """The page, or only its rows for the script (`?part=rows`)."""
    is_part = visit.asked("part") == "rows"
    if not is_part:
        visit.audit("queue.viewed", "queue")
    rows = queue(visit.engine)
    staff = visit.me.as_staff
    moves = {row.handoff.id: {move.value for move in moves_for(row.handoff, staff, now=visit.now)} for row in rows}
    return visit.page(
        "_queue_rows.html" if is_part else "queue.html",
        rows=rows, moves=moves, may_answer=visit.me.may(Permission.ANSWER), staff=staff, topics=visit.console.topics,
    )  # fmt: skip


def events(visit: Visit) -> Response:
    """Live changes."""
    return live.follow_queue(visit)
