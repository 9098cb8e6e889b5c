"""`python -m bot …`: check, ask, evaluate, new-topic, doctor and the rest."""

from __future__ import annotations

import sys
from datetime import date

import typer

from bot.core.errors import FaultsError

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)


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


def main() -> None:
    """Entry point: a fault becomes a line that says what, where and what to do, and a non-zero exit."""
    try:
        app()
    except FaultsError as error:
        from bot.core.content import relative

        for fault in error.faults:
            print(relative(str(fault)), file=sys.stderr)
        sys.exit(2)
