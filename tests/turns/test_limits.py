"""Loops, ceilings, persons who take over, flows that break, timers."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from bot.store import tables
from bot.turns import timers
from bot.turns.timers import ring, ring_due
from tests.turns.conftest import ANA, House

# -- loops ----------------------------------------------------------------------------------------


def test_the_eleventh_automatic_reply_in_five_minutes_is_not_sent(house: House) -> None:
    said = []
    for turn in range(12):
        house.clock.forward(seconds=10)
        said.append(house.says(f"autre chose {turn}"))
    assert [bool(one) for one in said] == [True] * 10 + [False] * 2
    assert len(house.events("loop")) == 1
    assert house.session().owner == "person"
    (conversation,) = house.rows(tables.conversation, state="person")
    assert conversation.reason == "loop"
    blocked = house.outbox("blocked")
    assert {row.decision["reason"] for row in blocked} == {"loop_suspected"}


def test_ten_replies_that_take_longer_than_five_minutes_are_no_loop(house: House) -> None:
    for turn in range(14):
        house.clock.forward(seconds=40)
        assert house.says(f"autre chose {turn}"), turn


def test_the_same_exchange_three_times_silences_the_bot(house: House) -> None:
    house.says("bonjour")
    assert house.says("coucou") != []
    assert house.says("coucou") != []
    assert house.says("coucou") == []
    assert len(house.events("loop")) == 1
    assert house.session().owner == "person"


def test_a_stop_is_confirmed_in_the_middle_of_a_loop(house: House) -> None:
    for _ in range(4):
        house.says("coucou")
    assert len(house.says("STOP")) == 1


# -- the daily ceiling ----------------------------------------------------------------------------


def test_past_the_ceiling_only_stop_and_help_are_answered(house: House) -> None:
    house.says("PIZZA")
    house.db.write(lambda conn: conn.execute(update(tables.spend).values(micros=24_990_000)))
    assert house.says("1") == []
    assert house.outbox("blocked")[-1].decision["reason"] == "budget_reached"
    assert [row.data["state"] for row in house.events("budget")][-1] == "reached"
    assert house.says("AIDE") != []
    assert house.says("STOP") != []


def test_eighty_percent_of_the_ceiling_is_told_once(house: House) -> None:
    house.says("PIZZA")
    house.db.write(lambda conn: conn.execute(update(tables.spend).values(micros=19_980_000)))
    house.says("1")
    house.says("2")
    assert [row.data["state"] for row in house.events("budget")] == ["warn"]


def test_what_leaves_is_booked_on_the_day(house: House) -> None:
    house.says("PIZZA")
    house.says("1")
    parts = sum(row.parts for row in house.outbox("handed_over"))
    booked = house.rows(tables.spend, brand="margot")
    assert sum(row.micros for row in booked) == parts * 45_000
    assert {row.day for row in booked} == {"2026-03-02"}


# -- a person takes over --------------------------------------------------------------------------


def test_the_bot_is_silent_while_a_person_owns_the_conversation(house: House) -> None:
    assert "une personne" in house.says("HUMAIN")[0]
    for text in ("allô", "PIZZA", "1"):
        assert house.says(text) == []
    kept = house.rows(tables.message, direction="in", brand="margot")
    assert len(kept) == 4
    assert house.wait(days=2) == []


def test_given_back_the_bot_says_that_it_is_back(house: House) -> None:
    house.says("HUMAIN")
    person = house.person()
    assert house.app.give_back("margot", person.id, by="operator")
    assert not house.app.give_back("margot", person.id, by="operator")
    assert house.wait(minutes=1) == ["Le robot reprend la main. Besoin d'une personne : HUMAIN."]
    assert house.session() is None
    assert [row.outcome for row in house.rows(tables.audit, action="give_back")] == ["done"]
    assert "Quelle pizza" in house.says("PIZZA")[0]


def test_given_back_the_bot_speaks_from_the_number_the_person_knows(house: House) -> None:
    house.says("HUMAIN", "+12025550144", "36222")
    house.app.give_back("gotham", house.person("+12025550144", "gotham").id)
    (said,) = [row for row in house.outbox(brand="gotham") if row.in_reply_to is None]
    assert said.sender == "36222"


def test_given_back_after_a_stop_the_bot_says_nothing(house: House) -> None:
    house.says("HUMAIN")
    house.says("STOP")
    house.app.give_back("margot", house.person().id)
    assert house.wait(hours=1) == []
    assert house.session() is None


def test_nobody_and_unknown_brands_are_not_given_back(house: House) -> None:
    assert not house.app.give_back("margot", "0" * 26)
    house.says("PIZZA")
    assert not house.app.give_back("margot", house.person().id)
    assert not house.app.give_back("atelier", house.person().id)


# -- flows that change ----------------------------------------------------------------------------


def edited(house: House, old: str, new: str) -> None:
    text = (house.flows / "margot/flows/commande.yml").read_text("utf-8")
    assert old in text
    house.save("margot/flows/commande.yml", text.replace(old, new))


def test_a_running_conversation_stays_on_its_version_and_a_new_one_takes_the_new(
    house: House,
) -> None:
    house.says("PIZZA")
    edited(house, "Combien ? De 1 à 20.", "Combien en tout ?")
    assert house.publish().changed == ("margot/commande",)
    assert house.says("2") == ["Combien ? De 1 à 20."]
    house.says("PIZZA", "+33639984108")
    assert house.says("2", "+33639984108") == ["Combien en tout ?"]
    old, new = house.session().version, house.session("+33639984108").version
    assert old != new


def test_another_process_finds_the_version_a_session_stands_on(house: House) -> None:
    from bot.turns.library import Library

    house.says("PIZZA")
    edited(house, "Combien ? De 1 à 20.", "Combien en tout ?")
    house.publish()
    house.app.library = Library(house.db)
    assert house.says("2") == ["Combien ? De 1 à 20."]


def test_a_broken_file_keeps_the_old_version_and_complains(house: House) -> None:
    edited(house, "answer:\n      integer:", "answr:\n      integer:")
    outcome = house.publish()
    assert outcome.changed == ()
    assert outcome.kept == ("margot/commande",)
    assert outcome.errors[0].file.endswith("commande.yml")
    assert outcome.errors[0].line > 1
    assert "Quelle pizza" in house.says("PIZZA")[0]


def test_a_broken_brand_file_keeps_all_of_the_brand(house: House) -> None:
    text = (house.flows / "margot/brand.yml").read_text("utf-8")
    house.save("margot/brand.yml", text.replace("zone: Europe/Paris", "zone: Mars"))
    assert house.publish().errors
    assert "Quelle pizza" in house.says("PIZZA")[0]


def test_a_file_that_is_gone_is_retired_and_running_conversations_end_well(house: House) -> None:
    house.says("PIZZA")
    (house.flows / "margot/flows/commande.yml").unlink()
    assert house.publish().changed == ("margot/commande",)
    assert house.says("2") == ["Combien ? De 1 à 20."]
    assert "Quelle pizza" not in "".join(house.says("PIZZA", "+33639984108"))


def test_a_saved_file_is_live_at_the_next_text(house: House) -> None:
    from bot.turns.publishing import Watch

    house.app.hooks["watch"] = Watch(house.flows)
    house.says("bonjour")
    edited(house, "Quelle pizza ? 1 Reine", "Laquelle ? 1 Reine")
    assert "Laquelle ?" in house.says("PIZZA")[0]
    edited(house, "flow: commande", "flow: [")
    assert "Laquelle ?" in house.says("PIZZA", "+33639984108")[0]
    assert house.app.complaints()


def test_a_folder_that_cannot_be_read_loses_no_text(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.turns import publishing

    def broken(*_: object, **__: object) -> None:
        raise PermissionError("flows")

    house.app.hooks["watch"] = publishing.Watch(house.flows)
    monkeypatch.setattr(publishing, "publish_folder", broken)
    assert len(house.says("STOP")) == 1


# -- flows that raise -----------------------------------------------------------------------------


@pytest.fixture
def broken_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question raises when it is asked."""
    from bot.engine.moment import Moment

    def ask(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a bug in a step")

    monkeypatch.setattr(Moment, "ask", ask)


@pytest.mark.usefixtures("broken_step")
def test_a_flow_that_raises_loses_no_text_and_tells_a_person(house: House) -> None:
    assert house.says("PIZZA") == [
        "Un souci chez nous. Votre message est gardé et une personne le lit."
    ]
    (kept,) = house.rows(tables.message, direction="in")
    assert house.clear(kept) == "PIZZA"
    (conversation,) = house.rows(tables.conversation)
    assert (conversation.state, conversation.reason) == ("person", "flow_failed")
    assert len(house.events("failed_turn")) == 1
    assert house.events("began") == [], "nothing of the half-made turn is kept"
    assert len(house.says("STOP")) == 1
    assert (None, "margot", None) in house.refusals()


def test_a_bug_in_an_open_question_does_not_stand_in_the_way_of_a_stop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.turns import inbound

    house.says("PIZZA")

    def broken(*_: object) -> None:
        raise RuntimeError("a bug in an answer")

    for name in ("accepts", "flows_for"):
        monkeypatch.setattr(inbound, name, broken)
    assert len(house.says("STOP")) == 1
    assert (None, "margot", None) in house.refusals()
    assert house.says("no thanks", "+33639984108") != []


# -- timers ---------------------------------------------------------------------------------------


def test_silence_is_answered_once_and_then_the_question_ends(house: House) -> None:
    house.says("PIZZA")
    said = house.wait(hours=1)
    assert said == ["Toujours là ? Le four est chaud. 1 Reine, 2 Margherita, 3 Calzone."]
    assert house.session().step == "pizza"
    assert house.wait(days=2) == []
    assert house.session() is None
    assert [row.data["outcome"] for row in house.events("ended")] == ["no_answer"]


def test_a_timer_survives_a_restart(house: House) -> None:
    from bot.turns.library import Library

    house.says("PIZZA")
    house.app.library = Library(house.db)
    assert len(house.wait(minutes=21)) == 1


def test_a_timer_that_rings_twice_rings_once(house: House) -> None:
    house.says("PIZZA")
    person = house.person()
    house.clock.forward(minutes=21)
    assert not ring(house.app, "margot", person.id).stale
    assert ring(house.app, "margot", person.id).stale
    assert len([row for row in house.outbox() if row.in_reply_to is None]) == 1


def test_a_timer_of_a_question_that_was_answered_does_nothing(house: House) -> None:
    house.says("PIZZA")
    (row,) = house.rows(tables.session)
    house.says("1")
    stale = {"silence": row.timers["silence"]}
    house.db.write(
        lambda conn: conn.execute(
            update(tables.session).values(timers=stale, wake_at=row.timers["silence"][0])
        )
    )
    house.clock.forward(minutes=21)
    assert ring_due(house.app) == 1
    assert house.outbox("waiting", "deferred") == []
    assert house.session().step == "how_many"


def test_a_timer_of_nobody_is_stale(house: House) -> None:
    assert ring(house.app, "margot", "0" * 26).stale


def test_one_person_whose_timer_breaks_keeps_nobody_else_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.says("PIZZA")
    house.says("PIZZA", "+33639984108")
    first = house.person().id
    real = timers.open_desk

    def broken(app: Any, shelf: Any, sender: Any, picture: Any, now: int) -> Any:
        if picture.person.id == first:
            raise RuntimeError("a row that cannot be read")
        return real(app, shelf, sender, picture, now)

    monkeypatch.setattr(timers, "open_desk", broken)
    house.clock.forward(minutes=21)
    ring_due(house.app)
    said = [row.person_id for row in house.outbox() if row.in_reply_to is None]
    assert said == [house.person("+33639984108").id]


def test_a_nudge_outside_the_hours_dies_with_its_question(house: House) -> None:
    house.agree()
    house.clock.to("2026-03-02 21:45")
    house.says("JEU")
    assert house.wait(minutes=30) == []
    (nudge,) = house.outbox("deferred")
    assert house.wait(hours=14) == []
    (row,) = house.rows(tables.message, id=nudge.id)
    assert row.state == "expired"
    assert house.session() is None


def test_a_nudge_that_waits_for_the_morning_dies_when_its_question_is_answered(
    house: House,
) -> None:
    text = (house.flows / "margot/flows/quiz.yml").read_text("utf-8")
    house.save("margot/flows/quiz.yml", text.replace("after: 2 h, end", "after: 20 h, end"))
    house.publish()
    house.agree()
    house.clock.to("2026-03-02 21:45")
    house.says("JEU")
    house.wait(minutes=30)
    (nudge,) = house.outbox("deferred")
    house.says("1")
    house.says("3")
    assert house.rows(tables.message, id=nudge.id)[0].state == "cancelled"


def test_a_nudge_that_waits_for_the_morning_leaves_then_when_its_question_is_still_open(
    house: House,
) -> None:
    text = (house.flows / "margot/flows/quiz.yml").read_text("utf-8")
    house.save("margot/flows/quiz.yml", text.replace("after: 2 h, end", "after: 20 h, end"))
    house.publish()
    house.agree(ANA)
    house.clock.to("2026-03-02 21:45")
    house.says("JEU")
    assert len(house.wait(hours=17)) == 1
