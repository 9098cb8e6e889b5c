"""Files of the widget."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.web_static import WIDGET_DIR, find_asset, page


def test_a_file_that_changes_gets_a_new_tag(tmp_path: Path) -> None:
    path = tmp_path / "a.js"
    path.write_text("1", encoding="utf-8")
    before = find_asset("a.js", folder=tmp_path)
    path.write_text("2", encoding="utf-8")
    os.utime(path, ns=(1, 1))
    after = find_asset("a.js", folder=tmp_path)

    assert before and after and before.etag != after.etag and after.body == b"2"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret.js").write_text("secret", encoding="utf-8")
    (tmp_path / "inside" / "link.js").symlink_to(tmp_path / "secret.js")

    assert find_asset("link.js", folder=tmp_path / "inside") is None


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from(["..", ".", "/", "\\", "widget.js", "%2e", "\0", "bot", ".env", "//", "~"]), max_size=6)
)
def test_no_name_leads_out_of_the_folder(parts: list[str]) -> None:
    asset = find_asset("".join(parts))

    assert asset is None or asset.body == (WIDGET_DIR / "widget.js").read_bytes()


def test_words_of_a_page_are_escaped(tmp_path: Path) -> None:
    (tmp_path / "p.html").write_text("<p>{{organisation}}</p>", encoding="utf-8")
    asset = page("p.html", {"organisation": "<script>&"}, folder=tmp_path)

    assert asset is not None and asset.body == b"<p>&lt;script&gt;&amp;</p>"
