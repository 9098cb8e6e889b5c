"""What the Telegram channel costs and survives: `python -m benchmarks.telegram [--updates 1000] [--kills 5]`.

1. Fuzz: updates of every odd shape, read in this process; counts unhandled exceptions.
2. Overhead: from an update's arrival to its reply in the outbox, without the turn itself, in this process.
3. Crashes: updates over many chats through the real Rasa process and a stand-in of the Bot API, with kill -9.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

QUESTIONS = ("how is spinraza given", "what is sma type 2", "thank you", "can i fly with a ventilator", "asdf")


def fuzz(count: int) -> dict[str, Any]:
    """Read updates made by changing real ones at random."""
    from bot.channels.telegram_incoming import Incoming, read_update

    chance = random.Random(20261122)
    junk = (None, True, -1, 2**70, 1.5, "", "\ud800", "x" * 9_000, [], {}, [[]], {"id": "5"}, float("inf"), "\x00")
    message = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "from": {"id": 5}, "text": "hello",
               "caption": "c", "photo": [{}], "edit_date": 2}  # fmt: skip
    shapes = (
        {"update_id": 1, "message": message}, {"update_id": 1, "edited_message": message},
        {"update_id": 1, "callback_query": {"id": "1", "data": "k", "from": {"id": 5}, "message": message}},
        {"update_id": 1, "my_chat_member": {"chat": {"id": 5}, "new_chat_member": {"status": "kicked"}}},
        {"update_id": 1, "channel_post": message},
    )  # fmt: skip
    faults: Counter[str] = Counter()
    for _ in range(count):
        update = json.loads(json.dumps(chance.choice(shapes)))
        for _ in range(chance.randint(1, 4)):
            place: Any = update
            while isinstance(place, dict) and place and chance.random() < 0.6:
                key = chance.choice(list(place))
                if not isinstance(place[key], dict):
                    break
                place = place[key]
            if isinstance(place, dict):
                place[chance.choice([*place, "new", "text"])] = chance.choice(junk)
        try:
            incoming = read_update(update)
            if incoming is not None:
                Incoming.from_json(incoming.to_json()).text.encode()
        except Exception as error:  # noqa: BLE001 - what is counted
            faults[type(error).__name__] += 1
    return {"updates": count, "unhandled": sum(faults.values()), "kinds": dict(faults)}


async def overhead(count: int, folder: Path) -> dict[str, Any]:
    """Milliseconds of the channel itself for each turn: everything around Rasa's handler and the send."""
    import os
    from contextlib import asynccontextmanager

    from cryptography.fernet import Fernet

    from bot.channels.telegram_service import TelegramService
    from bot.channels.telegram_texts import telegram_texts
    from bot.channels.turns import safety_net
    from bot.core.replies import Reply, ReplyKind
    from bot.core.settings import load_settings
    from bot.store.database import transaction, utc_now
    from bot.store.migrate import migrate
    from bot.store.tables import Message, new_conversation
    from bot.store.telegram import make_pooled_engine
    from tests.telegram.bot_api import TOKEN, BotApi

    engine = make_pooled_engine(f"sqlite:///{folder / 'overhead.db'}")
    migrate(engine)
    reply = Reply(ReplyKind.ANSWER, "An answer of some words. " * 20, title="A title").payload()
    spent: list[float] = []
    spent_cpu: list[float] = []

    def store(sender_id: str, key: str) -> None:
        with transaction(engine) as session:
            if not session.execute(Message.__table__.select().where(Message.conversation_id == sender_id)).first():
                session.add(new_conversation(sender_id, "telegram", utc_now()))
            for sender, payload in (("caregiver", {}), ("bot", reply)):
                said = Message(conversation_id=sender_id, turn_id=int(key[3:]), at=utc_now(), sender=sender, text="x",
                               kind=payload.get("kind"), payload=payload, delivery="sent",
                               client_message_id=key if sender == "caregiver" else None)  # fmt: skip
                session.add(said)

    async def handle(message: Any) -> None:
        started, cpu_started = time.perf_counter(), time.process_time()
        await asyncio.to_thread(store, message.sender_id, message.metadata["client_message_id"])
        spent.append(time.perf_counter() - started)
        spent_cpu.append(time.process_time() - cpu_started)

    @asynccontextmanager
    async def lock(_sender_id: str) -> Any:
        yield

    with BotApi() as api:
        environ = {**os.environ, "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": api.url, "TELEGRAM_MODE": "webhook",
                   "SMA_SECRET_KEY": "k", "SMA_DATA_KEY": Fernet.generate_key().decode(),
                   "TELEGRAM_MESSAGES_PER_MINUTE": "100000"}  # fmt: skip
        settings = load_settings(environ)
        service = TelegramService(engine, settings, safety_net(), telegram_texts(), handle, rasa_lock=lock)
        await service.start()
        whole: list[float] = []
        cpu: list[float] = []
        for number in range(1, count + 1):
            spent.clear()
            spent_cpu.clear()
            update = {"update_id": number, "message": {"message_id": number, "date": int(time.time()),
                      "chat": {"id": 7, "type": "private"}, "text": "what is sma"}}  # fmt: skip
            started, cpu_started = time.perf_counter(), time.process_time()
            await service.inbox.accept(update)
            await service.inbox.lanes.idle()
            whole.append((time.perf_counter() - started - sum(spent)) * 1000)
            cpu.append((time.process_time() - cpu_started - sum(spent_cpu)) * 1000)
            await service.sender.lanes.idle()
        await service.stop()
    ordered = sorted(whole)
    return {"turns": count, "median_ms": round(statistics.median(whole), 2),
        "median_cpu_ms": round(statistics.median(cpu), 2),
            "p95_ms": round(ordered[int(count * 0.95)], 2)}  # fmt: skip


