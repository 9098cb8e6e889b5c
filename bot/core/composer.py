"""Replies from content: the one place where a text becomes a Reply."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from bot.core.content import CONTENT_DIR, all_topics
from bot.core.errors import Fault, FaultsError
from bot.core.glossary import Glossary, Term
from bot.core.languages import Languages
from bot.core.replies import Button, Related, Reply, ReplyKind
from bot.core.topics import CATEGORY_TITLES, Topic, Topics, load_yaml

RELATED_SHOWN = 3
ASK_A_PERSON = "ask_a_person"
"""The line of content/disclaimers.yml that topics with `handoff: always` have on top of their own."""
TOPICS_A_PAGE = 8

# Names of buttons in content/replies.yml and what pressing one sends.
BUTTONS: Mapping[str, Button] = {
    "human": Button("Talk to a person", '/press{"label": "requests/human"}'),
    "topics": Button("Show all topics", "/show_topics"),
    "emergency": Button("Emergency numbers", '/press{"label": "requests/emergency_number"}'),
    "privacy": Button("What is stored about me", '/press{"label": "requests/privacy"}'),
    "none": Button("None of these", '/press{"label": "requests/none_of_these"}'),
    # of the talk before a hand-off (bot/core/handoff_talk.py)
    "last_question": Button("Pass on my last question", '/press{"label": "handoff/last_question"}'),
    "skip": Button("Skip this", '/press{"label": "handoff/skip"}'),
    "yes": Button("Yes, send it", '/press{"label": "handoff/yes"}'),
    "no": Button("No, don't send it", '/press{"label": "handoff/no"}'),
    "stop": Button("Stop", '/press{"label": "handoff/cancel"}'),
    "withdraw": Button("Take my request back", '/press{"label": "handoff/withdraw"}'),
    "helped_yes": Button("Yes, it helped", '/press{"label": "handoff/helped_yes"}'),
    "helped_no": Button("Not really", '/press{"label": "handoff/helped_no"}'),
}


def topic_payload(topic: str) -> str:
    """What choosing a topic sends."""
    return f"/choose_topic{json.dumps({'topic': topic})}"


def category_payload(category: str) -> str:
    """What choosing a category sends."""
    return f"/show_topics{json.dumps({'category': category})}"


@dataclass(frozen=True)
class FixedReply:
    """One entry of content/replies.yml."""

    kind: ReplyKind
    text: str
    buttons: Sequence[str]


def load_fixed_replies(path: Path) -> dict[str, FixedReply]:
    """All fixed replies by label. Raises FaultsError with every fault."""
    faults, replies = [], {}
    for label, row in load_yaml(path).items():
        try:
            buttons = tuple(row.get("buttons") or ())
            replies[label] = FixedReply(ReplyKind(row["kind"]), str(row["text"]).strip(), buttons)
            unknown = set(buttons) - set(BUTTONS)
            if unknown:
                raise ValueError(f"unknown buttons {', '.join(sorted(unknown))}")
        except (KeyError, ValueError, AttributeError) as error:
            faults.append(Fault(str(path), f"{label}: {error}", "give it kind, text and known buttons"))
    if faults:
        raise FaultsError(faults)
    return replies


@dataclass(frozen=True)
class ApprovalState:
    """Whether a clinician has approved the version of a topic that is shown."""

    status: str
    on: date | None = None


def not_approved(topic: Topic) -> ApprovalState:
    """What holds without a database of approvals."""
    return ApprovalState("draft")


class Composer:
    """Turns topics, glossary terms and fixed texts into replies."""

    def __init__(
        self,
        topics: Topics,
        disclaimers: Mapping[str, str],
        replies: Mapping[str, FixedReply],
        glossary: Glossary,
        languages: Languages,
        *,
        approval_of: Callable[[Topic], ApprovalState] = not_approved,
    ) -> None:
        self.topics = topics
        self._disclaimers = disclaimers
        self._replies = replies
        self._glossary = glossary
        self._languages = languages
        self._approval_of = approval_of

    @classmethod
    def load(cls, *, approval_of: Callable[[Topic], ApprovalState] = not_approved) -> Composer:
        """With all content of the checkout."""
        return cls(
            all_topics(),
            load_yaml(CONTENT_DIR / "disclaimers.yml")["disclaimers"],
            load_fixed_replies(CONTENT_DIR / "replies.yml"),
            Glossary.load(CONTENT_DIR / "glossary.yml"),
            Languages.load(CONTENT_DIR / "languages.yml"),
            approval_of=approval_of,
        )

    def answer(self, topic_id: str) -> Reply:
        """The curated answer of a topic. Raises KeyError for a topic that does not exist."""
        topic = self.topics[topic_id]
        approval = self._approval_of(topic)
        related = [Related(r, self.topics[r].title) for r in topic.related if r in self.topics][:RELATED_SHOWN]
        buttons = [Button(r.title, topic_payload(r.topic)) for r in related]
        disclaimer = self._disclaimers[topic.disclaimer]
        if topic.handoff == "always":
            # A matter that nobody should be left alone with: the bot asks for the person's yes by itself.
            buttons.insert(0, BUTTONS["human"])
            disclaimer = f"{disclaimer} {self._disclaimers[ASK_A_PERSON]}"
        elif topic.handoff == "offer":
            buttons.append(BUTTONS["human"])
        terms = [{"term": term.term, "definition": term.definition} for term in self._glossary.terms_in(topic.answer)]
        return Reply(
            kind=ReplyKind.ANSWER,
            text=topic.answer,
            topic=topic.id,
            title=topic.title,
            disclaimer=disclaimer,
            sources=topic.sources,
            reviewed=approval.on.isoformat() if approval.on else None,
            review_status=approval.status,
            content_version=topic.version,
            as_of=topic.as_of.isoformat() if topic.as_of else None,
            related=related,
            buttons=buttons,
            extra={"terms": terms, "handoff": topic.handoff},
        )

    def definition(self, term: Term) -> Reply:
        """A glossary term, with the topic that treats it."""
        topic = self.topics.get(term.topic)
        titles = [Related(t, self.topics[t].title) for t in (term.topic, *term.see) if t in self.topics]
        return Reply(
            kind=ReplyKind.ANSWER,
            text=f"{term.term}: {term.definition}",
            topic=term.topic,
            title=term.term,
            disclaimer=self._disclaimers[topic.disclaimer if topic else "general"],
            sources=[term.source],
            review_status="draft",
            related=titles[:RELATED_SHOWN],
            buttons=[Button(r.title, topic_payload(r.topic)) for r in titles[:RELATED_SHOWN]] + [BUTTONS["human"]],
            extra={"glossary": term.id},
        )

    def term(self, term_id: str) -> Term:
        """A glossary term by id. Raises KeyError."""
        found = next((term for term in self._glossary.terms if term.id == term_id), None)
        if found is None:
            raise KeyError(term_id)
        return found

    def fixed(self, label: str) -> Reply:
        """A fixed text by its label; an unknown label gets the first "not sure"."""
        row = self._replies.get(label) or self._replies["unsure/first"]
        return Reply(kind=row.kind, text=row.text, buttons=[BUTTONS[name] for name in row.buttons],
                     extra={"label": label})  # fmt: skip

    def clarify(self, choices: Sequence[str]) -> Reply:
        """Two or three topics to choose from, in human words."""
        titles = [Related(t, self.topics[t].title) for t in choices if t in self.topics]
        ask = self.fixed("clarify/ask")
        buttons = [Button(r.title, topic_payload(r.topic)) for r in titles] + list(ask.buttons)
        listed = "\n".join(f"- {r.title}" for r in titles)
        return replace(ask, text=f"{ask.text}\n\n{listed}", buttons=buttons, related=titles,
                       extra={"lead": ask.text})  # fmt: skip

    def unsure(self, choices: Sequence[str], *, misses: int) -> Reply:
        """Not understood; the second time in a row a person is offered without being asked."""
        reply = self.fixed("unsure/second" if misses >= 1 else "unsure/first")
        near = [Button(self.topics[t].title, topic_payload(t)) for t in choices[:2] if t in self.topics]
        return replace(reply, buttons=[*near, *reply.buttons] if misses < 1 else list(reply.buttons))

    def other_language(self, code: str) -> Reply:
        """The reply in the person's language, or the English one for a language without a text."""
        language = self._languages.get(code)
        if language is None:
            reply = self.fixed("unsure/first")
            text = "I can only answer in English for now. In an emergency, call your local emergency number now. "
            return replace(reply, text=text + "If you like, I can pass your question on to a person.",
                           buttons=[BUTTONS["human"]])  # fmt: skip
        human = Button(language.human_button, BUTTONS["human"].payload)
        return Reply(kind=ReplyKind.UNSURE, text=language.reply, buttons=[human, BUTTONS["emergency"]],
                     extra={"language": code, "rtl": language.rtl})  # fmt: skip

    def categories(self) -> Reply:
        """All categories as buttons."""
        reply = self.fixed("requests/topics")
        buttons = [Button(CATEGORY_TITLES.get(c, c), category_payload(c)) for c in self.topics.categories()]
        return replace(reply, buttons=[*buttons, BUTTONS["human"]])

    def category(self, category: str) -> Reply:
        """The topics of one category as buttons; an unknown category gets all categories."""
        topics = self.topics.categories().get(category)
        if not topics:
            return self.categories()
        buttons = [Button(topic.title, topic_payload(topic.id)) for topic in topics]
        title = CATEGORY_TITLES.get(category, category)
        return Reply(kind=ReplyKind.SMALL_TALK, text=f"{title}: choose a topic.", title=title,
                     buttons=[*buttons, BUTTONS["topics"]])  # fmt: skip

    def about_last(self, label: str, topic_id: str | None) -> Reply:
        """More, sources, author or date of the last answer."""
        if topic_id not in self.topics:
            return self.fixed("context/none")
        full = self.answer(str(topic_id))
        if label == "requests/sources":
            text = f"The answer on “{full.title}” rests on the sources below."
            return replace(full, text=text, buttons=[BUTTONS["human"]], related=())
        if label == "requests/author":
            lead = self.fixed(label).text
            return replace(full, text=lead, buttons=[BUTTONS["human"]], related=())
        if label == "requests/up_to_date":
            dated = f"Its facts were checked as of {full.as_of}. " if full.as_of else ""
            text = f"About the answer on “{full.title}”: {dated}{self.fixed(label).text}"
            return replace(full, text=text, buttons=[BUTTONS["human"]], related=())
        terms = full.extra.get("terms") or []
        explained = "".join(f"\n- {row['term']}: {row['definition']}" for row in terms)
        text = f"That is all of my text on “{full.title}”."
        if explained:
            text += f" Some of its words in short:\n{explained}"
        text += "\n\nThese topics are close to it, and a person from the team can explain more."
        return replace(full, text=text)
