"""Texts, forms and errors made to keep a process busy, or to make it tell what it should not."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.turns import redeeming
from bot.web import create_app
from bot.web.webhooks.inbound import LARGEST, MOST_FIELDS
from compliance.hearing import HeardBefore, Hearing, hear, warm
from tests.turns.conftest import LUC, House

LONG = 10_000
BAD_TEXTS = [
    " " * LONG, "a" * LONG, "used abc" + " " * LONG + "x", "USED " + "A" * LONG, "stop " * 2_000,
    "s t o p " * 1_250, "ne me " * 1_600, "\U0001f6d1" * LONG, "a" + "\u0301" * LONG,
    "\u202e" * LONG, "." * LONG, "s." * 5_000, "1 " * 5_000, "l'" * 5_000, "\ufdfa" * LONG,
    "\uff33\uff34\uff2f\uff30" * 2_500, "stopsendingme" * 770, "\n" * LONG + "x",
    "please do not stop sending me " * 330, "quatre-vingt-dix-neuf " * 450,
]  # fmt: skip
SLOWEST = 0.05  # seconds


def quickest(work: object, *arguments: object) -> float:
    """The best of three, since this machine has other things to do as well."""
    spans = []
    for _ in range(3):
        began = perf_counter()
        work(*arguments)  # type: ignore[operator]
        spans.append(perf_counter() - began)
    return min(spans)


@pytest.mark.parametrize("words", BAD_TEXTS, ids=range(len(BAD_TEXTS)))
def test_no_text_keeps_the_hearing_busy(words: str) -> None:
    warm()
    assert quickest(hear, words) < SLOWEST
    before = HeardBefore(open_question=True, consent_question="marketing", clarification=True)
    assert quickest(hear, words, before) < SLOWEST


@pytest.mark.parametrize("words", BAD_TEXTS, ids=range(len(BAD_TEXTS)))
def test_no_text_of_the_staff_keeps_a_turn_busy(small_house: House, words: str) -> None:
    pattern = redeeming._USED
    assert quickest(pattern.fullmatch, " ".join(words[: redeeming._LONGEST].split())) < 0.005
    began = perf_counter()
    small_house.says(words, LUC)
    assert perf_counter() - began < 1


@given(st.text(max_size=300), st.booleans(), st.booleans(), st.booleans())
def test_hearing_never_raises_on_any_text(
    words: str, question: bool, clarification: bool, stopped: bool
) -> None:
    before = HeardBefore(
        open_question=question,
        consent_question="marketing" if question else None,
        clarification=clarification,
        opted_out=stopped,
    )
    assert isinstance(hear(words, before), Hearing)


@pytest.mark.parametrize(
    "body", [b"&" * MOST_FIELDS, b"a=" + b"x" * LARGEST, b"&".join([b"a=%41"] * 50_000)]
)
def test_a_form_that_nobody_would_send_is_refused_before_it_is_read(
    small_house: House, body: bytes
) -> None:
    client = create_app(small_house.app).test_client()
    form = "application/x-www-form-urlencoded"
    headers = {"X-Twilio-Signature": "forged"}
    answer = client.post("/webhooks/twilio/sms", data=body, content_type=form, headers=headers)
    assert answer.status_code == 413


def test_an_error_of_the_database_does_not_tell_what_was_to_be_written(house: House) -> None:
    def broken(conn: object) -> None:
        conn.execute(text("SELECT * FROM nothing WHERE x = :x"), {"x": "Ernestine"})  # type: ignore[attr-defined]

    for run in (house.db.read, house.db.write):
        with pytest.raises(SQLAlchemyError) as raised:
            run(broken)
        assert "Ernestine" not in str(raised.value)


def test_a_wording_that_names_the_person_is_kept_without_the_name(small_house: House) -> None:
    from bot.store import tables

    offers = small_house.flows / "margot" / "flows" / "offres.yml"
    written = offers.read_text("utf-8")
    named = written.replace(
        "consent: marketing",
        "consent: marketing\n    ask:\n"
        '      fr: "Chez Margot, {person.first_name|vous} : OUI pour nos offres ? STOP: non."\n'
        '      en: "Chez Margot, {person.first_name|you}: YES for our offers? STOP to refuse."',
        1,
    )
    assert named != written
    offers.write_text(named, "utf-8")
    outcome = small_house.publish()
    assert not outcome.errors, outcome.errors
    for words in ("PIZZA", "1", "2", "Ernestine", "OUI"):
        small_house.says(words)
    assert "Ernestine" in small_house.says("OFFRES")[0]
    (kept,) = small_house.rows(tables.wording)
    assert "Ernestine" not in kept.text
    assert "{person.first_name}" in kept.text
