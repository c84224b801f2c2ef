"""Yes and no: rich, and never the one for the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from bot.understanding.answers import Fits, kinds
from bot.understanding.answers.yes_no import _PHRASES, YesNo, _known
from bot.understanding.folding import squeeze

KIND = kinds()["yes_no"]
ANSWER = KIND.build(KIND.options.deserialize("true"), ("fr", "en"))
RESERVED = frozenset({"stop", "arret", "cancel", "aide"})


def heard(text: str) -> tuple[str | None, str]:
    parsed = ANSWER.parse(text, "fr", RESERVED.__contains__)
    return (parsed.value, str(parsed.fits))


YES = """
oui|Oui !|OUI|ouais|Ouaiiis|ouep|ui|wi|ok|OK.|okay|d'accord|d’accord|daccord|dac
bien sûr|Bien sur !
volontiers|avec plaisir|carrément|tout à fait|c'est ça|exactement|je veux bien|pourquoi pas
pas de problème|oui oui|oui merci|oui svp|oui, s'il vous plaît|mais oui|ah oui
ça marche|ben oui
yes|Yes please|YES!!!|yeah|yep|yup|yess|y|sure|sure thing|of course|definitely|absolutely|why not
no problem|no worries|go ahead|let's do it|I do|👍|👍🏽|ok 👍|✅|o|vas-y|Entendu|parfait|yeahhh|okkk
absolutly|volontier|oh yes please|yes sir|yes yes yes|si|k|Oui bien sûr|hi yes please
"""
NO = """
non|Non.|NON|nan|nope|no|No!|nooo|nah|non merci|no thanks|no thank you|pas du tout|absolument pas
certainement pas|jamais|never|no way|not now|pas maintenant|pas question|hors de question|n|nn
non non|mais non|ben non|bien sûr que non|of course not|not really|pas vraiment|je ne veux pas
j'en veux pas|I don't|I do not want|pas d'accord|not interested|pas intéressé|sans façon|👎|❌|no 👎
surtout pas|rather not|no no no|Non, pas du tout|not at all|nein|negative|no thx
"""
NEITHER = """
oui mais non|oui non|yes no|no yes|yes but no|oui et non|yes or no?|peut-être|maybe|je sais pas|idk
not sure|bof|ça dépend|oui ou non ?|c'est bon|I'm good|👍👎|oui 👎|ok 👎|pizza|2|||?|...|🍕
plus tard|sans souci oui mais non
yes but not now|oui mais pas aujourd'hui|yes if it is free|oui si c'est gratuit|non mais oui
yes cancel|oui stop|don't say no|no doubt|yeah right|not no|pourquoi oui ?|yes?  what does it cost
oui 2|no 3|noon|nord|onion|yesterday|ouistiti|okapi|now|know|note|none of your business|non plus oui
"""


def rows(table: str) -> list[str]:
    return [text for line in table.strip().split("\n") for text in line.split("|")]


@pytest.mark.parametrize("text", rows(YES))
def test_this_is_a_plain_yes(text: str) -> None:
    assert heard(text) == ("yes", "narrow")


@pytest.mark.parametrize("text", rows(NO))
def test_this_is_a_plain_no(text: str) -> None:
    assert heard(text) == ("no", "narrow")


@pytest.mark.parametrize("text", rows(NEITHER))
def test_this_is_neither(text: str) -> None:
    assert heard(text) == (None, "no")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("oui je prends ça ce soir", "yes"),
        ("yes I want the big one", "yes"),
        ("non je reste chez moi", "no"),
        ("no I have eaten", "no"),
    ],
)
def test_among_other_words_it_is_broad(text: str, value: str) -> None:
    assert heard(text) == (value, "broad")


SURE_YES = st.sampled_from(["oui", "yes", "ok", "d'accord", "yep", "of course", "ouais", "yeah"])
SURE_NO = st.sampled_from(["non", "no", "nope", "nan", "pas du tout", "not at all", "jamais"])
HARMLESS = ["je", "pizza", "deux", "want", "this", "now", "ce", "soir", "and", "et", "merci"]
WORDS = st.lists(st.sampled_from(HARMLESS), max_size=4)
MARKS = st.sampled_from(["", "!", " !", "...", ".", " :)", "!!"])


@given(SURE_YES, WORDS, MARKS)
def test_a_yes_with_harmless_words_never_becomes_a_no(
    yes: str, words: list[str], mark: str
) -> None:
    assert heard(" ".join([yes, *words]) + mark)[0] in ("yes", None)


@given(SURE_NO, WORDS, MARKS)
def test_a_no_among_harmless_words_is_never_a_yes(no: str, words: list[str], mark: str) -> None:
    assert heard(" ".join([no, *words]) + mark)[0] in ("no", None)


@given(SURE_YES, SURE_NO, st.booleans(), st.sampled_from([" ", " mais ", " but ", ", ", " ou "]))
def test_both_in_one_text_are_never_an_answer(yes: str, no: str, turned: bool, by: str) -> None:
    one, other = (no, yes) if turned else (yes, no)
    if (one, other) == ("of course", "not at all"):
        return  # "of course not" is a no, whatever follows
    assert heard(one + by + other)[0] is None


@given(st.sampled_from(["ne pas", "pas", "not", "don't", "never"]), SURE_YES)
def test_a_denied_yes_is_never_a_yes(denial: str, yes: str) -> None:
    assert heard(f"{denial} {yes}")[0] in ("no", None)


@given(st.text(max_size=200))
def test_any_text_is_yes_no_or_neither(text: str) -> None:
    value, fits = heard(text)
    assert (value in ("yes", "no")) == (fits in ("narrow", "broad"))


def test_no_phrase_stands_on_two_sides_even_with_its_letters_squeezed() -> None:
    among, _ = _known()
    by_squeezed: dict[str, set[str]] = {}
    for phrase, meaning in among.items():
        by_squeezed.setdefault(squeeze(phrase), set()).add(meaning)
    assert [phrase for phrase, meanings in by_squeezed.items() if len(meanings) > 1] == []
    listed = [
        phrase
        for phrases in _PHRASES.values()
        for line in phrases.split("\n")
        for phrase in line.strip().split("|")
        if phrase
    ]
    assert len(listed) == len(set(listed))


def test_every_phrase_of_ours_is_heard_as_what_it_means() -> None:
    for phrase, meaning in _known()[0].items():
        expected = None if meaning == "unsure" else meaning
        assert heard(phrase)[0] == expected, phrase


def test_an_author_may_add_words_and_may_not_turn_ours_round() -> None:
    options = KIND.options.deserialize({"yes": ["banco"], "no": {"fr": ["laisse béton"]}})
    answer = KIND.build(options, ("fr", "en"))
    assert isinstance(answer, YesNo)
    assert answer.parse("Banco !", "fr", RESERVED.__contains__).value == "yes"
    assert answer.parse("laisse beton", "fr", RESERVED.__contains__).value == "no"
    assert answer.words() == ("banco", "laisse béton")
    with pytest.raises(ValidationError):
        KIND.build(KIND.options.deserialize({"yes": ["nope"]}), ("fr", "en"))


def test_the_answer_repeats_in_the_language_of_the_person() -> None:
    assert ANSWER.label("yes", "fr") == "oui"
    assert ANSWER.label("no", "en") == "no"
    assert ANSWER.categories() == ("yes", "no")
    assert Fits.narrow == "narrow"
