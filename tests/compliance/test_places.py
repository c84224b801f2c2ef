"""Where a number lives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.places import decide_place, zones_of


@pytest.mark.parametrize(
    ("number", "place"),
    [
        ("+33639980011", ("FR", "Europe/Paris")),
        ("+33199001234", ("FR", "Europe/Paris")),
        ("+447700900123", ("GB", "Europe/London")),
        ("+12125550142", ("US", "America/New_York")),
        ("+18085550142", ("US", "Pacific/Honolulu")),
        ("+16155550142", ("US", "America/Chicago")),
        ("+14165550142", ("CA", "America/Toronto")),
        ("+17875550142", ("PR", "America/Puerto_Rico")),
    ],
)
def test_a_number_kept_for_fiction_has_a_place(number: str, place: tuple[str, str]) -> None:
    assert decide_place(number, fictional=True) == place


def test_fiction_is_no_place_with_a_real_carrier() -> None:
    assert decide_place("+447700900123") == (None, None)


@pytest.mark.parametrize(
    ("prefix", "place"),
    [
        ("+262692", ("RE", "Indian/Reunion")),
        ("+262639", ("YT", "Indian/Mayotte")),
        ("+590690", ("GP", "America/Guadeloupe")),
        ("+594694", ("GF", "America/Cayenne")),
        ("+596696", ("MQ", "America/Martinique")),
    ],
)
def test_overseas_departments_are_countries_of_their_own(
    prefix: str, place: tuple[str, str]
) -> None:
    assert decide_place(prefix + "000000", fictional=True) == place


@pytest.mark.parametrize(
    ("country", "prefix"), [("ES", "+34600"), ("AU", "+61400"), ("US", "+190755501")]
)
def test_a_zone_is_not_named_when_there_could_be_two(country: str, prefix: str) -> None:
    number = prefix + ("42" if country == "US" else "000000")
    assert decide_place(number, fictional=True) == (country, None)


@pytest.mark.parametrize("text", ["36000", "", "MARGOT", "+1", "+18005550142", "0033639980011"])
def test_what_is_not_a_place_is_nowhere(text: str) -> None:
    assert decide_place(text, fictional=True) == (None, None)


@given(st.text(max_size=20) | st.integers(1, 10**15).map(lambda digits: f"+{digits}"))
def test_anything_is_answered_and_a_zone_belongs_to_its_country(text: str) -> None:
    country, zone = decide_place(text, fictional=True)
    if zone is not None:
        assert country is not None
        assert zone in zones_of(country)
