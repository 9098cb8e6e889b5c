"""One conversation: what was said, what the model thought, notes, and the place to answer."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from bot.core.handoffs import Handoff, moves_for
from bot.core.roles import Permission
from bot.core.topics import CATEGORY_TITLES, Topic
from bot.store import conversation_reads, staff_notes
from bot.store.conversation_reads import Said
from bot.store.handoff_reads import handoffs_of, history
from bot.store.staff import colleagues
from bot.store.staff_messages import DeliveryState, messages_of
from console import live
from console.moves import REPLY_CHARS, conversation_path
from console.roles import refuse_role
from console.visits import Visit

SHOWN = 100
"""Messages; earlier ones on request."""
MOST = 5000


def show(visit: Visit) -> Response:
    """The page; `?part=live` gives the parts that a script renews, `?insert=<topic>` fills the reply box."""
    conversation_id = visit.request.path_params["conversation"]
    head = conversation_reads.read_head(visit.engine, conversation_id)
    found = handoffs_of(visit.engine, conversation_id)
    refusal = _refusal(visit, found)
    if refusal:
        return refusal
    if head is None:
        text = "There is no such conversation. It may have been erased, by the caregiver or because of its age."
        return visit.refuse("Not found", text, status=404, back="/queue")
    is_part = visit.asked("part") == "live"
    visit.audit("conversation.followed" if is_part else "conversation.viewed", f"conversation {conversation_id}")
    said, has_earlier = conversation_reads.read_transcript(
        visit.engine, conversation_id, last=MOST if visit.asked("all") else SHOWN
    )
    current = found[0] if found and found[0].is_open else None
    staff = visit.me.as_staff
    may_answer = visit.me.may(Permission.ANSWER)
    moves = {m.value for m in moves_for(current, staff, now=visit.now)} if current and may_answer else set()
    outgoing = messages_of(visit.engine, conversation_id)
    inserted = visit.console.topics.get(visit.asked("insert"))
    return visit.page(
        "_live.html" if is_part else "conversation.html",
        head=head, said=said, has_earlier=has_earlier, current=current, found=found, moves=moves, staff=staff,
        is_mine=bool(current and current.is_held_by(staff, visit.now)),
        is_held=bool(current and current.is_held(visit.now)),
        outgoing={message.key: message for message in outgoing},
        unsent=[message for message in outgoing if message.state is not DeliveryState.DELIVERED],
        history=history(visit.engine, conversation_id), notes=staff_notes.notes_of(visit.engine, conversation_id),
        may_note=visit.me.may(Permission.WRITE_NOTES), colleagues=colleagues(visit.engine, visit.me) if moves else (),
        key=secrets.token_urlsafe(18), categories=_categories(visit), suggested=_suggested(visit, current, said),
        inserted=inserted, topics=visit.console.topics, longest=REPLY_CHARS, here=conversation_path(conversation_id),
    )  # fmt: skip


def events(visit: Visit) -> Response:
    """Live changes."""
    conversation_id = visit.asked("id")
    return _refusal(visit, handoffs_of(visit.engine, conversation_id)) or live.follow_conversation(
        visit, conversation_id
    )


def add_note(visit: Visit) -> Response:
    """A note for colleagues."""
    conversation_id = visit.form.get("conversation", "")
    refusal = _refusal(visit, handoffs_of(visit.engine, conversation_id))
    if refusal:
        return refusal
    here = conversation_path(conversation_id)
    if conversation_reads.read_head(visit.engine, conversation_id) is None:
        return visit.refuse("Not found", "There is no such conversation.", status=404)
    visit.audit("note.added", f"conversation {conversation_id}")
    try:
        staff_notes.add_note(
            visit.engine, conversation_id, visit.me.as_staff, visit.form.get("text", ""), now=visit.now
        )
    except ValueError as error:
        return visit.refuse("Not added", str(error), status=422, back=here, written=visit.form.get("text", ""))
    return visit.go(here, said="noted", anchor="#notes")


def topic_text(visit: Visit) -> Response:
    """A saved reply for the script: the answer of a topic."""
    topic = visit.console.topics.get(visit.asked("topic"))
    if topic is None:
        return JSONResponse({}, 404)
    return JSONResponse({"topic": topic.id, "title": topic.title, "text": topic.answer,
                         "sources": [source.line() for source in topic.sources]})  # fmt: skip


def _refusal(visit: Visit, found: Sequence[Handoff]) -> Response | None:
    """Responders read conversations in which a person was asked for; reviewers read all."""
    if visit.me.may(Permission.READ_ALL) or (found and visit.me.may(Permission.READ_HANDED_OVER)):
        return None
    visit.audit("page.refused", visit.request.url.path, needs=Permission.READ_ALL.value)
    return refuse_role(visit, Permission.READ_ALL)


def _categories(visit: Visit) -> list[tuple[str, Sequence[Topic]]]:
    return [(CATEGORY_TITLES.get(name, name), list(ts)) for name, ts in visit.console.topics.categories().items()]


def _suggested(visit: Visit, current: Handoff | None, said: Sequence[Said]) -> list[Topic]:
    """Topics that the request or the last questions were about."""
    names = [current.topic] if current else []
    for message in reversed(said):
        if message.thought:
            names.append(message.thought.topic)
            names += [str(choice.get("label", "")).removeprefix("faq/") for choice in message.thought.choices]
    topics = visit.console.topics
    unique = dict.fromkeys(name for name in names if name and name in topics)
    return [topics[name] for name in list(unique)[:4]]
