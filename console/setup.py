"""Using a one-time link: choose a password and scan the QR code of the second factor."""

from __future__ import annotations

import io

import segno
from starlette.responses import Response

from bot.core.errors import FaultsError
from bot.core.passwords import SHORTEST
from bot.core.roles import ROLE_HELP, Role, parse_roles
from bot.store import audit
from bot.store.set_up import OpenLink, open_link, use_link
from console.visits import Visit


def show(visit: Visit) -> Response:
    """The form behind a link."""
    link = _open(visit)
    return _form(visit, link) if link else _over(visit)


def qr_code(visit: Visit) -> Response:
    """The QR code as a picture of its own: the page holds no inline style."""
    link = _open(visit)
    if link is None:
        return Response(status_code=404)
    picture = io.BytesIO()
    address = link.member.email if link.member else "administrator"
    code = segno.make(link.otpauth(address), error="m")
    code.save(picture, kind="svg", scale=5, border=3, light="#fff", svgclass=None, lineclass=None)
    return Response(picture.getvalue(), media_type="image/svg+xml")


def submit(visit: Visit) -> Response:
    """Set password and second factor."""
    link = _open(visit)
    if link is None:
        return _over(visit)
    form = visit.form
    if form.get("password", "") != form.get("again", ""):
        return _form(visit, link, problem="The two passwords differ. Type the same one twice.")
    try:
        member = use_link(
            visit.engine, visit.request.path_params["token"], password=form.get("password", ""),
            code=form.get("code", ""), data_key=visit.console.settings.sma_data_key, now=visit.now,
            email=form.get("email", ""), name=form.get("name", ""), title=form.get("title", ""),
            roles=parse_roles(visit.lists.get("role", [])),
        )  # fmt: skip
    except (FaultsError, ValueError) as error:
        return _form(visit, link, problem=str(error))
    act = "user.set_up" if link.member else "user.first_administrator"
    audit.append(visit.engine, actor=str(member.id), act=act, object=f"user {member.id}", at=visit.now,
                 detail={"roles": sorted(role.value for role in member.roles)})  # fmt: skip
    return visit.go("/sign-in", said="set-up")


def _open(visit: Visit) -> OpenLink | None:
    token = visit.request.path_params["token"]
    return open_link(visit.engine, token, data_key=visit.console.settings.sma_data_key, now=visit.now)


def _form(visit: Visit, link: OpenLink, *, problem: str = "") -> Response:
    secret = " ".join(link.totp_secret[i : i + 4] for i in range(0, len(link.totp_secret), 4))
    return visit.page(
        "setup.html", status=422 if problem else 200, problem=problem, link=link, secret=secret, shortest=SHORTEST,
        token=visit.request.path_params["token"], form=visit.form, chosen=visit.lists.get("role", []),
        roles=[(role.value, ROLE_HELP[role]) for role in Role if role is not Role.ADMIN],
    )  # fmt: skip


def _over(visit: Visit) -> Response:
    text = "A link is good once and for 24 hours. Ask an administrator for a new one, or sign in if you have used it."
    return visit.refuse("This link is no longer good", text, status=410, back="/sign-in")
