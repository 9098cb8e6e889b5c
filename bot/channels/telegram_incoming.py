"""From an update of the Bot API to what somebody did. Pure, and sceptical: anybody may have written the JSON."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

LARGEST_ID = 2**53
TEXT_CHARS = 8_000
"""Telegram itself stops at 4,096; longer texts are cut, so that nobody fills the database."""
ALLOWED_UPDATES = ("message", "edited_message", "channel_post", "callback_query", "my_chat_member")

MEDIA = (
    "photo", "voice", "audio", "video", "video_note", "sticker", "venue", "location", "contact", "poll", "animation",
    "document",
)  # fmt: skip
# Notices that Telegram puts into a chat by itself: there is nothing to answer.
SERVICE = frozenset({
    "pinned_message", "message_auto_delete_timer_changed", "new_chat_title", "new_chat_photo", "delete_chat_photo",
    "chat_background_set", "boost_added", "write_access_allowed", "users_shared", "chat_shared", "connected_website",
    "new_chat_members", "left_chat_member", "group_chat_created", "migrate_to_chat_id", "migrate_from_chat_id",
    "forum_topic_created", "video_chat_started", "video_chat_ended", "proximity_alert_triggered",
})  # fmt: skip


class What(str, Enum):
    """Everything that can happen in a chat, as far as this channel cares."""

    TEXT = "text"
    BUTTON = "button"
    MEDIA = "media"
    GROUP = "group"
    """Somebody wants the bot in a group or a channel."""
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Incoming:
    """One update, without anything that is not needed: no names, no files."""

    update_id: int
    what: What
    chat_id: int = 0
    message_id: int = 0
    text: str = ""
    media: str | None = None
    at: int | None = None
    """When it was written, in seconds since 1970; None for a press."""
    callback_id: str | None = None
    data: str | None = None
    """Key of the pressed button."""

    def to_json(self) -> str:
        """For the inbox."""
        return json.dumps({**vars(self), "what": self.what.value})

    @classmethod
    def from_json(cls, text: str) -> Incoming:
        """Read it back."""
        data = json.loads(text)
        return cls(**{**data, "what": What(data["what"])})


def sender_id_of(chat_id: int, secret_key: str) -> str:
    """Rasa's sender id of a chat: nobody can get from it to the chat without the key."""
    digest = hmac.new(secret_key.encode(), f"telegram:{chat_id}".encode(), hashlib.sha256).hexdigest()
    return f"tg-{digest[:40]}"


def read_update(raw: object) -> Incoming | None:
    """What an update says; None when it is no update at all."""
    if not isinstance(raw, Mapping):
        return None
    update_id = _id(raw.get("update_id"))
    if update_id is None or update_id < 0:
        return None
    for name in ("message", "edited_message"):
        if isinstance(raw.get(name), Mapping):
            return _message(update_id, raw[name], is_edited=name == "edited_message")
    if isinstance(raw.get("callback_query"), Mapping):
        return _press(update_id, raw["callback_query"])
    if isinstance(raw.get("channel_post"), Mapping):
        return _message(update_id, raw["channel_post"], is_edited=False)
    if isinstance(raw.get("my_chat_member"), Mapping):
        return _membership(update_id, raw["my_chat_member"])
    return Incoming(update_id, What.IGNORED)


def _message(update_id: int, message: Mapping[str, Any], *, is_edited: bool) -> Incoming:
    chat_id, is_private = _chat(message.get("chat"))
    ignored = Incoming(update_id, What.IGNORED)
    if chat_id is None or _mapping(message.get("from")).get("is_bot") is True:
        return ignored
    if not is_private:
        # Answers to every line of a group would be noise; being added is what counts, and the first thing said.
        return Incoming(update_id, What.GROUP, chat_id)
    at = _id(message.get("edit_date") if is_edited else None) or _id(message.get("date"))
    basis: dict[str, Any] = {"chat_id": chat_id, "message_id": max(0, _id(message.get("message_id")) or 0), "at": at}
    text = _text(message.get("text"))
    if text:
        return Incoming(update_id, What.TEXT, text=text, **basis)
    media = next((name for name in MEDIA if message.get(name)), None)
    caption = _text(message.get("caption"))
    if is_edited and not caption:
        return ignored  # a live location moves, a picture is changed
    if media is None and not caption and SERVICE & message.keys():
        return ignored
    return Incoming(update_id, What.MEDIA, text=caption, media=media or "other", **basis)


def _press(update_id: int, query: Mapping[str, Any]) -> Incoming:
    message = _mapping(query.get("message"))
    chat_id, is_private = _chat(message.get("chat"))
    if chat_id is None:
        # Without its message (a very old one) a press still tells who pressed; that is the private chat's id.
        chat_id, is_private = _id(_mapping(query.get("from")).get("id")), True
    callback_id = _text(query.get("id"))[:100]
    if chat_id is None or not is_private or not callback_id:
        return Incoming(update_id, What.IGNORED)
    message_id = max(0, _id(message.get("message_id")) or 0)
    data = _text(query.get("data"))[:64]
    return Incoming(update_id, What.BUTTON, chat_id, message_id, callback_id=callback_id, data=data)


def _membership(update_id: int, change: Mapping[str, Any]) -> Incoming:
    chat_id, is_private = _chat(change.get("chat"))
    status = _mapping(change.get("new_chat_member")).get("status")
    if chat_id is None or not isinstance(status, str):
        return Incoming(update_id, What.IGNORED)
    if is_private:
        what = {"kicked": What.BLOCKED, "left": What.BLOCKED, "member": What.UNBLOCKED}.get(status, What.IGNORED)
        return Incoming(update_id, what, chat_id)
    is_in = status in ("member", "administrator", "restricted")
    return Incoming(update_id, What.GROUP if is_in else What.IGNORED, chat_id)


def _chat(chat: object) -> tuple[int | None, bool]:
    """Id, and whether it is a chat with one person."""
    data = _mapping(chat)
    chat_id = _id(data.get("id"))
    if chat_id is None or chat_id == 0:
        return None, False
    return chat_id, chat_id > 0 and data.get("type", "private") == "private"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _id(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= LARGEST_ID:
        return None
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    # Half a surrogate pair cannot be stored as UTF-8, and PostgreSQL refuses NUL.
    clean = value[:TEXT_CHARS].encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return clean if clean.strip() else ""
