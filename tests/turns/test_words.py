"""HELP, rights, doubt, and who is never answered."""

from __future__ import annotations

import pytest

from bot.store import tables
from bot.store.lookups import replies_to
from tests.turns.conftest import ANA, LIA, House

HELP = "Commander : PIZZA."


# -- HELP -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["AIDE", "HELP", "Help!", "CONTACT"])
def test_help_is_always_answered(house: House, word: str) -> None:
    assert HELP in house.says(word)[0]
    house.says("STOP")
    assert house.says(word) != [], "after a stop"
    house.says("HUMAIN")
    assert house.says(word, "+33639984109") != []


def test_help_is_answered_while_a_person_owns_the_conversation(house: House) -> None:
    house.says("HUMAIN")
    assert house.says("bonjour ?") == []
    assert HELP in house.says("AIDE")[0]
    assert house.session().owner == "person"


def test_help_leaves_the_open_question_open(house: House) -> None:
    house.says("PIZZA")
    house.says("AIDE")
    assert house.session().step == "pizza"
    assert house.says("2") == ["Combien ? De 1 à 20."]


# -- doubt ----------------------------------------------------------------------------------------


def test_an_unclear_refusal_is_asked_about_once_and_proactive_texts_are_held(house: House) -> None:
    house.agree()
    house.says("JEU")
    (asked,) = house.says("ça suffit")
    assert "répondez STOP" in asked
    assert house.refusals() == []
    held = house.wait(minutes=30)
    assert held == []
    reasons = {row.decision["reason"] for row in house.outbox("blocked", "deferred")}
    assert reasons == {"awaiting_clarification"}
    assert house.says("ça suffit") != [asked], "asked once"
    assert "clarify" in house.person().guard, "unclear again is no answer"
    house.says("bonjour")
    assert "clarify" not in house.person().guard


def test_a_no_is_the_answer_of_a_question_that_takes_it(house: House) -> None:
    house.says("OFFRES")
    (said,) = house.says("non merci")
    assert "pas d'offres" in said
    assert house.lines()[-1]["event"] == "refuse"
    assert house.refusals() == []


def test_the_answer_to_the_clarification_is_heard_as_a_stop(house: House) -> None:
    house.says("bonjour")
    house.says("no thanks")
    house.says("tout")
    assert (None, "margot", None) in house.refusals()


# -- rights ---------------------------------------------------------------------------------------


def test_a_wish_to_be_forgotten_stops_everything_and_is_noted(house: House) -> None:
    house.agree()
    (said,) = house.says("Supprimez mes données")
    assert "un mois" in said
    assert (None, "margot", None) in house.refusals()
    assert [row.action for row in house.rows(tables.audit)] == ["erase"]
    assert len(house.events("erase_asked")) == 1


def test_a_wish_to_be_forgotten_after_a_stop_is_answered_as_well(house: House) -> None:
    house.says("STOP")
    (said,) = house.says("Supprimez mes données")
    assert "Vos données seront supprimées" in said


def test_a_wish_to_see_the_data_is_noted_and_ends_nothing(house: House) -> None:
    house.says("PIZZA")
    (said,) = house.says("Envoyez-moi une copie de mes données")
    assert "copie de vos données" in said
    assert house.session().step == "pizza"
    assert [row.action for row in house.rows(tables.audit)] == ["access"]
    assert house.refusals() == []


# -- where nobody is served -----------------------------------------------------------------------

ELSEWHERE = "+447700900123"


def test_from_a_country_that_is_not_served_a_text_is_kept_and_nothing_is_said(
    house: House,
) -> None:
    for body in ("TABLE", "hello", "JOIN", "no thanks", "YES"):
        assert house.says(body, ELSEWHERE, "36222") == [], body
    kept = house.rows(tables.message, brand="gotham", direction="in")
    assert [house.clear(row) for row in kept] == ["TABLE", "hello", "JOIN", "no thanks", "YES"]
    assert house.rows(tables.session, brand="gotham") == []


