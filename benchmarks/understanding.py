"""How messages are understood: thresholds by cost, our views one by one, and other pipelines on the same split.

    python -m benchmarks.understanding [FILE.jsonl ...] [--diet] [--banking77 FOLDER] [--png FILE]

Messages: the holdouts of all topics and other labels, which nothing is trained on, and labelled messages in the format
of `python -m bot evaluate` where files are given. The curve (`docs/images/gate.png`) sets the share of wrong answers
against the share of questions that are not answered at once, for each threshold `answer` of the gate; the thresholds of
config.yml are marked and printed. The rest of the pipeline (the second ranking, names of other illnesses, glossary, red
flags) is left out.

`--diet` trains Rasa's default pipeline on ten examples a topic, beside ours and TF-IDF with logistic regression on the
same examples (about ten minutes on two cores). `--banking77` names a folder with `train.csv` and `test.csv` (columns
text and category) and measures 10 examples an intent, the first ten of each in the file.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from benchmarks.stock import CONFIG
from bot.core.content import CONTENT_DIR, NLU_DIR, all_topics
from bot.core.gate import TOPIC_GROUP, Intent, Ranking, Thresholds, decide
from bot.core.normal import clean
from bot.core.settings import ROOT, load_settings
from bot.core.topics import INTENT_PREFIX, load_yaml
from bot.core.vocabulary import Vocabulary
from bot.nlu.content_importer import labelled_examples
from bot.nlu.encoder_files import load_encoder
from bot.nlu.message_model import LABELS, MessageModel, Shape
from bot.nlu.vector_cache import CACHE, encode_cached

EXAMPLES_A_TOPIC = 10
DIET_EPOCHS = 100
"""Rasa's default."""
STEPS = np.arange(20, 96, 5) / 100


@dataclass(frozen=True)
class Labelled:
    """A message and what is right for it: a topic, or the group of another label."""

    text: str
    topic: str | None
    group: str


def holdouts() -> Iterator[Labelled]:
    """Real wordings that nothing is trained on."""
    for topic in all_topics().values():
        for text in topic.holdout:
            yield Labelled(clean(text), topic.id, TOPIC_GROUP)
    for path in sorted(NLU_DIR.glob("*.yml")):
        for label, texts in (load_yaml(path).get("holdout") or {}).items():
            for text in texts:
                yield Labelled(clean(str(text)), None, label.split("/", 1)[0])


def labelled_file(path: Path) -> Iterator[Labelled]:
    """Single messages of a file for `python -m bot evaluate` that expect an answer, a refusal or out of scope."""
    kinds = {"answer": TOPIC_GROUP, "out_of_scope": "out_of_scope", "clinical_decision": "clinical_decision"}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        expected = row.get("expect") or {}
        if "text" in row and expected.get("kind") in kinds:
            yield Labelled(clean(row["text"]), expected.get("topic"), kinds[expected["kind"]])


