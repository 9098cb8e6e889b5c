"""A stand-in for Telegram's Bot API on loopback, behaving as its documentation says, with faults on demand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

TOKEN = "100200300:AAstandInStandInStandInStandInStandIn"
LONGEST = 4096
_TAG = re.compile(r"</?[a-z-]+( [a-z-]+=\"[^\"<>]*\")*>")
TAGS = {"b", "strong", "i", "em", "u", "s", "a", "code", "pre", "blockquote", "tg-spoiler"}


@dataclass
class Sent:
    """A message that the bot put into a chat, as it is now."""

    id: int
    chat_id: int
    text: str
    """Without markup."""
    html: str
    keyboard: list[list[dict[str, Any]]] = field(default_factory=list)
    contact: str | None = None
    previews: bool = True
    at: float = 0.0

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """All buttons in one list."""
        return [button for row in self.keyboard for button in row]


@dataclass
class RefusalError(Exception):
    """An answer with `ok: false`."""

    code: int
    description: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass
class Failure:
    """A fault on demand: `code` 0 drops the connection. `is_done`: only after the call was carried out."""

    code: int
    retry_after: int = 0
    is_done: bool = False


class BotApi:
    """The whole of Telegram, as far as one bot sees it."""

    def __init__(self) -> None:
        self.port = 0
        self.sent: list[Sent] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.toasts: list[tuple[str, str | None]] = []
        self.commands: list[dict[str, str]] = []
        self.webhook_url = ""
        self.webhook_secret = ""
        self.webhook_answers: list[tuple[int, int]] = []
        """Update id and status of each delivery."""
        self.left: list[int] = []
        self.blocked: set[int] = set()
        self.latency_s = 0.0
        self._failures: dict[str, deque[Failure]] = defaultdict(deque)
        self._pending: dict[int, dict[str, Any]] = {}
        self._delivering: set[int] = set()
        self._next_update = 5000
        self._next_message = 100
        self._presses: dict[str, int] = {}
        self._lock = threading.RLock()
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    # ---- running ----

    @property
    def url(self) -> str:
        """Base address, for TELEGRAM_API_URL."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> BotApi:
        config = uvicorn.Config(self._app(), host="127.0.0.1", port=0, log_level="critical", ws="none",
                                timeout_graceful_shutdown=1)  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server and self._thread
        self._server.should_exit = True
        self._wake()
        self._thread.join(5)

    def _app(self) -> Any:
        app = Starlette(routes=[Route("/bot{token}/{method}", self._call, methods=["GET", "POST"])])

        async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            self._loop = asyncio.get_running_loop()
            self._news = asyncio.Event()
            deliverer = asyncio.ensure_future(self._deliver())
            await send({"type": "lifespan.startup.complete"})
            await receive()
            deliverer.cancel()
            await send({"type": "lifespan.shutdown.complete"})

        async def outer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                await lifespan(scope, receive, send)
            else:
                await app(scope, receive, send)

        return outer

    # ---- what people do ----

    def update(self, data: dict[str, Any], *, update_id: int | None = None) -> int:
        """Put any update into the queue; its number."""
        with self._lock:
            if update_id is None:
                self._next_update += 1
                update_id = self._next_update
            self._pending[update_id] = {"update_id": update_id, **data}
        self._wake()
        return update_id

    def message(self, chat_id: int, *, at: float | None = None, **content: Any) -> int:
        """A message of a person: text=, photo=, voice= …; the update's number."""
        kind = content.pop("update_kind", "message")
        return self.update({kind: {
            "message_id": content.pop("message_id", None) or self.new_message_id(),
            "date": int(at if at is not None else time.time()),
            "chat": {"id": chat_id, "type": "private" if chat_id > 0 else "group", "first_name": "Ada"},
            "from": {"id": abs(chat_id), "is_bot": False, "first_name": "Ada", "language_code": "en"},
            **content,
        }})  # fmt: skip

    def press(self, chat_id: int, button: dict[str, Any], message_id: int) -> int:
        """A press on a button under a message of the bot."""
        callback_id = f"cb{self.new_message_id()}"
        return self.update({"callback_query": {
            "id": callback_id, "chat_instance": "1", "data": button["callback_data"],
            "from": {"id": chat_id, "is_bot": False, "first_name": "Ada"},
            "message": {"message_id": message_id, "date": int(time.time()), "chat": {"id": chat_id, "type": "private"}},
        }})  # fmt: skip

    def new_message_id(self) -> int:
        """Private messages of a bot are numbered through all its chats."""
        with self._lock:
            self._next_message += 1
            return self._next_message

    def fail(self, method: str, *failures: Failure) -> None:
        """Let the next calls of a method fail."""
        self._failures[method].extend(failures)

    def in_chat(self, chat_id: int) -> list[Sent]:
        """What the bot has put into a chat, in order."""
        with self._lock:
            return [message for message in self.sent if message.chat_id == chat_id]

    def pending(self) -> int:
        """Updates that are not confirmed."""
        return len(self._pending)

    def wait(self, is_so: Callable[[], Any], *, within_s: float = 20.0) -> Any:
        """Wait until something holds; its value. Raises AssertionError when it does not come to hold."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            found = is_so()
            if found:
                return found
            time.sleep(0.01)
        raise AssertionError(f"not within {within_s} s; {len(self.sent)} messages, calls: {self.calls[-5:]}")

    def ask(self, chat_id: int, text: str, *, count: int = 1, within_s: float = 20.0) -> list[Sent]:
        """Write something and wait for that many new messages."""
        before = len(self.in_chat(chat_id))
        self.message(chat_id, text=text)
        return self.wait(
            lambda: self.in_chat(chat_id)[before:] if len(self.in_chat(chat_id)) >= before + count else None,
            within_s=within_s,
        )

    # ---- the API ----

    async def _call(self, request: Request) -> Response:
        # Names of methods may be written in any case.
        method = {"getupdates": "getUpdates"}.get(request.path_params["method"], request.path_params["method"])
        if request.path_params["token"] != TOKEN:
            return _refused(RefusalError(401, "Unauthorized"))
        body = await request.body()
        arguments = _arguments(request, body)
        self.calls.append((method, arguments))
        if self.latency_s and method != "getUpdates":
            await asyncio.sleep(self.latency_s)
        failure = self._failures[method].popleft() if self._failures[method] else None
        if failure and not failure.is_done:
            return _failed(failure)
        handler = getattr(self, f"_do_{method.lower()}", None)
        if handler is None:
            return _refused(RefusalError(404, "Not Found"))
        try:
            result = handler(arguments)
            if asyncio.iscoroutine(result):
                result = await result
        except RefusalError as refusal:
            return _refused(refusal)
        if failure:
            return _failed(failure)
        return JSONResponse({"ok": True, "result": result})

    def _do_getme(self, _: dict[str, Any]) -> Any:
        return {"id": 100200300, "is_bot": True, "first_name": "SMA Companion", "username": "sma_companion_bot"}

    def _do_setmycommands(self, arguments: dict[str, Any]) -> Any:
        self.commands = arguments["commands"]
        return True

    def _do_setwebhook(self, arguments: dict[str, Any]) -> Any:
        url = arguments.get("url", "")
        if not url.startswith(("https://", "http://127.0.0.1")):
            raise RefusalError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        self.webhook_url, self.webhook_secret = url, arguments.get("secret_token", "")
        self._wake()
        return True

    def _do_deletewebhook(self, arguments: dict[str, Any]) -> Any:
        self.webhook_url = self.webhook_secret = ""
        if str(arguments.get("drop_pending_updates")).lower() == "true":
            self._pending.clear()
        return True

    def _do_getwebhookinfo(self, _: dict[str, Any]) -> Any:
        return {"url": self.webhook_url, "has_custom_certificate": False, "pending_update_count": len(self._pending)}

    async def _do_getupdates(self, arguments: dict[str, Any]) -> Any:
        if self.webhook_url:
            raise RefusalError(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(arguments.get("offset") or 0)
        for number in [number for number in self._pending if number < offset]:
            del self._pending[number]
        deadline = time.monotonic() + min(float(arguments.get("timeout") or 0), 30)
        while not self._pending and time.monotonic() < deadline and not (self._server and self._server.should_exit):
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), max(0.0, deadline - time.monotonic()))
            except asyncio.TimeoutError:
                break
        return [self._pending[number] for number in sorted(self._pending)][: int(arguments.get("limit") or 100)]

    def _do_sendmessage(self, arguments: dict[str, Any]) -> Any:
        chat_id = self._reachable(arguments)
        text, keyboard = _checked(arguments)
        previews = not (arguments.get("link_preview_options") or {}).get("is_disabled", False)
        sent = Sent(self.new_message_id(), chat_id, text, arguments["text"], keyboard, None, previews, time.time())
        self.sent.append(sent)
        return _message(sent)

    def _do_sendcontact(self, arguments: dict[str, Any]) -> Any:
        chat_id = self._reachable(arguments)
        if not arguments.get("phone_number") or not arguments.get("first_name"):
            raise RefusalError(400, "Bad Request: PHONE_NUMBER_INVALID")
        sent = Sent(self.new_message_id(), chat_id, arguments["first_name"], "", contact=arguments["phone_number"])
        self.sent.append(sent)
        return _message(sent)

    def _do_sendchataction(self, arguments: dict[str, Any]) -> Any:
        self._reachable(arguments)
        return True

    def _do_answercallbackquery(self, arguments: dict[str, Any]) -> Any:
        if len(arguments.get("text") or "") > 200:
            raise RefusalError(400, "Bad Request: MESSAGE_TOO_LONG")
        self.toasts.append((arguments["callback_query_id"], arguments.get("text")))
        return True

    def _do_editmessagetext(self, arguments: dict[str, Any]) -> Any:
        sent = self._own(arguments)
        text, keyboard = _checked(arguments)
        if (text, keyboard) == (sent.text, sent.keyboard):
            raise RefusalError(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message",
            )
        sent.text, sent.html, sent.keyboard = text, arguments["text"], keyboard
        return _message(sent)

    def _do_editmessagereplymarkup(self, arguments: dict[str, Any]) -> Any:
        sent = self._own(arguments)
        keyboard = _keyboard(arguments)
        if keyboard == sent.keyboard:
            raise RefusalError(400, "Bad Request: message is not modified")
        sent.keyboard = keyboard
        return _message(sent)

    def _do_leavechat(self, arguments: dict[str, Any]) -> Any:
        self.left.append(int(arguments["chat_id"]))
        return True

    def _reachable(self, arguments: dict[str, Any]) -> int:
        try:
            chat_id = int(arguments["chat_id"])
        except (KeyError, ValueError):
            raise RefusalError(400, "Bad Request: chat_id is empty") from None
        if chat_id in self.blocked:
            raise RefusalError(403, "Forbidden: bot was blocked by the user")
        return chat_id

    def _own(self, arguments: dict[str, Any]) -> Sent:
        chat_id, message_id = self._reachable(arguments), int(arguments["message_id"])
        for message in self.in_chat(chat_id):
            if message.id == message_id:
                return message
        raise RefusalError(400, "Bad Request: message to edit not found")

    async def _deliver(self) -> None:
        """Post updates to the webhook: in order within a chat, several chats at a time, again until acknowledged."""
        async with httpx.AsyncClient(timeout=10) as client:
            running: dict[int, asyncio.Task[None]] = {}
            while True:
                for chat_id, task in list(running.items()):
                    if task.done():
                        del running[chat_id]
                if self.webhook_url:
                    for number in sorted(self._pending):
                        chat_id = _chat_of(self._pending[number])
                        if chat_id not in running and len(running) < 40:
                            running[chat_id] = asyncio.ensure_future(self._post(client, number))
                self._news.clear()
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 0.02 if running or self._pending else 0.5)

    async def _post(self, client: httpx.AsyncClient, number: int) -> None:
        update = self._pending.get(number)
        if update is None:
            return
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook_secret} if self.webhook_secret else {}
        try:
            answer = await client.post(self.webhook_url, json=update, headers=headers)
            self.webhook_answers.append((number, answer.status_code))
            if answer.status_code < 300:
                self._pending.pop(number, None)
                return
        except httpx.HTTPError:
            self.webhook_answers.append((number, 0))
        await asyncio.sleep(0.1)

    def _wake(self) -> None:
        if self._loop and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._news.set)


class _Html(HTMLParser):
    """Telegram's HTML: few tags, all of them closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            raise RefusalError(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise RefusalError(400, f'Bad Request: can\'t parse entities: Unmatched end tag, found "</{tag}>"')

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _checked(arguments: dict[str, Any]) -> tuple[str, list[list[dict[str, Any]]]]:
    """Visible text and keyboard of a message. Raises RefusalError."""
    text = arguments.get("text") or ""
    if arguments.get("parse_mode") == "HTML" and ("<" in text or "&" in text):
        if "<" in _TAG.sub("", text):
            raise RefusalError(400, "Bad Request: can't parse entities: Unsupported start tag")
        parser = _Html()
        parser.feed(text)
        parser.close()
        if parser.open:
            raise RefusalError(400, f"Bad Request: can't parse entities: Can't find end tag of \"{parser.open[-1]}\"")
        text = "".join(parser.text)
    text = text.strip()
    if not text:
        raise RefusalError(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > LONGEST:
        raise RefusalError(400, "Bad Request: message is too long")
    return text, _keyboard(arguments)


def _keyboard(arguments: dict[str, Any]) -> list[list[dict[str, Any]]]:
    rows = (arguments.get("reply_markup") or {}).get("inline_keyboard") or []
    for row in rows:
        if len(row) > 8:
            raise RefusalError(400, "Bad Request: BUTTON_ROW_TOO_LONG")
        for button in row:
            if not 1 <= len(button.get("callback_data", "").encode()) <= 64:
                raise RefusalError(400, "Bad Request: BUTTON_DATA_INVALID")
            if not button.get("text"):
                raise RefusalError(400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed")
    return rows


def _arguments(request: Request, body: bytes) -> dict[str, Any]:
    """Arguments from the query, a form or JSON; values of a form may be JSON themselves."""
    if request.headers.get("content-type", "").startswith("application/json"):
        return dict(json.loads(body or b"{}"))
    pairs = [*request.query_params.items(), *parse_qsl(body.decode(), keep_blank_values=True)]
    found: dict[str, Any] = {}
    for name, value in pairs:
        is_json = name in ("reply_markup", "link_preview_options", "allowed_updates", "commands")
        found[name] = json.loads(value) if is_json else value
    return found


def _message(sent: Sent) -> dict[str, Any]:
    return {"message_id": sent.id, "date": int(time.time()), "chat": {"id": sent.chat_id, "type": "private"},
            "text": sent.text}  # fmt: skip


def _chat_of(update: dict[str, Any]) -> int:
    for value in update.values():
        if isinstance(value, dict):
            chat = value.get("chat") or (value.get("message") or {}).get("chat") or {}
            if isinstance(chat, dict) and isinstance(chat.get("id"), int):
                return int(chat["id"])
    return 0


def _refused(refusal: RefusalError) -> JSONResponse:
    data: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        data["parameters"] = refusal.parameters
    return JSONResponse(data, status_code=refusal.code)


def _failed(failure: Failure) -> Response:
    if failure.code == 0:
        return _Dropped()
    if failure.code == 429:
        wait = failure.retry_after
        return _refused(RefusalError(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait}))
    names = {403: "Forbidden: bot was blocked by the user", 400: "Bad Request: chat not found"}
    return _refused(RefusalError(failure.code, names.get(failure.code, "Internal Server Error")))


class _Dropped(Response):
    """The connection ends in the middle of the answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b'{"ok": tr', "more_body": True})
