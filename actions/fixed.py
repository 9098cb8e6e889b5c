"""Fixed texts: refusals, small talk, requests and pressed buttons."""

from __future__ import annotations

from actions.base import Events, SafeAction, Tracker, composer, decision, pressed
from bot.core.replies import Reply

ABOUT_LAST_ANSWER = {"requests/more", "requests/sources", "requests/author", "requests/up_to_date"}


class ActionFixed(SafeAction):
    """The text that belongs to the label of the message, or to the button that was pressed."""

    action_name = "action_fixed"

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """By label."""
        label = pressed(tracker, "label") or decision(tracker).get("label") or "unsure/first"
        if label in ABOUT_LAST_ANSWER:
            return composer().about_last(label, tracker.get_slot("last_topic")), []
        if label in ("requests/topics", "small_talk/what_can_you_do"):
            return composer().categories(), []
        return composer().fixed(label), []
