"""Cookies, tokens against forged forms, and the headers of every response."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.core.errors import fail
from bot.core.settings import Settings

HEADERS: Mapping[str, str] = {
    # Nothing inline and nothing from elsewhere: a text that slips through as markup still cannot act.
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": browsers would then hide the origin of our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
HSTS = "max-age=31536000"


class Headers:
    """ASGI middleware: the headers above on every response; pages are never kept by a cache."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and add to the start of the response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers["Cache-Control"] = "no-cache" if scope["path"].startswith("/static/") else "no-store"
                if self._is_https:
                    headers["Strict-Transport-Security"] = HSTS
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Cookies:
    """The two cookies: who is signed in, and (before that) which forms were given out."""

    def __init__(self, settings: Settings) -> None:
        if not settings.sma_secret_key:
            raise fail("SMA_SECRET_KEY", "it is empty", "run 'make run' once, which makes one, or set it in .env")
        self._key: bytes = settings.sma_secret_key.encode()
        self.is_https: bool = settings.console_url.startswith("https://")
        self._own_host = urlsplit(settings.console_url).netloc
        prefix = "__Host-" if self.is_https else ""
        self._session = f"{prefix}sma_staff"
        self._form = f"{prefix}sma_form"

    def session(self, request: Request) -> str:
        """The session's token, empty without one."""
        return request.cookies.get(self._session, "")

    def sign_in(self, response: Response, token: str) -> None:
        """Lax, not strict: the link in "someone is waiting" comes from a mail program."""
        response.set_cookie(self._session, token, path="/", secure=self.is_https, httponly=True, samesite="lax")
        response.delete_cookie(self._form, path="/", secure=self.is_https, httponly=True, samesite="strict")

    def sign_out(self, response: Response) -> None:
        """Forget who is signed in."""
        response.delete_cookie(self._session, path="/", secure=self.is_https, httponly=True, samesite="lax")

    def form_basis(self, request: Request) -> tuple[str, bool]:
        """What a form's token is bound to before sign-in, and whether the cookie has yet to be set."""
        found = request.cookies.get(self._form, "")
        return (found, False) if found else (secrets.token_urlsafe(24), True)

    def set_form(self, response: Response, basis: str) -> None:
        """Give the browser what its forms are bound to."""
        response.set_cookie(self._form, basis, path="/", secure=self.is_https, httponly=True, samesite="strict")

    def csrf_token(self, basis: str) -> str:
        """The token that a form must send back."""
        return hmac.new(self._key, f"csrf:{basis}".encode(), hashlib.sha256).hexdigest()

    def is_own_post(self, request: Request, sent: str) -> bool:
        """Whether a form came from one of our pages in this browser."""
        origin = request.headers.get("origin")
        if origin and urlsplit(origin).netloc not in (self._own_host, request.headers.get("host", "")):
            return False
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        bases = (self.session(request), self.form_basis(request)[0])
        return any(base and hmac.compare_digest(self.csrf_token(base).encode(), sent.encode()) for base in bases)


def safe_next(path: str) -> str:
    """Where to go after sign-in: only a path of this console."""
    parts = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if is_ours and "\n" not in path and "\r" not in path else "/"
