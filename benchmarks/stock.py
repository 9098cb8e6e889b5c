"""A stock Rasa bot beside ours: Rasa's default configuration, the same topics, the same action server.

It is built in a scratch folder from our topic files as they are (plain Rasa training data): Rasa's default pipeline
with DIET and its default policies, one rule for all topics, and our action server behind it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.core.content import all_topics

CONFIG = """recipe: default.v1
assistant_id: stock
language: en
pipeline:
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
  epochs: {epochs}
  constrain_similarities: true
- name: EntitySynonymMapper
- name: FallbackClassifier
  threshold: 0.3
  ambiguity_threshold: 0.1
policies:
- name: MemoizationPolicy
- name: RulePolicy
- name: UnexpecTEDIntentPolicy
  max_history: 5
  epochs: {epochs}
- name: TEDPolicy
  max_history: 5
  epochs: {epochs}
  constrain_similarities: true
"""
STORY = """version: "3.1"
stories:
- story: two questions
  steps:
  - intent: {first}
  - action: action_fixed
  - intent: {second}
  - action: action_fixed
rules:
- rule: not understood
  steps:
  - intent: nlu_fallback
  - action: action_unsure
"""
EXAMPLES_A_TOPIC = 6
"""DIET with all of our examples would train for hours; speed does not depend on their number."""


def write_stock_bot(folder: Path, *, epochs: int) -> None:
    """Write domain, configuration and data of the stock bot into a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    intents = [topic.id.replace(".", "__") for topic in all_topics().values()]
    (folder / "config.yml").write_text(CONFIG.format(epochs=epochs))
    (folder / "domain.yml").write_text(
        "version: '3.1'\nintents:\n"
        + "".join(f"- {intent}\n" for intent in [*intents, "nlu_fallback"])
        + "actions:\n- action_fixed\n- action_unsure\nsession_config:\n  session_expiration_time: 60\n"
        "  carry_over_slots_to_new_session: true\n"
    )
    rules = "".join(f"- rule: {i}\n  steps:\n  - intent: {i}\n  - action: action_fixed\n" for i in intents)
    (folder / "stories.yml").write_text(STORY.format(first=intents[0], second=intents[1]) + rules)
    nlu = ["version: '3.1'", "nlu:"]
    for topic in all_topics().values():
        nlu += [f"- intent: {topic.id.replace('.', '__')}", "  examples: |"]
        nlu += [f"    - {text}" for text in topic.examples[:EXAMPLES_A_TOPIC]]
    (folder / "nlu.yml").write_text("\n".join(nlu) + "\n")
    (folder / "credentials.yml").write_text("rest:\n")
