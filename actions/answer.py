"""Answers: from the classifier, the glossary or a pressed topic."""

from __future__ import annotations

from actions.base import Events, SafeAction, Tracker, composer, decision, pressed
from bot.core.replies import Reply


class ActionAnswer(SafeAction):
    """The curated answer of the topic that the message is about."""

    action_name = "action_answer"

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """A glossary term where one was asked for, else the topic."""
        chosen = decision(tracker)
        if chosen.get("via") == "glossary":
            return composer().definition(composer().term(chosen["detail"])), []
        return composer().answer(chosen["topic"]), []


class ActionChooseTopic(SafeAction):
    """A topic that was pressed as a button."""

    action_name = "action_choose_topic"

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """Unknown topics come only from a forged payload, and get the list."""
        topic = pressed(tracker, "topic") or ""
        return (composer().answer(topic) if topic in composer().topics else composer().categories()), []


class ActionShowTopics(SafeAction):
    """The list of categories, or of the topics in one."""

    action_name = "action_show_topics"

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """With the category that was pressed."""
        category = pressed(tracker, "category")
        return (composer().category(category) if category else composer().categories()), []
