"""What staff do, named after the acts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.contact import Contact, ContactKind
from bot.core.handoffs import HandoffState
from bot.core.roles import Role
from bot.store import audit
from bot.store.approvals import read_approvals
from bot.store.contacts import encrypt
from bot.store.erasure import erase
from bot.store.handoff_reads import get_handoff
from bot.store.staff_notes import notes_of
from tests.console.world import DATA_KEY, World, post, talk, thumb_down


def last_act(world: World, act: str) -> audit.AuditEntry:
    return audit.recent(world.engine, act=act)[0]


def test_user_views_conversation_history(world: World) -> None:
    world.waiting("web-1")
    page = world.as_role(Role.REVIEWER).get("/conversations/web-1").text
    for text in (
        "What is BiPAP?",
        "BiPAP is a machine that helps to breathe.",
        "Standards of care",
        "83%",
        "Tracheostomy",
        "requested",
        "web-1",
    ):
        assert text in page, text
    assert last_act(world, "conversation.viewed").object == "conversation web-1"


def test_user_sees_who_waits_urgent_ones_first(world: World) -> None:
    world.waiting("web-1", about="first come")
    world.waiting("web-2", about="very ill", is_urgent=True)
    page = world.as_role(Role.RESPONDER).get("/queue").text
    assert page.index("very ill") < page.index("first come") and "10 min" in page


def test_home_says_how_many_wait_and_what_is_not_well(world: World) -> None:
    world.waiting("web-1", is_urgent=True)
    page = world.as_role(Role.AUDITOR).get("/").text
    assert "does not answer; caregivers get no replies" in page and "nobody is told when a caregiver waits" in page
    assert "Can she fly" not in page


def test_responder_claims_answers_and_closes(world: World) -> None:
    number = world.waiting("web-1")
    browser = world.as_role(Role.RESPONDER)
    page = post(browser, f"/handoffs/{number}/claim")
    assert "You are with this caregiver" in page.text
    page = post(browser, f"/handoffs/{number}/reply", text="It may well be.", key="k" * 24, sources_of="breathing.niv")
    assert "It may well be." in page.text
    said = [e for _, events in world.rasa.posted for e in events if e["event"] == "bot"][-1]["data"]["custom"]
    assert said["author"] == {"name": "Responder", "role": "nurse"} and said["sources"]
    page = post(browser, f"/handoffs/{number}/close", outcome="answered", note="all well")
    assert "The bot answers." in page.text
    handoff = get_handoff(world.engine, number)
    assert handoff and handoff.state is HandoffState.CLOSED
    acts = [entry.act for entry in audit.recent(world.engine) if entry.act.startswith("handoff.")]
    assert acts == ["handoff.closed", "handoff.sent", "handoff.claimed"]
    assert "It may well be" not in str(audit.recent(world.engine))


def test_double_click_sends_once(world: World) -> None:
    number = world.waiting("web-1")
    browser = world.as_role(Role.RESPONDER)
    for _ in range(2):
        post(browser, f"/handoffs/{number}/reply", text="Once.", key="k" * 24)
    assert sum(e.get("text") == "Once." for _, events in world.rasa.posted for e in events) == 1


def test_reply_is_refused_when_a_colleague_has_taken_it_and_the_text_is_given_back(world: World) -> None:
    number = world.waiting("web-1")
    world.add("Rosa", Role.RESPONDER)
    world.add("Tom", Role.RESPONDER)
    rosa, tom = world.signed_in("Rosa"), world.signed_in("Tom")
    post(tom, f"/handoffs/{number}/claim")
    answer = post(rosa, f"/handoffs/{number}/reply", text="My long answer.", key="k" * 24)
    assert answer.status_code == 409
    assert "Tom is with this conversation" in answer.text and "My long answer." in answer.text
    assert last_act(world, "handoff.sent.refused").detail["why"] == "taken"
    assert post(rosa, f"/handoffs/{number}/claim").status_code == 409


def test_reply_waits_and_says_so_while_rasa_is_down_and_can_be_sent_again(world: World) -> None:
    number = world.waiting("web-1")
    browser = world.as_role(Role.RESPONDER)
    world.rasa.is_down = True
    page = post(browser, f"/handoffs/{number}/reply", text="Are you there?", key="k" * 24).text
    assert "on its way" in page and "Rasa cannot be reached" in page
    world.rasa.is_down = False
    world.clock.go_on(seconds=10)
    world.app.state.console.deliver("web-1")
    assert "delivered" in browser.get("/conversations/web-1").text


def test_responder_transfers_to_a_colleague(world: World) -> None:
    number = world.waiting("web-1")
    world.add("Tom", Role.RESPONDER, title="physiotherapist")
    world.add("Ada", Role.AUDITOR)
    rosa = world.as_role(Role.RESPONDER)
    post(rosa, f"/handoffs/{number}/claim")
    assert post(rosa, f"/handoffs/{number}/transfer", to=str(world.members["Ada"].id)).status_code == 422
    post(rosa, f"/handoffs/{number}/transfer", to=str(world.members["Tom"].id), note="knows masks")
    handoff = get_handoff(world.engine, number)
    assert handoff and handoff.holder and handoff.holder.name == "Tom"


def test_responder_releases_and_declines(world: World) -> None:
    number = world.waiting("web-1")
    browser = world.as_role(Role.RESPONDER)
    post(browser, f"/handoffs/{number}/claim")
    post(browser, f"/handoffs/{number}/release")
    assert get_handoff(world.engine, number).state is HandoffState.REQUESTED  # type: ignore[union-attr]
    assert post(browser, f"/handoffs/{number}/decline", note="").status_code == 422
    post(browser, f"/handoffs/{number}/decline", note="advertising")
    assert get_handoff(world.engine, number).state is HandoffState.DECLINED  # type: ignore[union-attr]


def test_contact_is_shown_to_the_claimer_alone_and_every_view_is_on_record(world: World) -> None:
    token = encrypt(Contact(ContactKind.EMAIL, "parent@example.org"), key=DATA_KEY)
    number = world.waiting("web-1", contact_token=token)
    world.add("Tom", Role.RESPONDER)
    rosa, tom = world.as_role(Role.RESPONDER), world.signed_in("Tom")
    post(rosa, f"/handoffs/{number}/claim")
    refused = post(tom, f"/handoffs/{number}/contact")
    assert refused.status_code == 403 and "parent@example.org" not in refused.text
    assert "parent@example.org" in post(rosa, f"/handoffs/{number}/contact").text
    assert "parent@example.org" not in rosa.get("/conversations/web-1").text
    assert last_act(world, "contact.viewed").actor == str(world.members["Responder"].id)
    assert last_act(world, "contact.refused").actor == str(world.members["Tom"].id)


def test_nothing_is_shown_that_cannot_be_recorded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.waiting("web-1")
    browser = world.as_role(Role.REVIEWER)

    def broken(*_: object, **__: object) -> int:
        raise RuntimeError("no audit")

    monkeypatch.setattr(audit, "append", broken)
    with pytest.raises(RuntimeError, match="no audit"):
        browser.get("/conversations/web-1")


def test_user_adds_a_note_that_goes_when_the_conversation_is_erased(world: World) -> None:
    world.waiting("web-1")
    page = post(world.as_role(Role.REVIEWER), "/notes", conversation="web-1", text="Known to the ward.")
    assert "Known to the ward." in page.text
    erase(world.engine, "web-1")
    assert not notes_of(world.engine, "web-1")


def test_saved_reply_comes_without_a_script(world: World) -> None:
    number = world.waiting("web-1")
    browser = world.as_role(Role.RESPONDER)
    post(browser, f"/handoffs/{number}/claim")
    page = browser.get("/conversations/web-1?insert=breathing.niv").text
    assert 'name="sources_of" id="sources_of" value="breathing.niv"' in page and "Goes along" in page


def test_reviewer_narrows_the_list(world: World) -> None:
    talk(world.engine, "web-1", at=world.clock.now, question="a question on the web")
    talk(world.engine, "telegram-2", at=world.clock.now, question="a question by telegram", channel="telegram")
    browser = world.as_role(Role.REVIEWER)
    everything = browser.get("/conversations").text
    assert "a question on the web" in everything and "a question by telegram" in everything
    only = browser.get("/conversations?channel=telegram&kind=answer&topic=breathing.niv").text
    assert "a question by telegram" in only and "a question on the web" not in only
    assert "No conversation fits" in browser.get("/conversations?urgent=1").text


def test_reviewer_pages_through_the_list(world: World) -> None:
    for i in range(55):
        talk(world.engine, f"web-{i}", at=world.clock.now - timedelta(minutes=i), question=f"question number {i}.")
    browser = world.as_role(Role.REVIEWER)
    assert "question number 54." not in browser.get("/conversations").text
    assert "question number 54." in browser.get("/conversations?page=2").text


def test_reviewer_reads_thumbs_down(world: World) -> None:
    message = talk(world.engine, "web-1", at=world.clock.now)
    thumb_down(world.engine, "web-1", message, "too long")
    page = world.as_role(Role.REVIEWER).get("/feedback").text
    assert "too long" in page and "What is BiPAP?" in page


def test_clinician_approves_the_version_on_the_screen_and_takes_it_back(world: World) -> None:
    topic = world.app.state.console.topics["breathing.niv"]
    browser = world.as_role(Role.CONTENT_APPROVER)
    path = f"/topics/{topic.id}"
    assert post(browser, f"{path}/approve", version="older", read="1").status_code == 422
    assert post(browser, f"{path}/approve", version=topic.version).status_code == 422
    assert not read_approvals(world.engine)
    assert "ContentApprover, nurse" in post(browser, f"{path}/approve", version=topic.version, read="1").text
    assert read_approvals(world.engine)[topic.id, topic.version].status == "approved"
    post(browser, f"{path}/withdraw")
    assert not read_approvals(world.engine)


def test_administrator_adds_somebody_who_uses_the_link_once(world: World) -> None:
    admin = world.as_role(Role.ADMIN)
    page = post(admin, "/users", email="Eva@example.org", name="Eva", title="nurse", role=["responder", "reviewer"])
    link = page.text.split("/setup/")[1].split("<")[0]
    stranger = world.browser()
    form = stranger.get(f"/setup/{link}")
    assert "Eva, eva@example.org" in form.text
    assert stranger.get(f"/setup/{link}/qr.svg").headers["content-type"] == "image/svg+xml"
    from bot.store.set_up import open_link
    from bot.store.totp import code_at
    from tests.console.world import PASSWORD, csrf_of

    opened = open_link(world.engine, link, data_key=DATA_KEY, now=world.clock.now)
    assert opened
    fields = {
        "csrf": csrf_of(form.text),
        "password": PASSWORD,
        "again": PASSWORD,
        "code": code_at(opened.totp_secret, world.clock.now),
    }
    assert "too short" in stranger.post(f"/setup/{link}", data={**fields, "password": "x", "again": "x"}).text
    assert "does not fit" in stranger.post(f"/setup/{link}", data={**fields, "code": "123"}).text
    assert "Your account is ready" in stranger.post(f"/setup/{link}", data=fields).text
    assert stranger.get(f"/setup/{link}").status_code == 410
    world.clock.go_on(hours=25)


def test_the_last_administrator_stays(world: World) -> None:
    admin = world.as_role(Role.ADMIN)
    number = world.members["Admin"].id
    assert post(admin, f"/users/{number}/disable").status_code == 422
    assert post(admin, f"/users/{number}/roles", role="auditor").status_code == 422


def test_the_first_link_makes_the_administrator_and_then_there_is_none(world: World) -> None:
    from bot.store.set_up import open_link
    from bot.store.staff import first_admin_link, list_users
    from bot.store.totp import code_at
    from tests.console.world import BASE, PASSWORD, csrf_of

    first, second = first_admin_link(world.engine, BASE), first_admin_link(world.engine, BASE)
    assert first and second
    token = first.rsplit("/", 1)[1]
    browser = world.browser()
    form = browser.get(first)
    opened = open_link(world.engine, token, data_key=DATA_KEY, now=world.clock.now)
    assert opened
    browser.post(
        first,
        data={
            "csrf": csrf_of(form.text),
            "email": "kim@example.org",
            "name": "Kim",
            "title": "coordinator",
            "role": ["responder"],
            "password": PASSWORD,
            "again": PASSWORD,
            "code": code_at(opened.totp_secret, world.clock.now),
        },
    )
    (kim,) = list_users(world.engine)
    assert kim.roles == {Role.ADMIN, Role.RESPONDER} and kim.is_set_up
    assert first_admin_link(world.engine, BASE) is None
    assert browser.get(second).status_code == 410
