"""STOP and what it ends: whatever the words, wherever the person stands."""

from __future__ import annotations

import pytest

from bot.store import tables
from bot.store.chain import chain, head
from compliance.ledger import commitment, verify
from tests.turns.conftest import ANA, LIA, House

CONFIRMED = "Chez Margot : c'est fait, vous ne recevrez plus nos SMS. Pour revenir : START."
BOTH = sorted([("36000", None, None), (None, "margot", None)], key=str)


@pytest.mark.parametrize("word", ["Stop.", "ARRET", "S T O P", "stop !", "STOP AU 36000"])
def test_a_stop_in_the_middle_of_a_flow_is_confirmed_once_and_ends_everything(
    house: House, word: str
) -> None:
    house.agree()
    house.says("PIZZA")
    assert house.session().timers
    assert house.says(word) == [CONFIRMED]
    assert house.session() is None
    assert house.refusals() == BOTH
    assert house.consents() == {"marketing": "withdrawn"}
    (ended,) = [one for one in house.events("ended") if one.data["outcome"] == "opted_out"]
    assert house.rows(tables.conversation, id=ended.conversation_id)[0].state == "ended"
    line = house.lines()[-1]
    assert (line["event"], line["purpose"], line["person_id"]) == (
        "withdraw", "all", house.person().id,
    )  # fmt: skip
    wrapped = house.rows(tables.person_key, person_id=house.person().id)[0].wrapped
    salt = house.app.vault.unwrap(house.person().id, wrapped).salt
    assert line["evidence"] == commitment(salt, word)
    (text,) = house.rows(tables.message, id=line["evidence_message_id"])
    assert house.clear(text) == word


def test_a_second_stop_is_silent_and_writes_nothing_new(house: House) -> None:
    house.says("STOP")
    lines = house.lines()
    assert house.says("STOP") == []
    assert house.says("Arrêtez svp") == []
    assert house.lines() == lines
    assert house.refusals() == BOTH


def test_a_stop_as_the_first_text_ever_is_kept_and_confirmed(house: House) -> None:
    assert house.says("STOP") == [CONFIRMED]
    assert house.refusals() == BOTH
    assert house.person().version == 1


def test_a_stop_cancels_what_waits_and_no_timer_rings_any_more(house: House) -> None:
    house.agree()
    house.says("JEU")
    house.clock.to("2026-03-02 21:50")
    house.says("2")
    house.wait(minutes=21)
    (nudge,) = house.outbox("deferred")
    house.says("STOP")
    assert house.rows(tables.message, id=nudge.id)[0].state == "cancelled"
    assert house.wait(days=3) == []
    assert house.outbox("waiting", "deferred", "claimed") == []


def test_an_ordinary_text_after_a_stop_never_reopens_anything(house: House) -> None:
    house.agree()
    house.says("STOP")
    for text in ("Bonjour", "PIZZA", "1", "merci", "OUI", "YES", "ok"):
        house.says(text)
        assert house.refusals() == BOTH, text
        assert house.consents()["marketing"] == "withdrawn", text
    assert not [line for line in house.lines() if line["event"] == "start"]


def test_a_conversation_after_a_stop_is_answered_but_nobody_is_nudged(house: House) -> None:
    house.says("STOP")
    assert house.says("PIZZA") != []
    assert house.wait(hours=5) == []
    (nudge,) = [row for row in house.outbox("blocked") if row.in_reply_to is None]
    assert nudge.decision["reason"] == "suppressed"


def test_a_stop_to_another_brand_is_recorded_although_the_first_one_stood(house: House) -> None:
    house.says("STOP", ANA, "36000")
    assert house.says("STOP", ANA, "36111") != []
    assert house.refusals() == sorted(
        [*BOTH, ("36111", None, None), (None, "atelier", None)], key=str
    )
    assert [line["event"] for line in house.lines("atelier")] == ["withdraw"]


def test_a_stop_on_another_sender_of_the_brand_is_recorded_after_a_start_on_the_first(
    house: House,
) -> None:
    house.says("TABLE", LIA, "36222")
    house.says("STOP", LIA, "+12025550123")
    house.says("START", LIA, "36222")
    assert house.refusals(LIA) == [("+12025550123", None, None)]
    house.says("STOP", LIA, "36222")
    assert (None, "gotham", None) in house.refusals(LIA)
    assert ("36222", None, None) in house.refusals(LIA)


def test_a_stop_after_the_carrier_had_stopped_the_sender_still_stops_the_brand(
    house: House,
) -> None:
    house.agree()
    (row,) = house.outbox("handed_over")[:1]
    house.receipt(row, "failed", "21610")
    house.says("STOP")
    assert house.refusals() == BOTH


def test_a_scoped_stop_keeps_what_was_not_named(house: House) -> None:
    house.agree()
    said = house.says("stop the offers, keep my deliveries")
    assert len(said) == 1
    assert house.refusals() == [(None, "margot", "marketing")]
    assert house.consents() == {"marketing": "withdrawn"}
    assert house.lines()[-1]["purpose"] == "marketing"
    assert house.says("PIZZA")
    assert house.wait(minutes=21) != [], "a nudge of an order still comes"
    assert house.says("stop the offers please") == []
    assert house.says("STOP")
    assert set(BOTH) <= set(house.refusals())


