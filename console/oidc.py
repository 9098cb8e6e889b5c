"""Sign-in with the organisation's own accounts (OpenID Connect); the provider looks after the second factor."""

from __future__ import annotations

import logging

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client._compat import httpx2  # the client that Authlib itself talks with
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.store.staff import find_user
from console.security import safe_next
from console.sign_in import welcome
from console.visits import Console, Visit

logger = logging.getLogger(__name__)
ROUND_TRIP_S = 600
_FAILURES = (OAuthError, httpx2.HTTPError, JoseError, ValueError)


def oidc_routes(console: Console) -> tuple[list[Route], Middleware]:
    """The way there and back, and the short-lived cookie that ties both together."""
    settings = console.settings
    oauth = OAuth()
    oauth.register(
        "staff", client_id=settings.oidc_client_id, client_secret=settings.oidc_client_secret,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "timeout": 10.0},
    )  # fmt: skip

    async def start(request: Request) -> Response:
        request.session["next"] = safe_next(request.query_params.get("next", "/"))
        try:
            answer: Response = await oauth.staff.authorize_redirect(request, f"{settings.console_url}/oidc/back")
        except _FAILURES as error:
            return await run_in_threadpool(_failed, console, request, type(error).__name__)
        return answer

    async def back(request: Request) -> Response:
        to = request.session.get("next", "/")
        try:
            token = await oauth.staff.authorize_access_token(request)
        except _FAILURES as error:
            return await run_in_threadpool(_failed, console, request, type(error).__name__)
        request.session.clear()
        claims = token.get("userinfo") or {}
        # An address that the provider has not verified may be anybody's.
        email = str(claims.get("email") or "") if claims.get("email_verified") is not False else ""
        return await run_in_threadpool(_enter, console, request, email, to)

    session = Middleware(
        SessionMiddleware, secret_key=settings.sma_secret_key, session_cookie="sma_oidc", max_age=ROUND_TRIP_S,
        same_site="lax", https_only=console.cookies.is_https, path="/oidc",
    )  # fmt: skip
    return [Route("/oidc/start", start), Route("/oidc/back", back)], session


def _enter(console: Console, request: Request, email: str, to: str) -> Response:
    visit = Visit(request, console, {}, {}, None, "", console.clock())
    member = find_user(console.engine, email) if email else None
    if member is None or not member.is_active:
        visit.audit("sign_in.failed", "sign-in", way="oidc")
        text = (
            "Your organisation knows you, but there is no account here with your e-mail address. Ask an administrator."
        )
        return visit.refuse("No account", text, status=403, back="/sign-in")
    return welcome(visit, member, way="oidc", to=to)


def _failed(console: Console, request: Request, error: str) -> Response:
    logger.warning("ending=oidc_failed error=%s", error)
    visit = Visit(request, console, {}, {}, None, "", console.clock())
    visit.audit("sign_in.failed", "sign-in", way="oidc")
    text = "Sign-in with your organisation did not work. Try again, or use your password here."
    return visit.refuse("Not signed in", text, status=502, back="/sign-in")
