"""Whatever is stored, staff pages show it as text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from bot.core.contact import Contact, ContactKind
from bot.core.handoffs import Staff
from bot.core.roles import Role
from bot.store.contacts import encrypt
from bot.store.staff_notes import add_note
from tests.console.world import DATA_KEY, World, post, talk, thumb_down

CORPUS = (
    "<script>window.hacked=1</script>",
    '"><img src=x onerror="window.hacked=1">',
    "'><svg onload=window.hacked=1>",
    "</textarea><script>window.hacked=1</script>",
    "</title><script>window.hacked=1</script>",
    "<iframe srcdoc='<script>window.hacked=1</script>'>",
    "{{ ''.__class__.__mro__ }}{% raw %}",
    "<style>*{display:none}</style>",
    '" autofocus onfocus="window.hacked=1',
    "<a href='javascript:window.hacked=1'>x</a>",
    "&lt;script&gt;",
    "\u2028<b>bold</b>",
)
ALLOWED_SCRIPTS = {"/static/console.js"}


class Watch(HTMLParser):
    """Collects what a stored text must never become."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("iframe", "object", "embed", "style", "svg", "b-bold") or "style" in values:
            self.bad.append(tag)
        if tag == "script" and values.get("src") not in ALLOWED_SCRIPTS:
            self.bad.append("script")
        if tag == "img" and not str(values.get("src")).startswith("/setup/"):
            self.bad.append("img")
        for name, value in attrs:
            if name.startswith("on") or (
                str(value).strip().lower().startswith(("javascript:", "data:")) and name in ("href", "src")
            ):
                self.bad.append(f"{tag} {name}")


@pytest.mark.parametrize("text", CORPUS)
def test_stored_text_stays_text_on_every_page(world: World, text: str) -> None:
    world.add("Rosa", *Role, title=text[:100])
    world.add("Tom", Role.RESPONDER, title=text[:100])
    token = encrypt(Contact(ContactKind.PHONE, text), key=DATA_KEY)
    number = world.waiting("web-1", about=text, contact_token=token)
    waiting = world.waiting(text, about=text)
    author = {"name": text, "role": text}
    source = {"title": text, "publisher": text, "year": text, "url": f"javascript:{text}"}
    message = talk(
        world.engine,
        "web-1",
        at=world.clock.now,
        question=text,
        answer=text,
        disclaimer=text,
        title=text,
        sources=[source, {**source, "url": f"https://example.org/{text}"}],
        author=author,
        buttons=[{"title": text, "payload": text}],
    )
    thumb_down(world.engine, "web-1", message, text)
    talk(world.engine, "web-9", at=world.clock.now, question=text, channel=text[:40])
    add_note(world.engine, "web-1", Staff("9", text, text), text, now=world.clock.now)
    browser = world.signed_in("Rosa")
    pages = [post(browser, f"/handoffs/{number}/claim"), post(browser, f"/handoffs/{number}/contact")]
    pages += [post(browser, f"/handoffs/{number}/reply", text=text, key="k" * 24)]
    world.rasa.is_down = True
    pages += [post(browser, f"/handoffs/{number}/reply", text=text, key="j" * 24)]
    pages += [post(browser, f"/handoffs/{waiting}/decline", note=text)]
    pages += [post(browser, "/users", email=text, name=text, title=text, role="responder")]
    pages += [post(browser, f"/handoffs/{number}/reply", text=text * 500, key="i" * 24)]
    for path in (
        "/",
        "/queue",
        "/queue?part=rows",
        "/conversations",
        "/conversations/web-1",
        "/conversations/web-1?part=live",
        "/feedback",
        "/users",
        "/audit",
        "/account",
        "/topics",
    ):
        pages.append(browser.get(path))
    for path, params in (
        ("/conversations", {"channel": text, "kind": text, "topic": text}),
        ("/sign-in", {"next": text}),
        ("/audit", {"actor": text, "act": text}),
        ("/", {"said": text}),
        (f"/topics/{text}", {}),
    ):
        pages.append(browser.get(path, params=params))
    pages.append(world.browser().get("/sign-in", params={"next": text}))
    for page in pages:
        watch = Watch()
        watch.feed(page.text)
        assert not watch.bad, (page.url, watch.bad)
    assert sum(page.status_code == 200 for page in pages) >= 15
