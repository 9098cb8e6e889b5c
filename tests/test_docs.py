"""The docs say what is there: a setting, command, kind, table or folder that they leave out fails here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer

from bot.cli import app
from bot.core.replies import ReplyKind
from bot.core.settings import ROOT, SETTINGS, example_file, load_settings
from bot.store.tables import Base
from bot.supervise import processes

README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def _commands() -> Iterator[str]:
    """Every command of the command line, as one types it."""
    for name, command in typer.main.get_command(app).commands.items():
        yield from [f"{name} {sub}" for sub in command.commands] if hasattr(command, "commands") else [name]


def _ignored() -> set[str]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return {line.strip("/") for line in lines if line.endswith("/")}


def _committed_files() -> Iterator[Path]:
    """Text files that belong to the project."""
    ignored = _ignored() | {".git"}
    folders = [ROOT]
    while folders:
        for path in folders.pop().iterdir():
            if path.name in ignored or path.name == ".env" or path.is_symlink():
                continue
            if path.is_dir():
                folders.append(path)
            elif path.suffix not in (".png", ".pyc", ".webp", ".woff2"):
                yield path


@cache
def _anchors(page: Path) -> set[str]:
    """What a heading is called in an address, as code hosts make it."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_the_readme_names_the_two_commands():
    assert "make run" in README
    assert "make test" in README


def test_every_setting_stands_in_the_example_file():
    written = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert written == example_file(), "run 'python -m bot settings > .env.example'"
    assert [setting.name for setting in SETTINGS if f"\n#{setting.name}=" not in written] == []


def test_no_page_names_a_setting_that_does_not_exist():
    known = {setting.name for setting in SETTINGS}
    prefixes = "SMA|TELEGRAM|SMTP|OIDC|WEB|NOTIFY"
    for page in PAGES:
        found = set(re.findall(rf"`((?:{prefixes})_[A-Z_]+)\b", page.read_text(encoding="utf-8")))
        unknown = {name for name in found - known if not name.startswith("SMA_TEST_") and name != "SMA_PYTHON"}
        assert not unknown, f"{_id(page)} names {sorted(unknown)}"


@pytest.mark.parametrize("kind", ReplyKind, ids=lambda kind: kind.value)
def test_every_kind_of_reply_is_explained(kind):
    assert f"| `{kind.value}` |" in ARCHITECTURE


@pytest.mark.parametrize("command", sorted(_commands()))
def test_every_command_is_named(command):
    pattern = re.compile(rf"python -m bot {command}\b(?!-)")
    assert any(pattern.search(page.read_text(encoding="utf-8")) for page in PAGES), f"no page names '{command}'"


def test_no_page_names_a_command_that_does_not_exist():
    known = {command.split()[0] for command in _commands()}
    for page in PAGES:
        for name in re.findall(r"python -m bot ([a-z][a-z-]*)", page.read_text(encoding="utf-8")):
            assert name in known, f"{_id(page)} names 'python -m bot {name}'"


def test_every_make_target_that_a_page_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        for name in re.findall(r"`make ([a-z-]+)[`\s]", page.read_text(encoding="utf-8")):
            assert name in targets, f"{_id(page)} names 'make {name}'"


def test_every_folder_stands_in_the_map_of_the_readme():
    passed_over = {name for name in _ignored() if name not in ("var", "models")} | {".git"}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()} - passed_over
    folders = {name for name in folders if not name.startswith(".") or name == ".ci"}
    assert {name for name in folders if f"\n| `{name}/` |" not in README} == set()


def test_every_dependency_has_a_line_that_says_what_it_is_for():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lists = re.findall(r"^(?:dependencies|dev) = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    names = [re.split(r"[<>=!~\[ ]", line)[0] for block in lists for line in re.findall(r'"([^"]+)"', block)]
    assert len(names) > 40
    rows = [line for line in ARCHITECTURE.splitlines() if line.startswith("| `")]
    assert [name for name in names if not any(f"`{name}`" in row.split(" | ")[0] for row in rows)] == []


def test_every_table_of_the_database_is_explained():
    import bot.store.handoff_tables
    import bot.store.staff_tables
    import bot.store.telegram  # noqa: F401 - they declare tables

    assert [name for name in Base.metadata.tables if f"`{name}`" not in ARCHITECTURE] == []


def test_every_process_is_explained():
    running = processes(load_settings({}, dotenv=None))
    assert [process.name for process in running if f"\n| {process.name} | `python -m " not in ARCHITECTURE] == []


@pytest.mark.parametrize("doc", PAGES, ids=_id)
def test_every_link_leads_somewhere(doc):
    for target in LINK.findall(CODE.sub("", doc.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        path = (doc.parent / name).resolve() if name else doc
        assert path.exists(), f"{_id(doc)} links to {target}"
        assert not anchor or anchor in _anchors(path), f"{_id(doc)} links to {target}, which has no such heading"


def test_every_file_that_a_page_names_in_code_exists():
    made = ("var/", "models/", "path/")
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for name in re.findall(
            r"`((?:bot|actions|console|content|data|widget|tests|benchmarks|docs)/[\w./-]+\.(?:py|yml|md|js|html|css|txt))`",
            text,
        ):
            assert name.startswith(made) or (ROOT / name).exists(), f"{_id(page)} names {name}"


def test_every_decision_stands_in_the_list_under_its_own_number():
    folder = ROOT / "docs" / "adr"
    listed = set(LINK.findall((folder / "README.md").read_text(encoding="utf-8")))
    files = {path.name for path in folder.glob("[0-9]*.md")}
    assert files == {name for name in listed if name[:1].isdigit()}
    assert len({name[:4] for name in files}) == len(files)


def test_no_file_holds_an_address_to_download_a_package_from():
    address = re.compile(
        r"https?://[^\s\"'<>)]+\.(?:wh" + r"l|tar\.gz)\b|--(?:extra-)?index" + r"-url|index-" + r"url\s*="
    )
    for path in _committed_files():
        found = address.search(path.read_text(encoding="utf-8", errors="replace"))
        assert found is None, f"{_id(path)} holds {found and found.group()}"


def test_nothing_in_the_readme_is_still_to_be_written():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"^(?:TRANSCRIPT|FIGURES)$", text, re.MULTILINE), f"{_id(page)} has a gap"
