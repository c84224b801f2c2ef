"""From `rules/*.yml` to `Rules`: every value checked, and refused when it has no source.

hours:
  - value: {mon-sat: "08:00-22:00", sun: closed, holidays: closed}
    rule: FR-AF2M-HOURS
    source: https://af2m.org/...
    certainty: industry-contract
    read_on: 2026-11-20
    review_by: 2027-05-31
    valid_from: 2024-09-01
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from compliance.openings import Hours, Windows
from compliance.rulebook import (
    Country,
    Holidays,
    InForce,
    LegalCap,
    Rules,
    SenderRules,
    Value,
    Values,
)

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
#: How certain a value can be, from the text of a law to a choice of this project.
CERTAINTIES = (
    "statute",
    "statute-via-secondary",
    "statute-contested",
    "case-law",
    "regulator",
    "regulator-via-secondary",
    "industry-contract",
    "industry",
    "industry-weak",
    "vendor",
    "well-known",
    "unconfirmed",
    "project-policy",
)


class HoursField(fields.Field[Hours]):
    """{mon-sat: "08:00-22:00", sun: closed, holidays: closed}: every day has to be said."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Hours:
        if not isinstance(value, Mapping):
            raise ValidationError("hours are a mapping of days")
        week: dict[int, Windows] = {}
        for days, window in value.items():
            if days != "holidays":
                week |= dict.fromkeys(_days(days), _window(window))
        if len(week) != 7:
            raise ValidationError("hours must say every day of the week")
        mon, tue, wed, thu, fri, sat, sun = (week[day] for day in range(7))
        days = (mon, tue, wed, thu, fri, sat, sun)
        return Hours(days, value.get("holidays") == "closed")


def _days(text: Any) -> range:
    first, _, last = str(text).partition("-")
    if first not in _DAYS or (last or first) not in _DAYS:
        raise ValidationError(f"{text} is no day")
    return range(_DAYS.index(first), _DAYS.index(last or first) + 1)


def _window(text: Any) -> Windows:
    if text == "closed":
        return ()
    match = _WINDOW.fullmatch(str(text))
    if match is None:
        raise ValidationError(f"{text} is no window such as 08:00-20:00")
    start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if not start < end <= 24 * 60:
        raise ValidationError(f"{text} ends before it begins")
    return ((start * 60, end * 60),)


class _Strict(Schema):
    pass


class HolidaysSchema(_Strict):
    calendar = fields.String(required=True)
    subdivisions = fields.Dict(fields.String(), fields.String(), load_default=dict)
    days = fields.Dict(fields.String(), fields.List(fields.String()), load_default=dict)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Holidays:
        days = {
            region: tuple((int(day[:2]), int(day[3:])) for day in days)
            for region, days in data["days"].items()
        }
        return Holidays(data["calendar"], data["subdivisions"], days)


