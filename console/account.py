"""One's own account: who I am here, password, other devices."""

from __future__ import annotations

from starlette.responses import Response

from bot.core.passwords import SHORTEST, password_fault
from bot.core.roles import ROLE_HELP
from bot.store import sessions, sign_in
from console.visits import Visit


def show(visit: Visit) -> Response:
    """The page."""
    return _page(visit)


def change_password(visit: Visit) -> Response:
    """The old one is asked for: a screen left open is not enough."""
    old, new, again = (visit.form.get(name, "") for name in ("old", "password", "again"))
    fault = "The two new passwords differ." if new != again else password_fault(new, email=visit.me.email)
    if fault:
        return _page(visit, problem=fault)
    visit.audit("account.password", f"user {visit.me.id}")
    if not sign_in.change_password(visit.engine, visit.me.id, old=old, new=new):
        visit.audit("account.password.refused", f"user {visit.me.id}")
        return _page(visit, problem="The present password does not fit.")
    sessions.end_sessions_of(visit.engine, visit.me.id, keep=visit.token)
    return visit.go("/account", said="password")


def sign_out_elsewhere(visit: Visit) -> Response:
    """End all other sessions."""
    visit.audit("account.elsewhere", f"user {visit.me.id}")
    sessions.end_sessions_of(visit.engine, visit.me.id, keep=visit.token)
    return visit.go("/account", said="elsewhere")


def _page(visit: Visit, *, problem: str = "") -> Response:
    roles = [(role.value, ROLE_HELP[role]) for role in sorted(visit.me.roles, key=lambda role: role.value)]
    return visit.page("account.html", status=422 if problem else 200, problem=problem, roles=roles, shortest=SHORTEST)