def test_from_a_country_that_is_not_served_stop_and_help_are_honoured(house: House) -> None:
    assert len(house.says("HELP", ELSEWHERE, "36222")) == 1
    assert len(house.says("STOP", ELSEWHERE, "36222")) == 1
    assert (None, "gotham", None) in house.refusals(ELSEWHERE)
    assert len(house.says("HELP", ELSEWHERE, "36222")) == 1


@pytest.mark.parametrize("number", ["36999", "36000", "+12025550123", "INFO"])
@pytest.mark.parametrize("body", ["PIZZA", "AIDE", "STOP", "no thanks"])
def test_short_codes_names_and_our_own_senders_are_never_answered(
    house: House, number: str, body: str
) -> None:
    assert house.says(body, number) == []
    assert house.outbox("handed_over", "waiting", "deferred") == []
    kept = house.rows(tables.message, direction="in")
    assert [house.clear(row) for row in kept] == [body]
    if body == "STOP":
        assert (None, "margot", None) in house.refusals(number)


# -- who answers ----------------------------------------------------------------------------------

LONG = "+12025550123"


@pytest.mark.parametrize(
    ("to", "body", "kind", "answered_by_us"),
    [
        (LONG, "STOP", None, False),
        (LONG, "STOP please", None, True),
        (LONG, "HELP", None, False),
        (LONG, "STOP", "STOP", False),
        ("36222", "STOP", None, True),
        ("36222", "HELP", None, True),
        ("36222", "STOP", "STOP", False),
        ("36222", "HELP", "HELP", False),
    ],
)
def test_where_the_carrier_answers_we_record_and_stay_silent(
    house: House, to: str, body: str, kind: str | None, answered_by_us: bool
) -> None:
    house.says("TABLE", LIA, to)
    said = house.says(body, LIA, to, opt_out_type=kind)
    assert bool(said) is answered_by_us
    stopped = (to, None, None) in house.refusals(LIA)
    assert stopped is body.upper().startswith("STOP")
    if stopped:
        assert house.lines("gotham")[-1]["event"] == "withdraw"


def test_a_word_that_only_the_carrier_knows_as_a_stop_is_a_stop(house: House) -> None:
    house.says("TABLE", LIA, LONG)
    assert house.says("FIN DE SERIE", LIA, LONG, opt_out_type="STOP") == []
    assert (LONG, None, None) in house.refusals(LIA)
    assert house.lines("gotham")[-1]["event"] == "withdraw"


def test_a_word_that_only_the_carrier_knows_as_help_is_not_answered_twice(house: House) -> None:
    assert house.says("BRUNCH INFO", LIA, LONG, opt_out_type="HELP") == []


def test_a_start_that_the_carrier_answers_lifts_and_is_confirmed_once(house: House) -> None:
    house.says("JOIN", LIA, "36222")
    house.says("YES", LIA, "36222")
    house.says("STOP", LIA, "36222")
    assert house.says("START", LIA, "36222", opt_out_type="START") == []
    assert house.consents(LIA, "gotham") == {"marketing": "granted"}


def test_a_yes_that_answers_a_consent_question_is_the_start_and_the_answer(house: House) -> None:
    house.says("STOP", LIA, LONG)
    house.says("JOIN", LIA, LONG)
    house.says("YES", LIA, LONG, opt_out_type="START")
    assert house.refusals(LIA) == []
    assert {"start", "confirm"} <= {line["event"] for line in house.lines("gotham")}
    assert house.consents(LIA, "gotham") == {"marketing": "granted"}


