"""What a text means: stops, starts, help, rights, and the business that must not be mistaken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.folding import words_of
from compliance.frames import LANGUAGES, grammar, read
from compliance.hearing import HeardBefore, Hearing, Label, hear, near_reserved, reserved
from compliance.vocabulary import default_words, one_edit, words_for
from tests.support.speed import beats

DATA = Path(__file__).parent / "data"
HEEDED = (Label.opt_out, Label.ambiguous, Label.erase)


def public() -> list[dict[str, str]]:
    lines = (DATA / "opt_out_public.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def own() -> Iterator[tuple[str, str]]:
    """The project's own hard cases: a heading `## label`, then one text a line."""
    for path in sorted(DATA.glob("hard_*.txt")):
        label = ""
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("## "):
                label = line[3:]
            elif line:
                yield label, line


@pytest.mark.parametrize("row", public(), ids=lambda row: f"{row['lang']}: {row['text']}")
def test_every_public_text_is_heard_as_labelled(row: dict[str, str]) -> None:
    assert hear(row["text"]).label == row["label"]


def test_no_wish_to_stop_of_our_own_cases_goes_unheard() -> None:
    missed = [
        text for label, text in own() if label == "opt_out" and hear(text).label not in HEEDED
    ]
    assert not missed


def test_no_business_of_our_own_cases_is_heard_as_a_stop() -> None:
    harmed = [
        text for label, text in own() if label == "none" and hear(text).label is Label.opt_out
    ]
    assert not harmed


def test_no_wish_to_be_erased_is_heard_as_less() -> None:
    missed = [text for label, text in own() if label == "erase" and hear(text).label != "erase"]
    assert not missed


def test_nobody_is_opted_in_who_did_not_ask_for_it() -> None:
    wrong = [t for label, t in own() if label != "opt_in" and hear(t).label is Label.opt_in]
    assert not wrong


def test_own_cases_are_heard_as_labelled_but_for_a_written_few() -> None:
    rows = list(own())
    off = [f"{label}: {text}" for label, text in rows if hear(text).label != label]
    assert len(rows) > 2_200
    assert len(off) <= 30, off


@pytest.mark.parametrize(
    "text",
    [
        "S T O P", "s.t.o.p", "S-T-O-P", "ЅТОР", "ＳＴＯＰ", "🅂🅃🄾🄿", "🇸🇹🇴🇵", "St​op", "«stop»",
        "STOOOOP", "st0p", "stpo", "Sotp", "STOPSTOP", "stop stop stop", "STOP 36179",
        "stop au 36 180", "🛑", "✋🏽", "⛔ ⛔", "Bonjour, stop svp merci", "ARRÊT", "cancel",
    ],
)  # fmt: skip
def test_a_stop_in_any_dress_is_a_stop(text: str) -> None:
    assert hear(text).label is Label.opt_out


@pytest.mark.parametrize("word", ["SHOP", "TOP", "STEP", "SPOT", "INFOS", "TARTE", "STOCK", "SOAP"])
def test_everyday_words_one_letter_from_a_reserved_word_stay_themselves(word: str) -> None:
    assert hear(word).label is Label.none


def test_a_word_of_the_brand_is_never_corrected_into_a_stop() -> None:
    assert hear("stopi").label is Label.opt_out
    assert hear("stopi", words=words_for({"stopi"})).label is Label.none


def test_a_number_after_stop_is_a_stop_only_as_a_french_short_code() -> None:
    assert hear("STOP 36179").label is Label.opt_out
    assert hear("stop 12345 order").label is not Label.opt_out


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("stop the offers, keep my deliveries", "marketing"),
        ("plus de promos, seulement mes rendez-vous", "marketing"),
        ("stop texting me", "all"),
        ("ne m'envoyez plus de sms", "all"),
    ],
)
def test_a_stop_ends_what_it_names(text: str, scope: str) -> None:
    heard = hear(text)
    assert (heard.label, heard.scope) == (Label.opt_out, scope)


def test_yes_and_no_mean_what_was_asked() -> None:
    asked = HeardBefore(open_question=True, consent_question="marketing")
    assert hear("YES").label is Label.none
    assert hear("YES", asked) == Hearing(Label.opt_in, "marketing", "yes_to_consent", said="yes")
    assert hear("oui merci", asked).label is Label.opt_in
    assert hear("NON", asked).why == "no_to_consent"
    assert hear("oui", HeardBefore(open_question=True)).why == "answer"


@pytest.mark.parametrize("text", ["yes stop", "oui mais stop", "ok stop", "yes, unsubscribe me"])
def test_a_yes_with_a_stop_in_it_is_a_stop(text: str) -> None:
    assert hear(text, HeardBefore(consent_question="marketing")).label in HEEDED


