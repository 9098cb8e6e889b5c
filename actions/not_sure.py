"""What is said when the message was not understood well enough to answer."""

from __future__ import annotations

from actions.base import Events, SafeAction, Tracker, composer, decision
from bot.core.replies import Reply


class ActionClarify(SafeAction):
    """Two or three topics to choose from."""

    action_name = "action_clarify"

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """Choices in human words."""
        return composer().clarify(decision(tracker).get("choices") or []), []


class ActionUnsure(SafeAction):
    """Not understood."""

    action_name = "action_unsure"

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """The second time in a row a person is offered without being asked."""
        misses = int(tracker.get_slot("misses") or 0)
        return composer().unsure(decision(tracker).get("choices") or [], misses=misses), []


class ActionBadInput(SafeAction):
    """Nothing that could be a question."""

    action_name = "action_bad_input"

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """A text for each kind."""
        return composer().fixed(f"input/{decision(tracker).get('detail') or 'empty'}"), []


class ActionOtherLanguage(SafeAction):
    """A message in another language."""

    action_name = "action_other_language"

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """In that language."""
        return composer().other_language(str(decision(tracker).get("detail"))), []


class ActionWhichSma(SafeAction):
    """The letters SMA without anything that says which is meant."""

    action_name = "action_which_sma"

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """Ask."""
        return composer().fixed("out_of_scope/which_sma"), []