def test_a_scoped_stop_leaves_an_order_that_runs_alone(house: House) -> None:
    house.says("PIZZA")
    house.says("stop the offers, keep my deliveries")
    assert house.session().flow == "commande"


def test_a_scoped_stop_closes_the_consent_question_that_is_open(house: House) -> None:
    house.says("OFFRES")
    house.says("stop the offers, keep my deliveries")
    assert house.session() is None
    house.says("OUI")
    assert house.consents()["marketing"] == "withdrawn"


def test_a_scoped_stop_to_one_brand_counts_although_another_was_stopped(house: House) -> None:
    house.says("STOP", ANA, "36111")
    house.agree()
    assert house.says("stop the offers, keep my deliveries")
    assert (None, "margot", "marketing") in house.refusals()


def test_a_stop_while_a_person_owns_the_conversation_leaves_it_theirs(house: House) -> None:
    house.says("HUMAIN")
    assert house.session().owner == "person"
    assert house.says("STOP") == [CONFIRMED]
    assert house.session().owner == "person"
    assert house.refusals() == BOTH


def test_a_stop_is_honoured_when_its_confirmation_cannot_be_made(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.turns import consent

    def broken(*_: object, **__: object) -> None:
        raise KeyError("stop_confirmed")

    monkeypatch.setattr(consent, "_confirm_stop", broken)
    house.says("STOP")
    assert house.refusals() == BOTH
    assert house.lines()[-1]["event"] == "withdraw"


def test_the_chain_holds_after_many_stops_and_starts(house: House) -> None:
    for turn in range(4):
        house.says("STOP" if turn % 2 == 0 else "START")
        house.says("STOP" if turn % 2 == 0 else "START", "+33639984108")
    broken = house.db.read(lambda c: verify(chain(c, "margot"), head(c, "margot")))
    assert broken is None
    assert [line["seq"] for line in house.lines()] == list(range(1, len(house.lines()) + 1))


# -- START ----------------------------------------------------------------------------------------


def test_start_lifts_with_its_text_as_evidence_and_asks_where_it_is_no_consent(
    house: House,
) -> None:
    house.agree()
    house.says("STOP")
    (said,) = house.says("START")
    assert "répondez OUI pour nos offres" in said
    assert house.refusals() == []
    start = next(line for line in house.lines() if line["event"] == "start")
    (text,) = house.rows(tables.message, id=start["evidence_message_id"])
    assert house.clear(text) == "START"
    assert house.consents()["marketing"] == "pending"
    lifted = house.rows(tables.suppression)
    assert {row.lifted_by for row in lifted} == {text.id}
    house.says("OUI")
    assert house.consents()["marketing"] == "granted"


def test_start_brings_consents_back_where_the_country_says_so(house: House) -> None:
    house.says("JOIN", LIA, "36222")
    house.says("YES", LIA, "36222")
    assert house.consents(LIA, "gotham") == {"marketing": "granted"}
    house.says("STOP", LIA, "36222")
    assert house.consents(LIA, "gotham") == {"marketing": "withdrawn"}
    assert len(house.says("START", LIA, "36222")) == 1
    assert house.consents(LIA, "gotham") == {"marketing": "granted"}
    assert [line["event"] for line in house.lines("gotham")][-2:] == ["start", "grant"]


def test_start_lifts_only_the_sender_it_was_texted_to(house: House) -> None:
    house.says("STOP", LIA, "36222")
    house.says("STOP", LIA, "+12025550123")
    house.says("START", LIA, "36222")
    assert house.refusals(LIA) == [("+12025550123", None, None)]


def test_start_to_one_brand_leaves_the_stop_to_another(house: House) -> None:
    house.says("STOP", ANA, "36111")
    house.says("STOP", ANA, "36000")
    house.says("START", ANA, "36000")
    assert house.refusals() == sorted([("36111", None, None), (None, "atelier", None)], key=str)


def test_a_join_by_somebody_who_only_stopped_another_brand_is_no_start(house: House) -> None:
    house.says("STOP", ANA, "36111")
    house.says("JOIN", ANA, "36000")
    assert not [line for line in house.lines() if line["event"] == "start"]
    assert len(house.refusals()) == 2


def test_a_yes_reopens_only_as_the_answer_to_a_consent_question(house: House) -> None:
    house.says("STOP")
    house.says("PIZZA")
    house.says("1")
    house.says("2")
    house.says("Ana")
    house.says("OUI")
    assert house.events("converted")
    assert house.refusals() == BOTH
    house.says("OFFRES")
    house.says("OUI")
    assert house.refusals() == []
    assert house.consents()["marketing"] == "granted"
    assert {"start", "confirm"} <= {line["event"] for line in house.lines()}


def test_start_while_the_consent_question_is_open_lifts_as_well(house: House) -> None:
    house.says("STOP")
    house.says("OFFRES")
    house.says("START")
    assert house.refusals() == []
    assert [line["event"] for line in house.lines()].count("start") == 1


def test_a_stop_after_a_start_is_confirmed_again(house: House) -> None:
    house.says("STOP")
    house.says("START")
    assert house.says("STOP") == [CONFIRMED]