@pytest.mark.parametrize(
    ("to", "kind"), [(LONG, "START"), (LONG, None), ("36222", None), ("36222", "START")]
)
def test_a_yes_to_another_question_goes_on_and_gives_no_consent_back(
    house: House, to: str, kind: str | None
) -> None:
    """Where the carrier takes YES for START, that is recorded as well, for this sender alone."""
    house.says("JOIN", LIA, to)
    house.says("YES", LIA, to)
    house.says("STOP", LIA, to)
    house.says("TABLE", LIA, to)
    assert house.says("YES", LIA, to, opt_out_type=kind) == ["Noted."]
    assert house.events("converted", "gotham")
    assert house.consents(LIA, "gotham") == {"marketing": "withdrawn"}
    assert (None, "gotham", None) in house.refusals(LIA)
    lifted = to == LONG or kind == "START"
    assert ((to, None, None) in house.refusals(LIA)) is not lifted
    starts = [line for line in house.lines("gotham") if line["event"] == "start"]
    assert [line["method"] for line in starts] == ["carrier"] * lifted
    house.says("TABLE", LIA, to)
    assert house.wait(hours=5) == [], "nobody is nudged"


# -- the same text twice, several brands ----------------------------------------------------------


def test_a_repeat_of_the_same_id_gets_the_same_answer_and_changes_nothing(house: House) -> None:
    from bot.turns.inbound import hear_text
    from bot.turns.repeats import answer_again

    inbound = house.inbound("PIZZA")
    first = hear_text(house.app, inbound)
    before = {table.name: house.rows(table) for table in tables.metadata.sorted_tables}
    again = hear_text(house.app, inbound)
    assert again.duplicate_of == first.inbound_id
    assert again.replies == ()
    assert answer_again(house.app, again.duplicate_of) == first.replies != ()
    assert {table.name: house.rows(table) for table in tables.metadata.sorted_tables} == before
    found = house.db.read(lambda conn: replies_to(conn, str(first.inbound_id)))
    assert [row.id for row in found] == [one for one, _text in first.replies]


def test_brands_on_one_number_are_told_apart_by_their_words(house: House) -> None:
    assert "Quelle pizza" in house.says("PIZZA")[0]
    assert "Soleil ou ombre" in house.says("ZINC")[0]
    assert house.says("1") == ["C'est noté, Zinc."], "the brand that was written to last"
    house.says("PIZZA")
    assert house.says("2") == ["Combien ? De 1 à 20."]
    assert house.person(ANA, "margot").id != house.person(ANA, "zinc").id


def test_a_stop_on_a_shared_number_holds_for_every_brand_on_it(house: House) -> None:
    house.says("ZINC")
    house.says("PIZZA")
    house.says("STOP")
    assert house.wait(hours=6) == []
    blocked = [row for row in house.outbox("blocked", brand="zinc") if row.in_reply_to is None]
    assert [row.decision["reason"] for row in blocked] == ["suppressed"]


def test_no_row_of_one_brand_names_a_person_of_another(house: House) -> None:
    for body, to in (("PIZZA", "36000"), ("ZINC", "36000"), ("VELO", "36111"), ("STOP", "36111")):
        house.says(body, ANA, to)
    owner = {row.id: row.brand for row in house.rows(tables.person)}
    assert set(owner.values()) == {"margot", "zinc", "atelier"}
    for table in (tables.message, tables.event, tables.session, tables.conversation, tables.ledger):
        rows = house.rows(table)
        assert rows, table.name
        assert all(owner[row.person_id] == row.brand for row in rows if row.person_id), table.name


@pytest.mark.parametrize("words", ["annuler", "Annulez", "never mind", "laisse tomber"])
def test_never_mind_ends_what_is_open_and_stops_nothing(house: House, words: str) -> None:
    house.says("PIZZA")
    (said,) = house.says(words)
    assert "rien n'est commandé" in said or "nothing was ordered" in said
    assert house.session() is None or house.session().step is None
    assert house.refusals() == []


def test_annuler_with_nothing_open_may_be_a_stop_and_is_asked_about(house: House) -> None:
    (said,) = house.says("annuler")
    assert "répondez STOP" in said


def test_the_name_comes_once_where_the_first_text_is_the_help(house: House) -> None:
    (said,) = house.says("AIDE")
    assert said.startswith("Ici le robot de Chez Margot. Pizzeria à Lille.")
