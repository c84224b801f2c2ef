"""Numbers in figures and words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.understanding.answers import kinds


def nobody(_word: str) -> bool:
    return False


def heard(kind: str, text: str, language: str = "fr", **options: str) -> tuple[object, str]:
    found = kinds()[kind]
    answer = found.build(found.options.deserialize(options), ("fr", "en"))
    parsed = answer.parse(text, language, nobody)
    return (parsed.value, str(parsed.fits) if parsed.value is not None else parsed.why)


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("3", "fr", 3),
        ("03", "fr", 3),
        ("3 svp", "fr", 3),
        ("  3 !", "fr", 3),
        ("３", "fr", 3),
        ("3️⃣", "fr", 3),
        ("1 000", "fr", 1000),
        ("1\u202f000", "fr", 1000),
        ("-2", "en", -2),
        ("3.0", "en", 3),
        ("trois", "fr", 3),
        ("Trois.", "en", 3),
        ("un", "fr", 1),
        ("une", "fr", 1),
        ("vingt et un", "fr", 21),
        ("vingt-et-un", "fr", 21),
        ("quatre-vingt-dix-sept", "fr", 97),
        ("quatre vingt dix sept", "fr", 97),
        ("septante", "fr", 70),
        ("zéro", "fr", 0),
        ("zero", "fr", 0),
        ("deux cents", "fr", 200),
        ("une douzaine", "fr", 12),
        ("one", "en", 1),
        ("twenty-one", "en", 21),
        ("one hundred and five", "en", 105),
        ("a dozen", "en", 12),
        ("three please", "fr", 3),
        ("juste deux merci", "fr", 2),
    ],
)
def test_this_is_a_whole_number_and_nothing_else(text: str, language: str, value: int) -> None:
    assert heard("integer", text, language) == (value, "narrow")


@pytest.mark.parametrize(
    ("text", "value"),
    [("2 pizzas", 2), ("il en faut trois ce soir", 3), ("nous sommes 4", 4), ("we are five", 5)],
)
def test_among_other_words_it_is_broad(text: str, value: int) -> None:
    assert heard("integer", text) == (value, "broad")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2 ou 3", "two_values"),
        ("deux ou trois", "two_values"),
        ("2,5", "not_whole"),
        ("2 1/2", "two_values"),
        ("", ""),
        ("beaucoup", ""),
        ("12h30", ""),
        ("1,500", ""),
        ("a2", ""),
        ("une pizza", ""),
        ("1.2.3", ""),
    ],
)
def test_this_is_no_whole_number(text: str, why: str) -> None:
    assert heard("integer", text) == (None, why)


def test_the_range_counts_both_ends() -> None:
    assert heard("integer", "9", min="1", max="9") == (9, "narrow")
    assert heard("integer", "10", min="1", max="9") == (None, "out_of_range")
    assert heard("decimal", "10,5", max="10") == (None, "out_of_range")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2,5", 2.5),
        ("2.5", 2.5),
        ("deux et demi", 2.5),
        ("three and a half", 3.5),
        ("1 234,56", 1234.56),
        ("0,125", 0.125),
        ("7", 7.0),
    ],
)
def test_decimals_take_comma_and_point(text: str, value: float) -> None:
    assert heard("decimal", text) == (value, "narrow")


def test_a_decimal_is_repeated_with_the_mark_of_the_language() -> None:
    decimal = kinds()["decimal"]
    answer = decimal.build(decimal.options.deserialize({}), ("fr", "en"))
    assert answer.label(2.5, "fr") == "2,5"
    assert answer.label(3.0, "en") == "3"


@given(st.integers(-999_999, 999_999))
def test_every_number_in_figures_comes_back(number: int) -> None:
    assert heard("integer", str(number)) == (number, "narrow")


@given(st.text(max_size=200), st.sampled_from(["integer", "decimal", "text"]))
def test_any_text_is_an_answer_or_none(text: str, kind: str) -> None:
    value, fits = heard(kind, text)
    assert value is None or fits in ("narrow", "broad")


def test_free_text_is_one_line_within_its_length() -> None:
    assert heard("text", "  Ana\n Maria ", min="1", max="10") == ("Ana Maria", "broad")
    assert heard("text", "x" * 11, max="10") == (None, "out_of_range")
    assert heard("text", " \x00 ") == (None, "")
