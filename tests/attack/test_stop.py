"""Ways back to somebody who said stop: each of them is closed."""

from __future__ import annotations

import pytest

from bot.channels._twilio_facts import STOP_WORDS
from bot.store import tables
from bot.store.chain import chain, head
from bot.turns.inbound import hear_text
from bot.turns.repeats import answer_again
from compliance.hearing import HeardBefore, Label, hear
from compliance.ledger import verify
from tests.turns.conftest import ANA, LIA, House

LONG = "+12025550123"


def agree_at_zinc(house: House) -> None:
    """A consent that Zinc has, which shares its number with Chez Margot."""
    house.says("ZINC")
    house.says("JOIN")
    house.says("OUI")
    assert house.consents(brand="zinc") == {"marketing": "granted"}


# -- the same text once more ----------------------------------------------------------------------


def test_an_old_text_that_the_carrier_repeats_after_a_stop_is_not_answered(house: House) -> None:
    old = house.inbound("PIZZA")
    first = hear_text(house.app, old)
    assert answer_again(house.app, str(first.inbound_id)) == first.replies != ()
    house.says("STOP")
    again = hear_text(house.app, old)
    assert again.duplicate_of == first.inbound_id
    assert answer_again(house.app, str(first.inbound_id)) == ()
    house.says("START")
    assert answer_again(house.app, str(first.inbound_id)) == first.replies


def test_a_stop_and_a_call_for_help_are_answered_again_whenever_they_are_repeated(
    house: House,
) -> None:
    helped = house.hear("AIDE")
    stopped = house.hear("STOP")
    assert answer_again(house.app, str(stopped.inbound_id)) == stopped.replies != ()
    assert answer_again(house.app, str(helped.inbound_id)) == helped.replies != ()
    chatted = house.hear("PIZZA")
    assert answer_again(house.app, str(chatted.inbound_id)) == chatted.replies != ()


def test_a_stop_to_another_brand_or_by_another_person_changes_no_repeat(house: House) -> None:
    heard = house.hear("PIZZA")
    house.says("STOP", "+33639984108")
    assert answer_again(house.app, str(heard.inbound_id)) == heard.replies
    house.says("STOP", LIA, "36222")
    assert answer_again(house.app, str(heard.inbound_id)) == heard.replies


def test_a_reply_that_never_arrived_is_not_sent_after_a_stop(house: House) -> None:
    """The webhook's answer was lost: what we ask about is decided on again before it leaves."""
    from bot.sending.settle import settle

    house.agree()
    heard = house.hear("PIZZA")
    house.says("STOP")
    house.clock.forward(minutes=10)
    settle(house.way())
    house.drain()
    assert house.carrier.sent == []
    rows = house.rows(tables.message, in_reply_to=heard.inbound_id)
    assert {row.state for row in rows} == {"blocked"}


# -- a number that several brands use -------------------------------------------------------------


def test_a_stop_takes_back_the_consents_of_every_brand_on_the_number(house: House) -> None:
    agree_at_zinc(house)
    house.says("PIZZA")
    house.says("STOP")
    assert house.consents(brand="zinc") == {"marketing": "withdrawn"}
    line = house.lines("zinc")[-1]
    assert (line["event"], line["purpose"], line["person_id"]) == (
        "withdraw", "all", house.person(brand="zinc").id,
    )  # fmt: skip
    (told,) = house.events("opted_out", "zinc")
    assert told.person_id == house.person(brand="zinc").id
    for brand in ("margot", "zinc"):
        ends = house.db.read(lambda c, b=brand: verify(chain(c, b), head(c, b)))
        assert ends is None


def test_a_start_to_one_brand_does_not_bring_back_the_offers_of_the_other(house: House) -> None:
    agree_at_zinc(house)
    house.says("PIZZA")
    house.says("STOP")
    house.says("START")
    assert ("36000", None, None) not in house.refusals(), "the sender is free again"
    assert house.consents(brand="zinc") == {"marketing": "withdrawn"}


def test_what_waits_at_the_other_brand_is_cancelled(house: House) -> None:
    house.clock.to("2026-03-02 21:50")
    agree_at_zinc(house)
    person = house.person(brand="zinc")
    (row,) = house.outbox("handed_over", brand="zinc")[-1:]
    house.db.write(
        lambda conn: conn.execute(
            tables.message.update()
            .where(tables.message.c.id == row.id)
            .values(state="deferred", lane="36000/bulk", due_at=house.clock() + 36_000_000)
        )
    )
    house.says("PIZZA")
    house.says("STOP")
    assert house.rows(tables.message, id=row.id)[0].state == "cancelled"
    assert house.wait(days=2) == []
    assert person.id != house.person().id


# -- words that only the carrier knows ------------------------------------------------------------


@pytest.mark.parametrize("word", sorted(STOP_WORDS))
@pytest.mark.parametrize(
    "before",
    [
        HeardBefore(),
        HeardBefore(open_question=True, answer_fits=True),
        HeardBefore(consent_question="marketing", open_question=True),
        HeardBefore(clarification=True),
        HeardBefore(opted_out=True),
    ],
)
def test_what_the_carrier_takes_for_a_stop_we_take_for_one(word: str, before: HeardBefore) -> None:
    for text in (word, word.lower(), f" {word.title()} "):
        assert hear(text, before).label is Label.opt_out, text


@pytest.mark.parametrize("word", ["QUIT", "CANCEL", "END", "STOP", "BASTA"])
def test_a_stop_word_is_never_recorded_as_a_start(house: House, word: str) -> None:
    house.says("STOP", LIA, LONG)
    house.says("TABLE", LIA, LONG)
    house.says(word, LIA, LONG, opt_out_type="STOP")
    house.says(word, LIA, LONG)
    assert (LONG, None, None) in house.refusals(LIA)
    assert not [line for line in house.lines("gotham") if line["event"] == "start"]


def test_a_start_that_only_the_carrier_knows_gives_back_no_consent(house: House) -> None:
    house.says("JOIN", LIA, LONG)
    house.says("YES", LIA, LONG)
    house.says("STOP", LIA, LONG)
    house.says("HOLA", LIA, LONG, opt_out_type="START")
    assert house.refusals(LIA) == [(None, "gotham", None)]
    assert house.consents(LIA, "gotham") == {"marketing": "withdrawn"}
    assert house.lines("gotham")[-1]["method"] == "carrier"


def test_a_refusal_of_offers_that_was_named_outlives_the_carriers_start(house: House) -> None:
    house.says("JOIN", LIA, LONG)
    house.says("YES", LIA, LONG)
    house.says("stop the offers, keep my deliveries", LIA, LONG)
    house.says("YES", LIA, LONG, opt_out_type="START")
    assert (None, "gotham", "marketing") in house.refusals(LIA)


# -- doubt ----------------------------------------------------------------------------------------


def test_an_unclear_refusal_that_stays_unclear_keeps_holding_what_nobody_asked_for(
    house: House,
) -> None:
    house.agree()
    house.says("JEU")
    house.says("ça suffit")
    house.says("ça suffit")
    assert house.wait(minutes=30) == []
    assert "clarify" in house.person(ANA).guard
