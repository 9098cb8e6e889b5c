"""For reviewers: all conversations with filters, and messages that did not help."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from bot.core.replies import ReplyKind
from bot.store.conversation_reads import ConversationFilter, channels, list_conversations, thumbs_down
from console.visits import Visit


def conversations(visit: Visit) -> Response:
    """Latest first."""
    kinds = {kind.value for kind in ReplyKind}
    kind, topic = visit.asked("kind"), visit.asked("topic")
    chosen = ConversationFilter(
        kind=kind if kind in kinds else "", topic=topic if topic in visit.console.topics else "",
        channel=visit.asked("channel")[:40], only_urgent=bool(visit.asked("urgent")),
    )  # fmt: skip
    page = visit.page_number()
    visit.audit("conversations.listed", "conversations", page=page, kind=chosen.kind, topic=chosen.topic,
                channel=chosen.channel, urgent=chosen.only_urgent)  # fmt: skip
    lines, has_more = list_conversations(visit.engine, chosen, page=page)
    query = {"kind": chosen.kind, "topic": chosen.topic, "channel": chosen.channel,
             "urgent": "1" if chosen.only_urgent else ""}  # fmt: skip
    return visit.page(
        "conversations.html", lines=lines, has_more=has_more, page=page, chosen=chosen, kinds=list(ReplyKind),
        channels=channels(visit.engine), topics=visit.console.topics,
        query=urlencode({name: value for name, value in query.items() if value}),
    )  # fmt: skip


def feedback(visit: Visit) -> Response:
    """Thumbs down, latest first."""
    page = visit.page_number()
    visit.audit("feedback.listed", "feedback", page=page)
    lines, has_more = thumbs_down(visit.engine, page=page)
    return visit.page("feedback.html", lines=lines, has_more=has_more, page=page, topics=visit.console.topics)
