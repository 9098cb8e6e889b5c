"""Reading updates: whatever comes, nothing breaks, and nothing that was said is overlooked."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram_incoming import Incoming, What, read_update, sender_id_of

JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ID = st.integers(-(2**60), 2**60) | JUNK
CHAT = st.fixed_dictionaries({}, optional={"id": ID, "type": st.sampled_from(["private", "group", "channel"]) | JUNK})
MESSAGE = st.fixed_dictionaries({}, optional={
    "message_id": ID, "date": ID, "edit_date": ID, "chat": CHAT | JUNK,
    "from": st.fixed_dictionaries({"id": ID}) | JUNK,
    "text": st.text() | JUNK, "caption": st.text() | JUNK, "photo": JUNK, "voice": JUNK, "sticker": JUNK,
    "pinned_message": JUNK, "new_chat_members": JUNK,
})  # fmt: skip
UPDATE = st.fixed_dictionaries({}, optional={
    "update_id": st.integers(0, 2**40) | ID,
    "message": MESSAGE | JUNK, "edited_message": MESSAGE | JUNK, "channel_post": MESSAGE | JUNK,
    "callback_query": st.fixed_dictionaries({}, optional={
        "id": st.text() | JUNK, "data": st.text() | JUNK, "from": CHAT | JUNK, "message": MESSAGE | JUNK}) | JUNK,
    "my_chat_member": st.fixed_dictionaries({}, optional={
        "chat": CHAT | JUNK, "new_chat_member": st.fixed_dictionaries({"status": st.text(max_size=8)}) | JUNK}) | JUNK,
}) | JUNK  # fmt: skip


@given(UPDATE)
@settings(deadline=None, max_examples=500)
def test_any_json_is_read_without_a_fault_and_survives_the_inbox(raw: Any) -> None:
    incoming = read_update(raw)
    if incoming is not None:
        assert Incoming.from_json(incoming.to_json()) == incoming
        incoming.text.encode("utf-8")
        assert incoming.what is What.IGNORED or incoming.chat_id != 0


@given(st.text(min_size=1).filter(str.strip), st.integers(1, 2**50))
def test_words_of_a_person_always_arrive(text: str, chat_id: int) -> None:
    incoming = read_update({"update_id": 1, "message": {"chat": {"id": chat_id, "type": "private"}, "text": text}})
    if text.replace("\x00", "").strip():
        assert incoming is not None and incoming.what is What.TEXT and incoming.chat_id == chat_id


def test_sender_id_does_not_show_the_chat_and_depends_on_the_key() -> None:
    one = sender_id_of(123456789, "key")
    assert one.startswith("tg-") and "123456789" not in one
    assert one == sender_id_of(123456789, "key") != sender_id_of(123456789, "other")


def test_names_and_files_are_not_kept() -> None:
    incoming = read_update({"update_id": 1, "message": {
        "chat": {"id": 5, "type": "private", "first_name": "Ada", "username": "ada_l"}, "from": {"id": 5},
        "photo": [{"file_id": "secret-file"}],
    }})  # fmt: skip
    assert incoming is not None
    assert not any(word in incoming.to_json() for word in ("Ada", "ada_l", "secret-file"))
