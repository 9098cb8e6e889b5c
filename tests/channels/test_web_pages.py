"""Files, pages and headers over HTTP."""

from __future__ import annotations

import gzip

import httpx
import pytest

from bot.channels.web_static import WIDGET_DIR
from tests.channels.web_server import WebServer

FOREIGN = "https://help.example"


def test_the_widget_is_served_with_its_type_and_a_tag(web: WebServer) -> None:
    answer = web.client().get("/widget/widget.js")

    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.content == (WIDGET_DIR / "widget.js").read_bytes()
    assert (
        answer.headers["cache-control"] == "public, no-cache" and answer.headers["x-content-type-options"] == "nosniff"
    )
    assert answer.headers["content-encoding"] == "gzip" and "Accept-Encoding" in answer.headers["vary"]


def test_a_client_without_gzip_gets_the_file_as_it_is(web: WebServer) -> None:
    answer = web.client(**{"Accept-Encoding": "identity"}).get("/widget/widget.css")

    assert "content-encoding" not in answer.headers and answer.content == (WIDGET_DIR / "widget.css").read_bytes()


def test_a_file_that_has_not_changed_is_not_sent_again(web: WebServer) -> None:
    client = web.client()
    tag = client.get("/widget/widget.js").headers["etag"]
    again = client.get("/widget/widget.js", headers={"If-None-Match": tag})

    assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == tag


ATTEMPTS = ["../bot/serve.py", "%2e%2e/.env", "..%2f.env", ".hidden.js", "nothing.js", "", "a//b.js", "widget.js/",
            "%00.js", "..\\.env", "/etc/passwd"]  # fmt: skip


@pytest.mark.parametrize("name", ATTEMPTS)
def test_nothing_but_the_widgets_files_is_served(web: WebServer, name: str) -> None:
    assert web.client().get(f"/widget/{name}").status_code == 404


def test_the_root_shows_the_demo_and_not_rasa(web: WebServer) -> None:
    answer = httpx.get(f"{web.base}/")

    assert answer.status_code == 200 and "sma-companion" in answer.text and "Rasa" not in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
    assert httpx.get(f"{web.base}/favicon.ico").status_code == 204


@pytest.mark.parametrize("path", ["/demo", "/hostile", "/privacy"])
def test_pages_of_our_own_keep_to_a_strict_policy(web: WebServer, path: str) -> None:
    answer = httpx.get(f"{web.base}{path}")

    assert answer.status_code == 200 and "unsafe" not in answer.headers["content-security-policy"]
    assert "{{" not in answer.text, "a placeholder was left over"


def test_the_privacy_page_says_how_long_a_chat_is_kept(web: WebServer) -> None:
    assert "180 days" in httpx.get(f"{web.base}/privacy").text


def test_a_head_request_gets_the_headers_alone(web: WebServer) -> None:
    for address in ("/", "/privacy", "/webhooks/web/widget/widget.js"):
        answer = httpx.head(f"{web.base}{address}")
        assert answer.status_code == 200 and answer.content == b"" and int(answer.headers["content-length"]) > 100


def test_an_allowed_page_may_ask_and_read(web: WebServer) -> None:
    client = web.client(origin=FOREIGN)
    question = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    asked = client.options("/messages", headers=question)
    caregiver = web.caregiver(origin=FOREIGN)

    assert asked.status_code in (200, 204) and asked.headers["access-control-allow-origin"] == FOREIGN
    assert {"POST", "DELETE"} <= set(asked.headers["access-control-allow-methods"].split(", "))
    assert "authorization" in asked.headers["access-control-allow-headers"].lower()
    answer = caregiver.get("/messages")
    assert answer.headers["access-control-allow-origin"] == FOREIGN and answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers, "no cookies are used"
    assert caregiver.get("/messages?after=x").headers["access-control-allow-origin"] == FOREIGN, (
        "refusals can be read too"
    )
    assert client.get("/widget/widget.js").headers["access-control-allow-origin"] == FOREIGN


def test_a_page_that_is_not_allowed_gets_nothing(web: WebServer) -> None:
    evil = web.client(origin="https://evil.example")

    assert evil.post("/conversations").status_code == 403
    for answer in (evil.options("/messages"), evil.post("/conversations"), evil.get("/widget/widget.js")):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_token_works_on_the_page_alone_that_it_was_given_to(web: WebServer) -> None:
    caregiver = web.caregiver(origin=FOREIGN)
    token = caregiver.headers["Authorization"]

    assert web.client(origin=web.base, Authorization=token).get("/messages").status_code == 403
    assert web.client(Authorization=token).get("/messages").status_code == 403


def test_our_own_page_may_leave_its_origin_out_of_a_get(web: WebServer) -> None:
    own = web.caregiver(origin=web.base)

    assert web.client(Authorization=own.headers["Authorization"]).get("/messages").status_code == 200


def test_answers_are_never_cached_and_never_framed(web: WebServer) -> None:
    headers = web.caregiver().get("/messages").headers

    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_the_modules_are_small(web: WebServer) -> None:
    assert len(gzip.compress((WIDGET_DIR / "widget.js").read_bytes())) < 20_000