class CapSchema(_Strict):
    most = fields.Integer(required=True, validate=validate.Range(min=1))
    hours = fields.Integer(required=True, validate=validate.Range(min=1))
    unless_purchase_months = fields.Integer(allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> LegalCap:
        return LegalCap(**data)


class SendersSchema(_Strict):
    types = fields.List(fields.String(), load_default=list)
    prefixes = fields.List(fields.String(), load_default=list)
    information_only = fields.List(fields.String(), load_default=list)
    name = fields.String(load_default="")
    generic = fields.List(fields.String(), load_default=list)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> SenderRules:
        return SenderRules(
            tuple(data["types"]),
            tuple(data["prefixes"]),
            tuple(data["information_only"]),
            data["name"],
            frozenset(one.upper() for one in data["generic"]),
        )


def _months() -> fields.Field[Any]:
    return fields.Integer(strict=True, allow_none=True, validate=validate.Range(min=1))


_yes_or_no = fields.Boolean(truthy={True}, falsy={False})
_words = fields.List(fields.String())

#: What each value is made of. A key that is not here is refused.
FIELDS: dict[str, fields.Field[Any]] = dict.fromkeys(InForce.__dataclass_fields__, _yes_or_no) | {
    "hours": HoursField(),
    "hours_strict": HoursField(),
    "holidays": fields.Nested(HolidaysSchema),
    "caps": fields.List(fields.Nested(CapSchema)),
    "soft_opt_in": fields.String(validate=validate.OneOf(("no", "sale", "sale_or_negotiation"))),
    "implied_purchase_months": _months(),
    "implied_inquiry_months": _months(),
    "child_age": fields.Integer(strict=True, validate=validate.Range(10, 21)),
    "age_gates": fields.Dict(fields.String(), fields.Integer(strict=True)),
    "forbidden_topics": _words,
    "contract_topics": _words,
    "retention_months": _months(),
    "senders": fields.Nested(SendersSchema),
    "confirmation_minutes": fields.Integer(strict=True, validate=validate.Range(1, 60)),
}


class ValueSchema(_Strict):
    """One dated value. All of where it comes from is required."""

    value = fields.Raw(required=True, allow_none=True)
    rule = fields.String(required=True, validate=validate.Length(min=3))
    source = fields.String(required=True, validate=validate.Length(min=8))
    certainty = fields.String(required=True, validate=validate.OneOf(CERTAINTIES))
    read_on = fields.Date(required=True)
    review_by = fields.Date(required=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(load_default=None, allow_none=True)
    note = fields.String(load_default="")

    @validates_schema
    def in_order(self, data: dict[str, Any], **_: Any) -> None:
        if data["review_by"] <= data["read_on"]:
            raise ValidationError("review_by comes before read_on", "review_by")
        if data.get("valid_to") and data["valid_to"] <= data["valid_from"]:
            raise ValidationError("valid_to comes before valid_from", "valid_to")


class RegionSchema(_Strict):
    values = fields.Dict(fields.String(), fields.List(fields.Nested(ValueSchema)), required=True)
    zones = fields.List(fields.String(), load_default=list)


class CountrySchema(_Strict):
    """One file. `marks` holds YAML anchors only."""

    country = fields.String(required=True)
    name = fields.String(required=True)
    also = fields.Dict(fields.String(), fields.String(), load_default=dict)
    marks = fields.Raw()
    values = fields.Dict(fields.String(), fields.List(fields.Nested(ValueSchema)), required=True)
    regions = fields.Dict(fields.String(), fields.Nested(RegionSchema), load_default=dict)
    region_names = fields.Dict(fields.String(), fields.String(), load_default=dict)
    zones = fields.Dict(fields.String(), fields.List(fields.String()), load_default=dict)
    unknown_region = fields.Nested(RegionSchema, load_default=None)


def read(folder: Path) -> Rules:
    """All files of a folder. Raises ValueError naming each file and key that is wrong."""
    raw: dict[str, Any] = {}
    wrong: list[str] = []
    loaded: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.yml")):
        raw[path.name] = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        try:
            loaded[path.stem] = _load(raw[path.name])
        except ValidationError as error:
            wrong.append(f"{path.name}: {json.dumps(error.messages, default=str)}")
    if not wrong and "default" not in loaded:
        wrong.append("default.yml is missing")
    if not wrong and (missing := set(FIELDS) - set(loaded["default"]["values"])):
        wrong.append(f"default.yml: no value for {', '.join(sorted(missing))}")
    if wrong:
        raise ValueError("; ".join(wrong))
    plain = json.dumps(raw, sort_keys=True, default=str)
    return _rules(hashlib.sha256(plain.encode()).hexdigest()[:16], loaded)


def _load(raw: Any) -> dict[str, Any]:
    # YAML reads dates by itself; marshmallow wants the text.
    loaded: dict[str, Any] = CountrySchema().load(json.loads(json.dumps(raw, default=str)))
    loaded["values"] = _values(loaded["values"])
    for place in [*loaded["regions"].values(), loaded["unknown_region"]]:
        if place is not None:
            place["values"] = _values(place["values"])
    return loaded


def _values(raw: Mapping[str, list[dict[str, Any]]]) -> Values:
    return {name: tuple(_value(name, one) for one in dated) for name, dated in raw.items()}


def _value(name: str, raw: dict[str, Any]) -> Value[Any]:
    if name not in FIELDS:
        raise ValidationError({name: ["is no value that a rule can have"]})
    try:
        value = FIELDS[name].deserialize(raw["value"])
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from error
    return Value(**(raw | {"value": _frozen(value)}))


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        words = all(isinstance(one, str) for one in value) and value
        return frozenset(value) if words else tuple(value)
    return value


def _rules(version: str, loaded: Mapping[str, dict[str, Any]]) -> Rules:
    strict = loaded["default"]["values"]
    countries: dict[str, Country] = {}
    regions_of: dict[str, str] = {}
    for name, data in loaded.items():
        if name == "default":
            continue
        unknown = data["unknown_region"]
        country = Country(
            data["country"],
            data["values"],
            strict,
            {region: one["values"] for region, one in data["regions"].items()},
            data["region_names"],
            {region: tuple(zones) for region, zones in data["zones"].items()},
            None if unknown is None else unknown["values"],
            () if unknown is None else tuple(unknown["zones"]),
        )
        countries[country.code] = country
        for code, region in data["also"].items():
            countries[code] = country
            regions_of[code] = region
    return Rules(version, Country("default", strict, strict), countries, regions_of)
