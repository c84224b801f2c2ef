"""A choice: by number, letter, word, place, near spelling; never a guess between two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from bot.understanding.answers import Answer, kinds

KIND = kinds()["choice"]


def choice(**options: object) -> Answer:
    return KIND.build(KIND.options.deserialize(options), ("fr", "en"))


PIZZA = choice(
    reine=["reine", "la reine", "queen"],
    margherita=["margherita", "marga"],
    four_cheese={"fr": ["quatre fromages", "fromages"], "en": ["four cheese", "cheese"]},
)
RESERVED = frozenset({"stop", "stops", "arret", "fin"})


def heard(text: str, answer: Answer = PIZZA, language: str = "fr") -> tuple[str | None, str]:
    parsed = answer.parse(text, language, RESERVED.__contains__)
    return (parsed.value, str(parsed.fits))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "reine"),
        ("1.", "reine"),
        ("n° 2", "margherita"),
        ("2 svp", "margherita"),
        ("3️⃣", "four_cheese"),
        ("trois", "four_cheese"),
        ("one", "reine"),
        ("A", "reine"),
        ("c)", "four_cheese"),
        ("la reine", "reine"),
        ("une Margherita s'il vous plaît", "margherita"),
        ("je voudrais une margherita", "margherita"),
        ("QUATRE FROMAGES", "four_cheese"),
        ("the four cheese please", "four_cheese"),
        ("cheese", "four_cheese"),
        ("four cheese", "four_cheese"),
        ("la première", "reine"),
        ("the second one", "margherita"),
        ("la dernière", "four_cheese"),
        ("2e", "margherita"),
        ("margarita", "margherita"),
        ("magherita", "margherita"),
        ("option 2", "margherita"),
    ],
)
def test_this_is_the_plain_choice(text: str, value: str) -> None:
    assert heard(text) == (value, "narrow")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("bon allez ce soir ce sera reine", "reine"),
        ("my friend says margherita tonight", "margherita"),
    ],
)
def test_among_other_words_it_is_broad(text: str, value: str) -> None:
    assert heard(text) == (value, "broad")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4",
        "d",
        "0",
        "1 2",
        "1 ou 2",
        "reine ou margherita",
        "pas la reine",
        "tout sauf margherita",
        "not the queen",
        "reine 2",
        "calzone",
        "12",
        "1.5",
        "reine stop",
        "🍕",
        "quatrième",
    ],
)
def test_this_is_no_choice(text: str) -> None:
    assert heard(text) == (None, "no")


def test_numbers_of_the_author_stand_before_those_of_the_order() -> None:
    sizes = choice(small=["30", "small"], large=["40", "large"])
    assert heard("40", sizes) == ("large", "narrow")
    assert heard("1", sizes) == (None, "no")
    assert heard("b", sizes) == ("large", "narrow")


def test_a_slip_never_leads_into_or_out_of_a_reserved_word() -> None:
    shops = choice(shops=["shops"], finish=["finir"])
    assert heard("stops", shops) == (None, "no")
    assert heard("stopps", shops) == (None, "no")
    assert heard("shosp", shops)[0] == "shops"


def test_a_slip_as_near_to_two_choices_is_asked_back() -> None:
    close = choice(rosso=["rossa"], rosse=["rosse"])
    assert heard("rossi", close) == (None, "no")


def test_a_word_may_mean_one_thing_in_each_language() -> None:
    bread = choice(bread={"fr": ["pain"], "en": ["bread"]}, ache={"fr": ["mal"], "en": ["pain"]})
    assert heard("pain", bread, "fr") == ("bread", "narrow")
    assert heard("pain", bread, "en") == ("ache", "narrow")
    with pytest.raises(ValidationError):
        choice(bread=["pain"], ache=["Pain!"])


def test_the_label_is_the_first_real_word_in_the_language() -> None:
    assert PIZZA.label("four_cheese", "en") == "four cheese"
    assert PIZZA.label("four_cheese", "fr") == "quatre fromages"
    assert choice(no_meat=["1"]).label("no_meat", "fr") == "no meat"


@given(st.text(max_size=200))
def test_any_text_is_one_of_the_choices_or_none(text: str) -> None:
    value, fits = heard(text)
    assert (value in PIZZA.categories()) == (fits in ("narrow", "broad"))


@given(st.permutations(["reine", "margherita", "fromages"]), st.integers(2, 3))
def test_two_choices_in_one_text_are_never_one(words: list[str], taken: int) -> None:
    assert heard(" et ".join(words[:taken])) == (None, "no")
