"""The application: every page and act with what it needs, in one table."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from bot.core.content import all_topics
from bot.core.roles import Permission as May
from bot.core.settings import Settings
from bot.store.rasa_api import RasaApi
from console import (
    account,
    audit_page,
    conversation,
    home,
    moves,
    queue,
    reviews,
    setup,
    sign_in,
    topics_page,
    users_page,
)
from console.layout import HERE, make_environment
from console.oidc import oidc_routes
from console.roles import Door, route
from console.security import HEADERS, Cookies, Headers
from console.visits import Console

logger = logging.getLogger(__name__)

DOORS: tuple[Door, ...] = (
    Door("GET", "/health", home.health, None),
    Door("GET", "/sign-in", sign_in.show, None),
    Door("POST", "/sign-in", sign_in.submit, None),
    Door("GET", "/setup/{token}", setup.show, None),
    Door("GET", "/setup/{token}/qr.svg", setup.qr_code, None),
    Door("POST", "/setup/{token}", setup.submit, None),
    Door("POST", "/sign-out", sign_in.sign_out, May.SEE_HOME),
    Door("GET", "/", home.show, May.SEE_HOME),
    Door("GET", "/account", account.show, May.SEE_HOME),
    Door("POST", "/account/password", account.change_password, May.SEE_HOME),
    Door("POST", "/account/elsewhere", account.sign_out_elsewhere, May.SEE_HOME),
    Door("GET", "/queue", queue.show, May.SEE_QUEUE),
    Door("GET", "/queue/events", queue.events, May.SEE_QUEUE, is_click=False),
    Door("POST", "/handoffs/{handoff:int}/claim", moves.claim, May.ANSWER),
    Door("POST", "/handoffs/{handoff:int}/renew", moves.renew, May.ANSWER, is_click=False),
    Door("POST", "/handoffs/{handoff:int}/release", moves.release, May.ANSWER),
    Door("POST", "/handoffs/{handoff:int}/transfer", moves.transfer, May.ANSWER),
    Door("POST", "/handoffs/{handoff:int}/decline", moves.decline, May.ANSWER),
    Door("POST", "/handoffs/{handoff:int}/reply", moves.reply, May.ANSWER),
    Door("POST", "/handoffs/{handoff:int}/retry", moves.retry, May.ANSWER),
    Door("POST", "/handoffs/{handoff:int}/close", moves.close, May.ANSWER),
    Door("POST", "/handoffs/{handoff:int}/contact", moves.contact, May.ANSWER),
    Door("GET", "/conversations", reviews.conversations, May.READ_ALL),
    Door("GET", "/conversation-events", conversation.events, May.READ_HANDED_OVER, is_click=False),
    Door("GET", "/conversations/{conversation:path}", conversation.show, May.READ_HANDED_OVER),
    Door("POST", "/notes", conversation.add_note, May.WRITE_NOTES),
    Door("GET", "/saved-reply", conversation.topic_text, May.ANSWER),
    Door("GET", "/feedback", reviews.feedback, May.READ_ALL),
    Door("GET", "/topics", topics_page.show, May.READ_TOPICS),
    Door("GET", "/topics/{topic}", topics_page.show_one, May.READ_TOPICS),
    Door("POST", "/topics/{topic}/approve", topics_page.approve_one, May.APPROVE_TOPICS),
    Door("POST", "/topics/{topic}/withdraw", topics_page.withdraw_one, May.APPROVE_TOPICS),
    Door("GET", "/users", users_page.show, May.MANAGE_USERS),
    Door("POST", "/users", users_page.add, May.MANAGE_USERS),
    Door("POST", "/users/{user:int}/roles", users_page.change_roles, May.MANAGE_USERS),
    Door("POST", "/users/{user:int}/disable", users_page.disable, May.MANAGE_USERS),
    Door("POST", "/users/{user:int}/enable", users_page.enable, May.MANAGE_USERS),
    Door("POST", "/users/{user:int}/reset", users_page.reset, May.MANAGE_USERS),
    Door("POST", "/users/{user:int}/unlock", users_page.unlock, May.MANAGE_USERS),
    Door("GET", "/audit", audit_page.show, May.READ_AUDIT),
)


def create_app(settings: Settings, engine: sa.engine.Engine) -> Starlette:
    """The console over a migrated database. Raises FaultsError when a secret is missing."""
    topics = all_topics()
    console = Console(
        settings=settings, engine=engine, templates=make_environment(topics), topics=topics, cookies=Cookies(settings),
        rasa=RasaApi.from_settings(settings),
    )  # fmt: skip
    routes: list[BaseRoute] = [route(console, door) for door in DOORS]
    middleware = [Middleware(Headers, is_https=console.cookies.is_https)]
    if settings.oidc_issuer:
        oidc, session = oidc_routes(console)
        routes += oidc
        middleware.append(session)
    routes.append(Mount("/static", StaticFiles(directory=HERE / "static")))
    app = Starlette(routes=routes, middleware=middleware, exception_handlers={Exception: _failed})
    app.state.console = console
    return app


async def _failed(_request: Request, error: Exception) -> Response:
    # The kind of error alone: its text may quote what somebody wrote.
    logger.error("ending=failed error=%s", type(error).__name__)
    return HTMLResponse((HERE / "templates" / "failed.html").read_text(encoding="utf-8"), 500, headers=dict(HEADERS))
