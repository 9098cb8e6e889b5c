"""The console in a real browser: by keyboard, at two widths, light and dark, checked with axe."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from bot.core.contact import Contact, ContactKind
from bot.core.handoffs import Staff
from bot.core.roles import Role
from bot.core.settings import ROOT
from bot.store.contacts import encrypt
from bot.store.database import utc_now
from bot.store.handoffs import claim
from bot.store.one_time_links import make_link
from bot.store.sessions import start_session
from bot.store.staff_notes import add_note
from tests.chromium import AXE, WCAG, run_chromium
from tests.console.world import DATA_KEY, PASSWORD, World, talk, thumb_down

PICTURES = ROOT / "test-output" / "console"
PAGES = {
    "home": "/",
    "queue": "/queue",
    "conversation-mine": "/conversations/web-mine",
    "conversation-waiting": "/conversations/web-1",
    "conversations": "/conversations",
    "feedback": "/feedback",
    "topics": "/topics",
    "topic": "/topics/breathing.niv",
    "users": "/users",
    "audit": "/audit?verify=1",
    "account": "/account",
    "refusal": "/topics/no.such",
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with run_chromium() as browser:
        yield browser


@pytest.fixture
def address(make_world: Callable[..., World]) -> Iterator[tuple[World, str]]:
    """A console that listens on a free port of this machine."""
    world = make_world(SMA_CONSOLE_URL="http://127.0.0.1")
    world.app.state.console.clock = utc_now
    config = uvicorn.Config(
        world.app, host="127.0.0.1", port=0, log_level="error", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    yield world, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(5)


@pytest.fixture
def busy(address: tuple[World, str]) -> tuple[World, str]:
    """A console on an ordinary afternoon."""
    world, base = address
    world.add("Rosa Lind", *Role, title="nurse")
    world.add("Tom Berg", Role.RESPONDER, title="physiotherapist")
    now = world.clock.now
    world.waiting("web-1", about="Can she fly with a ventilator?")
    world.waiting(
        "telegram-2", about="He coughs a lot since yesterday and is very tired, whom do we call?", is_urgent=True
    )
    world.waiting(
        "web-3", about="We would like to know how to apply for help at home, and who writes the letter for it."
    )
    token = encrypt(Contact(ContactKind.EMAIL, "parent@example.org"), key=DATA_KEY)
    mine = world.waiting("web-mine", about="Is it normal that the mask leaves red marks?", contact_token=token)
    taken = world.waiting("web-taken", about="How often is the sleep study repeated?")
    claim(world.engine, mine, world.members["Rosa Lind"].as_staff, now=now - timedelta(minutes=3))
    claim(world.engine, taken, world.members["Tom Berg"].as_staff, now=now - timedelta(minutes=1))
    world.app.state.console.deliver("web-mine")
    thumb = talk(world.engine, "web-9", at=now - timedelta(hours=3), question="does the mask hurt")
    thumb_down(world.engine, "web-9", thumb, "I wanted to know about sore skin, not how it works")
    add_note(
        world.engine, "web-mine", Staff("2", "Tom Berg", "physiotherapist"), "Called the ward; they know her.", now=now
    )
    return world, base


def signed_in(chromium: Browser, world: World, base: str, name: str, **options: Any) -> Page:
    context = chromium.new_context(**options)
    token = start_session(world.engine, world.members[name].id, now=utc_now())
    context.add_cookies([{"name": "sma_staff", "value": token, "url": base}])
    return context.new_page()


def check(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=True)
    found = AXE.run(page, options=WCAG)
    assert not found.response["violations"], f"{name}: {found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} px too wide"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (768, "light"), (1280, "dark")])
def test_every_page_is_accessible(chromium: Browser, busy: tuple[World, str], width: int, scheme: str) -> None:
    world, base = busy
    page = signed_in(chromium, world, base, "Rosa Lind", viewport={"width": width, "height": 800}, color_scheme=scheme)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    for name, path in PAGES.items():
        page.goto(base + path)
        for details in page.query_selector_all("details"):
            details.evaluate("d => { d.open = true; }")
        check(page, f"{name}-{width}-{scheme}")
    # Pages that are the answer to a form.
    page.goto(base + PAGES["conversation-mine"])
    page.get_by_role("button", name="Show how to reach them").click()
    expect(page.get_by_text("parent@example.org")).to_be_visible()
    check(page, f"contact-{width}-{scheme}")
    page.goto(base + PAGES["users"])
    page.get_by_label("E-mail address").fill("new@example.org")
    page.get_by_label("Name, as caregivers will see it").fill("Nia Novak")
    page.get_by_label("What they are").fill("physiotherapist")
    page.get_by_role("checkbox", name="responder").last.check()
    page.get_by_role("button", name="Add and make a link").click()
    expect(page.get_by_label("One-time link")).to_have_value(re.compile("/setup/"))
    check(page, f"user-link-{width}-{scheme}")
    page.context.close()
    stranger = chromium.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    stranger.goto(base + "/sign-in")
    check(stranger, f"sign-in-{width}-{scheme}")
    link = make_link(world.engine, base, user_id=world.members["Tom Berg"].id, now=utc_now())
    stranger.goto(link)
    check(stranger, f"setup-{width}-{scheme}")
    stranger.close()
    assert not [e for e in errors if "404" not in e], errors


def test_sign_in_claim_and_answer_by_keyboard_alone(chromium: Browser, busy: tuple[World, str]) -> None:
    world, base = busy
    page = chromium.new_page()
    page.goto(base + "/queue")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Tab")
    page.keyboard.type("rosa lind@example.org".replace(" ", ""))
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    world.clock.now = utc_now()
    page.keyboard.type(world.code("Rosa Lind"))
    page.keyboard.press("Enter")
    page.wait_for_url(base + "/queue")
    page.wait_for_selector("#live-state:has-text('by themselves')")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id.startsWith('claim-')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#reply-form")
    assert "telegram-2" in page.url, "the urgent one comes first"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "text":
            break
    page.keyboard.type("Please call your emergency number now.")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".from-staff .said:has-text('Please call your emergency number now.')")
    assert sum("Please call" in e["text"] for _, es in world.rasa.posted for e in es if e["event"] == "bot") == 1
    page.close()


def test_queue_and_conversation_change_by_themselves(chromium: Browser, busy: tuple[World, str]) -> None:
    world, base = busy
    page = signed_in(chromium, world, base, "Rosa Lind")
    page.goto(base + "/queue")
    page.wait_for_selector("#live-state:has-text('by themselves')")
    world.waiting("web-new", about="Somebody who has just come")
    page.wait_for_selector("text=Somebody who has just come", timeout=4000)
    page.goto(base + "/conversations/web-mine")
    page.fill("#text", "half a sentence")
    talk(world.engine, "web-mine", at=utc_now(), question="Are you still there")
    page.wait_for_selector("text=Are you still there", timeout=4000)
    assert page.input_value("#text") == "half a sentence"
    page.context.close()


def test_saved_reply_goes_where_the_cursor_is_and_brings_its_sources(
    chromium: Browser, busy: tuple[World, str]
) -> None:
    world, base = busy
    page = signed_in(chromium, world, base, "Rosa Lind")
    page.goto(base + "/conversations/web-mine")
    page.fill("#text", "Good question.")
    page.select_option("#insert", "breathing.niv")
    page.click("#insert-button")
    page.wait_for_selector("#sources-line:has-text('Goes along')")
    assert page.input_value("#text").startswith("Good question.\n\n")
    page.dblclick("#send")
    page.wait_for_selector(".from-staff .said:has-text('Good question.')")
    said = [e for _, es in world.rasa.posted for e in es if e["event"] == "bot" and "Good question." in e["text"]]
    assert len(said) == 1 and said[0]["data"]["custom"]["sources"]
    page.context.close()
