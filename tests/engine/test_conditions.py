"""Conditions: small, total, bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.conditions import ConditionRefused, holds, read

NAMES = {
    "qty": 4,
    "box": "Veg",
    "price": 2.5,
    "consent.marketing": True,
    "person.city": "Lille",
    "person.age": "42",
    "language": "fr",
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("qty > 3", True),
        ("qty > 3 and box == 'veg'", True),
        ("1 < qty <= 4", True),
        ("box in ['fish', 'veg']", True),
        ("box not in ('fish', 'veg')", False),
        ("'ill' in person.city", True),
        ("person.age >= 18", True),
        ("consent.marketing and language == 'fr'", True),
        ("not consent.marketing", False),
        ("qty == -4 or price == 2.5", True),
        ("nobody == 3", False),
        ("nobody != 3", False),
        ("nobody > 3 or nobody <= 3", False),
        ("not (nobody == 3)", True),
        ("nobody", False),
        ("box > 3", False),
        ("consent.marketing == true", True),
        ("qty in box", False),
    ],
)
def test_a_condition_means_what_it_says(source: str, expected: bool) -> None:
    assert holds(read(source), NAMES.get) is expected


@pytest.mark.parametrize(
    "source",
    [
        "",
        "qty >",
        "qty = 3",
        "qty && box",
        "__import__('os')",
        "box.upper()",
        "person.city.name",
        "qty + 1 > 3",
        "[x for x in box]",
        "lambda: 1",
        "f'{box}'",
        "qty is 3",
        "box[0] == 'v'",
        "(" * 200 + ")" * 200,
        "not " * 70 + "qty",
        "a" * 301,
        "\x00",
        "1 if qty else 2",
        "b'x' == box",
        "(qty := 3)",
    ],
)
def test_anything_else_is_refused(source: str) -> None:
    with pytest.raises(ConditionRefused):
        read(source)


@given(st.text(max_size=120))
def test_reading_any_text_refuses_or_gives_a_condition_that_cannot_raise(source: str) -> None:
    try:
        condition = read(source)
    except ConditionRefused:
        return
    assert holds(condition, lambda _name: None) in (True, False)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
SIGNS = ("==", "!=", "<", "<=", ">", ">=", "in", "not in")


@given(VALUES, VALUES, st.sampled_from(SIGNS))
def test_no_pair_of_values_makes_a_comparison_raise(left: object, right: object, sign: str) -> None:
    names = {"a": left, "b": right}
    result = holds(read(f"a {sign} b"), names.get)
    assert result in (True, False)
    if left is None or right is None:
        assert result is False
