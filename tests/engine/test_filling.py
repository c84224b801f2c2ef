"""Placeholders: filled in once, with fallbacks, never twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.engine.filling import fill, placeholders, stray

NAMES = {"name": "Ana", "coupon.welcome": "K7", "sly": "{name}"}


def value(name: str) -> str:
    return NAMES.get(name, "")


def test_names_fallbacks_and_braces() -> None:
    assert fill("Hi {name}, {{code}} {coupon.welcome}", value) == "Hi Ana, {code} K7"
    assert fill("Hi {nobody|friend}!", value) == "Hi friend!"
    assert fill("Hi {nobody|}!", value) == "Hi !"
    assert fill("Hi {nobody}!", value) == "Hi !"


def test_what_is_filled_in_is_never_filled_in_again() -> None:
    assert fill("{sly}", value) == "{name}"


def test_a_lone_brace_is_found_and_stays() -> None:
    assert stray("Hi {name") == "{name"
    assert stray("50 } off") == "} off"
    assert stray("{Name}") == "{Name}"
    assert stray("{name|Ana} {{x}}") is None
    assert fill("Hi {name and {Name}", value) == "Hi {name and {Name}"


def test_placeholders_are_told_in_order_with_their_fallbacks() -> None:
    found = [(one.name, one.fallback) for one in placeholders("{a|x} {b} {c|}")]
    assert found == [("a", "x"), ("b", None), ("c", "")]


@given(st.text())
def test_any_text_can_be_filled_in(text: str) -> None:
    assert isinstance(fill(text, value), str)


@given(st.text())
def test_doubled_braces_give_the_text_back(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert fill(doubled, value) == text
    assert stray(doubled) is None
