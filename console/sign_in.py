"""Sign in and out."""

from __future__ import annotations

from starlette.responses import Response

from bot.store import sessions
from bot.store.sign_in import LOCKED_FOR, note_sign_in, sign_in
from bot.store.staff import StaffMember, has_users
from console.security import safe_next
from console.visits import Visit


def show(visit: Visit) -> Response:
    """The form."""
    if visit.member:
        return visit.go(safe_next(visit.asked("next")))
    return _form(visit)


def submit(visit: Visit) -> Response:
    """Password and code at once."""
    email, password, code = (visit.form.get(name, "") for name in ("email", "password", "code"))
    settings = visit.console.settings
    ended = sign_in(
        visit.engine, email=email, password=password, code=code, data_key=settings.sma_data_key, now=visit.now
    )
    if ended.member:
        return welcome(visit, ended.member, way="password", to=visit.form.get("next", ""))
    if ended.locked_until:
        visit.audit("sign_in.locked", "sign-in")
        until = ended.locked_until.strftime("%H:%M")
        minutes = int(LOCKED_FOR.total_seconds() // 60)
        problem = (
            f"Too many failed attempts. Sign-in with this address is locked until {until} UTC ({minutes} minutes after "
            "the last one). An administrator can unlock it sooner on the page Staff."
        )
        return _form(visit, problem=problem, email=email, status=429)
    visit.audit("sign_in.failed", "sign-in")
    left = f"{ended.tries_left} more {'try' if ended.tries_left == 1 else 'tries'}"
    problem = (
        "E-mail address, password and code do not fit together. A code is good once and for half a minute. "
        f"After {left} sign-in with this address is locked for a while."
    )
    return _form(visit, problem=problem, email=email, status=401)


def welcome(visit: Visit, member: StaffMember, *, way: str, to: str) -> Response:
    """Begin a session and go on."""
    note_sign_in(visit.engine, member.id, now=visit.now)
    token = sessions.start_session(visit.engine, member.id, now=visit.now)
    signed_in = Visit(visit.request, visit.console, {}, {}, member, token, visit.now)
    signed_in.audit("sign_in", "sign-in", way=way)
    response = visit.go(safe_next(to))
    visit.console.cookies.sign_in(response, token)
    return response


def sign_out(visit: Visit) -> Response:
    """End the session."""
    visit.audit("sign_out", "sign-in")
    sessions.end_session(visit.engine, visit.token)
    response = visit.go("/sign-in", said="signed-out")
    visit.console.cookies.sign_out(response)
    return response


def _form(visit: Visit, *, problem: str = "", email: str = "", status: int = 200) -> Response:
    return visit.page(
        "sign_in.html", status=status, problem=problem, email=email,
        next=safe_next(visit.form.get("next") or visit.asked("next") or "/"),
        with_oidc=bool(visit.console.settings.oidc_issuer), is_empty=not has_users(visit.engine),
    )  # fmt: skip
