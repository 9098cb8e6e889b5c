"""Members of staff: add, change roles, disable, reset."""

from __future__ import annotations

from starlette.responses import Response

from bot.core.errors import FaultsError
from bot.core.roles import ROLE_HELP, Role, parse_roles
from bot.store import sessions, staff
from bot.store.one_time_links import make_link
from bot.store.sign_in import forget_failures
from bot.store.staff import StaffMember
from console.visits import Visit


def show(visit: Visit) -> Response:
    """Everybody, and the form to add somebody."""
    visit.audit("users.listed", "users")
    return _page(visit)


def add(visit: Visit) -> Response:
    """Add somebody and show the one-time link to pass on."""
    form = visit.form
    try:
        roles = parse_roles(visit.lists.get("role", []))
        member = staff.add_user(
            visit.engine,
            email=form.get("email", ""),
            name=form.get("name", ""),
            title=form.get("title", ""),
            roles=roles,
        )
    except (FaultsError, ValueError) as error:
        return _page(visit, problem=str(error), status=422)
    visit.audit("user.added", f"user {member.id}", roles=sorted(role.value for role in roles))
    return _link(visit, member)


def reset(visit: Visit) -> Response:
    """A new link for password and second factor; signed out everywhere, and unlocked."""
    member = _member(visit)
    if member is None:
        return _missing(visit)
    visit.audit("user.reset", f"user {member.id}")
    sessions.end_sessions_of(visit.engine, member.id)
    forget_failures(visit.engine, member.email)
    return _link(visit, member)


def unlock(visit: Visit) -> Response:
    """Forget failed sign-ins."""
    member = _member(visit)
    if member is None:
        return _missing(visit)
    visit.audit("user.unlocked", f"user {member.id}")
    forget_failures(visit.engine, member.email)
    return visit.go("/users", said="unlocked")


def disable(visit: Visit) -> Response:
    """No more sign-in, from now on."""
    return _set_active(visit, is_active=False, done="disabled")


def enable(visit: Visit) -> Response:
    """Sign-in works again."""
    return _set_active(visit, is_active=True, done="enabled")


def change_roles(visit: Visit) -> Response:
    """Other roles; they hold from the next click on."""
    member = _member(visit)
    if member is None:
        return _missing(visit)
    try:
        roles = parse_roles(visit.lists.get("role", []))
        visit.audit("user.roles", f"user {member.id}", roles=sorted(role.value for role in roles))
        staff.change_roles(visit.engine, member.id, roles)
    except (FaultsError, ValueError) as error:
        return _page(visit, problem=str(error), status=422)
    return visit.go("/users", said="roles")


def _set_active(visit: Visit, *, is_active: bool, done: str) -> Response:
    member = _member(visit)
    if member is None:
        return _missing(visit)
    visit.audit(f"user.{done}", f"user {member.id}")
    try:
        staff.set_active(visit.engine, member.id, is_active=is_active)
    except FaultsError as error:
        return _page(visit, problem=str(error), status=422)
    return visit.go("/users", said=done)


def _link(visit: Visit, member: StaffMember) -> Response:
    link = make_link(visit.engine, visit.console.settings.console_url, user_id=member.id, now=visit.now)
    return visit.page("user_link.html", member=member, link=link)


def _member(visit: Visit) -> StaffMember | None:
    return staff.get_user(visit.engine, visit.number("user"))


def _page(visit: Visit, *, problem: str = "", status: int = 200) -> Response:
    return visit.page(
        "users.html", status=status, problem=problem, users=staff.list_users(visit.engine), form=visit.form,
        roles=[(role.value, ROLE_HELP[role]) for role in Role],
    )  # fmt: skip


def _missing(visit: Visit) -> Response:
    return visit.refuse("Not found", "There is no such account.", status=404, back="/users")
