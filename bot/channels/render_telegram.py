"""From a reply to Telegram messages: HTML, split where sentences end, with buttons and numbers to call."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.composer import BUTTONS, TOPICS_A_PAGE
from bot.core.replies import Button, Phone, Reply, ReplyKind, Source, review_line

LONGEST = 4_000
"""UTF-16 units of visible text in one message; Telegram's limit is 4,096."""
WIDE_TITLE = 22
"""Characters; a longer title would be cut off in half a row on a phone."""
CARDS = 6
"""Contact cards under one emergency; with no region known there are numbers of many countries."""

SOURCES_A_BLOCK = 8
SOURCE_CHARS = 200

_SENTENCE_END = re.compile(r"(?<=[.!?…。？！؟])[\"”’)]*\s+")
_TAG = re.compile(r"<[^>]*>")
_MENU = frozenset(button.payload for button in BUTTONS.values())


@dataclass(frozen=True)
class TelegramMessage:
    """One call of the Bot API: a text, or a card with a number that a tap calls."""

    html: str
    buttons: Sequence[Button] = ()
    card: Phone | None = None


@dataclass(frozen=True)
class Key:
    """One button of a keyboard: what it says, and the key or page that it sends."""

    title: str
    data: str


def render(reply: Reply) -> list[TelegramMessage]:
    """All messages of a reply, in order; buttons hang on the last text, cards follow it."""
    texts = _packed(_blocks(reply)) or ["…"]
    messages = [TelegramMessage(text) for text in texts[:-1]]
    messages.append(TelegramMessage(texts[-1], buttons=tuple(reply.buttons)))
    if reply.kind in (ReplyKind.EMERGENCY, ReplyKind.CRISIS):
        messages += [
            TelegramMessage(_escape(f"{card.label}: {card.number}"), card=card) for card in cards(reply.phones)
        ]
    return messages


def cards(phones: Sequence[Phone]) -> list[Phone]:
    """The numbers that can be dialled, each once, emergency numbers first.

    Telegram has no `tel:` links, and makes only numbers with a country code callable by itself; a contact card can
    be tapped whatever its number.
    """
    by_number: dict[str, list[Phone]] = {}
    for phone in sorted(phones, key=lambda phone: not phone.label.startswith("Emergency")):
        if phone.tel:
            by_number.setdefault(phone.tel, []).append(phone)
    found = []
    for same in list(by_number.values())[:CARDS]:
        places = [phone.label[phone.label.find("(") + 1 : -1] for phone in same if phone.label.endswith(")")]
        name = same[0].label.split(" (")[0]
        label = f"{name} ({', '.join(dict.fromkeys(places))})" if places else name
        found.append(Phone(label, same[0].number, same[0].tel))
    return found


def plain(text: str) -> str:
    """Rendered HTML without its tags, for a message whose markup Telegram refuses."""
    return html.unescape(_TAG.sub("", text))


def visible_units(text: str) -> int:
    """Length of rendered HTML as Telegram counts it: without tags, in UTF-16 units."""
    return len(plain(text).encode("utf-16-le", "replace")) // 2


