"""What a responder does with a hand-off: claim, answer, release, transfer, decline, close, see the contact."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from starlette.responses import Response

from bot.core.handoffs import Handoff, MoveRefused, Outcome, Refusal
from bot.core.roles import Permission
from bot.store import contacts, handoffs, staff_messages
from bot.store.contacts import ContactRefused
from bot.store.handoff_reads import get_handoff
from bot.store.staff import get_user
from bot.store.staff_messages import DeliveryState
from console.visits import Visit

REPLY_CHARS = 4000
NOTE_CHARS = 500


def claim(visit: Visit) -> Response:
    """Take a request."""
    return _move(visit, "claimed", lambda h: handoffs.claim(visit.engine, h.id, visit.me.as_staff, now=visit.now))


def release(visit: Visit) -> Response:
    """Give it back to the queue."""
    note = _note(visit)
    return _move(
        visit, "released", lambda h: handoffs.release(visit.engine, h.id, visit.me.as_staff, now=visit.now, note=note)
    )


def transfer(visit: Visit) -> Response:
    """Hand it to a colleague who may answer."""
    text = visit.form.get("to", "")
    to = get_user(visit.engine, int(text)) if text.isascii() and text.isdigit() else None
    if to is None or not (to.is_active and to.is_set_up and to.may(Permission.ANSWER)):
        return visit.refuse(
            "Not transferred", "Choose a colleague who may answer caregivers.", status=422, back=_back(visit)
        )
    return _move(
        visit, "transferred",
        lambda h: handoffs.transfer(
            visit.engine, h.id, visit.me.as_staff, to=to.as_staff, now=visit.now, note=_note(visit)
        ),
        to=to.id,
    )  # fmt: skip


def decline(visit: Visit) -> Response:
    """Say no, with a reason for the history."""
    note = _note(visit)
    if not note:
        return visit.refuse("Not declined", "Write a short reason for your colleagues.", status=422, back=_back(visit))
    return _move(
        visit, "declined", lambda h: handoffs.decline(visit.engine, h.id, visit.me.as_staff, now=visit.now, note=note)
    )


def close(visit: Visit) -> Response:
    """End it with an outcome."""
    try:
        outcome = Outcome(visit.form.get("outcome", ""))
    except ValueError:
        return visit.refuse("Not closed", "Choose how it ended.", status=422, back=_back(visit))
    return _move(
        visit, "closed",
        lambda h: handoffs.close(
            visit.engine, h.id, visit.me.as_staff, outcome=outcome, now=visit.now, note=_note(visit)
        ),
        outcome=outcome.value,
    )  # fmt: skip


def reply(visit: Visit) -> Response:
    """Answer the caregiver. Who holds it is checked at this moment; the same form twice sends once."""
    text, key = visit.form.get("text", "").replace("\r\n", "\n").strip(), visit.form.get("key", "")
    if not text or len(text) > REPLY_CHARS or not 8 <= len(key) <= 60:
        why = f"A reply has between 1 and {REPLY_CHARS} characters."
        return visit.refuse("Not sent", why, status=422, back=_back(visit), written=text)
    topic = visit.console.topics.get(visit.form.get("sources_of", ""))
    sources = topic.sources if topic else ()
    staff = visit.me.as_staff
    return _move(
        visit, "sent",
        lambda h: staff_messages.queue_reply(
            visit.engine, h.id, staff, text, key=f"staff-{staff.id}-{key}", now=visit.now, sources=sources
        ),
        anchor="#reply", chars=len(text), sources_of=topic.id if topic else None,
    )  # fmt: skip


def retry(visit: Visit) -> Response:
    """Try a reply again that could not be delivered."""
    handoff = get_handoff(visit.engine, visit.number("handoff"))
    wanted = visit.form.get("message", "")
    failed = (
        [m for m in staff_messages.messages_of(visit.engine, handoff.conversation_id) if str(m.id) == wanted]
        if handoff
        else []
    )
    is_mine = bool(handoff and handoff.is_held_by(visit.me.as_staff, visit.now))
    if not handoff or not failed or not is_mine or failed[0].state is not DeliveryState.FAILED:
        return visit.refuse(
            "Nothing to send", "This reply is not waiting to be sent again.", status=404, back=_back(visit)
        )
    visit.audit("handoff.retried", f"conversation {handoff.conversation_id}", handoff=handoff.id, message=failed[0].id)
    staff_messages.retry(visit.engine, failed[0].id, now=visit.now)
    visit.console.deliver(handoff.conversation_id)
    return visit.go(conversation_path(handoff.conversation_id), said="retried", anchor="#reply")


def renew(visit: Visit) -> Response:
    """Keep the lease while the page is open; the page asks by itself."""
    try:
        handoffs.renew(visit.engine, visit.number("handoff"), visit.me.as_staff, now=visit.now)
    except (MoveRefused, LookupError):
        return Response(status_code=409)
    return Response(status_code=204)


def contact(visit: Visit) -> Response:
    """How to reach the caregiver; on record before it is shown."""
    handoff = get_handoff(visit.engine, visit.number("handoff"))
    if handoff is None:
        return _gone(visit)
    back = conversation_path(handoff.conversation_id)
    try:
        found = contacts.reveal(
            visit.engine, handoff.id, visit.me.as_staff, key=visit.console.settings.sma_data_key, now=visit.now,
            on_view=lambda _session, view: visit.audit(
                "contact.viewed", f"conversation {view.conversation_id}", handoff=view.handoff_id
            ),
        )  # fmt: skip
    except ContactRefused as refusal:
        visit.audit("contact.refused", f"conversation {handoff.conversation_id}", handoff=handoff.id)
        return visit.refuse("Not shown", str(refusal), status=403, back=back)
    if found is None:
        return visit.go(back, said="no-contact")
    return visit.page("contact.html", contact=found, back=back)


def conversation_path(conversation_id: str) -> str:
    """The page of a conversation."""
    return f"/conversations/{quote(conversation_id, safe='')}"


def _move(visit: Visit, done: str, act: Callable[[Handoff], object], *, anchor: str = "", **detail: object) -> Response:
    handoff = get_handoff(visit.engine, visit.number("handoff"))
    if handoff is None:
        return _gone(visit)
    thing = f"conversation {handoff.conversation_id}"
    visit.audit(f"handoff.{done}", thing, handoff=handoff.id, **detail)
    try:
        act(handoff)
    except MoveRefused as refusal:
        visit.audit(f"handoff.{done}.refused", thing, handoff=handoff.id, why=refusal.refusal.value)
        why = str(refusal)
        if refusal.refusal is Refusal.TAKEN and done == "sent":
            why += " Your reply was not sent."
        back = conversation_path(handoff.conversation_id)
        return visit.refuse("Not possible now", why, status=409, back=back, written=visit.form.get("text", ""))
    visit.console.deliver(handoff.conversation_id)
    to_queue = done in ("released", "transferred", "declined") or (
        visit.form.get("from") == "queue" and done != "claimed"
    )
    return visit.go("/queue" if to_queue else conversation_path(handoff.conversation_id), said=done, anchor=anchor)


def _gone(visit: Visit) -> Response:
    text = "There is no such request. It may have been erased with its conversation."
    return visit.refuse("Not found", text, status=404, back="/queue")


def _note(visit: Visit) -> str | None:
    return visit.form.get("note", "").strip()[:NOTE_CHARS] or None


def _back(visit: Visit) -> str:
    handoff = get_handoff(visit.engine, visit.number("handoff"))
    return conversation_path(handoff.conversation_id) if handoff else "/queue"
