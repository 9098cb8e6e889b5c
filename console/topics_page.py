"""Topics: their texts and sources, and a clinician's approval of the present version."""

from __future__ import annotations

from starlette.responses import Response

from bot.core.roles import Permission
from bot.core.topics import CATEGORY_TITLES, Topic
from bot.store.topic_approvals import approve, given_approvals, withdraw
from console.visits import Visit


def show(visit: Visit) -> Response:
    """All topics, by category."""
    given = given_approvals(visit.engine)
    topics = visit.console.topics
    approvals = {topic.id: given.get((topic.id, topic.version)) for topic in topics.values()}
    return visit.page(
        "topics.html", approvals=approvals, today=visit.now.date(),
        approved=sum(approval is not None for approval in approvals.values()), count=len(topics),
        categories=[(CATEGORY_TITLES.get(name, name), list(found)) for name, found in topics.categories().items()],
    )  # fmt: skip


def show_one(visit: Visit) -> Response:
    """One topic as caregivers read it."""
    topic = _topic(visit)
    return _page(visit, topic) if topic else _missing(visit)


def approve_one(visit: Visit) -> Response:
    """Approve the version that was on the screen."""
    topic = _topic(visit)
    if topic is None:
        return _missing(visit)
    if visit.form.get("version") != topic.version:
        return _page(
            visit, topic, problem="The text has changed since this page was opened. Read it again before approving."
        )
    if not visit.form.get("read"):
        return _page(visit, topic, problem="Tick the box that says that you have read the text and its sources.")
    visit.audit("topic.approved", f"topic {topic.id}", version=topic.version)
    by = f"{visit.me.name}, {visit.me.title}"
    approve(visit.engine, topic=topic.id, version=topic.version, by=by, on=visit.now.date())
    return visit.go(f"/topics/{topic.id}", said="approved")


def withdraw_one(visit: Visit) -> Response:
    """Take an approval back."""
    topic = _topic(visit)
    if topic is None:
        return _missing(visit)
    visit.audit("topic.withdrawn", f"topic {topic.id}", version=topic.version)
    withdraw(visit.engine, topic=topic.id, version=topic.version)
    return visit.go(f"/topics/{topic.id}", said="withdrawn")


def _topic(visit: Visit) -> Topic | None:
    return visit.console.topics.get(visit.request.path_params["topic"])


def _page(visit: Visit, topic: Topic, *, problem: str = "") -> Response:
    return visit.page(
        "topic.html", status=422 if problem else 200, problem=problem, topic=topic, today=visit.now.date(),
        approval=given_approvals(visit.engine).get((topic.id, topic.version)),
        may_approve=visit.me.may(Permission.APPROVE_TOPICS), topics=visit.console.topics,
        sources=[vars(source) for source in topic.sources],
    )  # fmt: skip


def _missing(visit: Visit) -> Response:
    return visit.refuse("Not found", "There is no such topic.", status=404, back="/topics")
