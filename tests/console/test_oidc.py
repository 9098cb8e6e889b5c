"""Sign-in with an organisation's accounts, against a real provider on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from authlib.jose import JsonWebKey, jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from bot.core.roles import Role
from bot.store import audit
from tests.console.world import BASE, World


class Provider:
    """Says of everybody that they are `email`."""

    def __init__(self) -> None:
        self.email, self.is_verified, self.url, self.nonce = "rosa@example.org", True, "", ""
        self.key = JsonWebKey.generate_key("RSA", 2048, {"kid": "k1"}, is_private=True)
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.about),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/jwks", self.jwks),
            ]
        )

    def about(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    def authorize(self, request: Request) -> Response:
        query = request.query_params
        assert query["code_challenge_method"] == "S256"
        self.nonce = query["nonce"]
        return RedirectResponse(f"{query['redirect_uri']}?code=c1&state={query['state']}")

    async def token(self, request: Request) -> Response:
        claims = {
            "iss": self.url,
            "aud": "console",
            "sub": "1",
            "exp": int(time.time()) + 60,
            "iat": int(time.time()),
            "nonce": self.nonce,
            "email": self.email,
            "email_verified": self.is_verified,
        }
        signed = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.key).decode()
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": signed})

    def jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(is_private=False)]})


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    server = uvicorn.Server(uvicorn.Config(provider.app, host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    provider.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield provider
    server.should_exit = True
    thread.join(5)


@pytest.fixture
def with_oidc(make_world: Callable[..., World], provider: Provider) -> World:
    return make_world(OIDC_ISSUER=provider.url, OIDC_CLIENT_ID="console", OIDC_CLIENT_SECRET="secret")


def go_there_and_back(world: World, provider: Provider, **changed: str) -> tuple[TestClient, Any]:
    import httpx

    browser = world.browser()
    away = browser.get("/oidc/start?next=/account", follow_redirects=False)
    back = urlsplit(httpx.get(away.headers["location"]).headers["location"])
    query = {name: values[0] for name, values in parse_qs(back.query).items()}
    return browser, browser.get(f"{BASE}{back.path}", params={**query, **changed})


def test_existing_user_signs_in_by_e_mail_address(with_oidc: World, provider: Provider) -> None:
    with_oidc.add("Rosa", Role.RESPONDER)
    _, page = go_there_and_back(with_oidc, provider)
    assert "Your account" in page.text
    assert audit.recent(with_oidc.engine, act="sign_in")[0].detail == {"way": "oidc"}


def test_unknown_address_is_told_to_ask_an_administrator(with_oidc: World, provider: Provider) -> None:
    _, page = go_there_and_back(with_oidc, provider)
    assert page.status_code == 403 and "no account here" in page.text


def test_address_that_the_provider_has_not_verified_is_refused(with_oidc: World, provider: Provider) -> None:
    with_oidc.add("Rosa", Role.RESPONDER)
    provider.is_verified = False
    assert go_there_and_back(with_oidc, provider)[1].status_code == 403


def test_answer_that_this_browser_did_not_ask_for_is_refused(with_oidc: World, provider: Provider) -> None:
    with_oidc.add("Rosa", Role.RESPONDER)
    browser, page = go_there_and_back(with_oidc, provider, state="forged")
    assert page.status_code == 502 and "did not work" in page.text
    assert "Code from your authenticator app" in browser.get("/account").text


def test_provider_that_is_down_leaves_the_password_as_a_way(make_world: Callable[..., World]) -> None:
    world = make_world(OIDC_ISSUER="http://127.0.0.1:1", OIDC_CLIENT_ID="console", OIDC_CLIENT_SECRET="secret")
    assert "Sign in with your organisation" in world.browser().get("/sign-in").text
    assert world.browser().get("/oidc/start").status_code == 502
