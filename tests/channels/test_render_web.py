"""From a stored message to the contract's JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.channels.render_web import render, render_unsaved
from bot.channels.turns import safety_net
from bot.core.emergency_reply import emergency_reply
from bot.core.red_flags import RedFlag, red_flag
from bot.core.settings import REGIONS
from bot.store.messages import StoredMessage

NET = safety_net()
AT = datetime(2026, 11, 22, 9, 30, 0, 120000)
FLAGS = [
    red_flag(flag, harm_to_others=harm)
    for flag in NET.rules.flags
    for harm in ([False, True] if flag.kind == "crisis" else [False])
]


def stored(flag: RedFlag | None, **changes: Any) -> StoredMessage:
    """An emergency text as it is stored: with the numbers of all regions."""
    reply = emergency_reply(NET.texts.compose(flag))
    message = StoredMessage(4, "web-1", 2, AT, "bot", reply.kind.value, reply.plain_text(), reply.payload(), None)
    return replace(message, **changes)


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: f"{flag.id}{'.others' if flag.harm_to_others else ''}")
def test_the_text_of_a_red_flag_is_narrowed_to_the_region(flag: RedFlag) -> None:
    expected = emergency_reply(NET.texts.compose(flag, region="UK"))
    shown = render(stored(flag), region="UK", net=NET)

    assert shown["text"] == expected.plain_text()
    assert shown["payload"]["phones"] == expected.payload()["phones"]
    assert shown["payload"]["red_flag"] == flag.id


def test_an_emergency_without_a_flag_is_narrowed_too() -> None:
    shown = render(stored(None), region="Australia", net=NET)

    assert "000" in shown["text"] and "112" not in shown["text"]


def test_without_a_region_the_numbers_of_all_regions_stay() -> None:
    message = stored(FLAGS[0])

    assert render(message, region=None, net=NET)["text"] == message.text


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_that_can_be_chosen_has_its_numbers(region: str) -> None:
    assert render(stored(FLAGS[0]), region=region, net=NET)["payload"]["phones"]


@pytest.mark.parametrize(
    ("message", "region"),
    [
        (stored(FLAGS[0]), "Atlantis"),
        (stored(None, payload={"kind": "emergency", "urgency": "now", "red_flag": "rf.retired"}), "UK"),
        (stored(None, payload={"kind": "crisis", "urgency": "now"}, kind="crisis"), "UK"),
        (stored(None, payload={"kind": "emergency", "label": "requests/emergency_number"}), "UK"),
    ],
    ids=["unknown region", "flag no longer there", "crisis without flag", "fixed text"],
)
def test_what_cannot_be_narrowed_is_shown_as_stored(message: StoredMessage, region: str) -> None:
    assert render(message, region=region, net=NET)["text"] == message.text


def test_a_caregivers_message_carries_the_clients_id() -> None:
    message = StoredMessage(3, "web-1", 2, AT, "caregiver", None, "hello", {}, "one-1")

    assert render(message, region=None, net=NET) == {
        "id": 3, "at": "2026-11-22T09:30:00.120Z", "sender": "caregiver", "text": "hello", "client_message_id": "one-1",
    }  # fmt: skip


def test_a_message_without_a_payload_is_shown_all_the_same() -> None:
    message = StoredMessage(5, "web-1", None, AT, "staff", None, "I am here.", {}, None)
    shown = render(message, region="UK", net=NET)

    assert shown["kind"] == "staff" and shown["payload"] == {"kind": "staff", "text": "I am here."}


def test_a_reply_that_is_not_stored_has_the_cursor_as_its_id() -> None:
    shown = render_unsaved(NET.error, cursor=17, now=AT, client_message_id="one-1")

    assert (shown["id"], shown["kind"], shown["unsaved"]) == (17, "error", True)
    assert shown["client_message_id"] == "unsaved-one-1"
