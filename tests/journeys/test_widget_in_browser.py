"""The widget on the demo page against the real processes: what a caregiver does on a phone, and what may go wrong.

Runs in a pytest process of its own (see the Makefile): Playwright keeps an event loop that asyncio tests cannot share.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import run_chromium
from tests.journeys.stack import Stack
from tests.journeys.test_handoff_in_browser import PHONE_SCREEN, WAIT_MS, from_bot, log, open_page, write

RESTART_MS = 90_000
"""Rasa needs its time to come back, and the widget waits longer after each attempt."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with run_chromium() as browser:
        yield browser


@pytest.fixture
def widget(chromium: Browser, stack: Stack) -> Page:
    page = open_page(chromium, [], **PHONE_SCREEN)
    page.goto(stack.web)
    page.get_by_role("button", name="Ask a question").tap()
    return page


def said(widget: Page, text: str) -> int:
    """How often it stands in the chat as the caregiver's own message."""
    return log(widget).get_by_text(text, exact=True).count()


def test_a_question_an_emergency_and_a_reload(widget: Page) -> None:
    write(widget, "how is spinraza given?")
    expect(from_bot(widget)).to_contain_text("lumbar puncture", timeout=WAIT_MS)
    write(widget, "he cant breath")
    expect(log(widget).get_by_role("link", name="112").first).to_be_visible(timeout=WAIT_MS)
    widget.reload()
    widget.get_by_role("button", name="Ask a question").tap()
    expect(log(widget).get_by_text("how is spinraza given?", exact=True)).to_be_visible(timeout=WAIT_MS)
    assert said(widget, "he cant breath") == 1


def test_what_is_written_offline_is_answered_later_in_order(widget: Page) -> None:
    write(widget, "what is bipap?")
    expect(from_bot(widget)).to_contain_text("mask", timeout=WAIT_MS)
    widget.context.set_offline(True)
    write(widget, "what is scoliosis?")
    write(widget, "can stem cells cure sma?")
    widget.context.set_offline(False)
    expect(from_bot(widget)).to_contain_text("stem cell", timeout=RESTART_MS)
    for text in ("what is scoliosis?", "can stem cells cure sma?"):
        assert said(widget, text) == 1


def test_a_chat_goes_on_when_rasa_dies_in_the_middle(widget: Page, stack: Stack) -> None:
    write(widget, "how is spinraza given?")
    expect(from_bot(widget)).to_contain_text("lumbar puncture", timeout=WAIT_MS)
    stack.kill("rasa")
    write(widget, "can stem cells cure sma?")
    stack.start("rasa")
    expect(from_bot(widget)).to_contain_text("stem cell", timeout=RESTART_MS)
    for text in ("how is spinraza given?", "can stem cells cure sma?"):
        assert said(widget, text) == 1
