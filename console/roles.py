"""The doors of the console: each page and act needs one permission."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.core.roles import Permission, roles_with
from bot.store.sessions import read_session
from console.visits import Console, Visit

FORM_FIELDS = 60
FORM_BYTES = 100_000


@dataclass(frozen=True)
class Door:
    """One page or act."""

    method: str
    path: str
    handler: Callable[[Visit], Response]
    needs: Permission | None
    """None: open to everybody, signed in or not."""
    is_click: bool = True
    """False for what an open page asks by itself: it does not keep a session alive."""


def route(console: Console, door: Door) -> Route:
    """A door as Starlette wants it."""

    async def endpoint(request: Request) -> Response:
        lists: dict[str, list[str]] = {}
        if request.method == "POST":
            if int(request.headers.get("content-length") or 0) > FORM_BYTES:
                return Response("Too large.", status_code=413)
            async with request.form(max_files=0, max_fields=FORM_FIELDS, max_part_size=FORM_BYTES) as sent:
                for name, value in sent.multi_items():
                    if isinstance(value, str):
                        lists.setdefault(name, []).append(value)
        return await run_in_threadpool(_enter, console, door, request, lists)

    handler: Callable[[Request], Awaitable[Response]] = endpoint
    return Route(door.path, handler, methods=[door.method], name=f"{door.method} {door.path}")


def _enter(console: Console, door: Door, request: Request, lists: dict[str, list[str]]) -> Response:
    token = console.cookies.session(request)
    now = console.clock()
    # What an open page asks by itself, whole or in part, does not keep a session alive.
    is_click = door.is_click and "part" not in request.query_params
    member = read_session(console.engine, token, now=now, is_click=is_click) if token else None
    form = {name: values[0] for name, values in lists.items()}
    visit = Visit(request, console, form, lists, member, token if member else "", now)
    written = form.get("text", "")
    if door.needs is not None and member is None:
        if request.method == "GET" and is_click:
            query = f"?{request.url.query}" if request.url.query else ""
            return visit.go(f"/sign-in?{urlencode({'next': request.url.path + query})}")
        text = "You were signed out, because nobody used this page for a while. Sign in again; nothing was sent."
        return visit.refuse("Signed out", text, status=401, back="/sign-in", written=written)
    if door.needs is not None and member is not None and not member.may(door.needs):
        visit.audit("page.refused", request.url.path, needs=door.needs.value)
        return refuse_role(visit, door.needs)
    if request.method == "POST":
        sent = form.get("csrf") or request.headers.get("x-csrf-token", "")
        if not console.cookies.is_own_post(request, sent):
            text = "This form is too old or was not sent from this console. Nothing was done. Go back and try again."
            return visit.refuse("Please try again", text, status=403, back=request.url.path, written=written)
    return door.handler(visit)


def refuse_role(visit: Visit, needed: Permission) -> Response:
    """A page that says which role is needed."""
    names = [f"“{role.value}”" for role in roles_with(needed)]
    text = (
        f"This needs the role {' or '.join(names)}, which your account does not have. "
        "An administrator can give it to you on the page Staff."
    )
    return visit.refuse("Not for your role", text, status=403)
