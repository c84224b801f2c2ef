"""Each measure is a file with its words, its golden number and a statement that only reads."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

import bot.measures
from bot.catalogue import LANGUAGES
from bot.measures import HOUR_MS, measures
from bot.measures.interval import difference, wilson
from bot.measures.report import as_json, figure, last_days, period, rendered, report
from tests.measures.conftest import T0, Log

NAMES = list(measures())


def test_the_registry_is_the_folder_in_the_order_of_the_page() -> None:
    assert NAMES == ["response", "conversion", "redemption", "opt_out"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_measure_has_all_its_words(name: str, language: str) -> None:
    for part in (
        "title",
        "question",
        "formula",
        "above",
        "above_one",
        "below",
        "below_one",
        "empty",
    ):
        assert measures()[name].words(part, language) != f"measure.{name}.{part}"


@pytest.mark.parametrize("name", NAMES)
def test_a_measure_is_named_like_its_file_and_has_a_golden_number(name: str) -> None:
    module = importlib.import_module(f"bot.measures.{name}")
    assert module.MEASURE.name == name
    assert module.__doc__
    goldens = (Path(__file__).parent / "test_numbers.py").read_text("utf-8")
    assert f'"{name}"' in goldens


@pytest.mark.parametrize("module", [m.name for m in pkgutil.iter_modules(bot.measures.__path__)])
def test_the_examples_in_the_texts_are_true(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"bot.measures.{module}")).failed == 0


def test_the_intervals_are_those_of_the_literature() -> None:
    low, high = wilson(90, 2000) or (0, 0)
    assert (round(low, 5), round(high, 5)) == (0.03675, 0.05499)
    low, high = wilson(24, 6200) or (0, 0)
    assert (round(low, 5), round(high, 5)) == (0.00260, 0.00575)
    assert round((wilson(0, 40) or (0, 0))[1], 4) == 0.0876
    low, high = difference(120, 2000, 90, 2000) or (0, 0)
    assert (round(low, 5), round(high, 5)) == (0.00115, 0.02897)


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_an_interval_holds_its_share_and_stays_between_none_and_all(a: int, more: int) -> None:
    low, high = wilson(a, a + more) or (1, 0)
    assert 0 <= low <= a / (a + more) <= high <= 1


@given(st.integers(0, 99), st.integers(1, 99), st.integers(0, 99), st.integers(1, 99))
def test_a_difference_turns_its_sign_with_its_sides(a: int, b: int, c: int, d: int) -> None:
    there = difference(a, a + b, c, c + d) or (0, 0)
    back = difference(c, c + d, a, a + b) or (0, 0)
    assert there == pytest.approx((-back[1], -back[0]))


def test_a_day_lasts_from_midnight_to_midnight_in_the_brands_zone() -> None:
    start, end = period(date(2026, 3, 29), date(2026, 3, 29), "Europe/Paris")
    assert (end - start) == 23 * HOUR_MS  # the clocks go forward that night
    assert last_days(start, 7, "Europe/Paris") == (date(2026, 3, 23), date(2026, 3, 29))
    assert last_days(start - 1, 1, "Europe/Paris")[1] == date(2026, 3, 28)


def test_without_a_denominator_the_number_is_a_dash_and_says_why(conn: Connection) -> None:
    for result in report(conn, "margot", None, T0, T0 + HOUR_MS):
        assert figure(result, "fr") == "—"
        assert result.interval is None
    text = rendered(report(conn, "margot", None, T0, T0 + HOUR_MS), "en", "Europe/Paris")
    assert "No conversation began in this period" in text


def test_few_people_are_shown_as_counts(conn: Connection, log: Log) -> None:
    log.text("ana", asks=True)
    log.hears("ana", 0.5)
    log.text("karim", asks=True)
    first = report(conn, "margot", None, T0, T0 + HOUR_MS)[0]
    assert figure(first, "en") == "1 of 2"
    assert figure(first, "fr") == "1 sur 2"


def test_the_json_is_plain_data_with_numerator_denominator_and_formula(
    conn: Connection, log: Log
) -> None:
    log.text("ana", asks=True)
    told = json.loads(json.dumps(as_json(report(conn, "margot", "lunch", T0, T0 + HOUR_MS))))
    first = told["measures"][0]
    assert (told["flow"], first["name"], first["numerator"], first["denominator"]) == (
        "lunch", "response", 0, 1,
    )  # fmt: skip
    assert first["interval"][0] == 0
    assert "72 h" in first["formula"]
    assert told["measures"][1]["share"] is None
