"""Checks that come before every route of the web channel, and a problem for whatever goes wrong in it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.web_limits import Limits
from bot.channels.web_origins import Origins, client_address
from bot.channels.web_pages import problem
from bot.channels.web_problems import Problem, failed, foreign_origin, no_token, not_ready, too_fast
from bot.channels.web_requests import read_body, read_json, read_token
from bot.channels.web_tokens import BadTokenError, Claim, Tokens
from bot.store.database import utc_now

log = logging.getLogger(__name__)

Handler = Callable[..., Coroutine[Any, Any, HTTPResponse | None]]


class Guard:
    """Stands at the door."""

    def __init__(self, tokens: Tokens, origins: Origins, limits: Limits) -> None:
        self._tokens = tokens
        self._origins = origins
        self._limits = limits

    def guarded(self, handler: Handler) -> Handler:
        """A route behind the checks of origin and rate."""

        @wraps(handler)
        async def guard(request: Request) -> HTTPResponse | None:
            try:
                self._check(request)
                return await handler(request)
            except Problem as refusal:
                log.info("ending=refused channel=web problem=%s", refusal.name)
                return problem(refusal)
            except SQLAlchemyError as error:
                log.error("ending=failed channel=web error=%s", type(error).__name__)
                return problem(not_ready())
            except Exception:  # a person gets a sentence, never a stack of frames
                log.exception("ending=failed channel=web")
                return problem(failed())

        return guard

    def claim(self, request: Request, data: dict[str, Any]) -> Claim:
        """What the request's token says. Raises Problem without a good one."""
        token = read_token(request.headers.get("authorization"), data)
        if token is None:
            raise no_token()
        try:
            claim = self._tokens.read(token, now=utc_now())
        except BadTokenError:
            raise no_token() from None
        if not self._origins.fits(origin(request), token=claim.origin, method=request.method):
            raise foreign_origin()
        return claim

    def _check(self, request: Request) -> None:
        asked = origin(request)
        if asked is not None and not self._origins.allows(asked):
            raise foreign_origin()
        wait_s = self._limits.request(client_address(request.ip, request.headers.get("x-forwarded-for")))
        if wait_s is not None:
            raise too_fast(wait_s)


def unguarded(handler: Handler) -> Handler:
    """A method as a function: Sanic marks the handlers of a blueprint, which a bound method does not allow."""

    @wraps(handler)
    async def function(request: Request, **values: str) -> HTTPResponse | None:
        return await handler(request, **values)

    return function


async def json_body(request: Request) -> dict[str, Any]:
    """The request's JSON object. Raises Problem."""
    if request.stream is None:
        return {}
    return read_json(await read_body(request.stream, announced=request.headers.get("content-length")))


def origin(request: Request) -> str | None:
    """The page that the request comes from, as the browser says."""
    named: str | None = request.headers.get("origin")
    return named
