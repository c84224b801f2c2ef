"""brand.yml becomes a brand, with the product's words where it has none of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalogue import entries
from bot.engine.brand import TEXT_CODES, ReplyBy, SenderKind
from bot.engine.text import Text
from bot.loading.brand import content_hash, read_brand
from bot.loading.brand_schema import PRESETS, BrandSchema
from bot.sending.parts import measure

SOURCE = """brand: corner
title: Corner Shop
country: FR
countries: [BE]
zone: Europe/Paris
languages: [fr, en]
senders:
  - {number: "36001", kind: short_code, carrier_answers: short_code, fictional: true}
  - number: "+15005550106"
    kind: long_code
    carrier_answers: [stop, help]
    reply: api
    parts_per_second: 1
    pool: main
texts:
  help: {fr: "Aide de {brand}. STOP.", en: "Help of {brand}. STOP."}
wrong:
  - {fr: Pardon ?, en: Sorry?}
  - {hand_over: team}
silent: {after: 20 min, say: {fr: "Oui ?", en: "Yes?"}, then: {after: 2 h, end: no_answer}}
caps: {per_day: 2, per_week: 5, per_month: 6}
ceiling: 25.00
prices: {FR: 0.045, default: 0,08}
staff: [{name: Luc, number: "+33 6 39 98 01 99", pin_hash: "scrypt$x"}]
settings: {shop: Lille, code: 010}
keywords: [CORNER]
"""


def brand_of(source: str):
    found = read_brand(source, "brand.yml", "corner")
    return found.brand, [(one.code, one.line, one.column) for one in found.complaints]


def test_every_key_finds_its_place():
    brand, complaints = brand_of(SOURCE.replace("0,08", "0.08"))
    assert complaints == []
    assert brand is not None
    assert brand.countries == ("FR", "BE")
    short, long = brand.senders
    assert (short.kind, short.fictional, short.preset) == (
        SenderKind.short_code,
        True,
        "short_code",
    )
    assert (long.reply, long.pool, long.preset) == (ReplyBy.api, "main", "custom")
    assert long.carrier_answers == {"stop", "help"}
    assert brand.wrong == (Text({"fr": "Pardon ?", "en": "Sorry?"}, "wrong.0"),)
    assert (brand.wrong_then, brand.silent_after_ms) == ("hand_over", 20 * 60_000)
    assert brand.silent_then_after_ms == 2 * 3_600_000
    assert (brand.cap_per_day, brand.cap_per_week, brand.cap_per_month) == (2, 5, 6)
    assert brand.ceiling_micros == 25_000_000
    assert brand.price_micros == {"FR": 45_000, "default": 80_000}
    assert brand.staff[0].number == "+33639980199"
    assert brand.settings == {"shop": "Lille", "code": "010"}
    assert brand.keywords == ("CORNER",)


def test_its_own_words_stand_before_the_products():
    brand, _ = brand_of(SOURCE.replace("0,08", "0.08"))
    assert brand is not None
    assert set(brand.texts) == set(TEXT_CODES)
    assert brand.texts["help"].in_language("en") == "Help of Corner Shop. STOP."
    assert brand.texts["bot_line"].in_language("fr") == "Ici le robot de Corner Shop."


def test_all_mistakes_come_at_once_and_in_place():
    source = SOURCE.replace("Europe/Paris", "Europe/Pari").replace("kind: long_code", "kind: long")
    brand, complaints = brand_of(source.replace("  help:", "  hlp:"))
    assert brand is not None
    assert ("B002", 5, 7) in complaints
    assert ("F016", 10, 11) in complaints
    assert ("F001", 16, 3) in complaints
    assert len(complaints) == 4  # the comma in the prices, too


def test_a_price_with_a_comma_is_cut_by_yaml_and_told_of():
    _, complaints = brand_of(SOURCE)
    assert [code for code, _, _ in complaints] == ["Y016"]


@pytest.mark.parametrize("name", ["brand", "title", "country", "languages"])
def test_without_what_everything_rests_on_there_is_no_brand(name):
    source = "".join(
        line for line in SOURCE.splitlines(keepends=True) if not line.startswith(f"{name}:")
    )
    brand, complaints = brand_of(source)
    assert brand is None
    assert "F002" in [code for code, _, _ in complaints]


def test_presets_are_those_that_the_carrier_knows():
    from bot.channels import twilio

    theirs = {name: {str(label.value) for label in kept} for name, kept in twilio.PRESETS.items()}
    assert theirs == {name: set(kept) for name, kept in PRESETS.items()}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("code", TEXT_CODES)
def test_the_products_words_are_one_plain_part_and_honest(code, language):
    said = entries(language)[f"text.{code}"].replace("{brand}", "Chez Margot")
    parts = measure(said.replace("{code}", "MARGOT-7K2XQ9B"))
    assert (parts.encoding, parts.parts) == ("GSM-7", 1), said
    assert "!" not in said
    wanted = {"opt_in_asked": "STOP", "opt_in_confirmed": "STOP", "stop_confirmed": "START"}
    assert wanted.get(code, "") in said
    if code == "bot_line":
        assert len(said) <= 40


def test_the_mandatory_words_are_there():
    english, french = entries("en"), entries("fr")
    assert "Msg & data rates may apply" in english["text.opt_in_asked"]
    assert "HELP" in english["text.opt_in_asked"]
    assert "AIDE" in french["text.opt_in_asked"]
    for texts, stop, help_word in ((english, "STOP", "HUMAN"), (french, "STOP", "HUMAIN")):
        assert stop in texts["text.help"]
        assert help_word in texts["text.help"]


def test_the_hash_is_blind_to_line_ends_and_trailing_blanks_only():
    assert content_hash("a: 1\nb: 2") == content_hash("\ufeffa: 1  \r\nb: 2\r\n\r\n")
    assert content_hash("a: 1\n") != content_hash("a: 2\n")
    assert content_hash("a: ' 1'") != content_hash("a: '1'")


KEYS = st.sampled_from(
    [field.data_key or name for name, field in BrandSchema().fields.items()]
    + ["number", "kind", "carrier_answers", "after", "then", "end", "say", "fr", "x", "help"]
)
VALUES = st.recursive(
    st.sampled_from(["corner", "FR", "fr", "20 min", "-1", "{", "stop", "+33", "9" * 30, " "]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=8))
def test_no_shape_makes_the_brand_raise(data):
    import yaml

    head = {"brand": "corner", "title": "Corner", "country": "FR", "languages": ["fr"]}
    for whole in (data, head | data):
        found = read_brand(yaml.safe_dump(whole, allow_unicode=True), "brand.yml", "corner")
        assert found.brand is not None or found.complaints


def test_the_sample_brand_is_clean():
    folder = Path(__file__).parents[2] / "flows" / "margot"
    found = read_brand((folder / "brand.yml").read_bytes(), "brand.yml", "margot")
    assert found.complaints == ()
