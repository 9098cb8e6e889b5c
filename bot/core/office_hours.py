"""Office hours and holidays of the team, and an honest sentence about when somebody will be here. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays as public_holidays

from bot.core.content import CONTENT_DIR
from bot.core.errors import Fault, FaultsError
from bot.core.topics import load_yaml

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KEYS = {"timezone", "place", "hours", "holidays", "public_holidays_of"}
LOOK_AHEAD = timedelta(days=60)
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


@dataclass(frozen=True)
class Span:
    """From one time of a day to another, in the office's time zone."""

    start: time
    end: time
    """`time.max` for midnight."""


@dataclass(frozen=True)
class Opening:
    """Whether somebody is here, and when next."""

    is_open: bool
    changes_at: datetime | None
    """When that changes (UTC without a zone): closing time, or the next opening. None: nothing planned."""
    sentence: str
    """What to tell a person; one or two sentences."""


@dataclass(frozen=True)
class OfficeHours:
    """The weekly hours, without holidays."""

    zone: ZoneInfo
    place: str
    """How the time zone is called in a sentence, for example "UK time"."""
    hours: Mapping[int, Sequence[Span]]
    """0 is Monday."""
    holidays: Mapping[date, str]
    country: str | None = None

    @classmethod
    def load(cls, path: Path = CONTENT_DIR / "office_hours.yml") -> OfficeHours:
        """Read and check the file. Raises FaultsError with every fault."""
        data = load_yaml(path)
        faults = list(_faults(data))
        if faults:
            raise FaultsError([Fault(str(path), what, cure) for what, cure in faults])
        hours = {DAYS.index(day): [_span(text) for text in spans] for day, spans in (data.get("hours") or {}).items()}
        days = {row["date"]: str(row.get("name") or "a holiday") for row in data.get("holidays") or ()}
        zone = ZoneInfo(data["timezone"])
        return cls(zone, str(data.get("place") or data["timezone"]), hours, days, data.get("public_holidays_of"))

    def when_open(self, now: datetime) -> Opening:
        """What holds at `now` (UTC without a zone)."""
        for start, end in self._spans(now - timedelta(days=1), now + LOOK_AHEAD):
            if start <= now < end:
                local = self._local(end)
                return Opening(True, end, f"Somebody of the team is here now, until {local:%H:%M} ({self.place}).")
            if start > now:
                sentence = f"Nobody of the team is here right now. Somebody will be here {self._day(start, now)}."
                return Opening(False, start, sentence)
        return Opening(False, None, "Nobody of the team is here right now, and I can't say when somebody will be.")

    def open_time(self, since: datetime, until: datetime) -> timedelta:
        """How long somebody was here between two times (UTC without a zone)."""
        total = timedelta(0)
        for start, end in self._spans(since - timedelta(days=1), until):
            total += max(timedelta(0), min(end, until) - max(start, since))
        return total

    def holiday(self, day: date) -> str | None:
        """Name of the holiday on a day, None on others."""
        if day in self.holidays:
            return self.holidays[day]
        if self.country:
            country, _, part = self.country.partition("-")
            return public_holidays.country_holidays(country, subdiv=part or None, years=day.year).get(day)
        return None

    def _spans(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open spans in UTC that begin on the days from `since` to `until`, in order."""
        day = self._local(since).date()
        last = self._local(until).date()
        while day <= last:
            if self.hours.get(day.weekday()) and not self.holiday(day):
                for span in self.hours[day.weekday()]:
                    yield self._utc(day, span.start), self._utc(day, span.end)
            day += timedelta(days=1)

    def _utc(self, day: date, at: time) -> datetime:
        if at == time.max:
            day, at = day + timedelta(days=1), time.min
        return datetime.combine(day, at, self.zone).astimezone(timezone.utc).replace(tzinfo=None)

    def _local(self, at: datetime) -> datetime:
        return at.replace(tzinfo=timezone.utc).astimezone(self.zone)

    def _day(self, start: datetime, now: datetime) -> str:
        local, today = self._local(start), self._local(now).date()
        at = f"from {local:%H:%M} ({self.place})"
        if local.date() == today:
            return f"today {at}"
        if local.date() == today + timedelta(days=1):
            return f"tomorrow, {local:%A}, {at}"
        return f"on {local:%A}, {local.day} {local:%B}, {at}"


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    assert found  # checked before
    end = time.max if found.group(3) == "24" else time(int(found.group(3)), int(found.group(4)))
    return Span(time(int(found.group(1)), int(found.group(2))), end)


def _faults(data: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with the file, each with its cure."""
    if not isinstance(data, Mapping):
        yield "it is not a mapping", "write timezone, hours and holidays"
        return
    for key in sorted(set(data) - KEYS):
        yield f"unknown key '{key}'", f"use {', '.join(sorted(KEYS))}"
    try:
        ZoneInfo(str(data.get("timezone")))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"timezone '{data.get('timezone')}' is not known", "use a name like Europe/Dublin"
    for day, spans in (data.get("hours") or {}).items():
        yield from _day_faults(day, spans)
    for row in data.get("holidays") or ():
        if not isinstance(row, Mapping) or type(row.get("date")) is not date:
            yield f"the holiday {row!r} has no date", "write {date: 2026-12-25, name: Christmas Day}"
    country = data.get("public_holidays_of")
    if country is not None:
        code, _, part = str(country).partition("-")
        try:
            public_holidays.country_holidays(code, subdiv=part or None)
        except NotImplementedError:
            yield f"public_holidays_of '{country}' is not known", "use a code like GB, IE, US or DE-BY"


def _day_faults(day: Any, spans: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with the hours of one day."""
    if day not in DAYS:
        yield f"hours has the day '{day}'", f"use {', '.join(DAYS)}"
    if not isinstance(spans, list) or not spans:
        yield f"hours of {day} are no list", 'write ["09:00-17:00"], or leave the day out'
        return
    before = time.min
    for text in spans:
        if not isinstance(text, str) or not _SPAN.fullmatch(text) or text.split("-")[1] > "24:00":
            yield f"hours of {day} have '{text}'", "write it like 09:00-17:00"
            return
        span = _span(text)
        if span.start >= span.end or span.start < before:
            yield f"hours of {day} have '{text}', which ends before it begins or overlaps", "put them in order"
        before = span.end
