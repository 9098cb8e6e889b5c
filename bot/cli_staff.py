"""`python -m bot users …` and `python -m bot audit …`."""

from __future__ import annotations

from typing import Any

import typer

from bot.core.errors import fail
from bot.core.roles import Role, parse_roles

users = typer.Typer(no_args_is_help=True, help="Members of staff: add, disable, enable, reset, list.")
audit = typer.Typer(no_args_is_help=True, help="The record of who did and saw what.")
ACTOR = "command line"
ROLE_OPTION = f"One of {', '.join(role.value for role in Role)}; may be given several times."


@users.command("add")
def add(
    email: str = typer.Argument(..., help="E-mail address to sign in with."),
    name: str = typer.Option(..., help="Name, as caregivers will see it."),
    title: str = typer.Option(..., help="What they are, as caregivers will see it: nurse, coordinator …"),
    role: list[str] = typer.Option(..., help=ROLE_OPTION),
) -> None:
    """Add somebody and print the one-time link to pass on."""
    from bot.store.staff import add_user

    settings, engine = _open()
    try:
        roles = parse_roles(role)
    except ValueError as error:
        raise fail("--role", str(error).split(";")[0], str(error).split("; ", 1)[1]) from error
    member = add_user(engine, email=email, name=name, title=title, roles=roles)
    _record(engine, "user.added", member.id, roles=sorted(r.value for r in roles))
    _print_link(settings, engine, member.id)


@users.command("reset")
def reset(email: str = typer.Argument(..., help="E-mail address of the account.")) -> None:
    """A new one-time link; signed out everywhere, and unlocked."""
    from bot.store.sessions import end_sessions_of
    from bot.store.sign_in import forget_failures

    settings, engine = _open()
    member = _find(engine, email)
    _record(engine, "user.reset", member.id)
    end_sessions_of(engine, member.id)
    forget_failures(engine, member.email)
    _print_link(settings, engine, member.id)


@users.command("disable")
def disable(email: str = typer.Argument(..., help="E-mail address of the account.")) -> None:
    """No more sign-in; sessions end at once."""
    _set_active(email, is_active=False)


@users.command("enable")
def enable(email: str = typer.Argument(..., help="E-mail address of the account.")) -> None:
    """Sign-in works again."""
    _set_active(email, is_active=True)


@users.command("list")
def list_all() -> None:
    """Everybody, with roles and state."""
    from bot.store.staff import list_users

    _, engine = _open()
    members = list_users(engine)
    for member in members:
        state = "active" if member.is_active else "disabled"
        if member.is_active and not member.is_set_up:
            state = "link not used yet"
        roles = ", ".join(sorted(role.value for role in member.roles))
        typer.echo(f"{member.email}  {member.name} ({member.title})  {roles}  {state}")
    if not members:
        typer.echo("Nobody yet. 'make run' prints a link to create the administrator.")


@audit.command("verify")
def verify(head: str = typer.Option("", help="A head noted earlier; it must still be part of the record.")) -> None:
    """Recompute the hashes of the whole record; exit code 1 when it is broken."""
    from bot.store.audit import verify as verify_chain

    _, engine = _open()
    check = verify_chain(engine, expected_head=head or None)
    if not check.is_whole:
        typer.echo(f"The audit is broken at line {check.broken_at}: {check.what}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"The audit is whole: {check.rows} lines.")
    typer.echo(f"Head: {check.head}")
    typer.echo("Note the head somewhere else; 'verify --head …' then shows whether lines were cut off later.")


def _set_active(email: str, *, is_active: bool) -> None:
    from bot.store.staff import set_active

    _, engine = _open()
    member = _find(engine, email)
    done = "enabled" if is_active else "disabled"
    _record(engine, f"user.{done}", member.id)
    set_active(engine, member.id, is_active=is_active)
    typer.echo(f"{member.email} is {done}.")


def _open() -> tuple[Any, Any]:
    from bot.core.settings import load_settings
    from bot.store.database import check_database, make_engine
    from bot.store.migrate import migrate

    settings = load_settings()
    engine = make_engine(settings.database)
    check_database(engine)
    migrate(engine)
    return settings, engine


def _find(engine: Any, email: str) -> Any:
    from bot.store.staff import find_user

    member = find_user(engine, email)
    if member is None:
        raise fail(email, "there is no such account", "see 'python -m bot users list'")
    return member


def _record(engine: Any, act: str, user_id: int, **detail: Any) -> None:
    from bot.store.audit import append
    from bot.store.database import utc_now

    append(engine, actor=ACTOR, act=act, object=f"user {user_id}", at=utc_now(), detail=detail)


def _print_link(settings: Any, engine: Any, user_id: int) -> None:
    from bot.store.database import utc_now
    from bot.store.one_time_links import make_link

    link = make_link(engine, settings.console_url, user_id=user_id, now=utc_now())
    typer.echo(f"Pass this on in a way that only this person reads; it is good once, for 24 hours:\n{link}")
