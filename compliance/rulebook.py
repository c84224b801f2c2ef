"""The rules in force: who wrote them, since when, and what they say for one place on one day.

A value is never bare. Each carries its rule, its source, when that was read, how certain it is,
when it has to be read again, and from which day it counts (`rules/*.yml`). What a country does not
say comes from `rules/default.yml`, the strictest file of all.

>>> rules = load_rules()
>>> rules.for_country("FR").on(date(2026, 11, 24)).hours.rule
'FR-AF2M-HOURS'
>>> rules.start_is_consent("FR"), rules.start_is_consent("US")
(False, True)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from compliance.openings import Hours, Opening, zone_named
from compliance.types import Facts

T = TypeVar("T")

#: A region that no file has: what counts in a country whatever the region.
_NOWHERE = "-"

#: Where the rules of this installation are.
FOLDER = Path(__file__).parent / "rules"


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    """One value of a rule, and where it comes from.

    `certainty` is a word of the facts page: statute, regulator, industry, vendor, project-policy
    and their weaker kin. `valid_from` is the first day on which it counts, `valid_to` the first on
    which it no longer does. `review_by` is the day by which the source has to be read again.
    """

    value: T
    rule: str
    source: str
    certainty: str
    read_on: date
    review_by: date
    valid_from: date
    valid_to: date | None = None
    note: str = ""

    def counts_on(self, day: date) -> bool:
        """Whether this value is in force on that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Holidays:
    """A calendar of the `holidays` package, and what some regions add to it.

    `subdivisions` names the package's subdivision for a region; `days` are further (month, day).
    """

    calendar: str = ""
    subdivisions: Mapping[str, str] = field(default_factory=dict)
    days: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LegalCap:
    """At most `most` marketing texts in `hours` hours; not for those who bought within months."""

    most: int
    hours: int
    unless_purchase_months: int | None = None


@dataclass(frozen=True, slots=True)
class SenderRules:
    """Which senders may not be used. `types` and `prefixes` never; `information_only` are the first
    digits of five-digit short codes that may not carry marketing; `name` is a pattern that a sender
    name has to match, `generic` are names that name nobody.
    """

    types: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    information_only: tuple[str, ...] = ()
    name: str = ""
    generic: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class InForce:
    """Every value for one place on one day. The names are the keys of the YAML files."""

    hours: Value[Hours]
    hours_strict: Value[Hours]
    holidays: Value[Holidays]
    caps: Value[tuple[LegalCap, ...]]
    written_consent: Value[bool]
    soft_opt_in: Value[str]
    implied_purchase_months: Value[int | None]
    implied_inquiry_months: Value[int | None]
    email_proves_number: Value[bool]
    form_may_be_confirmed: Value[bool]
    consent_request_in_reply: Value[bool]
    start_is_consent: Value[bool]
    child_age: Value[int]
    age_gates: Value[Mapping[str, int]]
    forbidden_topics: Value[frozenset[str]]
    contract_topics: Value[frozenset[str]]
    retention_months: Value[int | None]
    senders: Value[SenderRules]
    mailing_address: Value[bool]
    way_out: Value[bool]
    identity: Value[bool]
    confirmation_minutes: Value[int]
    reply_after_stop: Value[bool]
    stop_reaches_everything: Value[bool]
    stop_to_information_reaches_everything: Value[bool]
    carrier_block: Value[bool]
    consent: Value[bool]
    proof: Value[bool]
    scope: Value[bool]
    objection: Value[bool]
    erasure: Value[bool]
    dead_number: Value[bool]
    reassigned_number: Value[bool]
    policy: Value[bool]
    restriction: Value[bool]
    information: Value[bool]
    help: Value[bool]


