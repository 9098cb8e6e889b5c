"""Files of the widget and the pages around it, straight from the checkout."""

from __future__ import annotations

import gzip
import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.core.settings import ROOT

WIDGET_DIR = ROOT / "widget"

TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""What is served; a file of another kind does not exist."""

PAGE_CSP = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; object-src 'none'"
"""As strict as a careful organisation's own page: what works here works there."""


@dataclass(frozen=True)
class Asset:
    """A file as it goes out."""

    body: bytes
    zipped: bytes
    content_type: str
    etag: str


def find_asset(name: str, *, folder: Path = WIDGET_DIR) -> Asset | None:
    """A file of the widget by its name below the folder; None for anything else, whatever the name tries."""
    parts = name.split("/")
    if any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    path = folder.joinpath(*parts)
    if path.suffix not in TYPES or not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        return None
    return _read(path, path.stat().st_mtime_ns)


def page(name: str, words: Mapping[str, str], *, folder: Path = WIDGET_DIR) -> Asset | None:
    """A page, with `{{name}}` replaced by the words given (escaped)."""
    asset = find_asset(name, folder=folder)
    if asset is None:
        return None
    text = asset.body.decode("utf-8")
    for key, value in words.items():
        text = text.replace("{{" + key + "}}", html.escape(value))
    return _asset(text.encode("utf-8"), asset.content_type)


@lru_cache(maxsize=64)
def _read(path: Path, _changed_at: int) -> Asset:
    return _asset(path.read_bytes(), TYPES[path.suffix])


def _asset(body: bytes, content_type: str) -> Asset:
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Asset(body, gzip.compress(body, 9, mtime=0), content_type, etag)


def asset_headers(asset: Asset, *, is_zipped: bool) -> dict[str, str]:
    """Headers of a file. Browsers ask each time whether it changed: modules of two versions must never mix."""
    headers = {"ETag": asset.etag, "Cache-Control": "public, no-cache", "Cross-Origin-Resource-Policy": "cross-origin"}
    if is_zipped:
        headers["Content-Encoding"] = "gzip"
    return headers
