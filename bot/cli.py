"""`python -m bot …`: check, ask, evaluate, new-topic, doctor and the rest."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import date
from pathlib import Path

import typer

from bot.cli_staff import audit, users
from bot.cli_telegram import app as telegram_app
from bot.core.errors import FaultsError
from bot.core.settings import ROOT

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(telegram_app, name="telegram")
app.add_typer(users, name="users")
app.add_typer(audit, name="audit")


@app.callback()
def options() -> None:
    """Commands of SMA Companion."""


@app.command()
def check() -> None:
    """Check every content file; all faults at once, each with its cure."""
    from bot.core.content import all_topics, check_content, relative

    faults = check_content(today=date.today())
    for fault in faults:
        typer.echo(relative(str(fault)))
    if faults:
        typer.echo(f"{len(faults)} faults.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{len(all_topics())} topics, no faults.")


@app.command()
def train(force: bool = typer.Option(False, help="Train even when the model fits.")) -> None:
    """Train the model, unless the current one fits the content."""
    from bot.model import current_model
    from bot.model import train as train_model

    found = None if force else current_model()
    if found:
        typer.echo(f"The model {found.name} fits the content; nothing to train.")
        return
    started = time.perf_counter()
    typer.echo("training …")
    path = train_model(force=force)
    typer.echo(f"Trained {path.name} in {time.perf_counter() - started:.0f} s.")


@app.command()
def vectors() -> None:
    """Move the vectors of new examples to data/vectors/, so that a fresh checkout need not work them out."""
    from bot.model import train as train_model
    from bot.nlu import vector_cache

    train_model()
    added = vector_cache.keep(vector_cache.OF_TRAINING)
    typer.echo(f"{added} vectors added to {vector_cache.KEPT.relative_to(ROOT)}/.")


@app.command()
def migrate() -> None:
    """Bring the database to the present shape."""
    from bot.store.migrate import main as migrate_database

    migrate_database()
    typer.echo("The database is up to date.")


@app.command()
def run() -> None:
    """Start everything: migrate, train if needed, then Rasa, the action server and the console, until Ctrl-C."""
    from bot.supervise import run as run_all

    raise typer.Exit(run_all())


@app.command()
def ask(text: list[str] = typer.Argument(..., help="The question; several are asked one after the other.")) -> None:
    """Ask the bot in this process (nothing has to run, nothing is stored)."""
    from bot.chat import show
    from bot.in_process import Bot
    from bot.model import train as train_model

    async def ask_all() -> None:
        bot = await Bot.load(train_model())
        for one in text:
            said = await bot.say(one, conversation="ask")
            for reply in said.replies:
                show(reply)

    asyncio.run(ask_all())


@app.command()
def chat() -> None:
    """Talk to the running bot in the terminal."""
    from bot.chat import talk

    raise typer.Exit(talk())


@app.command()
def evaluate(
    files: list[Path] = typer.Argument(..., help="Files of labelled messages, one JSON object a line."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Measure against labelled messages: topics, refusals, red flags, and every miss."""
    from bot.evaluation import evaluate_files

    typer.echo(evaluate_files(files, as_json=as_json))


@app.command("new-topic")
def new_topic(topic: str = typer.Argument(..., help="<category>.<topic>, for example breathing.oximeter")) -> None:
    """Write a valid starting file for a topic."""
    from bot.core.content import relative
    from bot.core.new_topic import write_new_topic

    path = write_new_topic(topic, today=date.today())
    typer.echo(f"Wrote {relative(str(path))}. Fill it in, then run 'make check'.")


@app.command("content-review")
def content_review() -> None:
    """Write docs/content-review.md: what of the content a person has still to look at."""
    from bot.core.content import CONTENT_DIR, TOPICS_DIR, relative
    from bot.core.content_review import PAGE, as_markdown, read_review

    PAGE.write_text(as_markdown(read_review(topics_dir=TOPICS_DIR, content_dir=CONTENT_DIR)), encoding="utf-8")
    typer.echo(f"Wrote {relative(str(PAGE))}.")


@app.command()
def validate() -> None:
    """Rasa's own check of training data and rules; any warning fails."""
    from bot.model import validate_data

    validate_data()
    typer.echo("Rasa's training data and rules are valid.")


@app.command()
def erase(conversation: str = typer.Argument(..., help="The conversation's id.")) -> None:
    """Erase everything that is stored of one conversation."""
    from bot.store.erasure import main as erase_one

    raise typer.Exit(erase_one(conversation))


@app.command()
def retain() -> None:
    """Erase conversations older than SMA_RETENTION_DAYS (the web channel does it once a day by itself)."""
    from bot.store.retention import main as retain_all

    retain_all()


@app.command()
def export(conversation: str = typer.Argument(..., help="The conversation's id.")) -> None:
    """Print everything that is stored of one conversation, as JSON."""
    from bot.store.export import main as export_one

    raise typer.Exit(export_one(conversation))


@app.command()
def settings() -> None:
    """Every setting with its default, in the shape of .env.example."""
    from bot.core.settings import example_file

    typer.echo(example_file(), nl=False)


@app.command()
def doctor() -> None:
    """What is installed and in use, and whether database and ports answer."""
    from bot.doctor import examine

    lines, is_well = examine()
    for line in lines:
        typer.echo(line)
    raise typer.Exit(0 if is_well else 1)


def main() -> None:
    """Entry point: a fault becomes a line that says what, where and what to do, and a non-zero exit."""
    try:
        app()
    except FaultsError as error:
        from bot.core.content import relative

        for fault in error.faults:
            print(relative(str(fault)), file=sys.stderr)
        sys.exit(2)
