"""Allowed hours: whether a moment is inside them, why not, and when they open next.

An opening is a set of windows a weekday, read on the clock of one zone, with or without public
holidays. Several openings hold at once: a moment is open when it is open in all of them. Windows
are half-open, [start, end): at 22:00:00 a window to 22:00 is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY_S = 24 * 60 * 60
_LOOK_AHEAD_DAYS = 370
Windows = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """Windows for Monday to Sunday, each from and to in seconds since local midnight."""

    days: tuple[Windows, Windows, Windows, Windows, Windows, Windows, Windows]
    closed_on_holidays: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """Hours on the clock of a zone (IANA name) with a calendar of public holidays.

    `calendar` is a country of the holidays library, or empty; `subdivision` one of its regions;
    `days` are further holidays as (month, day).
    """

    hours: Hours
    zone: str
    calendar: str = ""
    subdivision: str = ""
    days: tuple[tuple[int, int], ...] = ()


@lru_cache(maxsize=512)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone of that IANA name, or None when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@lru_cache(maxsize=512)
def public_holidays(calendar: str, subdivision: str, year: int) -> frozenset[date]:
    """The public holidays of a country or one of its regions in a year.

    The package is read when the first offer needs it: a conversation never does, and every process
    that starts would wait half a second for it.
    """
    import holidays

    found = holidays.country_holidays(calendar, subdiv=subdivision or None, years=year)
    return frozenset(found.keys())


def why_closed(openings: Sequence[Opening], moment: datetime) -> str | None:
    """None when every opening is open; else public_holiday, quiet_day or quiet_hours, in that
    order. Raises ValueError on an unknown zone."""
    reasons = {_why(opening, moment) for opening in openings}
    for reason in ("public_holiday", "quiet_day", "quiet_hours"):
        if reason in reasons:
            return reason
    return None


def next_open(openings: Sequence[Opening], moment: datetime) -> datetime | None:
    """The first moment at or after `moment` that is open in every opening, on the clock of the
    first one; None when there is none within a year. Raises ValueError on an unknown zone."""
    at = moment
    limit = moment + timedelta(days=_LOOK_AHEAD_DAYS)
    while at < limit:
        latest = at
        for opening in openings:
            opens = _next(opening, latest)
            if opens is None:
                return None
            latest = max(latest, opens)
        if latest == at:
            return at.astimezone(_zone(openings[0])) if openings else at
        at = latest
    return None


def _zone(opening: Opening) -> ZoneInfo:
    zone = zone_named(opening.zone)
    if zone is None:
        raise ValueError(f"no such time zone: {opening.zone}")
    return zone


def _holiday(opening: Opening, day: date) -> bool:
    if not opening.hours.closed_on_holidays:
        return False
    if (day.month, day.day) in opening.days:
        return True
    return bool(opening.calendar) and day in public_holidays(
        opening.calendar, opening.subdivision, day.year
    )


def _seconds(local: datetime) -> float:
    return local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6


def _why(opening: Opening, moment: datetime) -> str | None:
    local = moment.astimezone(_zone(opening))
    windows = opening.hours.days[local.weekday()]
    seconds = _seconds(local)
    day = local.date()
    if _holiday(opening, day):
        return "public_holiday"
    if any(start <= seconds < end for start, end in windows):
        return None
    return "quiet_hours" if windows else "quiet_day"


def _next(opening: Opening, moment: datetime) -> datetime | None:
    zone = _zone(opening)
    local = moment.astimezone(zone)
    seconds, today = _seconds(local), local.date()
    for ahead in range(_LOOK_AHEAD_DAYS):
        day = today + timedelta(days=ahead)
        if _holiday(opening, day):
            continue
        for start, end in opening.hours.days[day.weekday()]:
            if ahead == 0 and seconds >= end:
                continue
            if ahead == 0 and seconds >= start:
                return moment
            opens = _at(day, start, zone)
            if opens >= moment:
                return opens
    return None


def _at(day: date, seconds: int, zone: ZoneInfo) -> datetime:
    """A wall-clock time of a day; one that the clock jumps over becomes the first one after."""
    if seconds >= _DAY_S:
        day, seconds = day + timedelta(days=1), seconds - _DAY_S
    wall = datetime.combine(day, time(seconds // 3600, seconds // 60 % 60, seconds % 60), zone)
    return wall.astimezone(UTC).astimezone(zone)
