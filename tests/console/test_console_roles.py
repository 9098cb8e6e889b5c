"""Each role against each page and act."""

from __future__ import annotations

import pytest

from bot.core.roles import Permission, Role, parse_roles, permissions_of, roles_with
from console.app import DOORS
from console.roles import Door
from tests.console.world import World, csrf_of

OPEN_TO_ALL = {"/health", "/sign-in", "/setup/{token}", "/setup/{token}/qr.svg"}
GUARDED = [door for door in DOORS if door.needs is not None]
STREAMS = {"/queue/events", "/conversation-events"}
PLACES = {"{handoff:int}": "1", "{conversation:path}": "web-1", "{topic}": "breathing.niv", "{user:int}": "1"}

# What each role may open, written out once more by hand: a change of the table has to be meant.
MAY = {
    Role.RESPONDER: {"/queue", "/conversations/web-1", "/topics", "/", "/account", "/saved-reply"},
    Role.REVIEWER: {"/queue", "/conversations", "/conversations/web-1", "/feedback", "/topics", "/", "/account"},
    Role.CONTENT_APPROVER: {"/topics", "/", "/account"},
    Role.AUDITOR: {"/audit", "/topics", "/", "/account"},
    Role.ADMIN: {"/users", "/topics", "/", "/account"},
}
PAGES = set().union(*MAY.values())


def address(door: Door) -> str:
    path = door.path
    for place, value in PLACES.items():
        path = path.replace(place, value)
    return path


def test_only_the_doors_before_sign_in_are_open() -> None:
    assert {door.path for door in DOORS if door.needs is None} == OPEN_TO_ALL


@pytest.mark.parametrize("role", list(Role))
def test_role_opens_its_pages_and_no_other(world: World, role: Role) -> None:
    world.waiting("web-1")
    browser = world.as_role(role)
    opened = {page for page in PAGES if browser.get(page).status_code != 403}
    assert opened == MAY[role]


@pytest.mark.parametrize("role", list(Role))
def test_every_door_refuses_a_role_without_its_permission_and_says_which_is_needed(world: World, role: Role) -> None:
    world.waiting("web-1")
    browser = world.as_role(role)
    csrf = csrf_of(browser.get("/account").text)
    for door in GUARDED:
        assert door.needs is not None
        if door.needs in permissions_of({role}):
            continue
        answer = browser.request(door.method, address(door), data={"csrf": csrf} if door.method == "POST" else None)
        assert answer.status_code == 403, door.path
        assert all(f"“{needed.value}”" in answer.text for needed in roles_with(door.needs)), door.path


def test_nobody_gets_anywhere_without_signing_in(world: World) -> None:
    world.waiting("web-1")
    browser = world.browser()
    browser.follow_redirects = False
    for door in GUARDED:
        answer = browser.request(door.method, address(door))
        if door.method == "GET" and door.is_click:
            assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?"), door.path
        else:
            assert answer.status_code == 401, door.path


def test_every_act_refuses_a_form_without_its_token(world: World) -> None:
    world.add("Rosa", *Role)
    world.waiting("web-1")
    browser = world.signed_in("Rosa")
    for door in DOORS:
        if door.method == "POST":
            path = address(door).replace("{token}", "x")
            for form in ({}, {"csrf": "0" * 64}):
                assert browser.post(path, data=form).status_code == 403, door.path


def test_a_form_from_another_site_is_refused_even_with_the_right_token(world: World) -> None:
    world.add("Rosa", Role.RESPONDER)
    browser = world.signed_in("Rosa")
    csrf = csrf_of(browser.get("/account").text)
    for headers in ({"origin": "https://evil.test"}, {"sec-fetch-site": "cross-site"}):
        assert browser.post("/account/elsewhere", data={"csrf": csrf}, headers=headers).status_code == 403


def test_another_persons_form_token_is_refused(world: World) -> None:
    world.add("Rosa", Role.RESPONDER)
    world.add("Tom", Role.RESPONDER)
    rosa, tom = world.signed_in("Rosa"), world.signed_in("Tom")
    assert tom.post("/account/elsewhere", data={"csrf": csrf_of(rosa.get("/account").text)}).status_code == 403


def test_responder_reads_only_conversations_in_which_a_person_was_asked_for(world: World) -> None:
    from tests.console.world import talk

    talk(world.engine, "web-private", at=world.clock.now)
    assert world.as_role(Role.RESPONDER).get("/conversations/web-private").status_code == 403
    assert world.as_role(Role.REVIEWER).get("/conversations/web-private").status_code == 200


@pytest.mark.parametrize("path", ["/sign-in", "/health", "/static/console.css", "/no/such/page", "/queue"])
def test_every_response_has_strict_headers(world: World, path: str) -> None:
    headers = world.browser().get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] in ("no-store", "no-cache")


def test_health_is_well_when_the_database_is_up_to_date(world: World) -> None:
    assert world.browser().get("/health").status_code == 200


def test_role_names_are_read_in_any_spelling_and_unknown_ones_are_named() -> None:
    assert parse_roles(["Content_Approver", "admin"]) == {Role.CONTENT_APPROVER, Role.ADMIN}
    with pytest.raises(ValueError, match=r"doctor.*responder, reviewer"):
        parse_roles(["doctor"])


def test_every_permission_is_granted_to_somebody() -> None:
    assert all(roles_with(permission) for permission in Permission)
