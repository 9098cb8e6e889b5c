"""Signing in and out."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.core.roles import Role
from bot.store.sessions import ABSOLUTE, IDLE
from bot.store.sign_in import FAILURES_ALLOWED, LOCKED_FOR
from bot.store.staff_tables import StaffSession, StaffUser
from tests.console.world import PASSWORD, World, csrf_of, post, sign_in


def test_user_signs_in_with_password_and_code(world: World) -> None:
    world.add("Rosa", Role.RESPONDER)
    assert "Your account" in world.signed_in("Rosa").get("/account").text


@pytest.mark.parametrize("wrong", ["email", "password", "code"])
def test_any_wrong_part_is_refused_with_the_same_words(world: World, wrong: str) -> None:
    world.add("Rosa", Role.RESPONDER)
    world.clock.go_on(seconds=31)
    given = {
        "email": "rosa@example.org",
        "password": PASSWORD,
        "code": world.code("Rosa"),
        wrong: {"email": "other@example.org", "password": "no", "code": "000000"}[wrong],
    }
    answer = sign_in(world.browser(), **given)
    assert answer.status_code == 401
    assert "do not fit together" in answer.text


def test_a_code_is_good_once(world: World) -> None:
    world.add("Rosa", Role.RESPONDER)
    world.clock.go_on(seconds=31)
    code = world.code("Rosa")
    assert sign_in(world.browser(), "rosa@example.org", PASSWORD, code).status_code == 200
    assert sign_in(world.browser(), "rosa@example.org", PASSWORD, code).status_code == 401


@pytest.mark.parametrize("email", ["rosa@example.org", "nobody@example.org"])
def test_too_many_failures_lock_the_address_for_a_while_and_say_so(world: World, email: str) -> None:
    world.add("Rosa", Role.RESPONDER)
    browser = world.browser()
    for _ in range(FAILURES_ALLOWED - 1):
        assert sign_in(browser, email, "wrong", "000000").status_code == 401
    answer = sign_in(browser, email, "wrong", "000000")
    assert answer.status_code == 429 and "locked until" in answer.text
    world.clock.go_on(seconds=31)
    assert sign_in(browser, "rosa@example.org", PASSWORD, world.code("Rosa")).status_code == (
        429 if email.startswith("rosa") else 200
    )
    world.clock.go_on(seconds=LOCKED_FOR.total_seconds())
    assert sign_in(world.browser(), "rosa@example.org", PASSWORD, world.code("Rosa")).status_code == 200


def test_administrator_unlocks(world: World) -> None:
    world.add("Rosa", Role.RESPONDER)
    admin = world.as_role(Role.ADMIN)
    for _ in range(FAILURES_ALLOWED):
        sign_in(world.browser(), "rosa@example.org", "wrong", "000000")
    post(admin, f"/users/{world.members['Rosa'].id}/unlock")
    world.clock.go_on(seconds=31)
    assert sign_in(world.browser(), "rosa@example.org", PASSWORD, world.code("Rosa")).status_code == 200


def test_session_ends_without_a_click(world: World) -> None:
    browser = world.as_role(Role.RESPONDER)
    world.clock.go_on(seconds=IDLE.total_seconds() - 5)
    assert "Your account" in browser.get("/account").text
    world.clock.go_on(seconds=IDLE.total_seconds() + 5)
    assert "Code from your authenticator app" in browser.get("/account").text


def test_session_ends_after_twelve_hours_whatever_is_clicked(world: World) -> None:
    browser = world.as_role(Role.RESPONDER)
    for _ in range(int(ABSOLUTE / timedelta(minutes=20))):
        assert "Your account" in browser.get("/account").text
        world.clock.go_on(minutes=20)
    world.clock.go_on(seconds=5)
    assert "Code from your authenticator app" in browser.get("/account").text


def test_an_open_page_does_not_keep_a_session_alive(world: World) -> None:
    browser = world.as_role(Role.RESPONDER)
    for _ in range(4):
        world.clock.go_on(minutes=8)
        browser.post("/handoffs/1/renew", headers={"x-csrf-token": "whatever"})
    assert "Code from your authenticator app" in browser.get("/account").text


def test_sign_out_ends_the_session_on_the_server(world: World) -> None:
    browser = world.as_role(Role.RESPONDER)
    cookie = dict(browser.cookies)
    post(browser, "/sign-out")
    again = world.browser()
    again.cookies.update(cookie)
    assert "Code from your authenticator app" in again.get("/account").text


def test_disabled_user_is_out_at_once(world: World) -> None:
    rosa = world.as_role(Role.RESPONDER)
    post(world.as_role(Role.ADMIN), f"/users/{world.members['Responder'].id}/disable")
    assert "Code from your authenticator app" in rosa.get("/account").text


def test_after_sign_in_the_page_asked_for_is_shown_but_never_another_site(world: World) -> None:
    world.add("Rosa", Role.RESPONDER)
    browser = world.browser()
    page = browser.get("/queue?x=1")
    assert 'name="next" value="/queue?x=1"' in page.text
    for bad in ("https://evil.test/", "//evil.test/", "/\\evil.test"):
        assert 'name="next" value="/"' in browser.get("/sign-in", params={"next": bad}).text


def test_neither_password_nor_cookie_nor_key_stands_in_the_database(world: World) -> None:
    world.add("Rosa", Role.RESPONDER)
    browser = world.signed_in("Rosa")
    with world.engine.connect() as connection:
        user = connection.execute(sa.select(StaffUser.__table__)).first()
        hashes = connection.execute(sa.select(StaffSession.token_hash)).scalars().all()
    assert user.password_hash.startswith("$argon2id$") and PASSWORD not in str(user)
    assert world.secrets["Rosa"] not in str(user)
    assert not set(browser.cookies.values()) & set(hashes)


def test_password_change_needs_the_old_one_and_signs_out_other_devices(world: World) -> None:
    world.add("Rosa", Role.RESPONDER)
    here, there = world.signed_in("Rosa"), world.signed_in("Rosa")
    new = "seven loud geese fly"
    assert "does not fit" in post(here, "/account/password", old="wrong", password=new, again=new).text
    assert "is changed" in post(here, "/account/password", old=PASSWORD, password=new, again=new).text
    assert "Code from your authenticator app" in there.get("/account").text


def test_cookie_is_hidden_from_scripts_and_secure_over_https(make_world) -> None:  # type: ignore[no-untyped-def]
    for url, is_secure in (("http://console.test", False), ("https://console.test", True)):
        world = make_world(SMA_CONSOLE_URL=url)
        world.add("Rosa", Role.RESPONDER)
        world.clock.go_on(seconds=31)
        browser = world.browser()
        browser.base_url = url
        page = browser.get("/sign-in")
        form = {
            "csrf": csrf_of(page.text),
            "email": "rosa@example.org",
            "password": PASSWORD,
            "code": world.code("Rosa"),
        }
        answer = browser.post("/sign-in", data=form, follow_redirects=False)
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie
        assert ("Secure" in cookie) is is_secure and ("__Host-" in cookie) is is_secure