def test_after_a_stop_only_start_like_words_and_an_asked_yes_reopen() -> None:
    stopped = HeardBefore(opted_out=True)
    assert hear("START", stopped).label is Label.opt_in
    assert hear("réabonnez-moi", stopped).label is Label.opt_in
    assert hear("yes", stopped).label is Label.none
    assert hear("ok thanks", stopped).label is Label.none
    assert hear("strat", stopped).label is Label.ambiguous
    asked = HeardBefore(opted_out=True, consent_question="marketing")
    assert hear("yes", asked).label is Label.opt_in


def test_an_unclear_text_yields_to_a_question_that_it_answers() -> None:
    fits = HeardBefore(open_question=True, answer_fits=True)
    assert hear("non merci").label is Label.ambiguous
    assert hear("non merci", fits).label is Label.none
    assert hear("pas intéressé", fits).label is Label.none


@pytest.mark.parametrize("text", ["STOP", "cancel", "END", "stop texting me", "delete my data"])
def test_a_clear_stop_or_erasure_never_yields(text: str) -> None:
    fits = HeardBefore(open_question=True, answer_fits=True, consent_question="marketing")
    assert hear(text, fits).label in (Label.opt_out, Label.erase)


@pytest.mark.parametrize(
    ("text", "label", "scope"),
    [
        ("everything", "opt_out", "all"),
        ("tout", "opt_out", "all"),
        ("offers only", "opt_out", "marketing"),
        ("just the offers please", "opt_out", "marketing"),
        ("les offres", "opt_out", "marketing"),
        ("no offers", "opt_out", "marketing"),
        ("stop", "opt_out", "all"),
        ("keep the offers", "none", "all"),
        ("my order", "none", "all"),
        ("la commande", "none", "all"),
    ],
)
def test_the_answer_to_the_clarifying_question_resolves(text: str, label: str, scope: str) -> None:
    heard = hear(text, HeardBefore(clarification=True))
    assert (heard.label, heard.scope) == (label, scope)


def test_a_misspelt_wish_that_is_not_sure_is_asked_about() -> None:
    assert hear("plz stop textng mme").label in HEEDED
    assert hear("i dont wnat yor mesages").label in HEEDED


def test_reserved_knows_whole_words_only() -> None:
    assert reserved("Stop!") is Label.opt_out
    assert reserved("AIDE") is Label.help
    assert reserved("alta") is Label.opt_in
    assert reserved("pizza") is None
    assert reserved("YES") is None
    assert reserved("stpo") is None


def test_near_reserved_warns_about_one_edit() -> None:
    assert near_reserved("shop") == "stop"
    assert near_reserved("stoop") == "stop"
    assert near_reserved("stop") is None
    assert near_reserved("lunch") is None


@given(st.text(max_size=400))
def test_no_text_breaks_the_hearing(text: str) -> None:
    assert hear(text).label in Label


@given(
    st.sampled_from(["stop", "arret", "unsubscribe", "désabonner", "baja", "abmelden", "afmelden"]),
    st.sampled_from(["{}", " {} ", "{}.", "{}!!", '"{}"', "({})", "{} svp", "please {}", "{}\n"]),
    st.booleans(),
)
def test_case_and_punctuation_never_hide_a_stop(word: str, dress: str, upper: bool) -> None:
    text = dress.format(word)
    assert hear(text.upper() if upper else text).label is Label.opt_out


@given(st.text("abcdefgh", min_size=1, max_size=7), st.text("abcdefgh", min_size=1, max_size=7))
def test_one_edit_goes_both_ways(one: str, other: str) -> None:
    assert one_edit(one, other) == one_edit(other, one)


@given(st.text(max_size=60))
def test_words_have_no_space_and_no_capital(text: str) -> None:
    assert all(word == word.lower() and " " not in word for word in words_of(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_grammar_compiles_and_reserves_words_of_one_label(language: str) -> None:
    book = grammar(language)
    assert book.frames
    for frame in [*book.guards, *book.frames]:
        frame.search("")
    words = [
        w for label in ("opt_out", "opt_in", "help") for w in read(language)["reserved"][label]
    ]
    assert len(words) == len(set(words))


def test_a_grammar_without_an_anchor_does_not_load() -> None:
    from compliance.frames import _Compiler

    book = grammar("en")
    with pytest.raises(ValueError, match="no anchor"):
        _Compiler(book, {})._frame("opt_out", "x", "all", "stop it")


def test_every_why_has_a_sentence_in_both_languages() -> None:
    catalogue = Path(__file__).parents[2] / "bot" / "catalogue"
    whys = {hear(text).why for _, text in own()}
    whys.update(frame.why for language in LANGUAGES for frame in grammar(language).frames)
    for language in ("en", "fr"):
        text = (catalogue / language / "hear.yml").read_text("utf-8")
        assert not [why for why in whys if f"hear.{why}:" not in text]


def test_hearing_is_fast_even_on_texts_made_to_be_slow() -> None:
    words = default_words()
    for text in (
        "stop " * 300,
        "je ne veux plus " * 100,
        "no more of the " * 100,
        "S T O P " * 180,
    ):
        assert beats(lambda text=text: hear(text, words=words), rounds=5) < 1000
