"""The rules as data: every value from somewhere, nothing loads without a source."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.catalogue import LANGUAGES, entries
from compliance.decide import Rules, load_rules
from compliance.rulebook import FOLDER
from compliance.rulefiles import read
from compliance.types import Reason

RULES = load_rules()
DAY = date(2026, 11, 24)


def test_every_value_says_where_it_comes_from_and_when_to_look_again() -> None:
    seen = list(RULES.everything())
    assert len(seen) > 140
    for place, name, value in seen:
        assert value.source, (place, name)
        assert value.certainty, (place, name)
        assert value.read_on < value.review_by, (place, name)


def test_a_value_whose_review_is_due_is_named() -> None:
    assert RULES.overdue(date(2026, 11, 21)) == []
    late = {(place, name) for place, name, _ in RULES.overdue(date(2027, 1, 16))}
    assert late == {("US", "stop_reaches_everything")}


@pytest.mark.parametrize("missing", ["source", "read_on", "certainty", "review_by", "valid_from"])
def test_a_value_that_lacks_its_origin_does_not_load(missing: str, tmp_path: Path) -> None:
    _break(tmp_path, lambda lines: [line for line in lines if not line.strip().startswith(missing)])
    with pytest.raises(ValueError, match=rf"it\.yml.*{missing}"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  child_age:", "  childs_age:", "childs_age"),
        ("value: 14", "value: fourteen", "child_age"),
        ("certainty: statute", "certainty: sure", "certainty"),
        ("country: IT", "land: IT", "land"),
        ('value: "no"', 'value: "maybe"', "soft_opt_in"),
    ],
)
def test_a_file_that_cannot_be_read_names_the_key(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    _break(tmp_path, lambda lines: [line.replace(old, new) for line in lines])
    with pytest.raises(ValueError, match=says):
        read(tmp_path)


def test_the_strict_default_has_to_be_complete(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "default.yml"
    text = path.read_text("utf-8").replace("  proof:\n", "  scope:\n", 1)
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match="proof"):
        read(tmp_path)


def test_the_version_changes_with_a_value_and_with_nothing_else(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    assert read(tmp_path).version == RULES.version
    path = tmp_path / "it.yml"
    text = path.read_text("utf-8")
    path.write_text("# A remark.\n" + text, "utf-8")
    assert read(tmp_path).version == RULES.version
    path.write_text(text.replace("value: 14", "value: 15"), "utf-8")
    assert read(tmp_path).version != RULES.version


def test_what_a_country_does_not_say_is_strict() -> None:
    assert RULES.for_country("JP") is RULES.default
    assert RULES.for_country(None) is RULES.default
    assert RULES.for_country("IT").on(DAY).hours == RULES.default.on(DAY).hours


def test_values_change_on_their_day() -> None:
    us = RULES.for_country("US")
    assert us.on(date(2027, 1, 30), "US-NY").stop_reaches_everything.value is False
    assert us.on(date(2027, 1, 31), "US-NY").stop_reaches_everything.value is True


@pytest.mark.parametrize(
    ("country", "is_consent"),
    [
        ("FR", False),
        ("RE", False),
        ("US", True),
        ("PR", True),
        ("CA", True),
        ("DE", False),
        ("JP", False),
        (None, False),
    ],
)
def test_start_is_a_consent_only_where_a_source_says_so(
    country: str | None, is_consent: bool
) -> None:
    assert RULES.start_is_consent(country) is is_consent


def test_french_departments_overseas_have_the_french_file() -> None:
    for code in ("GP", "MQ", "GF", "RE", "YT"):
        assert RULES.for_country(code) is RULES.for_country("FR")


def test_every_zone_exists_and_every_state_has_one() -> None:
    us = RULES.for_country("US")
    for zone in [zone for zones in us.zones.values() for zone in zones]:
        ZoneInfo(zone)
    assert set(us.regions) <= set(us.zones)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_its_sentence(language: str) -> None:
    said = {code for code in entries(language) if code.startswith("decide.")}
    assert said == {f"decide.{reason}" for reason in Reason}


def test_rules_are_read_once() -> None:
    again: Rules = load_rules()
    assert again is RULES


def _break(folder: Path, change) -> None:  # type: ignore[no-untyped-def]
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    path = folder / "it.yml"
    lines = change(path.read_text("utf-8").splitlines())
    path.write_text("\n".join(lines), "utf-8")