class Ours:
    """The message model, without the rest of the pipeline."""

    def __init__(self, shape: Shape | None = None) -> None:
        settings = load_settings()
        self._encoder = load_encoder(settings.sma_encoder_dir, check_sums=settings.sma_encoder_check)
        self._model = MessageModel(Vocabulary.load(CONTENT_DIR / "vocabulary.yml"), shape)

    def train(self, texts: Sequence[str], labels: Sequence[str]) -> Ours:
        """On texts and their labels."""
        cache = CACHE / "benchmark.npz"
        self._model.fit(texts, encode_cached(self._encoder, texts, path=cache), {LABELS: labels})
        return self

    def rank(self, texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """Labels and their probabilities of shape (texts, labels)."""
        rows = [self._model.rank([text], self._encoder.encode([text]))[LABELS][0] for text in texts]
        return self._model.names(), np.stack(rows)


class Tfidf:
    """Words and character n-grams, logistic regression."""

    def __init__(self) -> None:
        views = make_union(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
                           TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True))  # fmt: skip
        self._model = make_pipeline(views, LogisticRegression(C=20.0, max_iter=100, tol=1e-2))

    def train(self, texts: Sequence[str], labels: Sequence[str]) -> Tfidf:
        """On texts and their labels."""
        self._model.fit(texts, labels)
        return self

    def rank(self, texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """Labels and their probabilities of shape (texts, labels)."""
        return list(self._model.classes_), self._model.predict_proba(texts)


class Diet:
    """Rasa's default pipeline, trained in a folder of its own."""

    def train(self, texts: Sequence[str], labels: Sequence[str]) -> Diet:
        """On texts and their labels."""
        self._intents = {label: f"i{number}" for number, label in enumerate(sorted(set(labels)))}
        by_label = defaultdict(list)
        for text, label in zip(texts, labels):
            by_label[label].append(text)
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        pipeline = CONFIG.format(epochs=DIET_EPOCHS).split("- name: FallbackClassifier")[0]
        (folder / "config.yml").write_text(pipeline)
        blocks = [f"- intent: {self._intents[label]}\n  examples: |\n" + "".join(f"    - {t}\n" for t in rows)
                  for label, rows in by_label.items()]  # fmt: skip
        (folder / "nlu.yml").write_text("version: '3.1'\nnlu:\n" + "".join(blocks))
        command = [sys.executable, "-m", "rasa", "train", "nlu", "--config", "config.yml", "--nlu", "nlu.yml",
                   "--out", "models"]  # fmt: skip
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return self

    def rank(self, texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """Labels and their probabilities of shape (texts, labels)."""
        from rasa.core.agent import Agent

        agent = Agent.load(str(next(Path(self._folder.name, "models").glob("*.tar.gz"))))
        places = {intent: place for place, intent in enumerate(self._intents.values())}
        p = np.zeros((len(texts), len(places)))

        async def parse() -> None:
            for row, text in enumerate(texts):
                for found in (await agent.parse_message(text)).get("intent_ranking", ()):
                    if found["name"] in places:
                        p[row, places[found["name"]]] = found["confidence"]

        asyncio.run(parse())
        return list(self._intents), p


def hits(labels: Sequence[str], p: np.ndarray, right: Sequence[str]) -> tuple[float, float]:
    """Shares of messages whose right label is first, and among the first three."""
    best = np.argsort(-p, axis=1)[:, :3]
    found = [[labels[i] == label for i in row] for row, label in zip(best, right)]
    return float(np.mean([row[0] for row in found])), float(np.mean([any(row) for row in found]))


@dataclass(frozen=True)
class Point:
    """What one setting of the gate does with all messages."""

    answer: float
    wrong: float
    """Share of all messages that get an answer which is not theirs."""
    unanswered: float
    """Share of the topics' questions that are not answered at once."""


def gate_points(
    labels: Sequence[str], p: np.ndarray, messages: Sequence[Labelled], thresholds: Thresholds
) -> Iterator[Point]:
    """The gate at each step of `answer`; its other thresholds as they are, `clear` never below it."""
    groups = np.array([label.split("/", 1)[0] for label in labels])
    rankings = []
    for row in p:
        order = np.argsort(-row)[:8]
        sums = {str(group): float(row[groups == group].sum()) for group in set(groups)}
        rankings.append(Ranking([(labels[i], float(row[i])) for i in order], sums))
    for answer in sorted({*STEPS.tolist(), thresholds.answer}):
        setting = replace(thresholds, answer=answer, clear=max(thresholds.clear, answer))
        decisions = [decide(ranking, setting) for ranking in rankings]
        wrong = [d.intent is Intent.FAQ and d.topic != m.topic for d, m in zip(decisions, messages)]
        waiting = [d.intent is not Intent.FAQ for d, m in zip(decisions, messages) if m.topic]
        yield Point(answer, float(np.mean(wrong)), float(np.mean(waiting)))


def draw(curves: dict[str, list[Point]], chosen: float, path: Path) -> None:
    """The curve as a picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), dpi=120)
    for name, points in curves.items():
        axes.plot([100 * p.unanswered for p in points], [100 * p.wrong for p in points], marker=".", label=name)
        mark = next(p for p in points if p.answer == chosen)
        axes.plot([100 * mark.unanswered], [100 * mark.wrong], "o", markersize=9, fillstyle="none", color="black")
        axes.annotate(f"answer = {mark.answer:.2f}", (100 * mark.unanswered, 100 * mark.wrong),
                      textcoords="offset points", xytext=(8, 8), fontsize=8)  # fmt: skip
    axes.set_xlabel("questions of topics not answered at once (%)")
    axes.set_ylabel("wrong answers (% of all messages)")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def banking77(folder: Path) -> Iterator[tuple[str, float]]:
    """Accuracy of each pipeline with ten examples an intent."""

    def rows(name: str) -> list[tuple[str, str]]:
        with (folder / name).open(newline="", encoding="utf-8") as lines:
            return [(row["text"].strip(), row["category"]) for row in csv.DictReader(lines)]

    chosen = list(first_of_each(rows("train.csv"), EXAMPLES_A_TOPIC))
    test = rows("test.csv")
    for name, model in (("ours", Ours()), ("TF-IDF", Tfidf())):
        model.train([text for text, _ in chosen], [label for _, label in chosen])
        yield name, hits(*model.rank([text for text, _ in test]), [label for _, label in test])[0]


def first_of_each(rows: Iterable[tuple[str, str]], most: int) -> Iterator[tuple[str, str]]:
    """The first `most` texts of each label."""
    seen: dict[str, int] = defaultdict(int)
    for text, label in rows:
        seen[label] += 1
        if seen[label] <= most:
            yield text, label


def gate_thresholds() -> Thresholds:
    """As config.yml has them."""
    pipeline = load_yaml(ROOT / "config.yml")["pipeline"]
    found = next(step for step in pipeline if step["name"].endswith(".Gate"))
    return Thresholds(**{key: value for key, value in found.items() if key != "name"})


def model_shape() -> Shape:
    """As config.yml has it."""
    pipeline = load_yaml(ROOT / "config.yml")["pipeline"]
    found = next(step for step in pipeline if step["name"].endswith(".LabelClassifier"))
    return Shape(**{key: value for key, value in found.items() if key != "name"})


def report_views(texts: list[str], labels: list[str], sets: dict[str, list[Labelled]]) -> tuple[list[str], dict]:
    """Print each view alone and together; returns the labels and probabilities of all together."""
    shape = model_shape()
    views: dict[str, Callable[[], Ours]] = {
        "logistic regression alone": lambda: Ours(replace(shape, neighbour_weight=0.0)),
        "vote of the nearest examples alone": lambda: Ours(replace(shape, neighbour_weight=1.0)),
        "averaged, as in config.yml": lambda: Ours(shape),
    }
    print(f"\nRight topic at 1 / at 3, all {len(texts)} examples of {len(set(labels))} labels")
    for name, make in views.items():
        started = time.perf_counter()
        model = make().train(texts, labels)
        seconds = time.perf_counter() - started
        ranked = {key: model.rank([m.text for m in messages]) for key, messages in sets.items()}
        print(f"  {name:<48}{scores(ranked, sets)}   trained in {seconds:.0f} s", flush=True)
    found, _ = next(iter(ranked.values()))
    return found, {key: p for key, (_, p) in ranked.items()}


def scores(ranked: dict[str, tuple[list[str], np.ndarray]], sets: dict[str, list[Labelled]]) -> str:
    """One line: each set's hits among its topics' questions."""
    parts = []
    for key, messages in sets.items():
        labels, p = ranked[key]
        topics = [i for i, label in enumerate(labels) if label.startswith(INTENT_PREFIX)]
        rows = [row for row, m in enumerate(messages) if m.topic]
        at_1, at_3 = hits([labels[i] for i in topics], p[rows][:, topics],
                          [f"{INTENT_PREFIX}{messages[row].topic}" for row in rows])  # fmt: skip
        parts.append(f"{key} {at_1:.1%} / {at_3:.1%}")
    return "   ".join(parts)


def report_pipelines(texts: list[str], labels: list[str], sets: dict[str, list[Labelled]], *, diet: bool) -> None:
    """Print ours beside other pipelines on ten examples a topic."""
    topics = [(text, label) for text, label in zip(texts, labels) if label.startswith(INTENT_PREFIX)]
    chosen = list(first_of_each(topics, EXAMPLES_A_TOPIC))
    print(f"\nRight topic at 1 / at 3, the first {EXAMPLES_A_TOPIC} examples of each topic ({len(chosen)} in all)")
    pipelines: dict[str, Callable[[], Ours | Tfidf | Diet]] = {"ours": Ours, "TF-IDF, logistic regression": Tfidf}
    if diet:
        pipelines[f"Rasa's default (DIET, {DIET_EPOCHS} epochs)"] = Diet
    for name, make in pipelines.items():
        started = time.perf_counter()
        model = make().train([text for text, _ in chosen], [label for _, label in chosen])
        seconds = time.perf_counter() - started
        ranked = {key: model.rank([m.text for m in messages]) for key, messages in sets.items()}
        print(f"  {name:<48}{scores(ranked, sets)}   trained in {seconds:.0f} s", flush=True)


def main() -> None:
    """Print the tables and write the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.understanding", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--diet", action="store_true")
    parser.add_argument("--banking77", type=Path)
    parser.add_argument("--png", type=Path, default=ROOT / "docs" / "images" / "gate.png")
    asked = parser.parse_args()
    examples = [(clean(text), label) for text, label in labelled_examples()]
    texts, labels = [text for text, _ in examples], [label for _, label in examples]
    sets = {"holdouts": list(holdouts())}
    if asked.files:
        sets["files"] = [message for path in asked.files for message in labelled_file(path)]
    found, ranked = report_views(texts, labels, sets)
    thresholds = gate_thresholds()
    print(f"\nThe gate with config.yml's other thresholds ({vars(thresholds)})")
    print(f"  {'answer':>8}" + "".join(f"{key + ' wrong':>18}{'not at once':>14}" for key in sets))
    curves = {key: list(gate_points(found, ranked[key], sets[key], thresholds)) for key in sets}
    for points in zip(*curves.values()):
        mark = "  <- config.yml" if points[0].answer == thresholds.answer else ""
        print(f"  {points[0].answer:>8.2f}" + "".join(f"{p.wrong:>18.1%}{p.unanswered:>14.1%}" for p in points) + mark)
    draw(curves, thresholds.answer, asked.png)
    print(f"  drawn in {asked.png}")
    report_pipelines(texts, labels, sets, diet=asked.diet)
    if asked.banking77:
        print("\nBANKING77, the first ten examples of each intent: accuracy")
        for name, accuracy in banking77(asked.banking77):
            print(f"  {name:<48}{accuracy:.1%}")


if __name__ == "__main__":
    main()