Values = Mapping[str, tuple[Value[Any], ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Country:
    """One country's file.

    `regions` hold what differs there; `zones` are the zones of each region, for people of whom no
    zone is known; `unknown_region` counts where the region decides the hours and is not known.
    """

    code: str
    values: Values
    default: Values
    regions: Mapping[str, Values] = field(default_factory=dict)
    region_names: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown_region: Values | None = None
    unknown_zones: tuple[str, ...] = ()
    _days: dict[tuple[str | None, date], InForce] = field(default_factory=dict, compare=False)

    def region(self, name: str | None) -> str | None:
        """A region under the name that this file uses; None when the file has to know it."""
        if name is not None:
            name = self.region_names.get(name, name)
        if self.unknown_region is not None and name not in self.zones:
            return None
        return name

    def on(self, day: date, region: str | None = None) -> InForce:
        """What counts on that (local) day. Raises KeyError when a value has a gap in time."""
        key = (region, day)
        found = self._days.get(key)
        if found is None:
            if len(self._days) > 4096:
                self._days.clear()
            known = region if region == _NOWHERE else self.region(region)
            found = self._days[key] = self._merge(day, known)
        return found

    def _merge(self, day: date, region: str | None) -> InForce:
        layers: list[Values] = [self.values, self.default]
        if region is None and self.unknown_region is not None:
            layers.insert(0, self.unknown_region)
        elif region is not None and region in self.regions:
            layers.insert(0, self.regions[region])
        return InForce(**{name: _pick(name, layers, day) for name in _NAMES})


def _pick(name: str, layers: list[Values], day: date) -> Value[Any]:
    for values in layers:
        counting = [one for one in values.get(name, ()) if one.counts_on(day)]
        if counting:
            return max(counting, key=lambda one: one.valid_from)
    raise KeyError(f"no rule for {name} on {day}")


_NAMES = tuple(InForce.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Rules:
    """All countries. `version` (16 hex digits) changes with every change of a value."""

    version: str
    default: Country
    countries: Mapping[str, Country]
    regions_of: Mapping[str, str] = field(default_factory=dict)
    """Countries of ISO 3166-1 that another one's file covers as a region ("RE": "FR-974")."""
    _openings: dict[Any, tuple[Opening, ...]] = field(default_factory=dict, compare=False)

    def for_country(self, code: str | None) -> Country:
        """The country's file, or the strict default where there is none."""
        return self.countries.get(code or "", self.default)

    def at(self, facts: Facts, now: datetime) -> InForce:
        """What counts for this person at this moment (`now` in their own time)."""
        contact = facts.contact
        code = contact.country or ""
        country = self.countries.get(code, self.default)
        return country.on(now.date(), contact.region or self.regions_of.get(code))

    def openings(self, facts: Facts, now: datetime) -> tuple[Opening, ...]:
        """The hours that have to be open for this person; empty when their place is not known.

        Where hours depend on the region and it is unknown, they have to be open in every zone of
        the country; where a zone is unknown, in every zone of the region. `extra_tz` has to keep
        the country's own hours as well.
        """
        contact = facts.contact
        key = (contact.country, contact.region, contact.tz, contact.extra_tz, facts.profile)
        found = self._openings.get((key, now.date()))
        if found is None:
            if len(self._openings) > 4096:
                self._openings.clear()
            found = self._openings[(key, now.date())] = self._open(facts, now)
        return found

    def _open(self, facts: Facts, now: datetime) -> tuple[Opening, ...]:
        contact = facts.contact
        country = self.for_country(contact.country)
        region = country.region(contact.region or self.regions_of.get(contact.country or ""))
        zones = (contact.tz,) if contact.tz else country.zones.get(region or "", ())
        if region is None and country.unknown_region is not None:
            zones = (*zones, *country.unknown_zones)
        local, general = self.at(facts, now), country.on(now.date(), _NOWHERE)
        strict = facts.profile == "strict"
        days = [(zone, local, region or "") for zone in dict.fromkeys(zones)]
        days += [(zone, general, "") for zone in contact.extra_tz if days]
        if any(zone_named(zone) is None for zone, _, _ in days):
            return ()
        return tuple(_opening(zone, force, place, strict) for zone, force, place in days)

    def start_is_consent(self, country: str | None, on: date | None = None) -> bool:
        """Whether START after a STOP brings back a consent that was confirmed before.

        `on` is the day to judge by; without it the newest rule counts.
        """
        day = on or date.max
        return (
            self.for_country(country)
            .on(day, self.regions_of.get(country or ""))
            .start_is_consent.value
        )

    def everything(self) -> Iterator[tuple[str, str, Value[Any]]]:
        """Every value of every file as (place, name, value), in order."""
        for country in (self.default, *dict.fromkeys(self.countries.values())):
            places = [(country.code, country.values), *country.regions.items()]
            if country.unknown_region is not None:
                places.append((f"{country.code}-?", country.unknown_region))
            for place, values in places:
                for name in sorted(values):
                    for one in values[name]:
                        yield place, name, one

    def overdue(self, today: date) -> list[tuple[str, str, Value[Any]]]:
        """The values whose source should have been read again by now."""
        return [one for one in self.everything() if one[2].review_by < today]


def _opening(zone: str, force: InForce, region: str, strict: bool) -> Opening:
    hours = (force.hours_strict if strict else force.hours).value
    calendar = force.holidays.value
    subdivision = calendar.subdivisions.get(region, "")
    return Opening(hours, zone, calendar.calendar, subdivision, calendar.days.get(region, ()))


@cache
def load_rules(folder: Path = FOLDER) -> Rules:
    """Read every file of the folder, once. Raises ValueError with all that is wrong."""
    from compliance.rulefiles import read

    return read(folder)
