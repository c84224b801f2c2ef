"""Where a number lives: its country and, when there is only one answer, its time zone.

A number says where it was given out, not where the phone is, so a zone is a fact of last resort: it
is only named when every zone that the numbering plan allows keeps the same time. Whoever knows
better (a postcode, the person) overrules it.

>>> decide_place("+12125550142")
('US', 'America/New_York')
>>> decide_place("+33639980011", fictional=True)
('FR', 'Europe/Paris')
>>> decide_place("36000")
(None, None)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")

#: Ranges that the regulators keep free for books and films (Arcep, Ofcom, NANPA): never dialled,
#: and unknown to the numbering plans that phonenumbers holds.
FICTIONAL: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\+3363998\d{4}"), "FR"),
    (re.compile(r"\+3319900\d{4}"), "FR"),
    (re.compile(r"\+447700900\d{3}"), "GB"),
    (re.compile(r"\+1[2-9]\d{2}55501\d{2}"), ""),
)

#: Overseas departments that write their mobiles under a neighbour's prefix (E.164 prefix, country).
#: Source: Arcep, plan de numérotation; phonenumbers 9 knows only part of Mayotte's ranges.
_OVERSEAS = (
    ("+262639", "YT"),
    ("+262269", "YT"),
    ("+262", "RE"),
    ("+590", "GP"),
    ("+594", "GF"),
    ("+596", "MQ"),
)

#: Two moments of one year, on either side of summer time in both hemispheres.
_WINTER, _SUMMER = datetime(2026, 1, 15, 12, tzinfo=UTC), datetime(2026, 7, 15, 12, tzinfo=UTC)


@lru_cache(maxsize=8192)
def decide_place(number_e164: str, *, fictional: bool = False) -> tuple[str | None, str | None]:
    """Country (ISO 3166-1 alpha-2) and IANA zone of a number; None for what is not certain.

    Ranges that are kept for fiction and that no numbering plan knows are accepted only with
    `fictional`. A French overseas department is a country of its own here (RE, GP, MQ, GF, YT), as
    in ISO 3166-1. Short codes, names, services without a place (toll-free) and what is not a number
    give (None, None); it never raises.
    """
    if _E164.fullmatch(number_e164) is None:
        return None, None
    try:
        number = phonenumbers.parse(number_e164, None)
    except phonenumbers.NumberParseException:
        return None, None
    country = _country(number_e164, number, fictional=fictional)
    if country is None:
        return None, None
    return country, _zone(number, country)


@cache
def zones_of(country: str) -> tuple[str, ...]:
    """The IANA zones of a country, after the tz database's own table; empty when it has none."""
    return _zone_table().get(country, ())


def _country(text: str, number: phonenumbers.PhoneNumber, *, fictional: bool) -> str | None:
    known = phonenumbers.region_code_for_number(number)
    for prefix, overseas in _OVERSEAS:
        if text.startswith(prefix):
            return overseas if known in (None, "RE", "YT") else known
    for pattern, country in FICTIONAL:
        if pattern.fullmatch(text) and fictional:
            known = country or known
    if known is None or not known.isalpha():
        return None
    # The world numbers of North America (800, 900) belong to no one of its twenty countries.
    nowhere = number.country_code == 1 and _type(number) in _NOWHERE
    return None if nowhere else known


def _zone(number: phonenumbers.PhoneNumber, country: str) -> str | None:
    """The one zone in which this number can be, or None."""
    own = zones_of(country)
    if _type(number) == phonenumbers.PhoneNumberType.MOBILE:
        return _only(own)  # A mobile prefix is given out for mainland and islands alike.
    names = timezone.time_zones_for_geographical_number(number)
    return _only([name for name in names if name in own] or own)


_NOWHERE = frozenset(
    {
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.PERSONAL_NUMBER,
    }
)


def _type(number: phonenumbers.PhoneNumber) -> int:
    return int(phonenumbers.number_type(number))


def _only(names: Iterable[str]) -> str | None:
    """The first of zones that all keep the same time; None when they differ or there is none."""
    names = list(names)
    times = {(_offset(name, _WINTER), _offset(name, _SUMMER)) for name in names}
    return names[0] if len(times) == 1 else None


def _offset(name: str, moment: datetime) -> float:
    offset = moment.astimezone(ZoneInfo(name)).utcoffset()
    return offset.total_seconds() if offset is not None else 0.0


@cache
def _zone_table() -> dict[str, tuple[str, ...]]:
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    found: dict[str, list[str]] = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            found.setdefault(country, []).append(zone)
    return {country: tuple(names) for country, names in found.items()}
