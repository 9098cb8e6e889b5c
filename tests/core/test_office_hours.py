"""When somebody of the team is here, said honestly."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.content import CONTENT_DIR
from bot.core.errors import FaultsError
from bot.core.office_hours import OfficeHours

HOURS = """
timezone: Europe/Dublin
place: Irish time
hours:
  monday: ["09:00-12:30", "13:30-17:00"]
  tuesday: ["09:00-17:00"]
  wednesday: ["09:00-17:00"]
  thursday: ["09:00-17:00"]
  friday: ["09:00-24:00"]
holidays:
- {date: 2026-12-25, name: Christmas Day}
"""


def load(tmp_path: Path, text: str = HOURS) -> OfficeHours:
    path = tmp_path / "office_hours.yml"
    path.write_text(text, encoding="utf-8")
    return OfficeHours.load(path)


def at(text: str) -> datetime:
    """UTC."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("now", "is_open", "said"),
    [
        ("2026-11-23T10:00", True, "here now, until 12:30 (Irish time)"),
        ("2026-11-23T12:45", False, "today from 13:30 (Irish time)"),
        ("2026-11-23T17:00", False, "tomorrow, Tuesday, from 09:00 (Irish time)"),
        ("2026-11-21T10:00", False, "on Monday, 23 November, from 09:00"),
        ("2026-11-27T23:30", True, "until 00:00"),
        ("2026-12-25T10:00", False, "on Monday, 28 December, from 09:00"),
        # summer time: 09:00 in Dublin is 08:00 UTC
        ("2026-07-01T08:30", True, "until 17:00"),
        ("2026-07-01T07:30", False, "today from 09:00"),
    ],
)
def test_the_sentence_says_when_somebody_is_here(tmp_path, now, is_open, said):
    opening = load(tmp_path).when_open(at(now))
    assert opening.is_open is is_open
    assert said in opening.sentence


def test_without_any_hours_nothing_is_promised(tmp_path):
    opening = load(tmp_path, "timezone: UTC\nhours: {}\n").when_open(at("2026-11-23T10:00"))
    assert not opening.is_open and opening.changes_at is None and "can't say" in opening.sentence


def test_public_holidays_of_a_country_count_too(tmp_path):
    hours = load(tmp_path, HOURS + "public_holidays_of: IE\n")
    assert not hours.when_open(at("2027-03-17T10:00")).is_open  # Saint Patrick's Day


def test_time_in_which_nobody_was_here_is_left_out(tmp_path):
    hours = load(tmp_path)
    assert hours.open_time(at("2026-11-26T16:30"), at("2026-11-27T09:15")) == timedelta(minutes=45)
    assert hours.open_time(at("2026-11-28T00:00"), at("2026-11-29T00:00")) == timedelta(0)


@given(st.datetimes(at("2026-01-01T00:00"), at("2027-06-01T00:00")), st.integers(0, 20_000), st.integers(0, 20_000))
@settings(max_examples=60, deadline=None)
def test_open_time_adds_up(start, first, second):
    hours = OfficeHours.load(CONTENT_DIR / "office_hours.yml")
    middle, end = start + timedelta(minutes=first), start + timedelta(minutes=first + second)
    assert hours.open_time(start, end) == hours.open_time(start, middle) + hours.open_time(middle, end)


@given(st.datetimes(at("2026-01-01T00:00"), at("2027-06-01T00:00")))
@settings(max_examples=60, deadline=None)
def test_what_is_announced_comes_true(now):
    hours = OfficeHours.load(CONTENT_DIR / "office_hours.yml")
    opening = hours.when_open(now)
    assert opening.changes_at and opening.changes_at > now
    assert hours.when_open(opening.changes_at).is_open is not opening.is_open


def test_every_fault_of_the_file_is_named_at_once(tmp_path):
    bad = """
timezone: Mars/Olympus
hours: {mondy: ["09:00-17:00"], tuesday: ["17:00-09:00"], friday: "9-5"}
holidays: [{name: no date}]
public_holidays_of: XX
opening: x
"""
    with pytest.raises(FaultsError) as caught:
        load(tmp_path, bad)
    said = str(caught.value)
    for part in ("Mars/Olympus", "mondy", "17:00-09:00", "friday", "no date", "XX", "opening"):
        assert part in said


def test_the_file_of_the_checkout_is_right():
    assert OfficeHours.load(CONTENT_DIR / "office_hours.yml").hours
