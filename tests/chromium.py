"""Debian's Chromium for tests; its absence is a failure, never a skip."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = Axe()
WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}


@contextmanager
def run_chromium() -> Iterator[Browser]:
    """A headless browser. Tests that use asyncio need another process (see the Makefile)."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing, so pages cannot be tested; run: apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGS))
        yield browser
        browser.close()


def violations(page: Page) -> list[str]:
    """What axe finds wrong by WCAG 2.2 level AA, one line each."""
    found = AXE.run(page, options=WCAG).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]