def crashes(updates: int, chats: int, kills: int, folder: Path) -> dict[str, Any]:
    """Updates that were lost, answered twice or left without an answer."""
    from bot.channels.telegram_incoming import sender_id_of
    from tests.journeys.stack import run_stack
    from tests.telegram.bot_api import TOKEN, BotApi

    with BotApi() as api:
        environ = {"TELEGRAM_MODE": "polling", "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": api.url,
                   "TELEGRAM_MESSAGES_PER_MINUTE": "100000"}  # fmt: skip
        api.latency_s = 0.02
        with run_stack(folder, environ=environ) as stack:
            started = time.monotonic()
            sent: dict[int, int] = {}
            per_burst = updates // (kills + 1)
            asked: Counter[int] = Counter()
            for burst in range(kills + 1):
                for number in range(per_burst if burst < kills else updates - per_burst * kills):
                    chat = 1_000 + number % chats
                    sent[api.message(chat, text=QUESTIONS[(number + burst) % len(QUESTIONS)])] = chat
                    asked[chat] += 1
                if burst < kills:
                    before = len(api.sent)
                    target = before + per_burst // 3  # in the middle of the work
                    _wait(lambda: len(api.sent) >= target, 180)  # noqa: B023
                    stack.kill("rasa")
                    stack.start("rasa")
            _wait(lambda: not api.pending() and _waiting(stack.web) == {"updates": 0, "messages": 0}, 600)
            secret_key = stack.environ["SMA_SECRET_KEY"]
            with stack.engine.connect() as connection:
                rows = connection.exec_driver_sql(
                    "SELECT conversation_id, client_message_id, turn_id FROM messages WHERE sender = 'caregiver'"
                ).all()
                replies: Counter[tuple[str, int]] = Counter()
                for conversation_id, turn_id in connection.exec_driver_sql(
                    "SELECT conversation_id, turn_id FROM messages WHERE sender = 'bot'"
                ):
                    replies[conversation_id, turn_id] += 1
            turns = Counter(row.client_message_id for row in rows)
            in_chats = {chat: sum(not m.contact for m in api.in_chat(chat)) for chat in asked}
            stored = {chat: 0 for chat in asked}
            by_sender = {sender_id_of(chat, secret_key): chat for chat in asked}
            for (conversation_id, _turn_id), count in replies.items():
                stored[by_sender[conversation_id]] += count
            return {
                "updates": len(sent), "chats": chats, "kills": kills, "seconds": round(time.monotonic() - started),
                "turns_missing": sum(turns[f"tg:{number}"] == 0 for number in sent),
                "turns_twice": sum(count > 1 for count in turns.values()),
                "turns_without_reply": sum((row.conversation_id, row.turn_id) not in replies for row in rows),
                "messages_missing_in_chats": sum(max(0, stored[c] - in_chats[c]) for c in asked),
                "messages_twice_in_chats": sum(max(0, in_chats[c] - stored[c]) for c in asked),
            }  # fmt: skip


def _waiting(base: str) -> Mapping[str, int] | None:
    try:
        return httpx.get(f"{base}/webhooks/telegram/health", timeout=10).json().get("waiting")
    except httpx.HTTPError:
        return None


def _wait(is_so: Any, within_s: float) -> None:
    until = time.monotonic() + within_s
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)


def main() -> None:
    """Run all three and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=1000)
    parser.add_argument("--chats", type=int, default=50)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--fuzz", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=300)
    options = parser.parse_args()
    print("fuzz     ", json.dumps(fuzz(options.fuzz)), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        print("overhead ", json.dumps(asyncio.run(overhead(options.turns, Path(folder)))), flush=True)
        if options.updates:
            found = crashes(options.updates, options.chats, options.kills, Path(folder) / "stack")
            print("crashes  ", json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