def keyboard(buttons: Sequence[tuple[str, Button]], *, page: int = 0, chosen: str | None = None) -> list[list[Key]]:
    """Rows of at most two buttons. Many choices come in pages; what is offered everywhere stays under each page.

    `buttons` come with their keys; `chosen` is the key of the one that was pressed.
    """
    choices = [(key, button) for key, button in buttons if button.payload not in _MENU]
    menu = [(key, button) for key, button in buttons if button.payload in _MENU]
    pages = max(1, -(-len(choices) // TOPICS_A_PAGE))
    page = min(max(page, 0), pages - 1)
    shown = choices[page * TOPICS_A_PAGE : (page + 1) * TOPICS_A_PAGE]
    rows = _rows([Key(_title(button.title, key == chosen), key) for key, button in shown])
    if pages > 1:
        first = buttons[0][0]
        turn = []
        if page > 0:
            turn.append(Key("‹ Back", f"p:{page - 1}:{first}"))
        if page < pages - 1:
            turn.append(Key(f"More ({page + 1} of {pages}) ›", f"p:{page + 1}:{first}"))
        rows.append(turn)
    return rows + _rows([Key(_title(button.title, key == chosen), key) for key, button in menu])


def page_turn(data: str) -> tuple[int, str] | None:
    """Page and first key of a pressed "More" or "Back"; None for every other button."""
    parts = data.split(":", 2)
    if len(parts) != 3 or parts[0] != "p" or not re.fullmatch(r"[0-9]{1,3}", parts[1]):
        return None
    return int(parts[1]), parts[2]


def split_text(text: str, limit: int = LONGEST) -> Iterator[str]:
    """Plain text in pieces of at most `limit` UTF-16 units: at sentence ends, else at spaces, else anywhere."""
    rest = text.strip()
    while _units(rest) > limit:
        head = _head(rest, limit)
        cuts = [match.end() for match in _SENTENCE_END.finditer(head)]
        if not cuts or cuts[-1] < len(head) // 4:
            space = max(head.rfind(" "), head.rfind("\n"))
            cuts = [space + 1 if space > 0 else len(head)]
        yield rest[: cuts[-1]].rstrip()
        rest = rest[cuts[-1] :].lstrip()
    if rest:
        yield rest


def _blocks(reply: Reply) -> Iterator[str]:
    """Paragraphs in HTML, each short enough for one message."""
    if reply.kind is ReplyKind.STAFF or reply.author:
        author = reply.author or {}
        name, role = _escape(str(author.get("name") or "The team")[:80]), _escape(str(author.get("role") or "")[:80])
        yield f"<b>{name}</b>" + (f", {role}" if role else "")
    elif reply.title and reply.kind in (ReplyKind.ANSWER, ReplyKind.EMERGENCY, ReplyKind.CRISIS):
        yield f"<b>{_escape(reply.title)}</b>"
    for paragraph in re.split(r"\n\s*\n", reply.text):
        for piece in split_text(paragraph):
            yield _escape(re.sub(r"(?m)^- ", "• ", piece))
    if reply.sources:
        lines = [_source(source) for source in reply.sources]
        for start in range(0, len(lines), SOURCES_A_BLOCK):
            yield ("" if start else "<b>Sources</b>\n") + "\n".join(lines[start : start + SOURCES_A_BLOCK])
    notes = [note for note in (reply.disclaimer, _review(reply)) if note]
    for note in notes:
        for piece in split_text(note):
            yield f"<i>{_escape(piece)}</i>"


def _source(source: Source) -> str:
    year = f", {source.year}" if source.year else ""
    title = _escape(source.title[:SOURCE_CHARS])
    if source.url.startswith(("https://", "http://")):
        title = f'<a href="{_escape(source.url)}">{title}</a>'
    return f"• {title} ({_escape(source.publisher[:SOURCE_CHARS])}{year})"


def _review(reply: Reply) -> str | None:
    if not reply.review_status:
        return None
    line = review_line(reply.review_status, reply.reviewed)
    return f"Facts as of {reply.as_of}. {line}" if reply.as_of else line


def _packed(blocks: Iterator[str]) -> list[str]:
    """As many blocks in one message as fit."""
    texts: list[str] = []
    for block in blocks:
        if texts and visible_units(texts[-1]) + 2 + visible_units(block) <= LONGEST:
            texts[-1] += f"\n\n{block}"
        else:
            texts.append(block)
    return [text for text in texts if plain(text).strip()]


def _rows(keys: Sequence[Key]) -> list[list[Key]]:
    """Two short titles side by side, a long one alone."""
    rows: list[list[Key]] = []
    for key in keys:
        is_short = len(key.title) <= WIDE_TITLE
        if is_short and rows and len(rows[-1]) == 1 and len(rows[-1][0].title) <= WIDE_TITLE:
            rows[-1].append(key)
        else:
            rows.append([key])
    return rows


def _title(title: str, is_chosen: bool) -> str:
    return f"✓ {title}" if is_chosen else title


def _escape(text: str) -> str:
    return html.escape(str(text), quote=True).replace("&#x27;", "'")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2


def _head(text: str, limit: int) -> str:
    """The longest beginning of at most `limit` UTF-16 units."""
    head = text[:limit]
    while _units(head) > limit:
        head = head[: len(head) - max(1, (_units(head) - limit) // 2)]
    return head
