"""The whole bot in this process, with the model that `make test` trained."""

import asyncio

import pytest

from bot.in_process import Bot, Said
from bot.model import current_model


class Talk:
    """Synchronous talks with the bot; its agent lives on one event loop."""

    def __init__(self, bot: Bot, loop: asyncio.AbstractEventLoop) -> None:
        self._bot = bot
        self._loop = loop

    def say(self, text: str, *, conversation: str | None = None) -> Said:
        return self._loop.run_until_complete(self._bot.say(text, conversation=conversation))

    def turns(self, *texts: str, conversation: str) -> list[Said]:
        return [self.say(text, conversation=conversation) for text in texts]


@pytest.fixture(scope="session")
def talk():
    model = current_model()
    assert model, "there is no model for the present content; run 'make train' first"
    loop = asyncio.new_event_loop()
    yield Talk(loop.run_until_complete(Bot.load(model)), loop)
    loop.close()
