"""What is written beside what was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transcripts.compare import columns, matches


@pytest.mark.parametrize(
    ("written", "said", "same"),
    [
        ("Hello.", "Hello.", True),
        ("Hello.", "hello.", False),
        ("Hello.", "Hello. You", False),
        ("Hello. ...", "Hello. You", True),
        ("Hello. ...", "Hello.", True),
        ("... code QUIZ-...", "Chez Margot: your code QUIZ-7K2.", True),
        ("...", "", True),
        ("...you...", "How are you today?", True),
        ("Two   blanks", "Two blanks", True),
        ("1.5 (a+b) [c]", "1.5 (a+b) [c]", True),
        ("a ... c", "a c", True),
        ("a ... c", "a b", False),
    ],
)
def test_three_dots_stand_for_any_words(written: str, said: str, same: bool) -> None:
    assert matches(written, said) is same


@given(st.text(max_size=60).filter(lambda text: "..." not in text))
def test_a_text_matches_itself(text: str) -> None:
    assert matches(text, text)


@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=80)), max_size=5))
def test_no_line_of_the_two_columns_is_wider_than_asked(rows: list[tuple[str, str]]) -> None:
    shown = columns(rows, ("written", "happened"), 0, width=60)
    assert all(len(line) <= 60 for line in shown.split("\n"))


def test_the_row_that_differs_has_an_arrow() -> None:
    shown = columns([("a", "a"), ("bot: b", "bot: c")], ("written", "happened"), 1, width=40)
    assert [line[0] for line in shown.splitlines()] == [" ", " ", " ", ">"]
