"""The widget in Chromium, against the stand-in: every state by axe, and what a caregiver does with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from stand_in import ANSWER, XSS, Channel
from starlette.responses import JSONResponse

NewContext = Callable[..., BrowserContext]
Violations = Callable[[Page], list[str]]


def launcher(page: Page) -> Locator:
    return page.get_by_role("button", name="Ask about SMA")


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Write your question")


def log(page: Page) -> Locator:
    return page.get_by_role("log")


def live(page: Page) -> Locator:
    return page.locator("dialog > .vh")


def open_chat(page: Page, address: str, query: str = "region=UK") -> None:
    page.goto(f"{address}/page?{query}")
    launcher(page).click()
    expect(page.get_by_role("dialog", name="SMA Companion")).to_be_visible()


def ask(page: Page, text: str, *, wait_for: str | None = None) -> None:
    box(page).fill(text)
    box(page).press("Enter")
    if wait_for:
        expect(log(page).get_by_text(wait_for).last).to_be_visible()


def menu(page: Page, name: str) -> None:
    page.get_by_role("button", name="Menu").click()
    page.locator(".menu").get_by_role("button", name=name).click()


# ---- every state, by axe ----

STATES = {
    "answer": ("how is spinraza given", "Related topics"),
    "clarify": ("clarify cough", "None of these"),
    "emergency": ("emergency now", "I cannot call for help"),
    "crisis": ("crisis", "talk to a person now"),
    "staff": ("staff please", "Specialist nurse"),
    "error": ("error", "Something went wrong"),
    "rtl": ("rtl", "الطوارئ"),
}


@pytest.mark.parametrize(
    ("theme", "size"),
    [("light", (390, 844)), ("dark", (390, 844)), ("light", (1280, 800))],
    ids=["phone, light", "phone, dark", "desktop, light"],
)
def test_every_state_passes_axe(
    chromium_context: NewContext, address: str, violations: Violations, theme: str, size: tuple[int, int]
) -> None:
    page = chromium_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme).new_page()
    found = {}
    page.goto(f"{address}/page?region=UK")
    expect(launcher(page)).to_be_visible()
    found["closed"] = violations(page)
    launcher(page).click()
    found["open"] = violations(page)
    page.get_by_role("button", name="Menu").click()
    found["menu"] = violations(page)
    page.keyboard.press("Escape")
    for state, (text, wait_for) in STATES.items():
        if state == "error":  # staff hold the chat by now: only a new one shows the rest
            menu(page, "New chat")
            page.get_by_role("button", name="Press again").click()
        ask(page, text, wait_for=wait_for)
        if state in ("staff", "rtl") or size[0] == 390:
            found[state] = violations(page)
    page.get_by_role("button", name="No", exact=True).last.click()
    page.context.set_offline(True)
    ask(page, "x" * 1900, wait_for="Not sent yet")
    box(page).fill("x" * 2001)
    found["offline, comment, counter"] = violations(page)
    assert {state: faults for state, faults in found.items() if faults} == {}
    page.context.set_offline(False)


@pytest.mark.parametrize("path", ["/", "/privacy", "/hostile"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_around_it_pass_axe(
    chromium_context: NewContext, address: str, violations: Violations, path: str, theme: str
) -> None:
    # axe itself sets styles, which the policy of these pages would refuse
    page = chromium_context(color_scheme=theme, bypass_csp=True).new_page()
    page.goto(address + path)
    assert violations(page) == []


def test_right_to_left_page_is_mirrored_and_passes_axe(
    chromium_page: Page, address: str, violations: Violations
) -> None:
    open_chat(chromium_page, address, "dir=rtl&region=EU")
    ask(chromium_page, "rtl", wait_for="الطوارئ")
    bubble = chromium_page.locator(".bubble[lang=ar]")
    assert bubble.evaluate("node => getComputedStyle(node).direction") == "rtl"
    assert chromium_page.locator(".panel").bounding_box()["x"] < 100
    assert violations(chromium_page) == []


@pytest.mark.parametrize("text_px", [16, 32], ids=["320 px", "320 px and 200% text"])
def test_nothing_is_lost_on_a_narrow_screen_or_with_large_text(
    chromium_context: NewContext, address: str, violations: Violations, text_px: int
) -> None:
    page = chromium_context(viewport={"width": 320, "height": 640}).new_page()
    session = page.context.new_cdp_session(page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": text_px, "fixed": text_px}})
    open_chat(page, address)
    assert page.locator(".root").evaluate("node => getComputedStyle(node).fontSize") == f"{text_px}px"
    ask(page, "how is spinraza given", wait_for="Related topics")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert log(page).evaluate("node => node.scrollWidth <= node.clientWidth")
    for control in page.locator(".panel button:visible, .panel textarea").all():
        control.scroll_into_view_if_needed()
        place = control.bounding_box()
        assert place["x"] >= 0 and place["x"] + place["width"] <= 320, control.inner_text()
    assert log(page).bounding_box()["height"] > 200
    assert violations(page) == []


def test_targets_are_large_enough(chromium_page: Page, address: str) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "clarify", wait_for="None of these")
    for control in chromium_page.locator(".panel button:visible").all():
        assert control.bounding_box()["height"] >= 44, control.inner_text()


def test_forced_colours_keep_edges(chromium_context: NewContext, address: str) -> None:
    page = chromium_context(forced_colors="active").new_page()
    open_chat(page, address)
    ask(page, "emergency", wait_for="I cannot call for help")
    for part in (".bubble", ".send", ".phone", ".choice", "textarea"):
        style = page.locator(part).first.evaluate("node => getComputedStyle(node).borderTopStyle")
        assert style == "solid", part


# ---- reading and answering ----


def test_an_answer_shows_its_sources_review_and_date(chromium_page: Page, address: str) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    answer = log(chromium_page).get_by_role("article").last
    link = answer.get_by_role("link", name="Intrathecal nusinersen in adults")
    assert link.get_attribute("href") == ANSWER["sources"][1]["url"]
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")
    for text in (
        "PubMed Central, 2018",
        "Not yet clinically reviewed",
        "As of November 22, 2026",
        ANSWER["disclaimer"],
    ):
        expect(answer.get_by_text(text)).to_be_visible()
    assert answer.locator(".bubble > ul > li").count() == 3


def test_a_reply_is_announced_as_plain_text_and_focus_stays(chromium_page: Page, address: str) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    expect(live(chromium_page).first).to_contain_text(
        "SMA Companion says: How is nusinersen (Spinraza) given? Nusinersen is"
    )
    expect(box(chromium_page)).to_be_focused()


def test_an_emergency_is_announced_at_once_and_can_be_called(chromium_page: Page, address: str) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "emergency", wait_for="I cannot call for help")
    assert log(chromium_page).get_by_role("link", name="Call 112").get_attribute("href") == "tel:112"
    expect(chromium_page.locator("dialog > [role=alert]")).to_contain_text("Emergency (UK): 999")


def test_a_choice_is_sent_with_its_title_and_stays_readable(
    chromium_page: Page, address: str, channel: Channel
) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "clarify", wait_for="None of these")
    choice = chromium_page.get_by_role("button", name="Colds and chest infections")
    choice.click()
    expect(chromium_page.get_by_role("button", name="Colds and chest infections chosen")).to_be_enabled()
    said = channel.posts[-1]
    assert (said["payload"], said["title"]) == (
        '/choose_topic{"topic": "breathing.infections"}',
        "Colds and chest infections",
    )
    assert (said["region"], said["locale"]) == ("UK", "en")


def test_a_related_topic_is_asked_for(chromium_page: Page, address: str, channel: Channel) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    chromium_page.get_by_role("button", name="What is nusinersen").click()
    expect(log(chromium_page).get_by_role("article", name="SMA Companion")).to_have_count(3)
    assert channel.posts[-1]["payload"] == '/choose_topic{"topic": "treatments.nusinersen_what"}'


def test_feedback_is_sent_with_a_reason(chromium_page: Page, address: str, channel: Channel) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    chromium_page.get_by_role("button", name="No", exact=True).click()
    chromium_page.get_by_role("textbox", name="What was missing").fill("the price")
    chromium_page.keyboard.press("Enter")
    expect(chromium_page.get_by_text("Thank you.")).to_be_visible()
    assert channel.talk.feedback[2] == {"message_id": 2, "helpful": False, "reason": "the price"}


def test_staff_are_named_and_a_reader_further_up_is_not_moved(
    chromium_page: Page, address: str, channel: Channel
) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    log(chromium_page).evaluate("node => node.scrollTop = 0")
    channel.staff_says()
    marker = chromium_page.get_by_role("button", name="New messages")
    expect(marker).to_be_visible()
    assert log(chromium_page).evaluate("node => node.scrollTop") == 0
    expect(box(chromium_page)).to_be_focused()
    expect(chromium_page.get_by_text("A person from the team is in this chat.").first).to_be_visible()
    marker.click()
    message = log(chromium_page).get_by_role("article", name="Example Nurse")
    expect(message.get_by_text("Specialist nurse")).to_be_in_viewport()
    expect(log(chromium_page).get_by_text("New messages")).to_be_visible()
    expect(live(chromium_page).first).to_contain_text("Example Nurse, Specialist nurse says: Hello")


def test_a_message_for_a_closed_chat_shows_on_the_launcher(chromium_page: Page, address: str, channel: Channel) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    chromium_page.keyboard.press("Escape")
    channel.staff_says()
    expect(launcher(chromium_page)).to_contain_text("1 new")
    launcher(chromium_page).click()
    expect(log(chromium_page).get_by_role("article", name="Example Nurse")).to_be_in_viewport()


def test_a_slow_reply_shows_that_one_is_on_its_way(chromium_page: Page, address: str) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "slow", wait_for="Looking for an answer")
    expect(log(chromium_page).get_by_text("Related topics")).to_be_visible()
    expect(log(chromium_page).get_by_text("Looking for an answer")).to_be_hidden()


def test_spanish_page_is_spoken_to_in_spanish(chromium_page: Page, address: str) -> None:
    chromium_page.goto(f"{address}/page?locale=es&region=EU")
    chromium_page.get_by_role("button", name="Pregunte sobre la AME").click()
    expect(chromium_page.get_by_text("No soy personal sanitario.")).to_be_visible()


# ---- nothing becomes markup ----


def test_what_anybody_writes_never_becomes_markup(chromium_page: Page, address: str, channel: Channel) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "xss " + " ".join(XSS), wait_for="Last reviewed")
    channel.staff_says(text="\n\n".join(XSS), author={"name": XSS[0], "role": XSS[1]})
    expect(log(chromium_page).locator(".staff")).to_be_visible()
    assert log(chromium_page).locator("img, script, [onload], [onerror], [style]").count() == 0
    assert log(chromium_page).locator("article.bot, article.staff").last.get_by_text(XSS[0]).count() >= 1
    targets = chromium_page.evaluate(
        "() => [...document.querySelector('sma-companion').shadowRoot.querySelectorAll('a')].map(a => a.protocol)"
    )
    assert set(targets) <= {"http:", "https:", "tel:"}
    assert chromium_page.evaluate("window.hacked") is None


# ---- the line ----


def test_written_offline_is_sent_later_in_order_and_once(chromium_page: Page, address: str, channel: Channel) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    chromium_page.context.set_offline(True)
    ask(chromium_page, "first clarify")
    ask(chromium_page, "second clarify")
    expect(chromium_page.get_by_text("You are offline.").first).to_be_visible()
    expect(log(chromium_page).get_by_text("Not sent yet")).not_to_have_count(0)
    chromium_page.context.set_offline(False)
    expect(log(chromium_page).get_by_role("article", name="SMA Companion")).to_have_count(4)
    said = [message["text"] for message in channel.talk.messages if message["sender"] == "caregiver"]
    assert said == ["how is spinraza given", "first clarify", "second clarify"]
    expect(log(chromium_page).get_by_text("Not sent yet")).to_have_count(0)


def test_a_dropped_answer_is_fetched_again_not_asked_again(chromium_page: Page, address: str, channel: Channel) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "drop", wait_for="Related topics")
    expect(log(chromium_page).get_by_role("article", name="You")).to_have_count(1)
    assert len(channel.talk.messages) == 2


def test_a_passing_refusal_is_retried_and_a_lasting_one_offers_to_try_again(
    chromium_page: Page, address: str, channel: Channel
) -> None:
    open_chat(chromium_page, address)
    channel.refusals += [JSONResponse({"detail": "Too fast."}, 429, {"retry-after": "1"})]
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    channel.refusals += [JSONResponse({"detail": "That could not be read."}, 400)]
    ask(chromium_page, "clarify", wait_for="That could not be read.")
    chromium_page.get_by_role("button", name="Try again").click()
    expect(log(chromium_page).get_by_text("None of these")).to_be_visible()
    assert len({post["client_message_id"] for post in channel.posts}) == 2


def test_polling_takes_over_where_streams_do_not_work(chromium_page: Page, address: str, channel: Channel) -> None:
    channel.has_streams = False
    open_chat(chromium_page, address)
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    channel.staff_says()
    expect(log(chromium_page).get_by_role("article", name="Example Nurse")).to_have_count(1, timeout=8000)


def test_an_ended_chat_goes_on_as_a_new_one(chromium_page: Page, address: str, channel: Channel) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    channel.talks.clear()
    ask(chromium_page, "clarify", wait_for="None of these")
    assert [m["text"] for m in channel.talk.messages if m["sender"] == "caregiver"] == ["clarify"]


# ---- the chat is the person's own ----


def test_a_reload_keeps_the_chat_and_a_new_tab_does_not_have_it(chromium_page: Page, address: str) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    stored = chromium_page.evaluate("[Object.values(sessionStorage).join(), localStorage.length, document.cookie]")
    assert "spinraza" not in stored[0].lower() and stored[1:] == [0, ""]
    chromium_page.reload()
    launcher(chromium_page).click()
    expect(log(chromium_page).get_by_text("Related topics")).to_be_visible()
    expect(live(chromium_page).first).to_be_empty()
    other = chromium_page.context.new_page()
    open_chat(other, address)
    expect(log(other).get_by_role("article")).to_have_count(1)


def test_two_tabs_of_a_remembered_chat_agree(chromium_page: Page, address: str) -> None:
    open_chat(chromium_page, address)
    chromium_page.get_by_role("button", name="Menu").click()
    chromium_page.get_by_role("checkbox", name="Remember on this device").check()
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    other = chromium_page.context.new_page()
    open_chat(other, address)
    expect(log(other).get_by_text("Related topics")).to_be_visible()
    ask(other, "clarify", wait_for="None of these")
    expect(log(chromium_page).get_by_text("None of these")).to_have_count(1)
    texts = [tab.locator(".bubble").all_inner_texts() for tab in (chromium_page, other)]
    assert texts[0] == texts[1]
    other.get_by_role("button", name="Leave and clear").last.click()
    expect(log(chromium_page).get_by_text("Related topics")).to_have_count(0)
    assert chromium_page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_leave_and_clear_forgets_at_once(chromium_page: Page, address: str, channel: Channel) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    chromium_page.get_by_role("button", name="Leave and clear").last.click()
    expect(launcher(chromium_page)).to_be_focused()
    assert chromium_page.evaluate("sessionStorage.length") == 0
    assert "Nusinersen" not in chromium_page.evaluate("document.querySelector('sma-companion').shadowRoot.textContent")
    assert len(channel.talks) == 1


def test_a_chat_can_be_downloaded_and_deleted(chromium_page: Page, address: str, channel: Channel) -> None:
    open_chat(chromium_page, address)
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")
    with chromium_page.expect_download() as download:
        menu(chromium_page, "Download my chat")
    assert len(json.loads(Path(download.value.path()).read_text())) == 2
    menu(chromium_page, "Delete my chat")
    assert len(channel.talks) == 1
    chromium_page.get_by_role("button", name="Press again").click()
    expect(chromium_page.get_by_text("Your chat has been deleted.").first).to_be_visible()
    assert channel.talks == {}
    expect(log(chromium_page).get_by_role("article")).to_have_count(1)


def test_a_person_can_be_asked_for(chromium_page: Page, address: str, channel: Channel) -> None:
    open_chat(chromium_page, address)
    chromium_page.get_by_role("button", name="Talk to a person").last.click()
    expect(log(chromium_page).get_by_text("I have passed this on")).to_be_visible()
    expect(chromium_page.get_by_text("A person from the team has been asked.").first).to_be_visible()
    assert channel.posts[-1]["text"] == "Talk to a person"


# ---- by hand and by page ----


def test_everything_by_keyboard(chromium_page: Page, address: str, channel: Channel) -> None:
    page = chromium_page
    page.goto(f"{address}/page?region=UK")
    expect(launcher(page)).to_be_visible()
    page.keyboard.press("Tab")
    expect(launcher(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(box(page)).to_be_focused()
    page.keyboard.type("one line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("clarify")
    page.keyboard.press("Enter")
    expect(log(page).get_by_text("None of these")).to_be_visible()
    assert channel.posts[-1]["text"] == "one line\nclarify"
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="None of these")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(log(page).get_by_text("Related topics")).to_be_visible()
    expect(page.get_by_role("button", name="Colds and chest infections chosen")).to_be_focused()
    page.get_by_role("button", name="Menu").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".menu .item").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Menu")).to_be_focused()
    page.keyboard.press("Escape")
    expect(launcher(page)).to_be_focused()


def test_on_a_phone_the_page_behind_is_out_of_reach(chromium_context: NewContext, address: str) -> None:
    page = chromium_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    open_chat(page, address)
    place = page.locator(".panel").bounding_box()
    assert (place["x"], place["y"], place["width"], place["height"]) == (0, 0, 390, 844)
    assert page.locator(".panel").evaluate("node => node.matches(':modal')")
    page.keyboard.press("Escape")
    expect(launcher(page)).to_be_focused()


def test_a_long_message_is_counted_and_not_sent_beyond_the_limit(
    chromium_page: Page, address: str, channel: Channel
) -> None:
    open_chat(chromium_page, address)
    box(chromium_page).fill("é" * 1900)
    expect(chromium_page.get_by_text("100 characters left")).to_be_visible()
    box(chromium_page).fill("😀" * 2001)
    expect(chromium_page.get_by_text("1 characters too long")).to_be_visible()
    box(chromium_page).press("Enter")
    assert channel.posts == []


def test_hostile_styles_and_a_strict_policy_change_nothing(
    chromium_context: NewContext, address: str, errors: list[str]
) -> None:
    looks = []
    for path in ("/page?region=EU&theme=light", "/hostile"):
        page = chromium_context().new_page()
        page.goto(address + path)
        launcher(page).click()
        ask(page, "how is spinraza given", wait_for="Related topics")
        looks.append(
            page.evaluate("""() => [...document.querySelector('sma-companion').shadowRoot.querySelectorAll('.panel *')]
            .filter(node => !node.closest('time'))
            .map(node => { const s = getComputedStyle(node), r = node.getBoundingClientRect();
                return [node.tagName, r.width, r.height, s.color, s.fontSize, s.letterSpacing, s.visibility,
                    s.opacity].join(' ') })""")
        )
    assert looks[0] == looks[1]
    assert [error for error in errors if "favicon" not in error and "404" not in error] == []
    assert page.evaluate("document.querySelector('sma-companion').shadowRoot.querySelectorAll('[style]').length") == 0


def test_a_page_of_another_origin_can_embed_it(chromium_page: Page, address: str) -> None:
    elsewhere = address.replace("127.0.0.1", "localhost")
    chromium_page.goto(f"{elsewhere}/page?region=EU&script={address}/webhooks/web/widget/widget.js")
    launcher(chromium_page).click()
    ask(chromium_page, "how is spinraza given", wait_for="Related topics")


def test_demo_page_opens_the_chat(chromium_page: Page, address: str) -> None:
    chromium_page.goto(address)
    chromium_page.get_by_role("button", name="Ask a question").click()
    expect(box(chromium_page)).to_be_focused()
    expect(chromium_page.get_by_text(f"{address}/webhooks/web/widget/widget.js")).to_be_visible()
