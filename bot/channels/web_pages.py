"""Files and pages over HTTP, and the headers of every answer of the channel."""

from __future__ import annotations

import json
from typing import Any

from sanic.request import Request
from sanic.response import BaseHTTPResponse, HTTPResponse
from sanic_cors.core import SANIC_CORS_EVALUATED

from bot.channels.web_origins import Origins
from bot.channels.web_problems import Problem, failed, not_found, not_ready, wrong_method
from bot.channels.web_static import PAGE_CSP, Asset, asset_headers, find_asset, page
from bot.core.settings import Settings

PREFIX = "/webhooks/web/"
PUBLIC_PAGES = {"/": "demo.html", "/demo": "demo.html", "/hostile": "hostile.html", "/privacy": "privacy.html"}

_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_API_CSP = "default-src 'none'; frame-ancestors 'none'"


class Pages:
    """Serves `widget/`."""

    def __init__(self, settings: Settings, origins: Origins) -> None:
        self._origins = origins
        days = settings.sma_retention_days
        self._words = {
            "organisation": settings.sma_organisation,
            "retention": f"{days} days" if days else "as long as the organisation keeps it",
            "public_url": settings.public_url,
        }

    async def show(self, request: Request) -> HTTPResponse:
        """One of the public pages."""
        asset = page(PUBLIC_PAGES[request.path], self._words)
        return _send(request, asset, headers={"Content-Security-Policy": PAGE_CSP})

    async def file(self, request: Request, name: str) -> HTTPResponse:
        """A file of the widget."""
        asset = find_asset(name)
        is_page = asset is not None and asset.content_type.startswith("text/html")
        return _send(request, asset, headers={"Content-Security-Policy": PAGE_CSP} if is_page else {})

    async def finish(self, request: Request, response: BaseHTTPResponse) -> HTTPResponse | None:
        """Security and CORS headers for everything of ours; Sanic's own error pages become problems."""
        if not request.path.startswith(PREFIX) and request.path not in PUBLIC_PAGES:
            return None
        instead = None
        if response.status >= 400 and response.content_type != PROBLEM_TYPE:
            response = instead = problem(_of_status(response.status))
        for name, value in _SECURITY.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Content-Security-Policy", _API_CSP)
        _silence_sanic_cors(request, response)
        origin = request.headers.get("origin")
        is_preflight = request.method == "OPTIONS"
        cors = self._origins.preflight_headers(origin) if is_preflight else self._origins.cors_headers(origin)
        for name, value in cors.items():
            response.headers[name] = value
        if "Content-Encoding" in response.headers or request.path.startswith(PREFIX + "widget/"):
            response.headers["Vary"] = "Origin, Accept-Encoding"
        return instead


PROBLEM_TYPE = "application/problem+json"


def answer(data: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HTTPResponse:
    """JSON, safe even where somebody pastes it into a page: no character of HTML stands in it as itself."""
    return HTTPResponse(_json(data), status=status, headers=headers, content_type="application/json")


def problem(refusal: Problem) -> HTTPResponse:
    """A refusal."""
    return HTTPResponse(_json(refusal.body()), refusal.status, refusal.headers(), content_type=PROBLEM_TYPE)


def _json(data: Any) -> str:
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _silence_sanic_cors(request: Request, response: BaseHTTPResponse) -> None:
    """Rasa has Sanic-CORS add its headers to every answer, some of them (credentials) more than we allow."""
    setattr(request.ctx, SANIC_CORS_EVALUATED, "1")
    for name in [name for name in response.headers if name.lower().startswith("access-control-")]:
        response.headers.popall(name, None)


def _of_status(status: int) -> Problem:
    if status == 404:
        return not_found("There is nothing at this address.")
    if status == 405:
        return wrong_method()
    if status == 503:
        return not_ready()
    if status >= 500:
        return failed()
    return Problem(status, "refused", "Refused", "That request cannot be answered.")


def _send(request: Request, asset: Asset | None, *, headers: dict[str, str]) -> HTTPResponse:
    if asset is None:
        return problem(not_found("There is nothing at this address."))
    is_zipped = "gzip" in request.headers.get("accept-encoding", "")
    headers = {**asset_headers(asset, is_zipped=is_zipped), **headers}
    if asset.etag in request.headers.get("if-none-match", ""):
        headers.pop("Content-Encoding", None)
        return HTTPResponse(status=304, headers=headers)
    return HTTPResponse(
        body=asset.zipped if is_zipped else asset.body, headers=headers, content_type=asset.content_type
    )
