"""Folding, spelling, keywords, repair and language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.understanding.folding import fold
from bot.understanding.keywords import Index, Keyword
from bot.understanding.language import detect
from bot.understanding.near import ReservedWords, beside_reserved, distance
from bot.understanding.repair import change, repair

RESERVED = frozenset({"stop", "help", "arret"})


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  LUNCH club!! ", "lunch club"),
        ("Crème brûlée", "creme brulee"),
        ("L’œuf", "l oeuf"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("1️⃣", "1"),
        ("👍🏽", "👍"),
        ("lunch 🍕", "lunch"),
        ("a_b", "a b"),
        ("", ""),
        ("?!", "?!"),
    ],
)
def test_folding_keeps_the_words(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=100))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("typed", "word", "slips"),
    [
        ("fisch", "fish", 1),
        ("lnuch", "lunch", 1),
        ("shop", "stop", None),
        ("step", "stop", None),
        ("lunch", "munch", 1),
        ("hours", "house", None),
        ("margarita", "margherita", 2),
        ("12345", "12346", None),
    ],
)
def test_slips_are_bounded_by_the_length_of_the_word(
    typed: str, word: str, slips: int | None
) -> None:
    assert distance(typed, word) == slips


def test_a_word_beside_a_reserved_one_is_left_alone() -> None:
    for word in ("stop", "stopp", "sotp", "stp", "shop", "helpp", "arrêt".replace("ê", "e")):
        assert beside_reserved(word, RESERVED.__contains__), word
    assert not beside_reserved("shopping", RESERVED.__contains__)


@given(st.text("stophelar ", min_size=1, max_size=8))
def test_reserved_words_are_found_the_same_by_sweep_and_by_asking(word: str) -> None:
    swept = beside_reserved(word, ReservedWords(RESERVED))
    assert swept == beside_reserved(word, RESERVED.__contains__)


KEYWORDS = Index.of(
    [
        Keyword("lunch", "LUNCH"),
        Keyword("lunch", "LUNCH CLUB"),
        Keyword("hours", "HORAIRES", "fr"),
        Keyword("hours", "OPENING HOURS", "en"),
        Keyword("shop", "SHOPS"),
        Keyword("shipping", "SHIPS"),
        Keyword("pizza", "🍕"),
    ]
)


@pytest.mark.parametrize(
    ("text", "flow", "verdict"),
    [
        ("horaires svp", "hours", "first_word"),
        ("vos horaires", None, ""),
        ("hello, opening hours?", "hours", "several_words"),
        ("horaire", "hours", "near"),
        ("bonjour horaies", "hours", "near"),
        ("lunch club please", "lunch", "several_words"),
        ("shups", None, "as_near"),
        ("stops", None, "reserved"),
        ("shop", None, "reserved"),
        ("", None, ""),
        ("something else entirely in many words", None, ""),
    ],
)
def test_keywords_in_a_text(text: str, flow: str | None, verdict: str) -> None:
    found = KEYWORDS.within(text, RESERVED.__contains__)
    winners = [one for one in found if one.wins]
    assert len(winners) <= 1
    assert (winners[0].flow if winners else None) == flow
    assert not verdict or verdict in {one.verdict for one in found}


def test_a_keyword_as_the_whole_message_brings_its_language() -> None:
    (found,) = KEYWORDS.whole("Horaires !")
    assert (found.flow, found.language, found.verdict) == ("hours", "fr", "exact")
    assert [one.flow for one in KEYWORDS.whole("🍕🍕"[:1])] == ["pizza"]


@given(st.text(max_size=80))
def test_at_most_one_keyword_wins_and_never_for_a_reserved_word(text: str) -> None:
    found = KEYWORDS.within(text, RESERVED.__contains__)
    assert sum(one.wins for one in found) <= 1
    for word in RESERVED:
        assert not any(one.wins for one in KEYWORDS.within(word, RESERVED.__contains__))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("HUMAIN", "person"),
        ("un humain, s'il vous plaît", "person"),
        ("can I talk to someone?", "person"),
        ("can I talk to a human", "person"),
        ("could I please speak with a real person?", "person"),
        ("How do I reach someone from your team", "person"),
        ("je peux parler à un humain ?", "person"),
        ("Bonjour, je voudrais parler avec quelqu'un svp", "person"),
        ("est-ce qu'on peut parler à une vraie personne", "person"),
        ("je veux pas parler à une personne", ""),
        ("I do not want to talk to a person", ""),
        ("une pizza pour une personne", ""),
        ("call the person who ordered 2 pizzas", ""),
        ("annuler", "cancel"),
        ("Never mind!", "cancel"),
        ("start over", "restart"),
        ("recommencer", "restart"),
        ("répéter", "repeat"),
        ("repeat please", "repeat"),
        ("humanity", ""),
        ("personne ne répond", ""),
        ("annuler ma commande de demain", ""),
    ],
)
def test_words_of_repair_count_as_whole_messages(text: str, what: str) -> None:
    assert repair(text) == what


def test_change_may_name_what_to_change() -> None:
    assert change("CHANGER") == ""
    assert change("modifier la taille") == "la taille"
    assert change("I need change for the bus") is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("bonjour", "fr"),
        ("je voudrais une pizza", "fr"),
        ("vous êtes ouverts demain ?", "fr"),
        ("hello", "en"),
        ("what time do you open", "en"),
        ("I would like a pizza please", "en"),
        ("pizza", None),
        ("ok", None),
        ("", None),
        ("2", None),
        ("hello je voudrais the pizza", None),
    ],
)
def test_the_language_is_told_when_it_is_clear(text: str, language: str | None) -> None:
    assert detect(text) == language
