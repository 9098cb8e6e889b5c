"""The bot in a terminal: readable cards, sources, and buttons by number."""

from __future__ import annotations

import time
import uuid
from typing import Any

import httpx
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from bot.core.replies import Button, Reply, ReplyKind, reply_from_payload, review_line
from bot.core.settings import load_settings

COLOURS = {ReplyKind.EMERGENCY: "red", ReplyKind.CRISIS: "red", ReplyKind.ANSWER: "cyan", ReplyKind.STAFF: "green"}
LATE_S = 45
console = Console(highlight=False)


def show(reply: Reply) -> None:
    """Print one reply as a card."""
    body = Text(reply.text)
    if reply.disclaimer:
        body.append(f"\n\n{reply.disclaimer}", style="italic")
    if reply.review_status:
        body.append(f"\n{review_line(reply.review_status, reply.reviewed)}", style="dim")
    if reply.as_of:
        body.append(f"\nFacts as of {reply.as_of}.", style="dim")
    if reply.sources:
        body.append("\n\nSources", style="bold")
        for source in reply.sources:
            body.append(f"\n- {source.line()}", style="dim")
    if reply.phones:
        body.append("\n")
        for phone in reply.phones:
            body.append(f"\n{phone.label}: {phone.number}", style="bold")
    colour = COLOURS.get(reply.kind, "white")
    console.print(Panel(body, title=reply.title or reply.kind.value.replace("_", " "), border_style=colour, width=92))
    for number, button in enumerate(reply.buttons, start=1):
        console.print(f"  [bold]{number}[/bold]  {button.title}", markup=True)


class Client:
    """A client of the web channel (docs/web-channel.md)."""

    def __init__(self, base: str) -> None:
        self._http = httpx.Client(base_url=f"{base}/webhooks/web", timeout=30, headers={"Origin": base})
        answer = self._http.post("/conversations", json={})
        answer.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        self.cursor = 0

    def say(self, *, text: str | None = None, button: Button | None = None) -> list[dict[str, Any]]:
        """Send one message and return what came since, the own message left out."""
        body: dict[str, Any] = {"client_message_id": uuid.uuid4().hex}
        body.update({"payload": button.payload, "title": button.title} if button else {"text": text})
        answer = self._http.post("/messages", json=body)
        if answer.status_code >= 400:
            return [{"id": self.cursor, "sender": "bot", "problem": answer.json().get("detail", "That did not work.")}]
        # What the channel itself says when nothing could be stored is in the answer alone.
        unsaved = [m for m in answer.json()["messages"] if m.get("unsaved") and m["sender"] != "caregiver"]
        if unsaved or answer.status_code == 200:
            return unsaved or self.news()
        return self._later()

    def _later(self) -> list[dict[str, Any]]:
        """The reply of a turn that takes long."""
        for _ in range(LATE_S):
            time.sleep(1)
            if found := self.news():
                return found
        return [{"id": self.cursor, "sender": "bot", "problem": "I have no answer yet. Please ask again in a moment."}]

    def news(self) -> list[dict[str, Any]]:
        """Everything new of the other side."""
        data = self._http.get("/messages", params={"after": self.cursor}).json()
        self.cursor = data["cursor"]
        return [message for message in data["messages"] if message["sender"] != "caregiver"]


def talk() -> int:
    """Chat until an empty line or Ctrl-D; a number chooses a button."""
    settings = load_settings()
    base = f"http://{settings.sma_host}:{settings.sma_rasa_port}"
    try:
        client = Client(base)
    except httpx.HTTPError:
        console.print(f"Nothing answers at {base}. Start the bot with 'make run' in another terminal.")
        return 1
    console.print("Ask about SMA. A number chooses a button; an empty line ends the chat.\n")
    buttons: list[Button] = []
    while True:
        try:
            typed = console.input("[bold]you[/bold] › ").strip()
        except (EOFError, KeyboardInterrupt):
            typed = ""
        if not typed:
            return 0
        chosen = buttons[int(typed) - 1] if typed.isdigit() and 1 <= int(typed) <= len(buttons) else None
        for message in client.say(button=chosen) if chosen else client.say(text=typed):
            if message.get("problem"):
                console.print(message["problem"])
                continue
            reply = reply_from_payload({"kind": "unsure", **message.get("payload", {})}, text=message.get("text", ""))
            buttons = list(reply.buttons)
            show(reply)
