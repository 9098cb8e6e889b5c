"""What the Telegram channel itself says (content/channels/telegram.yml), as replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.core.composer import BUTTONS
from bot.core.content import CONTENT_DIR
from bot.core.errors import Fault, FaultsError
from bot.core.replies import Reply, ReplyKind
from bot.core.topics import load_yaml

PATH = CONTENT_DIR / "channels" / "telegram.yml"
REPLIES = ("start", "forgotten", "late", "flood", "unreadable", "caption_only", "group")
TOASTS = ("stale", "again", "flood")
TOAST_CHARS = 200
"""The longest text that Telegram shows for a pressed button."""


@dataclass(frozen=True)
class TelegramTexts:
    """Replies, menu and short notices. Build with `telegram_texts`."""

    replies: Mapping[str, Reply]
    commands: Mapping[str, str]
    """Command -> its line in the menu, in the menu's order."""
    media: Mapping[str, str]
    toasts: Mapping[str, str]

    def reply(self, name: str) -> Reply:
        """One of REPLIES that has nothing to fill in."""
        return self.replies[name]

    def unreadable(self, media: str, *, has_words: bool) -> Reply:
        """Why a photo, a voice message or the like gets no answer."""
        what = self.media.get(media) or self.media["other"]
        return _filled(self.replies["caption_only" if has_words else "unreadable"], what=what)

    def forgotten(self, at: datetime) -> Reply:
        """The receipt of an erasure."""
        return _filled(self.replies["forgotten"], when=f"{at:%Y-%m-%d at %H:%M}")


def load_texts(path: Path = PATH) -> TelegramTexts:
    """Read the file. Raises FaultsError with every fault."""
    data: Mapping[str, Any] = load_yaml(path)
    faults, replies = [], {}
    for name in REPLIES:
        try:
            row = data[name]
            replies[name] = Reply(
                ReplyKind(row["kind"]), str(row["text"]).strip(),
                buttons=[BUTTONS[b] for b in row.get("buttons") or ()],
                extra={"label": f"telegram/{name}"},
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            faults.append(Fault(str(path), f"{name} does not do ({error})", "give it kind, text and known buttons"))
    for name in TOASTS:
        if not 0 < len(str((data.get("toasts") or {}).get(name) or "")) <= TOAST_CHARS:
            faults.append(Fault(str(path), f"toasts.{name} is missing or long", f"write 1 to {TOAST_CHARS} characters"))
    for name in ("commands", "media"):
        if not isinstance(data.get(name), dict):
            faults.append(Fault(str(path), f"{name} is missing", "give a line for each"))
    if faults:
        raise FaultsError(faults)
    return TelegramTexts(replies, data["commands"], data["media"], data["toasts"])


@lru_cache(maxsize=1)
def telegram_texts() -> TelegramTexts:
    """Load it once a process."""
    return load_texts()


def _filled(reply: Reply, **values: str) -> Reply:
    text = reply.text
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return Reply(reply.kind, text, buttons=reply.buttons, extra=reply.extra)
